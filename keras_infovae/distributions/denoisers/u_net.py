"""A small U-Net for images."""

from collections.abc import Sequence

import keras

from keras_infovae.distributions.denoisers.base import Denoiser
from keras_infovae.distributions.denoisers.time_features import (
    embedded,
    inputs_of,
    scaled_and_shifted,
)
from keras_infovae.typing import KerasModel, Shape
from keras_infovae.utils.checks import check_activation, check_integers
from keras_infovae.utils.serialization import register

_MOST_GROUPS = 8


@register
class UNet(Denoiser):
    """A convolutional network for images [height, width] or [height, width, channels] of any size.

    At each level two convolutions of 3 x 3 around a skip connection, whose channels the time scales
    and shifts; between levels the image is halved, and on the way back each level sees what it was
    on the way down. Sides that cannot be halved so often are padded, and cropped at the end.

    Args:
        filters: channels of each level, first to last: one level more than there are halvings.
            Default (16, 32, 32), which has 110,000 weights and suits images of 8 to 32 pixels; for
            64 pixels a level more, (32, 64, 64, 64).
        activation: name of a Keras activation. Default "silu".

    Example:

    >>> import keras_infovae as ki
    >>> ki.denoisers.UNet(filters=(4, 8)).network((9, 8, 2)).output_shape
    (None, 9, 8, 2)

    References:
        Ronneberger, Fischer, Brox, U-Net, arXiv:1505.04597; Ho, Jain, Abbeel, arXiv:2006.11239,
        appendix B.
    """

    def __init__(self, filters: Sequence[int] = (16, 32, 32), activation: str = "silu") -> None:
        self.filters = check_integers("filters", filters)
        self.activation = check_activation("activation", activation)

    def network(self, event_shape: Shape, told_size: int = 0) -> KerasModel:
        """Returns the network; arguments as for `Denoiser.network`.

        Raises:
            ValueError: for an x that is no image.
        """
        if len(event_shape) not in (2, 3):
            raise ValueError(
                "Argument `denoiser`='u_net' needs images of shape [height, width] or [height, "
                f"width, channels]. Received: x of shape {tuple(event_shape)} per example. Use "
                "'residual_mlp' for vectors."
            )
        layers = keras.layers
        x_u, time, *told = given = inputs_of(event_shape, told_size)
        seen = embedded(time, told, 4 * self.filters[0], self.activation)
        hidden = x_u if len(event_shape) == 3 else layers.Reshape((*event_shape, 1))(x_u)
        channels = hidden.shape[-1]
        coarsest = 2 ** (len(self.filters) - 1)
        excess = [-side % coarsest for side in event_shape[:2]]
        margins = [(n // 2, n - n // 2) for n in excess]
        if any(excess):
            hidden = layers.ZeroPadding2D(margins)(hidden)
        hidden = self._conv(hidden, self.filters[0])
        skips = []
        for level, filters in enumerate(self.filters):
            if level:
                hidden = self._conv(hidden, filters, strides=2)
            hidden = self._block(hidden, seen, filters)
            skips.append(hidden)
        hidden = self._block(hidden, seen, self.filters[-1])
        for level, filters in reversed(list(enumerate(self.filters))):
            hidden = layers.Concatenate()([hidden, skips[level]])
            hidden = self._block(hidden, seen, filters)
            if level:
                hidden = layers.UpSampling2D(2, data_format="channels_last")(hidden)
        hidden = layers.Activation(self.activation)(self._normalized(hidden))
        noise = self._conv(hidden, channels, dtype="float32")
        if any(excess):
            noise = layers.Cropping2D(margins)(noise)
        if len(event_shape) == 2:
            noise = layers.Reshape(event_shape)(noise)
        return keras.Model(given, noise, name="denoiser")

    def _block(self, hidden, seen, filters):
        """Returns `hidden` with what two convolutions add to it, `filters` channels."""
        layers = keras.layers
        inner = layers.Activation(self.activation)(self._normalized(hidden))
        inner = self._normalized(self._conv(inner, filters))
        inner = scaled_and_shifted(inner, seen, filters)
        inner = self._conv(layers.Activation(self.activation)(inner), filters)
        if hidden.shape[-1] != filters:
            hidden = self._conv(hidden, filters, size=1)
        return layers.Add()([hidden, inner])

    @staticmethod
    def _normalized(hidden):
        channels = hidden.shape[-1]
        groups = next(n for n in range(_MOST_GROUPS, 0, -1) if channels % n == 0)
        return keras.layers.GroupNormalization(groups, epsilon=1e-5)(hidden)

    @staticmethod
    def _conv(hidden, filters, size=3, strides=1, **options):
        layer = keras.layers.Conv2D(
            filters, size, strides, padding="same", data_format="channels_last", **options
        )
        return layer(hidden)
