"""Encoder and decoder builders."""

from keras_infovae.networks.autoregressive import AutoregressiveDecoder
from keras_infovae.networks.base import Network
from keras_infovae.networks.conv import Conv
from keras_infovae.networks.mlp import MLP
from keras_infovae.networks.pixel_cnn import PixelCNN
from keras_infovae.networks.recurrent import Recurrent
from keras_infovae.utils.serialization import Registry

registry = Registry(
    "network", Network, {"mlp": MLP, "conv": Conv, "pixel_cnn": PixelCNN, "recurrent": Recurrent}
)
get = registry.get
serialize = registry.serialize
deserialize = registry.deserialize

_SMALLEST_IMAGE_SIDE = 8
_MOST_CHANNELS = 4


def default_for(event_shape):
    """Returns the network for x of `event_shape`: `Conv` for what looks like an image, else `MLP`.

    An image is [height, width] or [height, width, 1 to 4 channels] with sides of at least 8.
    """
    image = len(event_shape) == 2 or (len(event_shape) == 3 and event_shape[2] <= _MOST_CHANNELS)
    return Conv() if image and min(event_shape[:2]) >= _SMALLEST_IMAGE_SIDE else MLP()


__all__ = [
    "MLP",
    "AutoregressiveDecoder",
    "Conv",
    "Network",
    "PixelCNN",
    "Recurrent",
    "default_for",
    "deserialize",
    "get",
    "serialize",
]
