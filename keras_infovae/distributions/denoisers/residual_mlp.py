"""A fully connected denoiser."""

import math

import keras

from keras_infovae.distributions.denoisers.base import Denoiser
from keras_infovae.distributions.denoisers.time_features import (
    embedded,
    inputs_of,
    scaled_and_shifted,
)
from keras_infovae.typing import KerasModel, Shape
from keras_infovae.utils.checks import check_activation, check_integer
from keras_infovae.utils.serialization import register


@register
class ResidualMLP(Denoiser):
    """A fully connected network of residual blocks, for x of any shape (it is flattened).

    The time scales and shifts what each block sees, rather than being one more input.

    Args:
        units: the width, at least 1. Default 128.
        blocks: how many residual blocks, at least 1. Default 3.
        activation: name of a Keras activation. Default "silu".

    Example:

    >>> import keras_infovae as ki
    >>> ki.denoisers.ResidualMLP(units=8, blocks=1).network((3,)).output_shape
    (None, 3)
    """

    def __init__(self, units: int = 128, blocks: int = 3, activation: str = "silu") -> None:
        self.units = check_integer("units", units)
        self.blocks = check_integer("blocks", blocks)
        self.activation = check_activation("activation", activation)

    def network(self, event_shape: Shape, told_size: int = 0) -> KerasModel:
        """Returns the network; arguments as for `Denoiser.network`."""
        layers = keras.layers
        x_u, time, *told = given = inputs_of(event_shape, told_size)
        seen = embedded(time, told, self.units, self.activation)
        hidden = x_u if len(event_shape) == 1 else layers.Flatten()(x_u)
        hidden = layers.Dense(self.units)(hidden)
        for _ in range(self.blocks):
            inner = scaled_and_shifted(hidden, seen, self.units)
            inner = layers.Activation(self.activation)(inner)
            inner = layers.Dense(self.units, activation=self.activation)(inner)
            hidden = layers.Add()([hidden, layers.Dense(self.units)(inner)])
        hidden = layers.Activation(self.activation)(hidden)
        noise = layers.Dense(math.prod(event_shape), dtype="float32")(hidden)
        if len(event_shape) != 1:
            noise = layers.Reshape(event_shape)(noise)
        return keras.Model(given, noise, name="denoiser")
