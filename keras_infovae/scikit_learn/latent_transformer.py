"""Codes of rows, for what comes next in a pipeline."""

from typing import Any

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_array

from keras_infovae.scikit_learn.base import ModelEstimator
from keras_infovae.typing import Rows


class LatentTransformer(TransformerMixin, ModelEstimator):
    """Makes codes of the rows of a table by a model's encoder, and rows of codes.

    The kinds of columns are inferred (docs/tables.md), so that raw units, categories, dates and
    missing values need no preparation. The columns of an array are numbers (binary where all are 0
    or 1), and none is left out. As anywhere in scikit-learn, arguments are checked by `fit`.

    Args:
        model: the name of a registered model ("info_vae", "vae", "beta_vae", ...) or its class.
            Default "info_vae".
        latent_dim: the number of dimensions of z. Default None: 8, of models that take it.
        settings: {argument: value} of the model's constructor, such as `{"alpha": 0.5, "encoder":
            ki.networks.MLP([64])}`. Default None: none.
        epochs: how often the training goes through the rows, at least 1. Default 100.
        batch_size: rows per step, at least 2. Default 32.
        learning_rate: of Adam, greater than 0. Default None: the model's own optimizer.
        early_stopping: whether to hold `validation_fraction` of the rows out, to stop once their
            loss has not improved for `patience` epochs, and to take the best weights back. Not
            for a model with a critic or a weight on a schedule. Default False.
        validation_fraction: the share of rows held out, between 0 and 1. Default 0.1.
        patience: epochs, at least 1. Default 10.
        kinds: {column: kind} where the rules for columns are to be overruled, as for
            `ki.tables.Schema.infer`. Default None.
        unknown: what a category is that `fit` has not seen: "missing" (default), or "error".
        random_state: None for new weights and draws each time, an integer, or a NumPy
            `RandomState`. Default None.
        verbose: as for `model.fit`. Default 0: silence.

    Attributes:
        model_: the trained model, with all of its methods (`impute`, `generate`, ...).
        schema_: what the columns are, a `ki.tables.Schema`.
        history_: {name: values of the epochs}.
        n_features_in_, feature_names_in_: as in scikit-learn.

    Example:

    >>> import keras_infovae as ki
    >>> codes = ki.scikit_learn.LatentTransformer(latent_dim=2, settings={"alpha": 0.5})
    >>> z = codes.fit_transform(x)  # doctest: +SKIP
    >>> rows = codes.inverse_transform(z)  # doctest: +SKIP
    """

    def transform(self, X: Rows) -> np.ndarray:
        """Returns the code that stands for each row, float32 [n, latent_dim]."""
        return np.asarray(self._fitted_model().encode(self._rows(X)))

    def inverse_transform(self, X: Rows) -> Rows:
        """Returns rows for codes [n, latent_dim], in the form of X of `fit`."""
        model = self._fitted_model()
        return self._raw(model.decode(check_array(X)))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Returns the names of the codes, z0, z1, ..., an array of objects.

        Args:
            input_features: the names of the columns, which have to be those of `fit`. Default None:
                they are.
        """
        count = self._fitted_model().latent_dim
        if input_features is not None:
            self._check_names(list(input_features))
        return np.array([f"z{i}" for i in range(count)], dtype=object)

    def _check_names(self, names):
        if len(names) != self.n_features_in_:
            raise ValueError(
                "input_features should have length equal to the number of features, "
                f"{self.n_features_in_}. Received: {len(names)} names"
            )
        if names != list(getattr(self, "feature_names_in_", names)):
            raise ValueError(
                f"input_features is not equal to feature_names_in_. Received: {names[:8]}"
            )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def _check_model(self, model):
        model.capabilities.require("encode", "The code of a row")
