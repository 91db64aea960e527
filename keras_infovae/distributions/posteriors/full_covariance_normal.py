"""The normal posterior with full covariance."""

import math

import tensorflow as tf

from keras_infovae.distributions.base import bounded_log
from keras_infovae.distributions.normal_kl import register_normal_kl
from keras_infovae.distributions.posteriors.base import Posterior
from keras_infovae.typing import Distribution, Tensor
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.serialization import register

# Diagonal entries of the factor lie between exp(-7) = 9e-4 and exp(7) = 1.1e3; the others are at
# most 10 times as large as the diagonal entry of their row, which allows correlations to 0.995.
_LOG_DIAGONAL_LIMIT = 7.0
_RATIO_LIMIT = 10.0


@register
class FullCovarianceNormal(Posterior):
    """The normal posterior with full covariance, q(z|x) = N(z; mean, L L'), L lower triangular:

        L_ii = exp(log_diagonal_i),        L_ij = L_ii lower_ij  for i > j

    The encoder's output is `concat([mean, log_diagonal, lower])`, [n, d + d + d (d - 1) / 2] at
    d = latent_dim, with the entries below the diagonal in the order of `tfp.math.fill_triangular`.
    log_diagonal and lower are kept within (-7, 7) and (-10, 10) by a smooth bound. For latents that
    are correlated given x; the encoder's last layer grows with the square of latent_dim. KL to a
    standard normal is exact.

    Example:

    >>> import keras_infovae as ki
    >>> posterior = ki.posteriors.FullCovarianceNormal().distribution([[0.0, 0.0, 0.0, 0.0, 1.0]])
    >>> posterior.covariance().numpy().round(2)
    array([[[1.  , 1.  ],
            [1.  , 1.99]]], dtype=float32)

    References:
        Kingma and Welling, An Introduction to Variational Autoencoders, arXiv:1906.02691,
        section 2.5.1.
    """

    def parameter_size(self, latent_dim: int) -> int:
        return 2 * latent_dim + latent_dim * (latent_dim - 1) // 2

    def distribution(self, parameters: Tensor) -> Distribution:
        register_normal_kl()
        parameters = tf.cast(parameters, tf.float32)
        # The solution d of parameter_size(d) = size.
        latent_dim = (math.isqrt(9 + 8 * parameters.shape[-1]) - 3) // 2
        below = latent_dim * (latent_dim - 1) // 2
        mean, log_diagonal, lower = tf.split(parameters, [latent_dim, latent_dim, below], axis=-1)
        diagonal = tf.exp(bounded_log(log_diagonal, _LOG_DIAGONAL_LIMIT))
        unit = _unit_lower_triangle(bounded_log(lower, _RATIO_LIMIT), latent_dim)
        return tfp.distributions.MultivariateNormalTriL(mean, diagonal[..., None] * unit)


def _unit_lower_triangle(lower, latent_dim):
    """Returns [..., d, d] with `lower` [..., d (d - 1) / 2] below a diagonal of ones."""
    if latent_dim == 1:
        return tf.eye(1)
    triangle = tfp.math.fill_triangular(lower)  # a row and a column short
    batch = [[0, 0]] * (lower.shape.rank - 1)
    return tf.eye(latent_dim) + tf.pad(triangle, [*batch, [1, 0], [0, 1]])
