"""Outliers: rows that a model finds unusual."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from sklearn.base import OutlierMixin

from keras_infovae import anomaly_scores, evaluation
from keras_infovae.scikit_learn.base import ModelEstimator
from keras_infovae.tables.columns import NumericColumn
from keras_infovae.tables.columns.numeric import float32_tells_apart, values_of
from keras_infovae.tables.schema import Schema
from keras_infovae.typing import Rows
from keras_infovae.utils.checks import check_boolean, check_number


class OutlierDetector(OutlierMixin, ModelEstimator):
    """Tells outliers by a model's anomaly score, as scikit-learn's detectors do.

    `score_samples` is minus the score: the larger, the more usual. A row is an outlier (-1)
    where it lies below `offset_`, which leaves the share `contamination` of the training rows
    there. For a false positive rate on new usual rows, `ki.evaluation.calibrate_anomaly_threshold`
    makes a promise that a share of training rows cannot (docs/anomalies.md).

    Where outliers are among the training rows, a model learns them too. By default they are told by
    the likelihood of a row given the codes of others, without those that describe it best
    (`ki.anomaly_scores.ExemplarLikelihood`). Where all training rows are usual, `novelty=True`
    tells new rows better, by the model's own score.

    What is good for outliers among the rows of training is not what is good for codes: few latents
    leave less room to learn outliers in, and numbers stay in units of their columns, since
    quantiles bring the farthest value no farther out than the next.

    Args:
        latent_dim: the size of the code. Default None: that of `settings`, or 2.
        kinds: {column: kind} as for `tables.Schema.infer`. Default None: by its rules, but numbers
            as they are ("identity"), or "standardized" where float32 would not tell them apart
            (1.7e9 +- 10); "numeric" is by quantiles.
        model, settings, epochs, batch_size, learning_rate, early_stopping,
            validation_fraction, patience, unknown, random_state, verbose: as for
            `LatentTransformer`.
        contamination: the share of training rows that are outliers, in (0, 0.5]. Default 0.1.
        novelty: whether all training rows are usual, and what is looked for are unusual new ones.
            Default False: outliers are among the training rows.
        anomaly_score: a score of `ki.anomaly_scores` or its name; one that has to know usual rows
            ("mahalanobis", "exemplar_likelihood") is shown the training rows. Default None: with
            `novelty` the model's own; else `ExemplarLikelihood`, where the model has codes and
            p(x|z).

    Attributes:
        model_: the trained model, with all of its methods (`contributions`, `generate`, ...).
        schema_: what the columns are, a `ki.tables.Schema`.
        history_: {name: values of the epochs}.
        anomaly_score_: the `AnomalyScore` of `anomaly_score`, None for the model's own.
        offset_: the least `score_samples` of an inlier, nats.
        n_features_in_, feature_names_in_: as in scikit-learn.

    Example:

    >>> import numpy as np
    >>> import keras_infovae as ki
    >>> x = np.random.default_rng(0).normal(size=(60, 3))
    >>> small = {"encoder": ki.networks.MLP([8]), "decoder": ki.networks.MLP([8])}
    >>> detector = ki.scikit_learn.OutlierDetector(
    ...     latent_dim=2, settings=small, epochs=2, random_state=0
    ... )
    >>> labels = detector.fit_predict(x)  # 1 for inliers, -1 for outliers
    >>> int((labels == -1).sum()), detector.decision_function(x[:2]).shape
    (6, (2,))
    """

    _default_latent_dim = 2

    def __init__(
        self,
        model: str | type = "info_vae",
        *,
        contamination: float = 0.1,
        novelty: bool = False,
        anomaly_score: Any = None,
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
        super().__init__(
            model,
            latent_dim=latent_dim,
            settings=settings,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            patience=patience,
            kinds=kinds,
            unknown=unknown,
            random_state=random_state,
            verbose=verbose,
        )
        self.contamination = contamination
        self.novelty = novelty
        self.anomaly_score = anomaly_score

    def fit(self, X: Rows, y: Any = None) -> "OutlierDetector":
        """Trains a new model on the rows of X, and finds the offset.

        Args:
            X: array or DataFrame [n, columns], n at least 2; NaN where a value is missing.
            y: not looked at.

        Returns:
            The detector itself.

        Raises:
            ValueError, TypeError: naming the argument or column, for what cannot be trained on.
        """
        share = check_number("contamination", self.contamination, exclusive_minimum=0, maximum=0.5)
        check_boolean("novelty", self.novelty)
        super().fit(X, y)
        self.anomaly_score_ = self._fitted_score(X)
        self.offset_ = float(np.percentile(self.score_samples(X), 100.0 * share))
        return self

    def score_samples(self, X: Rows) -> np.ndarray:
        """Returns how usual each row is, float64 [n]; the larger, the more usual."""
        self._fitted_model()  # it says so where nothing is fitted
        return self._log_density(X, self.anomaly_score_)

    def decision_function(self, X: Rows) -> np.ndarray:
        """Returns `score_samples(X) - offset_`, float64 [n]; negative for outliers."""
        scores = self.score_samples(X)  # first: it says so where nothing is fitted
        return scores - self.offset_

    def predict(self, X: Rows) -> np.ndarray:
        """Returns 1 for inliers and -1 for outliers, int64 [n]."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def _fitted_score(self, X):
        """Returns the score that is asked for, which knows the training rows if it has to."""
        score = self.anomaly_score
        if score is None:
            has_both = all(what in self.model_.capabilities for what in ("encode", "likelihood"))
            if self.novelty or not has_both:
                return None
            left_out = min(anomaly_scores.ExemplarLikelihood().left_out, len(X) - 1)
            score = anomaly_scores.ExemplarLikelihood(left_out=left_out)
        return evaluation.fit_anomaly_score(self.model_, self._rows(X), score)

    def _schema(self, frame, kinds):
        by_rules, given = super()._schema(frame, kinds), self.kinds or {}
        columns = [
            _linear(frame[column.name])
            if isinstance(column, NumericColumn) and column.name not in given
            else column
            for column in by_rules.columns
        ]
        return Schema(columns, by_rules.left_out, self.unknown)

    def _check_model(self, model):
        model.capabilities.require("score", "The score of an outlier")
        anomaly_scores.chosen_score(model, self.anomaly_score).check(model)


def _linear(series):
    """Returns the column of numbers as they are, or standardized where float32 asks for it."""
    known = values_of(series.name, series.dropna())
    return NumericColumn.fitted(
        series, "identity" if float32_tells_apart(known) else "standardized"
    )
