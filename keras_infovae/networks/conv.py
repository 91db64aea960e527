"""Convolutional networks for images."""

import math
from collections.abc import Sequence

import keras

from keras_infovae.networks.base import Network
from keras_infovae.networks.image_shapes import check_image
from keras_infovae.typing import KerasModel, Shape
from keras_infovae.utils.checks import check_activation, check_integer, check_integers
from keras_infovae.utils.serialization import register

_COARSEST_SIDE = 7  # halve an image until its shorter side is about this
_MAX_FILTERS = 256


@register
class Conv(Network):
    """Convolutional networks for images [height, width] or [height, width, channels].

    The encoder halves the image by strided convolutions until its shorter side is about 7, then
    one dense layer; the decoder mirrors it with transposed convolutions and crops what an odd side
    has gained, so that its output has exactly the input's shape.

    Args:
        filters: number of filters of each halving, first to last. Default None: 32, 64, 128, ...
            as many as the size of the image asks for (two at 28x28), at most 256 each.
        dense_units: size of the dense layer. Default 256.
        kernel_size: side of the convolution kernels in pixels. Default 4.
        activation: name of a Keras activation of the hidden layers. Default "relu".

    Raises:
        ValueError, TypeError: for anything but positive integers, or x that is not an image.

    Example:

    >>> import keras_infovae as ki
    >>> decoder = ki.networks.Conv().decoder(latent_dim=2, output_shape=(29, 31, 3))
    >>> decoder.output_shape
    (None, 29, 31, 3)
    """

    def __init__(
        self,
        filters: Sequence[int] | None = None,
        dense_units: int = 256,
        kernel_size: int = 4,
        activation: str = "relu",
    ) -> None:
        if filters is not None:
            filters = check_integers("filters", filters)
        self.filters = filters
        self.dense_units = check_integer("dense_units", dense_units)
        self.kernel_size = check_integer("kernel_size", kernel_size)
        self.activation = check_activation("activation", activation)

    def encoder(self, event_shape: Shape, output_size: int) -> KerasModel:
        check_image("encoder", "conv", event_shape)
        x = keras.Input(event_shape, name="x")
        hidden = x if len(event_shape) == 3 else keras.layers.Reshape((*event_shape, 1))(x)
        for filters in self._filters(event_shape):
            hidden = keras.layers.Conv2D(filters, **self._halving())(hidden)
        hidden = keras.layers.Flatten()(hidden)
        hidden = keras.layers.Dense(self.dense_units, activation=self.activation)(hidden)
        return keras.Model(x, keras.layers.Dense(output_size)(hidden), name="encoder")

    def decoder(
        self, latent_dim: int, output_shape: Shape, event_shape: Shape | None = None
    ) -> KerasModel:
        check_image("decoder", "conv", output_shape[:3])
        height, width = output_shape[:2]
        channels = math.prod(output_shape[2:])
        filters = self._filters(output_shape)
        sides = [-(-side // 2 ** len(filters)) for side in (height, width)]
        z = keras.Input((latent_dim,), name="z")
        hidden = keras.layers.Dense(self.dense_units, activation=self.activation)(z)
        hidden = keras.layers.Dense(math.prod(sides) * filters[-1], activation=self.activation)(
            hidden
        )
        hidden = keras.layers.Reshape((*sides, filters[-1]))(hidden)
        for count in reversed(filters[:-1]):
            hidden = keras.layers.Conv2DTranspose(count, **self._halving())(hidden)
        halving = self._halving() | {"activation": None}
        image = keras.layers.Conv2DTranspose(channels, **halving)(hidden)
        excess = [side * 2 ** len(filters) - full for side, full in zip(sides, (height, width))]
        if any(excess):
            image = keras.layers.Cropping2D([(n // 2, n - n // 2) for n in excess])(image)
        if tuple(output_shape[2:]) != (channels,):
            image = keras.layers.Reshape(output_shape)(image)
        return keras.Model(z, image, name="decoder")

    def _halving(self):
        return {
            "kernel_size": self.kernel_size,
            "strides": 2,
            "padding": "same",
            "data_format": "channels_last",
            "activation": self.activation,
        }

    def _filters(self, shape):
        if self.filters is not None:
            return self.filters
        halvings = max(1, round(math.log2(min(shape[:2]) / _COARSEST_SIDE)))
        return [min(32 * 2**i, _MAX_FILTERS) for i in range(halvings)]
