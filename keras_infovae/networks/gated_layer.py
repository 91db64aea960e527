"""A layer of a gated PixelCNN."""

import math

import keras
import tensorflow as tf

from keras_infovae.utils.serialization import register


@register
class GatedLayer(keras.layers.Layer):
    """A layer of a gated PixelCNN: one stack of what is above, and one of what is to the left,

        above' = g(A above + a(z))
        left'  = R g(L left + B A above + b(z)) + left,         g([s, t]) = tanh(s) sigmoid(t)

    At pixel (i, j), A is a convolution over the rows i - reach to i and L one over the columns
    j - reach to j of row i; B and R are 1x1, and a and b differ from place to place. Where `above`
    at (i, j) knows of rows before i alone, and `left` of these and of columns before j in row i,
    the same holds for the outputs, so the decoder shifts x by one before the first layer. All rows
    above are seen: no pixel before (i, j) lies in a blind spot.

    Both stacks are computed from windows that begin `reach` rows, or columns, before the first
    output, so that all pixels at once and a single one are the same operations.

    Args:
        filters: number of channels of each stack.
        kernel_size: width of A, an odd number of at least 3; `reach` is (kernel_size - 1) / 2.
        residual: whether to add `left`. Default True.
        **options: those of any Keras layer.

    References:
        van den Oord et al., Conditional Image Generation with PixelCNN Decoders, arXiv:1606.05328,
        section 2: the two stacks, the gate and its condition.
    """

    def __init__(self, filters, kernel_size, residual=True, **options):
        super().__init__(**options)
        self.filters = filters
        self.kernel_size = kernel_size
        self.residual = residual
        self.reach = kernel_size // 2
        gates = 2 * filters
        self.of_above = self._convolution(gates, (self.reach + 1, kernel_size))
        self.of_left = self._convolution(gates, (1, self.reach + 1))
        self.above_to_left = self._convolution(gates, (1, 1))
        self.output_of_left = self._convolution(filters, (1, 1))
        self.of_z = keras.layers.Dense(2 * gates, dtype=self.dtype_policy)
        self.of_place = self._convolution(2 * gates, (1, 1))

    def _convolution(self, filters, kernel_size):
        return keras.layers.Conv2D(
            filters,
            kernel_size,
            data_format="channels_last",
            use_bias=False,  # but for `of_z`, whose bias serves both stacks
            dtype=self.dtype_policy,
        )

    def build(self, above_shape, left_shape, z_shape, place_shape):
        """Makes the weights."""
        pixels = (None, None, None)
        self.of_above.build((*pixels, above_shape[-1]))
        self.of_left.build((*pixels, left_shape[-1]))
        self.above_to_left.build((*pixels, 2 * self.filters))
        self.output_of_left.build((*pixels, self.filters))
        self.of_z.build(z_shape)
        self.of_place.build(place_shape)
        self.built = True

    def call(self, above, left, z, place):
        """Returns the next (above, left) [n, height, width, filters] at all pixels.

        Args:
            above, left: [n, height, width, channels].
            z: [n, latent_dim].
            place: [n, height, width, channels], what z says of each pixel.
        """
        rows = tf.pad(above, [[0, 0], [self.reach, 0], [0, 0], [0, 0]])
        columns = tf.pad(left, [[0, 0], [0, 0], [self.reach, 0], [0, 0]])
        above, to_left = self.vertical(rows, z, place)
        return above, self.horizontal(columns, to_left)

    def vertical(self, rows, z, place):
        """Returns the next `above`, and what it adds to the other stack, for the rows of `place`.

        Args:
            rows: `above` at these rows and the `reach` before them, [n, height + reach, ...].
        """
        of_z, of_place = self.of_z(z)[:, None, None, :], self.of_place(place)
        for_above, for_left = tf.split(of_z + of_place, 2, axis=-1)
        padded = tf.pad(rows, [[0, 0], [0, 0], [self.reach, self.reach], [0, 0]])
        of_above = self.of_above(padded)
        return _gate(of_above + for_above), self.above_to_left(of_above) + for_left

    def horizontal(self, columns, to_left):
        """Returns the next `left` for the columns of `to_left`, the second that `vertical` gave.

        Args:
            columns: `left` at these columns and the `reach` before, [n, ..., width + reach, ...].
        """
        gated = _gate(_convolve(self.of_left, columns) + to_left)
        output = _convolve(self.output_of_left, gated)
        return output + columns[:, :, self.reach :] if self.residual else output

    def get_config(self):
        """Returns the constructor's arguments as a JSON-compatible dictionary."""
        names = ("filters", "kernel_size", "residual")
        return super().get_config() | {name: getattr(self, name) for name in names}


def _convolve(layer, window):
    """Returns `layer(window)`."""
    if tuple(window.shape[1:3]) != layer.kernel_size:
        return layer(window)
    # A single pixel: a product of matrices is several times as fast as a convolution.
    size = math.prod(window.shape[1:])
    kernel = tf.reshape(tf.cast(layer.kernel, window.dtype), [size, layer.filters])
    return (tf.reshape(window, [-1, size]) @ kernel)[:, None, None, :]


def _gate(values):
    signal, gate = tf.split(values, 2, axis=-1)
    return tf.tanh(signal) * tf.sigmoid(gate)
