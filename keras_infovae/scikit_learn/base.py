"""What all estimators share: constructor, training, data, and how they are saved."""

from collections.abc import Mapping
from typing import Any, Literal

import keras
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from keras_infovae.models import GenerativeModel, registry
from keras_infovae.scikit_learn.frames import frame_of, kinds_of_array
from keras_infovae.scikit_learn.initial_weights import initial_weights_from
from keras_infovae.scikit_learn.saving import file_of, model_of, text_of, value_of
from keras_infovae.tables.frames import is_frame
from keras_infovae.tables.schema import Schema
from keras_infovae.typing import Rows
from keras_infovae.utils.checks import argument_error, check_integer, check_number
from keras_infovae.utils.constructors import constructor_parameters

_FEWEST = 2  # rows to train on
# Settings that are the estimator's to make.
_GIVEN = ("seed", "preprocessor", "condition", "scaling")
# How what is pickled with an estimator is kept, and restored.
_KEPT = {
    "settings": (text_of, value_of),
    "schema_": (text_of, value_of),
    "anomaly_score_": (text_of, value_of),
    "model_": (file_of, model_of),
}


class ModelEstimator(BaseEstimator):
    """A model of the package as a scikit-learn estimator of the rows of a table.

    The arguments are those of `LatentTransformer`, where they are described.
    """

    _default_latent_dim = 8

    def __init__(
        self,
        model: str | type = "info_vae",
        *,
        latent_dim: int | None = None,
        settings: Mapping[str, Any] | None = None,
        epochs: int = 100,
        batch_size: int = 32,
        learning_rate: float | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        patience: int = 10,
        kinds: Mapping[str, str] | None = None,
        unknown: Literal["error", "missing"] = "missing",
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.model = model
        self.latent_dim = latent_dim
        self.settings = settings
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.kinds = kinds
        self.unknown = unknown
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Rows, y: Any = None) -> "ModelEstimator":
        """Trains a new model on the rows of X.

        Args:
            X: array or DataFrame [n, columns], n at least 2; NaN where a value is missing.
            y: not looked at.

        Returns:
            The estimator itself.

        Raises:
            ValueError, TypeError: naming the argument or column, for what cannot be trained on.
        """
        self._check_arguments()
        frame = frame_of(self, X, fewest=_FEWEST)
        schema = self._schema(
            frame, self.kinds if is_frame(X) else kinds_of_array(frame, self.kinds)
        )
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        model = self._new_model(schema, seed)
        self._check_model(model)
        rows = frame if _takes_tables(model) else schema.numbers(frame)
        history = self._train(model, rows, seed)
        self._columns, self._was_frame = list(frame.columns), is_frame(X)
        self.schema_, self.model_, self.history_ = schema, model, history
        return self

    # === Arguments ===

    def _check_arguments(self):
        check_integer("epochs", self.epochs)
        check_integer("batch_size", self.batch_size, minimum=2)
        check_integer("patience", self.patience)
        if self.learning_rate is not None:
            check_number("learning_rate", self.learning_rate, exclusive_minimum=0)
        if not 0 < check_number("validation_fraction", self.validation_fraction) < 1:
            raise argument_error("validation_fraction", "between 0 and 1", self.validation_fraction)
        if self.settings is not None and not isinstance(self.settings, dict):
            raise argument_error(
                "settings", "a dictionary of the model's arguments", self.settings, TypeError
            )

    def _schema(self, frame, kinds):
        """Returns the schema of a DataFrame, with the kinds that are known."""
        return Schema.infer(frame, kinds, unknown=self.unknown)

    def _new_model(self, schema, seed):
        """Returns a model, not built yet; it has the schema, if it is one of those that take it."""
        model_class = self._model_class()
        takes = constructor_parameters(model_class)
        settings = value_of(text_of(self.settings or {}))  # a copy, which training may change
        for name in _GIVEN:
            if name in settings:
                raise argument_error("settings", f"without {name!r}", self.settings)
        if self.latent_dim is not None:
            settings["latent_dim"] = self.latent_dim
        elif "latent_dim" in takes:
            settings.setdefault("latent_dim", self._default_latent_dim)
        if "preprocessor" in takes:
            settings["preprocessor"] = schema
        with initial_weights_from(seed):
            return registry.make(model_class, seed=seed, **settings)

    def _model_class(self):
        own = isinstance(self.model, type) and issubclass(self.model, GenerativeModel)
        return self.model if own else registry.get(self.model)

    def _check_model(self, model):
        """Raises ValueError for a model that cannot do what the estimator is for."""

    # === Training ===

    def _train(self, model, rows, seed):
        """Trains the model; returns the history, {name: values of epochs}."""
        options = {"epochs": self.epochs, "batch_size": self.batch_size, "verbose": self.verbose}
        if self.early_stopping:
            if not model.losses_compare:
                expected = (
                    "False for a model with a critic or a weight on a schedule: its losses of two "
                    "epochs cannot be compared"
                )
                raise argument_error("early_stopping", expected, self.early_stopping)
            rows, held_out = self._split(rows, seed)
            options["validation_data"] = held_out
            options["callbacks"] = [
                keras.callbacks.EarlyStopping(
                    "val_loss", patience=self.patience, restore_best_weights=True
                )
            ]
        with initial_weights_from(seed):
            if self.learning_rate is not None:
                model.compile(keras.optimizers.Adam(self.learning_rate))
            return model.fit(rows, **options).history

    def _split(self, rows, seed):
        """Returns the rows to train on and those held out."""
        order = np.random.default_rng(seed).permutation(len(rows))
        count = max(1, round(len(rows) * self.validation_fraction))
        if len(rows) - count < _FEWEST:
            raise argument_error(
                "validation_fraction",
                f"one that leaves {_FEWEST} of {len(rows)} rows to train on",
                self.validation_fraction,
            )
        at = rows.iloc if hasattr(rows, "iloc") else rows
        return at[np.sort(order[count:])], at[np.sort(order[:count])]

    # === New data ===

    def _fitted_model(self):
        check_is_fitted(self, "model_")
        return self.model_

    def _rows(self, X):
        """Returns the rows of X as the model takes them."""
        model = self._fitted_model()
        frame = frame_of(self, X, self._columns)
        return frame if _takes_tables(model) else self.schema_.numbers(frame)

    def _log_density(self, X, score):
        """Returns minus the score of each row, float64 [n]: the larger, the more usual."""
        return -self._fitted_model().score(self._rows(X), score).astype("float64")

    def _raw(self, rows):
        """Returns what the model gives, rows of x or a DataFrame, in the form of X of `fit`."""
        frame = rows if is_frame(rows) else self.schema_.raw(rows)
        return frame if self._was_frame else frame.to_numpy()

    # === scikit-learn's protocols ===

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        try:
            takes = constructor_parameters(self._model_class())
            tags.input_tags.allow_nan = "preprocessor" in takes
        except (TypeError, ValueError):  # an unknown model, of which `fit` will say so
            tags.input_tags.allow_nan = False
        return tags

    def __getstate__(self):
        """Returns what `pickle`, `joblib` and `copy` keep, with the model as a .keras file."""
        state = dict(super().__getstate__())
        return state | {
            name: keep(state[name]) for name, (keep, _) in _KEPT.items() if name in state
        }

    def __setstate__(self, state):
        """Restores what `__getstate__` gave."""
        kept = {name: restore(state[name]) for name, (_, restore) in _KEPT.items() if name in state}
        super().__setstate__(state | kept)


def _takes_tables(model):
    return model.preprocessor is not None
