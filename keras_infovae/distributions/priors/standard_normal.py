"""The standard normal prior."""

from collections.abc import Callable

import tensorflow as tf

from keras_infovae.distributions.priors.base import Prior
from keras_infovae.typing import Distribution, Tensor
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.serialization import register


@register
class StandardNormal(Prior):
    """The standard normal prior p(z) = N(z; 0, I).

    Example:

    >>> import keras_infovae as ki
    >>> p = ki.priors.StandardNormal().distribution(2)
    >>> round(float(p.log_prob([0.0, 0.0])), 4)
    -1.8379
    """

    has_noise_form = True

    def of_noise(self, u: Tensor) -> Tensor:
        return u

    def distribution(self, latent_dim: int, posterior_of: Callable | None = None) -> Distribution:
        tfd = tfp.distributions
        zeros = tf.zeros([latent_dim])
        return tfd.Independent(tfd.Normal(zeros, tf.ones_like(zeros)), 1)
