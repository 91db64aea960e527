"""The diagonal normal posterior."""

import tensorflow as tf

from keras_infovae.distributions.base import bounded_log
from keras_infovae.distributions.posteriors.base import Posterior
from keras_infovae.typing import Distribution, Tensor
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.serialization import register

# Standard deviations lie between exp(-7) = 9e-4 and exp(7) = 1.1e3.
_LOG_VARIANCE_LIMIT = 14.0


@register
class DiagonalNormal(Posterior):
    """The diagonal normal posterior q(z|x) = N(z; mean, diag(exp(log_variance))).

    The encoder's output is `concat([mean, log_variance])`, [n, 2 * latent_dim]. The log-variance is
    kept within (-14, 14) by a smooth bound.

    Example:

    >>> import keras_infovae as ki
    >>> posterior = ki.posteriors.DiagonalNormal().distribution([[3.0, 0.0]])
    >>> posterior.mean().numpy(), posterior.variance().numpy()
    (array([[3.]], dtype=float32), array([[1.]], dtype=float32))

    References:
        Kingma and Welling, Auto-Encoding Variational Bayes, arXiv:1312.6114, equation 9.
    """

    is_diagonal = True

    def parameter_size(self, latent_dim: int) -> int:
        return 2 * latent_dim

    def distribution(self, parameters: Tensor) -> Distribution:
        tfd = tfp.distributions
        mean, log_variance = tf.split(tf.cast(parameters, tf.float32), 2, axis=-1)
        deviation = tf.exp(0.5 * bounded_log(log_variance, _LOG_VARIANCE_LIMIT))
        return tfd.Independent(tfd.Normal(mean, deviation), 1)
