"""Masked dense networks, whose output i depends on inputs before i only."""

import itertools

import keras
import numpy as np
import tensorflow as tf


class MaskedNetwork(keras.layers.Layer):
    """A network from z [..., d] to [..., d, outputs] in which row i depends on z_1 ... z_(i-1):

        h = activation((mask * kernel)' h + bias)        layer by layer

    Every hidden unit has a degree, and sees the units of at most its degree in the layer before it;
    output i sees the units of a degree below i. The last layer starts at zero.

    Args:
        outputs: how many numbers to give per input.
        hidden_units: sizes of the hidden layers.
        activation: name of a Keras activation of the hidden layers.

    References:
        Germain et al., MADE: Masked Autoencoder for Distribution Estimation, arXiv:1502.03509,
        section 4.
    """

    def __init__(self, outputs, hidden_units, activation):
        super().__init__(dtype="float32")
        self.outputs = outputs
        self.hidden_units = hidden_units
        self.activation = keras.activations.get(activation)
        self.kernels = []
        self.biases = []
        self.masks = None

    def build(self, latent_dim):
        # Degrees 1 ... d - 1 in turn. One dimension has no input to see: all masks are 0.
        inputs = np.arange(1, latent_dim + 1)
        degrees = [inputs] + [
            np.arange(units) % max(latent_dim - 1, 1) + min(latent_dim - 1, 1)
            for units in self.hidden_units
        ]
        masks = [after >= before[:, None] for before, after in itertools.pairwise(degrees)]
        last = np.repeat(inputs > degrees[-1][:, None], self.outputs, axis=1)
        self.masks = [mask.astype("float32") for mask in [*masks, last]]
        for i, mask in enumerate(self.masks):
            start = "zeros" if i == len(self.masks) - 1 else "glorot_uniform"
            self.kernels.append(
                self.add_weight(name=f"kernel_{i}", shape=mask.shape, initializer=start)
            )
            self.biases.append(
                self.add_weight(name=f"bias_{i}", shape=mask.shape[1:], initializer="zeros")
            )
        self.built = True

    def call(self, z):
        """Returns [..., d, outputs]."""
        hidden = z
        for i, (mask, kernel, bias) in enumerate(zip(self.masks, self.kernels, self.biases)):
            hidden = self.activation(hidden) if i > 0 else hidden
            hidden = tf.linalg.matmul(hidden, kernel * mask) + bias
        return tf.reshape(hidden, tf.concat([tf.shape(z), [self.outputs]], axis=0))
