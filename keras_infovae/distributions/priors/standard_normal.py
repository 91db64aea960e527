"""The standard normal prior."""

import tensorflow as tf

from keras_infovae.distributions.priors.base import Prior
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

    def of_noise(self, u):
        return u

    def distribution(self, latent_dim, posterior_of=None):
        tfd = tfp.distributions
        zeros = tf.zeros([latent_dim])
        return tfd.Independent(tfd.Normal(zeros, tf.ones_like(zeros)), 1)
