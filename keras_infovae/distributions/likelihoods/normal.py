"""The normal likelihood."""

import tensorflow as tf

from keras_infovae.distributions.base import bounded_log
from keras_infovae.distributions.likelihoods.base import Likelihood
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.checks import check_choice, check_number
from keras_infovae.utils.serialization import register

_LOG_SCALE_LIMIT = 7.0
_LEARNED_SCALES = ("global", "per_value")


@register
class Normal(Likelihood):
    """The normal likelihood, for real-valued data:

        log p(x|z) = sum_i log N(x_i; m_i, s_i^2)

    with every normaliser log(s_i sqrt(2 pi)) counted once per value of x. The scale decides how
    much the reconstruction counts against the other terms, so a guess (the usual s = 1) is a
    hidden weight; the default learns it.

    Args:
        scale: `"global"` (default): one s for all values, a weight of the model.
            `"per_value"`: the decoder gives s for every pixel or column, as a second number
            per value, [..., 2] = (mean, log scale).
            A positive number: fixed.
        minimum_scale: a learned scale stays above it, in the unit of x. Default 0.01. It is what
            keeps the likelihood of data that can be fitted exactly from growing without bound.

    Raises:
        ValueError, TypeError: for an unknown or non-positive scale.

    Example:

    >>> import keras_infovae as ki
    >>> p = ki.likelihoods.Normal(scale=1.0).distribution([[0.0, 0.0]])
    >>> p.log_prob([[0.0, 0.0]]).numpy().round(4)
    array([-1.8379], dtype=float32)

    References:
        Rybkin et al., Simple and Effective VAE Training with Calibrated Decoders,
        arXiv:2006.13202, section 3 (learned scale).
    """

    def __init__(self, scale="global", minimum_scale=0.01):
        super().__init__()
        if isinstance(scale, str):
            check_choice("scale", scale, _LEARNED_SCALES)
        else:
            scale = check_number("scale", scale, exclusive_minimum=0)
        self.scale = scale
        self.minimum_scale = check_number("minimum_scale", minimum_scale, exclusive_minimum=0)
        self.log_scale = None

    @property
    def parameters_per_value(self):
        return 2 if self.scale == "per_value" else 1

    def build(self, event_shape):
        if self.scale == "global":
            self.log_scale = self.add_weight(name="log_scale", shape=(), initializer="zeros")
        self.built = True

    def distribution(self, parameters):
        tfd = tfp.distributions
        mean = tf.cast(parameters, tf.float32)
        if self.scale == "per_value":
            mean, log_scale = tf.unstack(mean, axis=-1)
            scale = self._learned_scale(log_scale)
        elif self.scale == "global":
            scale = self._learned_scale(self.log_scale)
        else:
            scale = self.scale
        return tfd.Independent(tfd.Normal(mean, scale), mean.shape.rank - 1)

    def _learned_scale(self, log_scale):
        return self.minimum_scale + tf.exp(bounded_log(log_scale, _LOG_SCALE_LIMIT))
