"""Probabilities of tokens among many, a block of tokens at a time."""

import tensorflow as tf

from keras_infovae.typing import Tensor

_BLOCK = 128  # tokens, whose logits stay near the processor


def log_probabilities(
    states: Tensor, counted: Tensor, tokens: Tensor, kernel: Tensor, bias: Tensor
) -> Tensor:
    """Returns log softmax(states kernel + bias)_token of the tokens that count, and 0 elsewhere.

    The logits of all places are never there at once, and those of places that do not count are not
    computed, whether XLA compiles it or not: places that count come first, and a loop takes as many
    blocks as they fill. The gradient by the states is made beside the value, of the same logits:
    that is all that a chain asks for. That by the weights computes the logits again.

    Args:
        states: float32 [places, units], with static shape but for the places.
        counted: booleans [places].
        tokens: integers [places].
        kernel: float32 [units, vocabulary].
        bias: float32 [vocabulary].

    Returns:
        float32 [places].
    """
    order = tf.argsort(tf.cast(~counted, tf.int32), stable=True)
    padding = [[0, -tf.size(order) % _BLOCK]]
    blocks = (tf.reduce_sum(tf.cast(counted, tf.int32)) + _BLOCK - 1) // _BLOCK
    states = tf.pad(tf.gather(states, order), [*padding, [0, 0]])
    tokens = tf.pad(tf.gather(tf.cast(tokens, tf.int32), order), padding)
    log_p = _of_blocks(
        tf.reshape(states, [-1, _BLOCK, states.shape[-1]]),
        tf.reshape(tokens, [-1, _BLOCK]),
        kernel,
        bias,
        blocks,
    )
    log_p = tf.gather(tf.reshape(log_p, [-1]), tf.argsort(order))
    return tf.where(counted, log_p, 0.0)


@tf.custom_gradient
def _of_blocks(states, tokens, kernel, bias, count):
    """Returns the same [blocks, block] of the first `count` blocks, and 0 of the others."""
    vectors = tf.transpose(kernel)
    size = tf.shape(tokens)[0]

    def forward(i, log_p, slopes):
        logits = tf.matmul(states[i], kernel) + bias
        largest = tf.reduce_max(logits, axis=-1, keepdims=True)
        weights = tf.exp(logits - largest)
        total = tf.reduce_sum(weights, axis=-1, keepdims=True)
        chosen = tf.gather(logits, tokens[i], batch_dims=1)
        mean = tf.matmul(weights, kernel, transpose_b=True) / total
        log_p = log_p.write(i, chosen - (largest + tf.math.log(total))[:, 0])
        return log_p, slopes.write(i, tf.gather(vectors, tokens[i]) - mean)

    empty = _stack(size, tokens), _stack(size, states)
    log_p, slopes = (part.stack() for part in _loop(count, size, forward, empty))

    def gradient(upstream):
        def backward(i, of_kernel, of_bias):
            p = tf.nn.softmax(tf.matmul(states[i], kernel) + bias)
            slope = upstream[i][:, None] * (tf.one_hot(tokens[i], tf.shape(p)[-1]) - p)
            of_kernel += tf.matmul(states[i], slope, transpose_a=True)
            return of_kernel, of_bias + tf.reduce_sum(slope, axis=0)

        # A loop of its own, which a graph leaves out where the weights' gradient is not asked for.
        nothing = tf.zeros_like(kernel), tf.zeros_like(bias)
        of_weights = _loop(count, size, backward, nothing)
        return upstream[..., None] * slopes, None, *of_weights, None

    return log_p, gradient


def _stack(size, like):
    """Returns room for `size` float32 tensors of the shape of those in `like`."""
    return tf.TensorArray(tf.float32, size, element_shape=like.shape[1:])


def _loop(count, size, body, state):
    """Returns the state, a tuple, after `state = body(i, *state)` for i < count <= size."""

    def step(i, *state):
        return i + 1, *body(i, *state)

    state = tf.constant(0), *state
    return tf.while_loop(lambda i, *_: i < count, step, state, maximum_iterations=size)[1:]
