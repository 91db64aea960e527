"""A recurrent cell along all positions of a sequence."""

import tensorflow as tf

from keras_infovae.typing import Tensor

_MOST_UNROLLED = 32  # positions; more would take long to compile


def scan(
    step,
    of_inputs: Tensor,
    of_all: Tensor,
    kernel: Tensor,
    bias: Tensor,
    state: list[Tensor],
    steps: int | Tensor,
) -> Tensor:
    """Returns what a cell puts out, at the first `steps` positions; at others it may be anything.

    Of short sequences the positions follow one another in the graph, and of long ones it is a loop.

    Args:
        step: that of a `Cell`.
        of_inputs: [n, length, gates * units], of the inputs at each position.
        of_all: [n, gates * units], of what is told at every position.
        kernel: [units, gates * units], and
        bias: [gates * units], by which the state comes in.
        state: the first, a list of tensors [n, units].
        steps: how many positions count, 1 to `length`; may be a tensor.

    Returns:
        [n, length, units], of the type of the inputs.
    """
    if of_inputs.shape[1] > _MOST_UNROLLED:
        return _loop(step, of_inputs, of_all, kernel, bias, state, steps)
    outputs = []
    # One after another of a list: the gradient of a slice is as large as what it is cut from.
    for of_input in tf.unstack(of_inputs, axis=1):
        state = step(of_input + of_all, tf.matmul(state[0], kernel) + bias, state)
        outputs.append(state[0])
    return tf.stack(outputs, axis=1)


def _loop(step, of_inputs, of_all, kernel, bias, state, steps):
    """Returns the same by a loop, whose gradient keeps the states alone.

    It makes the gates again from them, goes back position by position, and multiplies for the
    kernel once, for all positions together.
    """
    count, length = len(state), of_inputs.shape[1]

    @tf.custom_gradient
    def run(of_inputs, of_all, kernel, bias, *first):
        last = tf.convert_to_tensor(steps, tf.int32) - 1

        def gates(i, before):
            return of_inputs[:, i] + of_all, tf.matmul(before[0], kernel) + bias

        def stacks(like):
            dtype = of_inputs.dtype
            return [tf.TensorArray(dtype, length, element_shape=part.shape) for part in like]

        def forward(i, *parts):
            before, after = parts[:count], parts[count:]
            new = step(*gates(i, before), before)
            return i + 1, *new, *(stack.write(i, part) for stack, part in zip(after, new))

        start = tf.constant(0), *first, *stacks(first)
        end = tf.while_loop(lambda i, *_: i <= last, forward, start, maximum_iterations=length)
        after = [stack.stack() for stack in end[1 + count :]]
        before = [tf.concat([a[None], b[:-1]], axis=0) for a, b in zip(first, after)]

        def gradient(upstream):
            def backward(i, by_all, by_inputs, by_gates, *by_after):
                then = [part[i] for part in before]
                of_input, of_state = gates(i, then)
                with tf.GradientTape() as tape:
                    tape.watch([of_input, of_state, *then])
                    new = step(of_input, of_state, then)
                by_input, by_state, *by_before = tape.gradient(
                    new,
                    [of_input, of_state, *then],
                    [by_after[0] + upstream[:, i], *by_after[1:]],
                    unconnected_gradients=tf.UnconnectedGradients.ZERO,
                )
                by_before[0] += tf.matmul(by_state, kernel, transpose_b=True)
                by_inputs, by_gates = by_inputs.write(i, by_input), by_gates.write(i, by_state)
                return i - 1, by_all + by_input, by_inputs, by_gates, *by_before

            nothing = [tf.zeros_like(part) for part in (of_all, *first)]
            start = last, nothing[0], *stacks([of_all] * 2), *nothing[1:]
            _, by_all, by_inputs, by_gates, *by_first = tf.while_loop(
                lambda i, *_: i >= 0, backward, start, maximum_iterations=length
            )
            by_gates = by_gates.stack()
            by_kernel = tf.tensordot(before[0], by_gates, [[0, 1], [0, 1]])
            by_bias = tf.reduce_sum(by_gates, axis=[0, 1])
            by_inputs = tf.transpose(by_inputs.stack(), [1, 0, 2])
            return by_inputs, by_all, by_kernel, by_bias, *by_first

        return tf.transpose(after[0], [1, 0, 2]), gradient

    return run(of_inputs, of_all, kernel, bias, *state)
