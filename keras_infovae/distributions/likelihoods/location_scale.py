"""The base of likelihoods that have a location and a scale per value."""

import tensorflow as tf

from keras_infovae.distributions.base import bounded_log
from keras_infovae.distributions.likelihoods.base import Likelihood
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.checks import check_choice, check_number

_LOG_SCALE_LIMIT = 7.0
_LEARNED_SCALES = ("global", "per_column", "per_value")


class LocationScale(Likelihood):
    """A likelihood of independent values x_i = m_i + s_i e_i, with the m_i given by the decoder.

    A member gives the distribution of the noise e in `values`. The arguments, and what they do, are
    those of `Normal`.
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
        if self.scale in ("global", "per_column"):
            shape = () if self.scale == "global" else tuple(event_shape)[-1:]
            self.log_scale = self.add_weight(name="log_scale", shape=shape, initializer="zeros")
        self.built = True

    def describes_positions(self, event_shape, axes):
        return self.scale != "per_column" or len(event_shape) > axes

    def values(self, location, scale):
        """Returns the TFP distribution of each value; `scale` may be a scalar."""
        raise NotImplementedError(f"{type(self).__name__} does not define `values`")

    def distribution(self, parameters, context=None):
        location = tf.cast(parameters, tf.float32)
        if self.scale == "per_value":
            location, log_scale = tf.unstack(location, axis=-1)
            scale = self._learned_scale(log_scale)
        elif self.log_scale is not None:
            scale = self._learned_scale(self.log_scale)
        else:
            scale = self.scale
        return tfp.distributions.Independent(self.values(location, scale), location.shape.rank - 1)

    def _learned_scale(self, log_scale):
        return self.minimum_scale + tf.exp(bounded_log(log_scale, _LOG_SCALE_LIMIT))
