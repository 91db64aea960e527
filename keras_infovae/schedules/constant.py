"""A weight that does not change."""

import tensorflow as tf

from keras_infovae.schedules.base import Schedule
from keras_infovae.utils.checks import check_number
from keras_infovae.utils.serialization import register


@register
class Constant(Schedule):
    """The same value at every position, as the plain number would be.

    Args:
        value: default 1.

    Raises:
        ValueError, TypeError: for a value that is not a finite number.

    Example:

    >>> import keras_infovae as ki
    >>> float(ki.schedules.Constant(0.5)(100))
    0.5
    """

    def __init__(self, value: float = 1.0) -> None:
        self.value = check_number("value", value)

    @property
    def minimum(self) -> float:
        return self.value

    @property
    def maximum(self) -> float:
        return self.value

    @property
    def final(self) -> float:
        return self.value

    def __call__(self, position):
        return tf.fill(tf.shape(position), tf.constant(self.value, tf.float32))
