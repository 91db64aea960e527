"""How a denoiser is told of the time, and of the condition."""

import keras
import numpy as np

from keras_infovae.utils.serialization import register

_FREQUENCIES = 8


@register
class TimeFeatures(keras.layers.Layer):
    """Sines and cosines of pi/2 2^k u for k = 0 to 7, float32 [n, 16], of times u [n, 1].

    It is told of times in float32 under any policy: half precision would round them by a part of
    the shortest wave.
    """

    def __init__(self, **options):
        super().__init__(**options)
        self.autocast = False

    def get_config(self):
        return super().get_config()  # the name too, as without a constructor

    def call(self, time):
        angles = keras.ops.cast(time, "float32") * (np.pi / 2 * 2.0 ** np.arange(_FREQUENCIES))
        waves = [keras.ops.sin(angles), keras.ops.cos(angles)]
        return keras.ops.cast(keras.ops.concatenate(waves, axis=-1), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], 2 * _FREQUENCIES)


def inputs_of(event_shape, told_size):
    """Returns the inputs of a denoiser, [x_u, time] or [x_u, time, told], of Keras."""
    named = {"x_u": event_shape, "time": (1,)} | ({"told": (told_size,)} if told_size else {})
    return [keras.Input(shape, name=name, dtype="float32") for name, shape in named.items()]


def embedded(time, told, units, activation):
    """Returns `units` numbers [n, units] that stand for the time and, where given, the condition.

    Args:
        time: [n, 1].
        told: a list of nothing or of the condition [n, told_size].
    """
    hidden = TimeFeatures()(time)
    if told:
        hidden = keras.layers.Concatenate()([hidden, *told])
    hidden = keras.layers.Dense(units, activation=activation)(hidden)
    return keras.layers.Dense(units, activation=activation)(hidden)


def scaled_and_shifted(hidden, time, units):
    """Returns `hidden` [n, ..., units], scaled and shifted along its last axis as `time` says."""
    both = keras.layers.Dense(2 * units)(time)
    if len(hidden.shape) == 4:
        both = keras.layers.Reshape((1, 1, 2 * units))(both)
    return ScaleAndShift()([hidden, both])


@register
class ScaleAndShift(keras.layers.Layer):
    """h (1 + s) + b of h [n, ..., k] and [s, b] [n, ..., 2 k]."""

    def call(self, inputs):
        hidden, both = inputs
        scale, shift = keras.ops.split(both, 2, axis=-1)
        return hidden * (1 + scale) + shift

    def compute_output_shape(self, input_shape):
        return input_shape[0]
