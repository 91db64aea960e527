"""The decoder of a recurrent network."""

import math

import keras
import tensorflow as tf

from keras_infovae.networks.autoregressive import AutoregressiveDecoder
from keras_infovae.networks.loops import loop
from keras_infovae.networks.recurrent_cells import CELLS
from keras_infovae.networks.recurrent_scan import scan
from keras_infovae.networks.vocabulary import log_probabilities
from keras_infovae.utils import row_random
from keras_infovae.utils.serialization import register


@register
class RecurrentDecoder(AutoregressiveDecoder):
    """The decoder that the setting `Recurrent` makes; what it computes is said there.

    What it makes of the tokens before it knows z, `read` computes once for many z. `draw` carries
    the state from position to position, so that each costs one step.

    Args:
        latent_dim: the number of dimensions of z.
        parameter_shape: the shape of the output per example, [length, ...].
        event_shape: the shape of x, [length] or [length, values].
        units, embedding_units, word_dropout, cell, tie_embeddings, vocabulary_size: those of
            `Recurrent`.
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
        cell="gru",
        tie_embeddings=False,
        vocabulary_size=None,
        name="decoder",
        dtype=None,
    ):
        super().__init__(latent_dim, parameter_shape, event_shape, name, dtype)
        self.units = units
        self.embedding_units = embedding_units
        self.word_dropout = word_dropout
        self.cell = cell
        self.tie_embeddings = tie_embeddings
        self.vocabulary_size = vocabulary_size
        self._check_tied()
        gates, states = CELLS[cell].gates, CELLS[cell].states
        policy = {"dtype": self.dtype_policy}
        self.dropout = keras.layers.Dropout(word_dropout, **policy)
        if vocabulary_size is None:
            self.embedding = keras.layers.Dense(embedding_units, **policy)
        else:
            self.embedding = keras.layers.Embedding(vocabulary_size, embedding_units, **policy)
        self.first_state = keras.layers.Dense(states * units, activation="tanh", **policy)
        self.of_token = keras.layers.Dense(gates * units, use_bias=False, **policy)
        self.of_z = keras.layers.Dense(gates * units, **policy)
        self.of_state = keras.layers.Dense(gates * units, kernel_initializer="orthogonal", **policy)
        # In float32 under any policy: what it puts out is a distribution's.
        outputs = embedding_units if tie_embeddings else math.prod(self.parameter_shape[1:])
        self.output_layer = keras.layers.Dense(outputs, dtype="float32")

    def _check_tied(self):
        if self.tie_embeddings and self.parameter_shape[1:] != (self.vocabulary_size,):
            raise ValueError(
                "Argument `tie_embeddings` must be False where x is not the numbers of tokens, as "
                f"for ki.likelihoods.TokenSequence. Received: x of shape {self.event_shape} with "
                f"parameters of shape {self.parameter_shape} per example."
            )

    @property
    def feature_shape(self):
        """The shape of what it reads of one x: a token's number is the only one at a position."""
        return self.event_shape if self.vocabulary_size is None else (*self.event_shape, 1)

    def build(self, input_shape=None):
        """Makes the weights."""
        length, *values = self.event_shape
        numbers = () if self.vocabulary_size is not None else (math.prod(values),)
        self.embedding.build((None, length, *numbers))
        self.first_state.build((None, self.latent_dim))
        self.of_token.build((None, length, self.embedding_units))
        self.of_z.build((None, self.latent_dim))
        self.of_state.build((None, self.units))
        self.output_layer.build((None, length, self.units))
        if self.tie_embeddings:
            self.output_bias = self.add_weight(
                name="output_bias", shape=(self.vocabulary_size,), initializer="zeros"
            )
        self.built = True

    def read(self, x, training=False):
        embedded = self.embedding(self._tokens(x))
        # A token is told as it is or is zeros, like the one before the first; Keras's dropout would
        # scale up those that are told.
        told = self.dropout(tf.ones_like(embedded[..., :1]), training=training)
        embedded *= tf.cast(told > 0, embedded.dtype)
        before = tf.pad(embedded, [[0, 0], [1, 0], [0, 0]])[:, :-1]
        return self.of_token(before)

    def parameters(self, z, x, training=False):
        return self.parameters_of_read(z, self.read(x, training), training)

    def parameters_of_read(self, z, read, training=False):
        states = self._states_of_read(z, read, self.event_shape[0])
        return tf.reshape(self._output(states), [-1, *self.parameter_shape])

    def log_prob(self, z, x, likelihood, context=None, training=False, read=None):
        counted = likelihood.counted(x)
        if counted is None:
            return super().log_prob(z, x, likelihood, context, training, read)
        # A vocabulary is what most of the work is for: it is gone through for the tokens of the
        # texts, not for the places after their ends. So are positions, to the end of the longest.
        read = self.read(likelihood.features(x), training) if read is None else read
        longest = tf.reduce_max(tf.reduce_sum(tf.cast(counted, tf.int32), axis=-1))
        states = self._states_of_read(z, read, tf.maximum(longest, 1))  # of no texts too
        states, kernel, bias = self._before_softmax(states)
        flat = (tf.reshape(part, [-1, *part.shape[2:]]) for part in (states, counted, x))
        log_p = log_probabilities(*flat, kernel, bias)
        return tf.reduce_sum(tf.reshape(log_p, tf.shape(x)), axis=-1)

    def _states_of_read(self, z, read, steps):
        """Returns what the cell puts out, at the first `steps` positions: [n, length, units]."""
        z = tf.cast(z, self.compute_dtype)
        kernel, bias = self.of_state.kernel, self.of_state.bias
        kernel, bias = (tf.cast(part, self.compute_dtype) for part in (kernel, bias))
        first = self._first_states(z)
        step = CELLS[self.cell].step
        return scan(step, read, self.of_z(z), kernel, bias, first, steps)

    def draw(self, z, likelihood, seeds, context=None):
        z = tf.cast(z, self.compute_dtype)
        of_z = self.of_z(z)
        position_seeds = row_random.fold_in(seeds, tf.range(self.event_shape[0]))

        def step(position, x, of_token, state):
            state = self._step(of_token + of_z, state)
            parameters = self._output(state[0])
            parameters = tf.reshape(parameters, [-1, 1, *self.parameter_shape[1:]])
            value = self.draw_position(parameters, likelihood, position_seeds[position], context)
            x = tf.concat([x[:, 1:], value], axis=1)
            of_token = self.of_token(self.embedding(self._tokens(likelihood.features(value))))
            return x, of_token[:, 0], state

        nothing = tf.zeros([tf.shape(z)[0], *self.event_shape])
        state = nothing, tf.zeros_like(of_z), self._first_states(z)
        return loop(self.event_shape[0], step, state)[0]

    def _first_states(self, z):
        return tf.split(self.first_state(z), CELLS[self.cell].states, axis=-1)

    def _step(self, of_inputs, state):
        return CELLS[self.cell].step(of_inputs, self.of_state(state[0]), state)

    def _output(self, states):
        """Returns the numbers of the likelihood, float32 [..., parameters], of states."""
        if not self.tie_embeddings:
            return self.output_layer(states)
        features, kernel, bias = self._before_softmax(states)
        return tf.tensordot(features, kernel, 1) + bias

    def _before_softmax(self, states):
        """Returns what the logits are products of, [..., units], [units, tokens] and [tokens]."""
        if self.tie_embeddings:
            states = self.output_layer(states)
            kernel, bias = tf.transpose(self.embedding.embeddings), self.output_bias
        else:
            kernel, bias = self.output_layer.kernel, self.output_layer.bias
        return tuple(tf.cast(part, tf.float32) for part in (states, kernel, bias))

    def _tokens(self, x):
        """Returns x as the embedding takes it: [n, length] numbers, or [n, length, values]."""
        if self.vocabulary_size is not None:
            return tf.cast(x[..., 0], tf.int32)
        x = tf.cast(x, self.compute_dtype)
        return x if len(self.event_shape) == 2 else x[..., None]
