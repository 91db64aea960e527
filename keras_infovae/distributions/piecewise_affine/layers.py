"""Dense layers with (leaky) rectifiers: read from a Keras model, and computed in float64."""

import inspect
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

ALLOWED = "Dense layers with linear, relu or leaky_relu activations, the last one linear"
_SHAPES = (keras.layers.InputLayer, keras.layers.Flatten, keras.layers.Reshape)
_AS_THEY_ARE = (*_SHAPES, keras.layers.Dropout, keras.layers.Identity)


class AffineLayer(NamedTuple):
    """A layer y = r(x kernel + bias), r(u) = u for u > 0 and slope * u below, NumPy float64.

    Args:
        kernel: [inputs, units].
        bias: [units].
        slope: of the negative side: 1 for a linear layer, 0 for ReLU.
    """

    kernel: np.ndarray
    bias: np.ndarray
    slope: float


def read_layers(decoder):
    """Returns the `AffineLayer`s of a Keras model from z [n, S] to x, flattened to [n, D].

    Slopes are read from the layers: `LeakyReLU()` and "leaky_relu" have different ones.

    Args:
        decoder: a Keras model, a chain of Dense, ReLU, LeakyReLU, Activation, Flatten, Reshape and
            Dropout layers.

    Raises:
        ValueError: for anything else, as "decoder ...".
    """
    layers = []
    for dense, slope in dense_layers(decoder):
        kernel = np.asarray(dense.kernel, "float64")
        bias = np.asarray(dense.bias, "float64") if dense.use_bias else np.zeros(dense.units)
        layers.append(AffineLayer(kernel, bias, slope))
    z = np.random.default_rng(0).normal(size=(8, layers[0].kernel.shape[0]))
    expected = np.reshape(decoder(tf.constant(z, tf.float32)), [len(z), -1])
    size = 1.0 + np.abs(expected).max()
    if not np.allclose(outputs(layers, z), expected, rtol=1e-2, atol=1e-2 * size):
        raise ValueError("a decoder whose layers are no chain")
    return layers


def dense_layers(decoder):
    """Returns [(Dense layer, slope)] of a decoder as `read_layers` takes; looks at no weights.

    Raises:
        ValueError: for any other layer, as "decoder ...".
    """
    found = []
    for layer in _chain(decoder):
        if isinstance(layer, keras.layers.Dense):
            found.append((layer, _slope_of_function(layer.activation, layer.name)))
        elif not isinstance(layer, _AS_THEY_ARE):
            slope = _slope_of_layer(layer)
            if not found or found[-1][1] != 1.0:
                raise ValueError(f"a layer that follows no linear Dense layer, {layer.name}")
            found[-1] = (found[-1][0], slope)
    if not found or found[-1][1] != 1.0:
        raise ValueError("a decoder whose last layer is not linear")
    return found


def outputs(layers, z):
    """Returns what the layers make of z [..., S], NumPy float64 [..., D]."""
    for layer in layers:
        z = z @ layer.kernel + layer.bias
        z = np.where(z > 0, z, layer.slope * z)
    return z


def _chain(model):
    """Returns the layers of a model in their order, those of models within it too."""
    found = []
    for layer in getattr(model, "layers", [model]):
        found += _chain(layer) if isinstance(layer, keras.Model) else [layer]
    return found


def _slope_of_function(activation, name):
    if activation is keras.activations.linear:
        return 1.0
    if activation is keras.activations.relu:
        return 0.0
    if activation is keras.activations.leaky_relu:
        return float(inspect.signature(activation).parameters["negative_slope"].default)
    described = getattr(activation, "__name__", type(activation).__name__)
    raise ValueError(f"activation {described} of layer {name}")


def _slope_of_layer(layer):
    if isinstance(layer, keras.layers.Activation):
        return _slope_of_function(layer.activation, layer.name)
    if isinstance(layer, keras.layers.LeakyReLU):
        return float(layer.negative_slope)
    plain = isinstance(layer, keras.layers.ReLU) and layer.max_value is None
    if plain and not np.any(layer.threshold):
        return float(layer.negative_slope)
    raise ValueError(f"a layer {type(layer).__name__}, {layer.name}")
