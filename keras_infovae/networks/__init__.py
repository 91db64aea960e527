"""Encoder and decoder builders."""

from typing import Any

import keras

from keras_infovae.networks.autoregressive import AutoregressiveDecoder
from keras_infovae.networks.base import Network
from keras_infovae.networks.checks import check_output, conditioned_shape
from keras_infovae.networks.conv import Conv
from keras_infovae.networks.mlp import MLP
from keras_infovae.networks.pixel_cnn import PixelCNN
from keras_infovae.networks.recurrent import Recurrent
from keras_infovae.typing import KerasModel, Likelihood, Shape
from keras_infovae.utils.checks import argument_error
from keras_infovae.utils.serialization import Registry

registry = Registry(
    "network", Network, {"mlp": MLP, "conv": Conv, "pixel_cnn": PixelCNN, "recurrent": Recurrent}
)
get = registry.get
serialize = registry.serialize
deserialize = registry.deserialize

_SMALLEST_IMAGE_SIDE = 8
_MOST_CHANNELS = 4


def check_network(name: str, network: Any) -> Any:
    """Returns `network`: a Keras model or None as it is, else the setting that it names."""
    if network is None or isinstance(network, keras.Model):
        return network
    if isinstance(network, (str, dict, Network)):
        return get(network)
    raise argument_error(
        name, "a keras.Model, a network setting or its name, or None", network, TypeError
    )


def is_image(event_shape: Shape) -> bool:
    """Returns whether x of `event_shape` looks like an image.

    An image is [height, width] or [height, width, 1 to 4 channels] with sides of at least 8.
    """
    image = len(event_shape) == 2 or (len(event_shape) == 3 and event_shape[2] <= _MOST_CHANNELS)
    return image and min(event_shape[:2]) >= _SMALLEST_IMAGE_SIDE


def default_for(event_shape: Shape) -> Network:
    """Returns the network for x of `event_shape`: `Conv` for an image, else `MLP`."""
    return Conv() if is_image(event_shape) else MLP()


def suited(network: Any, likelihood: Likelihood) -> Any:
    """Returns `network`, a Keras model, a setting or None, as it suits x of a likelihood.

    None stands for the networks that the likelihood names; it stays None where the shape of x is
    to decide.
    """
    if network is None and likelihood.network is not None:
        network = get(likelihood.network)
    return network.for_likelihood(likelihood) if isinstance(network, Network) else network


def fitting_decoder(
    decoder: KerasModel, input_size: int, parameter_shape: Shape, event_shape: Shape
) -> KerasModel:
    """Returns a decoder from [n, input_size] to [n, *parameter_shape], checked that it is one.

    Args:
        decoder: a Keras model, a network setting, or None for one that suits x of `event_shape`.
        input_size: the number of dimensions of z and of what is told besides.
        parameter_shape: the shape of the likelihood's numbers for one x.
        event_shape: the shape of x.
    """
    decoder = default_for(event_shape) if decoder is None else decoder
    if isinstance(decoder, Network):
        decoder = decoder.decoder(input_size, parameter_shape, event_shape)
    given: list[Shape] = [(input_size,)]
    if isinstance(decoder, AutoregressiveDecoder):
        given.append(decoder.feature_shape)
    check_output("decoder", decoder, given, parameter_shape)
    return decoder


__all__ = [
    "MLP",
    "AutoregressiveDecoder",
    "Conv",
    "Network",
    "PixelCNN",
    "Recurrent",
    "check_network",
    "check_output",
    "conditioned_shape",
    "default_for",
    "deserialize",
    "fitting_decoder",
    "get",
    "is_image",
    "serialize",
    "suited",
]
