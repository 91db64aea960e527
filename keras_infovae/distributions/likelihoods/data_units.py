"""The units of the training data, in which a likelihood's location and scale are expressed."""

import keras
import numpy as np
import tensorflow as tf

_ROWS = 4096  # that are looked at at a time: their differences need float64


class DataUnits(keras.layers.Layer):
    """The mean and the standard deviation of the training data, kept with the model:

        standardized(x) = (x - offset) / unit

    Until `learn` is called the offset is 0 and the unit 1, which is also that of data that do not
    vary. They are learned once: what a network has learned is in these units.

    Args:
        per_column: whether each column (or channel: each entry of the last axis) has units of its
            own. Default False.
    """

    def __init__(self, per_column=False):
        super().__init__(dtype="float32")
        self.per_column = per_column
        self.offset, self.unit, self.is_known = 0.0, 1.0, None

    def build(self, event_shape):
        shape = tuple(event_shape)[-1:] if self.per_column else ()
        self.offset = self.add_weight(name="offset", shape=shape, initializer="zeros", **_FIXED)
        self.unit = self.add_weight(name="unit", shape=shape, initializer="ones", **_FIXED)
        self.is_known = self.add_weight(name="is_known", shape=(), initializer="zeros", **_FIXED)
        self.built = True

    def learn(self, x):
        """Takes the units of NumPy `x` [n, *event_shape], unless they are known already.

        What is missing (NaN) does not count.
        """
        if float(self.is_known.numpy()) > 0:
            return
        axes = tuple(range(np.ndim(x) - 1 if self.per_column else np.ndim(x)))
        count = np.maximum(np.sum(~np.isnan(x), axis=axes), 1)
        offset = np.nansum(x, axis=axes, dtype="float64") / count
        blocks = (x[start : start + _ROWS] - offset for start in range(0, len(x), _ROWS))
        squares = sum(np.nansum(np.square(block), axis=axes) for block in blocks)
        unit = np.sqrt(squares / count)
        # What is constant to rounding has no unit of its own.
        constant = unit <= np.finfo("float32").eps * np.abs(offset)
        self.offset.assign(offset)
        self.unit.assign(np.where(constant, 1.0, unit))
        self.is_known.assign(1.0)

    def standardized(self, x):
        """Returns `x` in these units."""
        return (tf.cast(x, tf.float32) - self.offset) / self.unit


_FIXED = {"trainable": False, "aggregation": "only_first_replica"}
