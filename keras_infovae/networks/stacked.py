"""Several networks of one form, computed at once."""

import itertools

import keras

from keras_infovae.utils.checks import check_activation, check_integer, check_integers
from keras_infovae.utils.serialization import register


@register
class StackedMLP(keras.layers.Layer):
    """`count` fully connected networks of the same sizes, each with weights of its own.

    Args:
        count: how many networks.
        hidden_units: sizes of the hidden layers.
        output_size: size of the output.
        activation: name of a Keras activation of the hidden layers. Default "silu".

    Called with [n, k], which all of them see, or [n, count, k], it gives [n, count, output_size].
    """

    def __init__(self, count, hidden_units, output_size, activation="silu", **options):
        super().__init__(**options)
        self.count = check_integer("count", count)
        self.hidden_units = check_integers("hidden_units", hidden_units)
        self.output_size = check_integer("output_size", output_size)
        self.activation = check_activation("activation", activation)

    def build(self, input_shape):
        sizes = [input_shape[-1], *self.hidden_units, self.output_size]
        self.kernels, self.biases = [], []
        for i, (given, units) in enumerate(itertools.pairwise(sizes)):
            limit = (6.0 / (given + units)) ** 0.5  # Glorot's, of each network by itself
            start = keras.initializers.RandomUniform(-limit, limit)
            shape = (self.count, given, units)
            self.kernels.append(self.add_weight(name=f"kernel_{i}", shape=shape, initializer=start))
            shape = (self.count, units)
            self.biases.append(self.add_weight(name=f"bias_{i}", shape=shape, initializer="zeros"))
        self.built = True

    def call(self, inputs):
        hidden = inputs
        if len(hidden.shape) == 2:
            hidden = keras.ops.expand_dims(hidden, 1)
        hidden = keras.ops.transpose(hidden, (1, 0, 2))  # [1 or count, n, k]
        activate = keras.activations.get(self.activation)
        for i, (kernel, bias) in enumerate(zip(self.kernels, self.biases)):
            hidden = keras.ops.matmul(hidden, kernel) + keras.ops.expand_dims(bias, 1)
            if i < len(self.hidden_units):
                hidden = activate(hidden)
        return keras.ops.transpose(hidden, (1, 0, 2))

    def get_config(self):
        """Returns the constructor's arguments."""
        names = ("count", "hidden_units", "output_size", "activation")
        return super().get_config() | {name: getattr(self, name) for name in names}
