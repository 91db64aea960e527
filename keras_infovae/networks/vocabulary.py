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
    blocks as they fill. The gradient computes the logits again.

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

    def forward(i):
        logits = tf.matmul(states[i], kernel) + bias
        return [-tf.nn.sparse_softmax_cross_entropy_with_logits(tokens[i], logits)]

    def gradient(upstream):
        def backward(i):
            p = tf.nn.softmax(tf.matmul(states[i], kernel) + bias)
            slope = upstream[i][:, None] * (tf.one_hot(tokens[i], tf.shape(p)[-1]) - p)
            of_kernel = tf.matmul(states[i], slope, transpose_a=True)
            of_states = tf.matmul(slope, kernel, transpose_b=True)
            return [of_states, of_kernel, tf.reduce_sum(slope, axis=0)]

        sums = [tf.zeros_like(kernel), tf.zeros_like(bias)]
        of_states, *of_weights = _loop(count, backward, states.shape[1:], tf.shape(states)[0], sums)
        return of_states, None, *of_weights, None

    (log_p,) = _loop(count, forward, tokens.shape[1:], tf.shape(tokens)[0], [])
    return log_p, gradient


def _loop(count, body, shape, size, sums):
    """Returns what `body(i)` gives for i < count: the first of it stacked, the others added up.

    Args:
        count: how many blocks are gone through.
        body: a function of the number of a block to a list of tensors.
        shape: of the first.
        size: how many there are to be in the stack; those not gone through are 0.
        sums: what the others are added to, a list of tensors.
    """

    def step(i, stack, *sums):
        first, *others = body(i)
        sums = (one + other for one, other in zip(sums, others))
        return i + 1, stack.write(i, first), *sums

    stack = tf.TensorArray(tf.float32, size, element_shape=shape)
    state = tf.constant(0), stack, *sums
    _, stack, *sums = tf.while_loop(lambda i, *_: i < count, step, state, maximum_iterations=size)
    return [stack.stack(), *sums]
