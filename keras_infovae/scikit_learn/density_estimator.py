"""The density of rows, and new rows."""

from typing import Any

import numpy as np
from sklearn.base import DensityMixin
from sklearn.utils import check_random_state

from keras_infovae.scikit_learn.base import ModelEstimator
from keras_infovae.typing import Rows


class DensityEstimator(DensityMixin, ModelEstimator):
    """The density of rows by a model, and rows drawn from it, as `sklearn.neighbors.KernelDensity`.

    Args:
        model, latent_dim, settings, epochs, batch_size, learning_rate, early_stopping,
            validation_fraction, patience, kinds, unknown, random_state, verbose: as for
            `LatentTransformer`.

    Attributes:
        model_, schema_, history_, n_features_in_, feature_names_in_: as for `OutlierDetector`.

    Example:

    >>> import keras_infovae as ki
    >>> density = ki.scikit_learn.DensityEstimator("vae", latent_dim=2)
    >>> density.fit(x).score_samples(x)  # doctest: +SKIP
    >>> density.sample(5, random_state=0)  # doctest: +SKIP
    """

    def score_samples(self, X: Rows) -> np.ndarray:
        """Returns log p(x) of each row, float64 [n], in nats.

        Numbers are measured in their standard deviation among the training rows (for nats of raw
        values, subtract the sum of the logarithms of these), categories have probabilities, and
        missing values do not count. Where the model does not know log p(x), it is the importance-
        weighted bound of 64 draws, which lies below on average; the same at each call.
        """
        known = "log_prob_in_graph" in self._fitted_model().capabilities
        return self._log_density(X, None if known else "importance_weighted")

    def score(self, X: Rows, y: Any = None) -> float:
        """Returns the mean of `score_samples(X)`, for model selection; y is not looked at."""
        return float(np.mean(self.score_samples(X)))

    def sample(self, n_samples: int = 1, random_state: Any = None) -> Rows:
        """Returns new rows, in the form of X of `fit`: an array, or a DataFrame.

        Args:
            n_samples: how many, at least 1. Default 1.
            random_state: None (default) for new ones each time, an integer, or a `RandomState`.
        """
        seed = int(check_random_state(random_state).randint(2**31 - 1))
        return self._raw(self._fitted_model().generate(n_samples, seed=seed, sample=True))

    def _check_model(self, model):
        for capability in ("score", "generate"):
            model.capabilities.require(capability, "The density of rows")
        if "log_prob_in_graph" not in model.capabilities:  # by importance weights
            for capability in ("posterior", "joint"):
                model.capabilities.require(capability, "The density of rows")
