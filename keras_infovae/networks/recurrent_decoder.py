"""The decoder of a recurrent network."""

import math

import keras
import tensorflow as tf

from keras_infovae.networks.autoregressive import AutoregressiveDecoder
from keras_infovae.networks.loops import loop
from keras_infovae.utils import row_random
from keras_infovae.utils.serialization import register


@register
class RecurrentDecoder(AutoregressiveDecoder):
    """The decoder that the setting `Recurrent` makes; what it computes is said there.

    `draw` carries the state from position to position, so that each costs one step.

    Args:
        latent_dim: the number of dimensions of z.
        parameter_shape: the shape of the output per example, [length, ...].
        event_shape: the shape of x, [length] or [length, values].
        units, embedding_units, word_dropout: those of `Recurrent`.
        name, dtype: those of a Keras model.
    """

    position_axes = 1

    def __init__(
        self,
        latent_dim,
        parameter_shape,
        event_shape,
        units,
        embedding_units,
        word_dropout,
        name="decoder",
        dtype=None,
    ):
        super().__init__(latent_dim, parameter_shape, event_shape, name, dtype)
        self.units = units
        self.embedding_units = embedding_units
        self.word_dropout = word_dropout
        policy = {"dtype": self.dtype_policy}
        self.dropout = keras.layers.Dropout(word_dropout, **policy)
        self.embedding = keras.layers.Dense(embedding_units, **policy)
        self.first_state = keras.layers.Dense(units, activation="tanh", **policy)
        self.recurrent = keras.layers.GRU(units, return_sequences=True, **policy)
        # In float32 under any policy: what it puts out is a distribution's.
        self.output_layer = keras.layers.Dense(math.prod(self.parameter_shape[1:]), dtype="float32")

    def build(self, input_shape=None):
        """Makes the weights."""
        length, *values = self.event_shape
        self.embedding.build((None, length, math.prod(values)))
        self.first_state.build((None, self.latent_dim))
        self.recurrent.build((None, length, self.embedding_units + self.latent_dim))
        self.output_layer.build((None, length, self.units))
        self.built = True

    def parameters(self, z, x, training=False):
        tokens = self._tokens(x)
        before = tf.pad(tokens, [[0, 0], [1, 0], [0, 0]])[:, :-1]
        # A token is kept as it is or is all zeros, like the one before the first; Keras's dropout
        # would scale up those that are kept.
        kept = self.dropout(tf.ones_like(before[..., :1]), training=training)
        before *= tf.cast(kept > 0, before.dtype)
        of_z = tf.repeat(z[:, None], self.event_shape[0], axis=1)
        inputs = tf.concat([self.embedding(before), of_z], axis=-1)
        states = self.recurrent(inputs, initial_state=self.first_state(z), training=training)
        return tf.reshape(self.output_layer(states), [-1, *self.parameter_shape])

    def draw(self, z, likelihood, seeds, context=None):
        z = tf.cast(z, self.compute_dtype)
        position_seeds = row_random.fold_in(seeds, tf.range(self.event_shape[0]))

        def step(position, x, token, state):
            inputs = tf.concat([self.embedding(token)[:, 0], z], axis=-1)
            output, state = self.recurrent.cell(inputs, state)
            parameters = tf.reshape(self.output_layer(output), [-1, 1, *self.parameter_shape[1:]])
            value = self.draw_position(parameters, likelihood, position_seeds[position], context)
            x = tf.concat([x[:, 1:], value], axis=1)
            return x, self._tokens(likelihood.features(value)), state

        nothing = tf.zeros([tf.shape(z)[0], *self.event_shape])
        state = nothing, tf.zeros_like(self._tokens(nothing[:, :1])), [self.first_state(z)]
        return loop(self.event_shape[0], step, state)[0]

    def _tokens(self, x):
        """Returns x [n, length, values], also where x has no axis of values."""
        x = tf.cast(x, self.compute_dtype)
        return x if len(self.event_shape) == 2 else x[..., None]
