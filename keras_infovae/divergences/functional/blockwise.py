"""Sums over pairs of rows in bounded memory."""

from collections.abc import Callable, Sequence

import tensorflow as tf

from keras_infovae.typing import Tensor
from keras_infovae.utils.batch_limit import most_rows
from keras_infovae.utils.values_only import gradients_left_out

# Elements that one block of an intermediate tensor may have: 4 MB in float32, which stays in cache.
BLOCK_ELEMENTS = 2**20


def pairwise_sum(
    function: Callable,
    rows: Sequence[Tensor],
    columns: Sequence[Tensor],
    elements_per_pair: int = 1,
) -> Tensor:
    """Returns sum_ij f(rows_i, columns_j), a scalar, without holding all pairs at once.

    Rows are taken in blocks. The gradient of a sum is the sum of the blocks' gradients, so each
    block's gradient is taken while the block is at hand and nothing of it is kept: the memory is
    O(m * elements_per_pair) for one row block instead of O(n * m * elements_per_pair). In
    `values_only` no gradient is taken.

    Args:
        function: maps (rows_block, columns) to a tensor of values for all pairs, [n, m]; or of
            sums over columns, [n, 1].
        rows: a list of tensors [n, ...], split along axis 0.
        columns: a list of tensors [m, ...].
        elements_per_pair: size of the largest intermediate per pair (latent_dim where `function`
            makes a [n, m, latent_dim] tensor).

    Returns:
        A float32 scalar, differentiable once with respect to `rows` and `columns`.
    """
    rows = [tf.cast(tensor, tf.float32) for tensor in rows]
    columns = [tf.cast(tensor, tf.float32) for tensor in columns]
    if is_single_block(rows, columns, elements_per_pair):
        return tf.reduce_sum(function(rows, columns))
    if gradients_left_out():
        return _value(function, rows, columns, elements_per_pair)

    def part(block, columns, weights):
        with tf.GradientTape() as tape:
            tape.watch(block)
            tape.watch(columns)
            value = tf.reduce_sum(function(block, columns) * weights)
        zero = tf.UnconnectedGradients.ZERO
        return value, tape.gradient(value, [*block, *columns], unconnected_gradients=zero)

    return sum_of_blocks(part, rows, columns, elements_per_pair)


def is_single_block(
    rows: Sequence[Tensor], columns: Sequence[Tensor], elements_per_pair: int
) -> bool:
    """Returns whether the pairs are known to be few enough for one block."""
    n, m = (
        most_rows() if tensors[0].shape[0] is None else tensors[0].shape[0]
        for tensors in (rows, columns)
    )
    return n is not None and m is not None and n * m * elements_per_pair <= BLOCK_ELEMENTS


def sum_of_blocks(
    part: Callable, rows: Sequence[Tensor], columns: Sequence[Tensor], elements_per_pair: int
) -> Tensor:
    """Returns the sum over blocks of rows of what `part` makes of each, with its gradient.

    Args:
        part: maps (rows_block, columns, weights [size, 1]) to (a scalar, its gradients with respect
            to the tensors of the block and to the columns). The scalar is a sum over the rows of
            the block, each times its weight, which is 0 for rows that only fill up the last block.
        rows, columns: lists of float32 tensors, as for `pairwise_sum`.
        elements_per_pair: as for `pairwise_sum`.
    """
    row_count = len(rows)

    @tf.custom_gradient
    def total(*tensors):
        # Unseen by the tapes around, for which TensorFlow would build the loop's own gradient too.
        tensors = [tf.stop_gradient(tensor) for tensor in tensors]
        rows, columns = tensors[:row_count], tensors[row_count:]
        blocks, row_blocks, weights = _in_blocks(rows, columns, elements_per_pair)

        def body(index, total, row_gradients, column_gradients):
            block = [row[index] for row in row_blocks]
            value, gradients = part(block, columns, weights[index])
            row_gradients = [
                array.write(index, gradient)
                for array, gradient in zip(row_gradients, gradients[:row_count])
            ]
            column_gradients = [
                total + gradient for total, gradient in zip(column_gradients, gradients[row_count:])
            ]
            return index + 1, total + value, row_gradients, column_gradients

        arrays = [
            tf.TensorArray(tf.float32, size=blocks, element_shape=row.shape[1:])
            for row in row_blocks
        ]
        _, value, row_gradients, column_gradients = tf.while_loop(
            lambda index, *_: index < blocks,
            body,
            (0, 0.0, arrays, [tf.zeros_like(column) for column in columns]),
            maximum_iterations=blocks,
        )
        count = tf.shape(rows[0])[0]
        row_gradients = [
            tf.reshape(array.stack(), tf.concat([[-1], tf.shape(row)[1:]], axis=0))[:count]
            for array, row in zip(row_gradients, rows)
        ]
        return value, lambda upstream: [
            upstream * gradient for gradient in (*row_gradients, *column_gradients)
        ]

    return total(*rows, *columns)


def _value(function, rows, columns, elements_per_pair):
    """Returns the sum without its gradient."""
    blocks, row_blocks, weights = _in_blocks(rows, columns, elements_per_pair)

    def body(index, value):
        block = [row[index] for row in row_blocks]
        return index + 1, value + tf.reduce_sum(function(block, columns) * weights[index])

    return tf.while_loop(
        lambda index, _: index < blocks, body, (0, 0.0), maximum_iterations=blocks
    )[1]


def weighted_pairwise_sum(
    function: Callable,
    rows: Sequence[Tensor],
    columns: Sequence[Tensor],
    elements_per_pair: int = 1,
) -> Tensor:
    """Returns sum_ij v_i w_j f(rows_i, columns_j), as `pairwise_sum` does.

    The last of the `rows` are the weights v, [n], and the last of the `columns` w, [m]; f is given
    the others.
    """

    def weighted(rows, columns):
        return function(rows[:-1], columns[:-1]) * rows[-1][:, None] * columns[-1][None]

    return pairwise_sum(weighted, rows, columns, elements_per_pair)


def _in_blocks(rows, columns, elements_per_pair):
    """Returns (the number of blocks, `rows` as [blocks, size, ...], weights [blocks, size, 1])."""
    count = tf.shape(rows[0])[0]
    pairs_per_block = BLOCK_ELEMENTS // elements_per_pair
    size = tf.clip_by_value(pairs_per_block // tf.shape(columns[0])[0], 1, count)
    blocks = -(-count // size)
    # The last block is filled up with rows that get the weight 0: every block has one shape, which
    # XLA asks for.
    padding = blocks * size - count
    weights = tf.concat([tf.ones([count]), tf.zeros([padding])], axis=0)
    weights = tf.reshape(weights, [blocks, size, 1])
    return blocks, [_split(row, blocks, size, padding) for row in rows], weights


def _split(rows, blocks, size, padding):
    """Returns `rows` [n, ...] as [blocks, size, ...], the last row repeated to fill the end."""
    rows = tf.concat([rows, tf.repeat(rows[-1:], padding, axis=0)], axis=0)
    return tf.reshape(rows, tf.concat([[blocks, size], tf.shape(rows)[1:]], axis=0))
