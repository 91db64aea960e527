"""Fully connected networks."""

import math
from collections.abc import Sequence

import keras

from keras_infovae.networks.base import Network
from keras_infovae.typing import KerasModel, Shape
from keras_infovae.utils.checks import check_activation, check_integers
from keras_infovae.utils.serialization import register


@register
class MLP(Network):
    """Fully connected networks, for x of any shape (it is flattened and restored).

    Args:
        hidden_units: sizes of the encoder's hidden layers, first to last; the decoder has them in
            reverse. Default (512, 256).
        activation: name of a Keras activation of the hidden layers. Default "relu".

    Raises:
        ValueError, TypeError: when `hidden_units` is empty or holds anything but positive integers.

    Example:

    >>> import keras_infovae as ki
    >>> encoder = ki.networks.MLP(hidden_units=(64,)).encoder((30,), output_size=4)
    >>> encoder.output_shape
    (None, 4)
    """

    def __init__(self, hidden_units: Sequence[int] = (512, 256), activation: str = "relu") -> None:
        self.hidden_units = check_integers("hidden_units", hidden_units)
        self.activation = check_activation("activation", activation)

    def encoder(self, event_shape: Shape, output_size: int) -> KerasModel:
        x = keras.Input(event_shape, name="x")
        hidden = keras.layers.Flatten()(x) if len(event_shape) != 1 else x
        for units in self.hidden_units:
            hidden = keras.layers.Dense(units, activation=self.activation)(hidden)
        return keras.Model(x, keras.layers.Dense(output_size)(hidden), name="encoder")

    def decoder(
        self, latent_dim: int, output_shape: Shape, event_shape: Shape | None = None
    ) -> KerasModel:
        z = keras.Input((latent_dim,), name="z")
        hidden = z
        for units in reversed(self.hidden_units):
            hidden = keras.layers.Dense(units, activation=self.activation)(hidden)
        parameters = keras.layers.Dense(math.prod(output_shape))(hidden)
        if len(output_shape) != 1:
            parameters = keras.layers.Reshape(output_shape)(parameters)
        return keras.Model(z, parameters, name="decoder")
