"""A decoder of Dense and leaky ReLU layers, and the regions of its weights as graphs read them."""

import math

import keras
import numpy as np
import tensorflow as tf

from keras_infovae.distributions import piecewise_affine


def decoder_of(latent_dim, hidden_units, leak, event_shape):
    """Returns a Keras model from z [n, latent_dim] to [n, *event_shape]."""
    z = keras.Input((latent_dim,), name="z")
    hidden = z
    for units in hidden_units:
        hidden = keras.layers.Dense(units)(hidden)
        hidden = keras.layers.LeakyReLU(negative_slope=leak)(hidden)
    x = keras.layers.Dense(math.prod(event_shape))(hidden)
    if len(event_shape) != 1:
        x = keras.layers.Reshape(event_shape)(x)
    return keras.Model(z, x, name="decoder")


def write_layers(decoder, layers):
    """Gives the Dense layers of `decoder_of` the weights of `AffineLayer`s."""
    dense = [layer for layer in decoder.layers if isinstance(layer, keras.layers.Dense)]
    for layer, new in zip(dense, layers, strict=True):
        layer.kernel.assign(new.kernel.astype("float32"))
        layer.bias.assign(new.bias.astype("float32"))


class RegionTables:
    """The regions of a decoder's weights, in variables, which graphs read when they run.

    They follow from the weights alone, and are found outside of graphs. They are no weights of a
    model: Keras knows nothing of them, and an exported graph takes along what they hold.
    """

    def __init__(self):
        self._weights, self._variables = None, None

    def refresh(self, decoder):
        """Finds the regions, where the weights are not those of the last time."""
        weights = decoder.get_weights()
        known = self._weights
        if known is not None and all(np.array_equal(a, b) for a, b in zip(weights, known)):
            return
        regions = piecewise_affine.regions_of(piecewise_affine.read_layers(decoder))
        if self._variables is None:
            # Only the number of regions, and that of vertices, changes with the weights.
            vertices = [None, None, 2] if regions.cells.ndim == 3 else [None, 2]
            shapes = (
                vertices,
                [None, *regions.matrices.shape[1:]],
                [None, regions.offsets.shape[1]],
            )
            self._variables = [
                tf.Variable(array, trainable=False, shape=shape)
                for array, shape in zip(regions[:3], shapes)
            ]
        for variable, array in zip(self._variables, regions[:3]):
            variable.assign(array)
        self._weights = weights

    def pieces(self, scale):
        """Returns the `Pieces` in units of the noise, `scale` [D]."""
        cells, matrices, offsets = (v.read_value() for v in self._variables)
        return piecewise_affine.Pieces(cells, matrices / scale, offsets / scale)
