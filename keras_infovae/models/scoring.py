"""How unusual an example is to a model."""

import tensorflow as tf

from keras_infovae import anomaly_scores
from keras_infovae.utils.checks import argument_error


class ScoringMethods:
    """The methods of a model that look for anomalies; `LatentVariableModel` extends it."""

    _anomaly_threshold = None

    @property
    def anomaly_threshold(self):
        """The `AnomalyThreshold` that `is_anomaly` and servers go by, or None.

        It is saved with the model. `keras_infovae.evaluation.calibrate_anomaly_threshold` sets it;
        `fit` takes it away, since scores change with the weights.
        """
        return self._anomaly_threshold

    @anomaly_threshold.setter
    def anomaly_threshold(self, threshold):
        if threshold is not None:
            if not isinstance(threshold, anomaly_scores.AnomalyThreshold):
                raise argument_error(
                    "anomaly_threshold", "an AnomalyThreshold or None", threshold, TypeError
                )
            threshold.score.check(self)
        self._anomaly_threshold = threshold

    def score(self, x, score=None, batch_size=256, condition=None):
        """Returns how unusual each example is; the larger, the more unusual.

        The score of an example depends on it alone and is the same at every call: draws of z have
        the seed 0 for each example.

        Args:
            x: array [n, ...].
            score: an `AnomalyScore` or its name: "negative_elbo", "reconstruction_loss" or
                "importance_weighted" (nats), or a `Mahalanobis` that knows usual codes. Default
                None: that of `anomaly_threshold`, and without one the negative ELBO, or the
                reconstruction loss of a posterior or prior without a density.
            batch_size: examples computed at a time. Default 256.
            condition: one row per example, where the model takes a condition. Default None.

        Returns:
            NumPy float32 [n].

        Raises:
            ValueError, TypeError: for data that does not fit the model, or a score that is not
                defined for it.

        Example:

        >>> import numpy as np
        >>> import keras_infovae as ki
        >>> model = ki.VAE(latent_dim=2)
        >>> model.build((None, 4))
        >>> model.score(np.zeros([3, 4], "float32")).shape
        (3,)
        """
        self._require_built()
        score = self._score_or_default(score)
        score.check(self)
        x, condition = self.check_data(x, condition)

        def rows(x, condition, seed):
            return tf.cast(score.rows(self, x, condition), tf.float32)

        return self._in_batches(f"score by {score!r}", rows, x, condition, 0, batch_size)

    def is_anomaly(self, x, batch_size=256, condition=None):
        """Returns whether each example scores above `anomaly_threshold`, NumPy bool [n].

        Args:
            x, batch_size, condition: as for `score`.

        Raises:
            ValueError: where no threshold has been calibrated.
        """
        if self._anomaly_threshold is None:
            raise ValueError(
                "The model has no anomaly_threshold. Call keras_infovae.evaluation."
                "calibrate_anomaly_threshold(model, x) with usual examples first."
            )
        scores = self.score(x, batch_size=batch_size, condition=condition)
        return scores > self._anomaly_threshold.value

    def _score_or_default(self, score):
        if score is not None:
            return anomaly_scores.get(score)
        if self._anomaly_threshold is not None:
            return self._anomaly_threshold.score
        return anomaly_scores.main_score(self)
