"""The decoder of a gated PixelCNN."""

import math

import keras
import tensorflow as tf

from keras_infovae.networks.autoregressive import AutoregressiveDecoder
from keras_infovae.networks.gated_layer import GatedLayer
from keras_infovae.networks.loops import loop
from keras_infovae.utils import row_random
from keras_infovae.utils.serialization import register


@register
class PixelCNNDecoder(AutoregressiveDecoder):
    """The decoder that the setting `PixelCNN` makes; what it computes is said there.

    `draw` computes what is above once per row and what is to the left once per pixel, each from the
    few rows and columns that the next layer reaches, which are kept: a draw of the whole image
    costs about as many operations as one pass over it.

    Args:
        latent_dim: the number of dimensions of z.
        parameter_shape: the shape of the output per example, [height, width, ...].
        event_shape: the shape of x, [height, width] or [height, width, channels].
        spatial_map: a Keras model from z to what it says of each pixel, [n, height, width, any].
        filters, num_layers, kernel_size, first_kernel_size: those of `PixelCNN`.
        name, dtype: those of a Keras model.
    """

    position_axes = 2

    def __init__(
        self,
        latent_dim,
        parameter_shape,
        event_shape,
        spatial_map,
        filters,
        num_layers,
        kernel_size,
        first_kernel_size,
        name="decoder",
        dtype=None,
    ):
        super().__init__(latent_dim, parameter_shape, event_shape, name, dtype)
        self.spatial_map = spatial_map
        self.filters = filters
        self.num_layers = num_layers
        self.kernel_size = kernel_size
        self.first_kernel_size = first_kernel_size
        self.gated_layers = [
            GatedLayer(
                filters, kernel_size if i else first_kernel_size, i > 0, dtype=self.dtype_policy
            )
            for i in range(num_layers)
        ]
        self.hidden = keras.layers.Dense(filters, activation="relu", dtype=self.dtype_policy)
        # In float32 under any policy: what it puts out is a distribution's.
        self.output_layer = keras.layers.Dense(math.prod(self.parameter_shape[2:]), dtype="float32")

    def build(self, input_shape=None):
        """Makes the weights."""
        size = (None, *self.event_shape[:2])
        # A channel of ones besides those of x tells the image from what lies around it.
        channels = math.prod(self.event_shape[2:]) + 1
        place_shape = self.spatial_map.output_shape
        for layer in self.gated_layers:
            above = left = (*size, channels)
            layer.build(above, left, (None, self.latent_dim), place_shape)
            channels = self.filters
        self.hidden.build((*size, self.filters))
        self.output_layer.build((*size, self.filters))
        self.built = True

    def parameters(self, z, x, training=False):
        place = self.spatial_map(z, training=training)
        pixels = self._pixels(x)
        above = tf.pad(pixels, [[0, 0], [1, 0], [0, 0], [0, 0]])[:, :-1]
        left = tf.pad(pixels, [[0, 0], [0, 0], [1, 0], [0, 0]])[:, :, :-1]
        for layer in self.gated_layers:
            above, left = layer(above, left, z, place)
        return tf.reshape(self._output(left), [-1, *self.parameter_shape])

    def draw(self, z, likelihood, seeds, context=None):
        height, width, *value_shape = self.event_shape
        z = tf.cast(z, self.compute_dtype)
        place = tf.cast(self.spatial_map(z), self.compute_dtype)
        count, dtype = tf.shape(z)[0], self.compute_dtype
        channels = [math.prod(value_shape) + 1] + [self.filters] * (self.num_layers - 1)

        def nothing(rows, columns):
            """Returns zeros for that many rows and columns of each layer's input."""
            return [
                tf.zeros([count, rows or layer.reach, columns or layer.reach, c], dtype)
                for layer, c in zip(self.gated_layers, channels)
            ]

        def draw_row(i, image, row, rows):
            # `row` is the one above this, as the network reads it; `rows` what each layer keeps.
            pixel_seeds = row_random.fold_in(seeds, i * width + tf.range(width))
            above, kept, contributions = row, [], []
            place_of_row = place[:, i, None]
            for layer, before in zip(self.gated_layers, rows):
                window = tf.concat([before, above], axis=1)
                above, to_left = layer.vertical(window, z, place_of_row)
                kept.append(window[:, 1:])
                contributions.append(to_left)
            # [width, n, 1, 1, ...]: a column is then read in one piece.
            to_left_of = tf.transpose(tf.concat(contributions, axis=-1), [2, 0, 1, 3])[:, :, None]

            def draw_pixel(j, row, pixel, columns):
                left, kept = pixel, []
                contributions = tf.split(to_left_of[j], self.num_layers, axis=-1)
                for layer, before, to_left in zip(self.gated_layers, columns, contributions):
                    window = tf.concat([before, left], axis=2)
                    left = layer.horizontal(window, to_left)
                    kept.append(window[:, :, 1:])
                parameters = tf.reshape(self._output(left), [-1, 1, 1, *self.parameter_shape[2:]])
                value = self.draw_position(parameters, likelihood, pixel_seeds[j], context)
                row = tf.concat([row[:, :, 1:], value], axis=2)
                return row, self._pixels(likelihood.features(value)), kept

            state = tf.zeros([count, 1, width, *value_shape]), nothing(1, 1)[0], nothing(1, None)
            values, _, _ = loop(width, draw_pixel, state)
            image = tf.concat([image[:, 1:], values], axis=1)
            return image, self._pixels(likelihood.features(values)), kept

        state = tf.zeros([count, *self.event_shape]), nothing(1, width)[0], nothing(None, width)
        return loop(height, draw_row, state)[0]

    def _pixels(self, x):
        """Returns x [n, rows, columns, (channels)] with a channel axis and a channel of ones."""
        x = tf.cast(x, self.compute_dtype)
        x = x if len(self.event_shape) == 3 else x[..., None]
        return tf.concat([x, tf.ones_like(x[..., :1])], axis=-1)

    def _output(self, left):
        return self.output_layer(self.hidden(tf.nn.relu(left)))
