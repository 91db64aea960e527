"""The distance of a code from the codes of usual examples."""

from typing import Any

import numpy as np
import tensorflow as tf

from keras_infovae.anomaly_scores.base import AnomalyScore
from keras_infovae.typing import Array, Model, Tensor
from keras_infovae.utils.checks import argument_error, check_numbers
from keras_infovae.utils.serialization import register

_RIDGE = 1e-6  # times the mean variance: the covariance of few codes cannot be inverted


@register
class Mahalanobis(AnomalyScore):
    """The Mahalanobis distance of the code from the aggregated posterior of usual examples:

        score(x) = sqrt((m - mean)' Cov^-1 (m - mean)),        m = E[z|x]

    with the mean and the covariance of q(z) = E_data q(z|x). A dimension that is not used has
    Var[q(z_d)] = 1 and E[z_d|x] near 0, and so does not count. It sees where the code lies and not
    how well it describes x.

    Args:
        mean: latent_dim numbers. Default None: to be `fitted`.
        precision: the inverse of the covariance, latent_dim lists of latent_dim numbers. Default
            None.

    References:
        Lee et al., A Simple Unified Framework for Detecting Out-of-Distribution Samples,
        arXiv:1807.03888, equation 2.
    """

    output = "mahalanobis"
    unit = ""

    def __init__(self, mean: Array | None = None, precision: Array | None = None) -> None:
        if (mean is None) != (precision is None):
            raise argument_error("precision", "given if and only if `mean` is", precision)
        self.mean, self.precision = mean, precision
        if mean is not None and precision is not None:
            self.mean = check_numbers("mean", mean)
            self.precision = _check_precision(precision, len(self.mean))

    @property
    def is_fitted(self) -> bool:
        """Whether it has moments."""
        return self.mean is not None

    def check(self, model: Model) -> None:
        """Raises ValueError for codes on a sphere, and for a mean of another latent_dim."""
        model.capabilities.require("encode", "The Mahalanobis distance")
        if model.latent_support != "euclidean":
            raise ValueError(
                "The Mahalanobis distance needs codes in Euclidean space. Received: codes on the "
                f"{model.latent_support}"
            )
        if self.mean is not None and len(self.mean) != model.latent_dim:
            raise argument_error("mean", f"{model.latent_dim} numbers", self.mean)

    def fitted(self, usual: Any) -> "Mahalanobis":
        """Returns the score with the moments of q(z), or itself where it has moments."""
        if self.is_fitted:
            return self
        mean, covariance = usual.moments()
        ridge = _RIDGE * np.trace(covariance) / len(covariance)
        if ridge <= 0:
            raise ValueError(
                "The Mahalanobis distance needs codes that differ. Received: a covariance of 0"
            )
        # By eigenvalues, because the inverse of a nearly singular matrix comes out lopsided.
        variances, axes = np.linalg.eigh(covariance)
        precision = (axes / (np.maximum(variances, 0.0) + ridge)) @ axes.T
        return Mahalanobis(mean.tolist(), ((precision + precision.T) / 2.0).tolist())

    def rows(self, model: Model, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Returns the scores, float32 [n].

        Raises:
            ValueError: before it is `fitted`.
        """
        self._require_fitted()
        offset = model.encode_rows(x, condition=condition) - tf.constant(self.mean, tf.float32)
        # By a factor of the precision: a sum of squares is not below 0, however it is rounded.
        factor = tf.constant(np.linalg.cholesky(np.asarray(self.precision)), tf.float32)
        return tf.norm(offset @ factor, axis=-1)


def _check_precision(precision, size):
    if not np.iterable(precision):
        raise argument_error("precision", "a sequence of rows", precision, TypeError)
    rows = [check_numbers(f"precision[{i}]", row) for i, row in enumerate(precision)]
    matrix = np.array(rows) if {len(row) for row in rows} == {size} else np.empty(0)
    if matrix.shape != (size, size) or not np.allclose(matrix, matrix.T):
        raise argument_error("precision", f"a symmetric {size} by {size} matrix", precision)
    if np.linalg.eigvalsh(matrix).min() <= 0:
        raise argument_error("precision", "positive definite", precision)
    return rows
