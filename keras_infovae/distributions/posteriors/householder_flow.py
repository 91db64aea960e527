"""The Householder flow posterior."""

import tensorflow as tf

from keras_infovae.distributions.base import bounded_log
from keras_infovae.distributions.normal_kl import register_normal_kl
from keras_infovae.distributions.posteriors.base import Posterior
from keras_infovae.typing import Distribution, Tensor
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.checks import check_integer
from keras_infovae.utils.serialization import register

# Standard deviations lie between exp(-7) = 9e-4 and exp(7) = 1.1e3.
_LOG_VARIANCE_LIMIT = 14.0


@register
class HouseholderFlow(Posterior):
    """A diagonal normal, turned by reflections that depend on x:

        z = H_K ... H_1 z_0,        z_0 ~ N(mean, diag(exp(log_variance)))
        H_k = I - 2 v_k v_k' / |v_k|^2

    which is a normal with a full covariance matrix, at K latent_dim more outputs of the encoder
    rather than latent_dim^2 / 2. The encoder's output is
    `concat([mean, log_variance, v_1, ..., v_K])`, [n, (2 + K) latent_dim]. The log-variance is kept
    within (-14, 14) by a smooth bound. KL to a standard normal is exact, and that of z_0.

    Args:
        num_reflections: K, at least 1. Default 4.

    Raises:
        ValueError, TypeError: for any other `num_reflections`.

    Example:

    >>> import keras_infovae as ki
    >>> flow = ki.posteriors.HouseholderFlow(num_reflections=1)
    >>> flow.distribution([[3.0, 2.0, 0.0, 0.0, 1.0, 1.0]]).mean().numpy().round(4)
    array([[-2., -3.]], dtype=float32)

    References:
        Tomczak and Welling, Improving Variational Auto-Encoders using Householder Flow,
        arXiv:1611.09630, section 3.
    """

    def __init__(self, num_reflections: int = 4) -> None:
        super().__init__()
        self.num_reflections = check_integer("num_reflections", num_reflections)

    def parameter_size(self, latent_dim: int) -> int:
        return (2 + self.num_reflections) * latent_dim

    def distribution(self, parameters: Tensor) -> Distribution:
        register_normal_kl()
        mean, log_variance, *axes = tf.split(
            tf.cast(parameters, tf.float32), 2 + self.num_reflections, axis=-1
        )
        deviation = tf.exp(0.5 * bounded_log(log_variance, _LOG_VARIANCE_LIMIT))
        linalg = tf.linalg
        reflections = [linalg.LinearOperatorHouseholder(axis) for axis in reversed(axes)]
        rotation = linalg.LinearOperatorComposition(reflections)
        scale = linalg.LinearOperatorComposition(
            [*reflections, linalg.LinearOperatorDiag(deviation, is_non_singular=True)]
        )
        return tfp.distributions.MultivariateNormalLinearOperator(rotation.matvec(mean), scale)
