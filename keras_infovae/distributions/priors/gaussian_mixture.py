"""The Gaussian mixture prior."""

import math
from collections.abc import Callable

import keras
import tensorflow as tf

from keras_infovae.distributions.base import bounded_log
from keras_infovae.distributions.priors.base import Prior
from keras_infovae.typing import Distribution, Shape
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.checks import check_integer, check_number
from keras_infovae.utils.serialization import register

# Standard deviations of the components lie between exp(-3.5) = 0.03 and exp(3.5) = 33.
_LOG_VARIANCE_LIMIT = 7.0
_LEAST_SPREAD = 0.1  # of the means: components that are equal have equal gradients, and stay equal


@register
class GaussianMixture(Prior):
    """A mixture of diagonal normals, learned with the model:

        p(z) = sum_k w_k N(z; m_k, diag(exp(log_variance_k))),        w = softmax(logits)

    For data in clusters, which a single normal has to bridge. KL(q(z|x) || p(z)) has no closed form
    and is estimated from one draw. The log-variances are kept within (-7, 7) by a smooth bound.

    The weights of the components learn through log p(z), that is by the KL term or a divergence in
    closed form; draws from the prior, all that some divergences take, carry no gradient to them.

    Args:
        num_components: at least 1. Default 10.
        initial_scale: the standard deviation of every component at the start, 0.05 to 1.
            Default 0.5. The means are drawn so far apart that the mixture as a whole starts with
            about the covariance of N(0, I), and with a standard deviation of at least 0.1, so that
            no two components are equal.

    Raises:
        ValueError, TypeError: naming the argument, what is allowed and what was received.

    Example:

    >>> import keras_infovae as ki
    >>> prior = ki.priors.GaussianMixture(num_components=3)
    >>> prior.build(latent_dim=2)
    >>> prior.distribution(2).sample(4, seed=[0, 0]).shape
    TensorShape([4, 2])

    References:
        Jiang et al., Variational Deep Embedding, arXiv:1611.05148, section 3.1.
    """

    def __init__(self, num_components: int = 10, initial_scale: float = 0.5) -> None:
        super().__init__()
        self.num_components = check_integer("num_components", num_components)
        self.initial_scale = check_number("initial_scale", initial_scale, minimum=0.05, maximum=1)
        self.logits = None
        self.means = None
        self.log_variances = None

    def build(self, latent_dim: int, event_shape: Shape | None = None) -> None:
        spread = max(math.sqrt(1.0 - self.initial_scale**2), _LEAST_SPREAD)
        share = 2.0 * math.log(self.initial_scale) / _LOG_VARIANCE_LIMIT
        start = _LOG_VARIANCE_LIMIT * math.atanh(share)  # the inverse of the bound
        shape = (self.num_components, latent_dim)
        self.logits = self.add_weight(name="logits", shape=shape[:1], initializer="zeros")
        self.means = self.add_weight(
            name="means", shape=shape, initializer=keras.initializers.RandomNormal(stddev=spread)
        )
        self.log_variances = self.add_weight(
            name="log_variances", shape=shape, initializer=keras.initializers.Constant(start)
        )
        self.built = True

    def distribution(self, latent_dim: int, posterior_of: Callable | None = None) -> Distribution:
        tfd = tfp.distributions
        deviations = tf.exp(0.5 * bounded_log(self.log_variances, _LOG_VARIANCE_LIMIT))
        means = tf.convert_to_tensor(self.means)
        return tfd.MixtureSameFamily(
            tfd.Categorical(logits=tf.convert_to_tensor(self.logits)),
            tfd.Independent(tfd.Normal(means, deviations), 1),
        )
