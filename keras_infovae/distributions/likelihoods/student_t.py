"""The Student's t likelihood."""

import math

import keras
import tensorflow as tf

from keras_infovae.distributions.base import bounded_log
from keras_infovae.distributions.likelihoods.location_scale import LocationScale
from keras_infovae.typing import Distribution, Shape, Tensor
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.checks import argument_error, check_number
from keras_infovae.utils.serialization import register

# Learned degrees of freedom lie between 1.007 and 149 and start at 5: at 149 the t distribution can
# hardly be told from a normal one, and its gradient is gone.
_LOG_EXCESS_LIMIT = 5.0
_FIRST_EXCESS = 4.0


@register
class StudentT(LocationScale):
    """The Student's t likelihood, for real-valued data with outliers:

        log p(x|z) = sum_i log t_v((x_i - m_i) / s_i) - log s_i

        t_v(e) = gamma((v + 1) / 2) / (gamma(v / 2) sqrt(pi v)) (1 + e^2 / v)^(-(v + 1) / 2)

    An outlier costs the logarithm of its distance, where the normal charges the square. v, the
    degrees of freedom, is greater than 1, so that m is the mean. The variance s^2 v / (v - 2) is
    finite only for v > 2.

    Args:
        degrees_of_freedom: `"global"` (default): one v for all values, a weight of the model,
            between 1.007 and 149, at first 5.
            A number greater than 1: fixed.
        scale, minimum_scale, scale_update, standardize: as for `Normal`. In closed form a learned
            scale follows the root mean square of the
            errors, weighed by (v + 1) / (v + e^2 / s^2).

    Raises:
        ValueError, TypeError: for degrees of freedom of at most 1, or an unknown or non-positive
            scale.

    Example:

    >>> import keras_infovae as ki
    >>> p = ki.likelihoods.StudentT(degrees_of_freedom=3, scale=1.0).distribution([[0.0]])
    >>> p.log_prob([[0.0]]).numpy().round(4)
    array([-1.0009], dtype=float32)
    """

    def __init__(
        self,
        degrees_of_freedom: str | float = "global",
        scale: str | float = "global",
        minimum_scale: float = 0.01,
        scale_update: str = "closed_form",
        standardize: bool = True,
    ) -> None:
        super().__init__(scale, minimum_scale, scale_update, standardize)
        if isinstance(degrees_of_freedom, str):
            if degrees_of_freedom != "global":
                raise argument_error(
                    "degrees_of_freedom", "'global' or a number greater than 1", degrees_of_freedom
                )
        else:
            degrees_of_freedom = check_number(
                "degrees_of_freedom", degrees_of_freedom, exclusive_minimum=1
            )
        self.degrees_of_freedom = degrees_of_freedom
        self.log_excess = None

    def build(self, event_shape: Shape) -> None:
        if self.degrees_of_freedom == "global":
            # What `bounded_log` makes log(_FIRST_EXCESS) of.
            raw = _LOG_EXCESS_LIMIT * math.atanh(math.log(_FIRST_EXCESS) / _LOG_EXCESS_LIMIT)
            initializer = keras.initializers.Constant(raw)
            self.log_excess = self.add_weight(name="log_excess", shape=(), initializer=initializer)
        super().build(event_shape)

    def values(self, location: Tensor, scale: Tensor) -> Distribution:
        degrees_of_freedom = self.degrees_of_freedom
        if degrees_of_freedom == "global":
            degrees_of_freedom = 1.0 + tf.exp(bounded_log(self.log_excess, _LOG_EXCESS_LIMIT))
        return tfp.distributions.StudentT(degrees_of_freedom, location, scale)
