"""A choice between two estimators that depends on the size of the batch."""

from collections.abc import Callable, Sequence

import tensorflow as tf

from keras_infovae.typing import Tensor
from keras_infovae.utils.values_only import gradients_left_out


def branch(
    condition: Tensor,
    if_true: Callable[..., Tensor],
    if_false: Callable[..., Tensor],
    tensors: Sequence[Tensor],
) -> Tensor:
    """Returns `if_true(*tensors)` or `if_false(*tensors)`, scalars, by a condition in the graph.

    Each branch computes its gradient too, but for `values_only`. XLA cannot compile the gradient of
    a branch that holds loops whose intermediate results it would have to keep. It is for graphs:
    eagerly the condition is known.

    Args:
        condition: a scalar boolean tensor.
        if_true, if_false: functions of `tensors`.
        tensors: those that gradients flow into; others that the functions use are constants.
    """
    if gradients_left_out():
        return tf.cond(condition, lambda: if_true(*tensors), lambda: if_false(*tensors))

    @tf.custom_gradient
    def choose(*tensors):
        # Unseen by the tapes around, for which TensorFlow would build the branches' own gradients.
        tensors = [tf.stop_gradient(tensor) for tensor in tensors]

        def with_gradient(function):
            with tf.GradientTape() as tape:
                tape.watch(tensors)
                value = function(*tensors)
            zero = tf.UnconnectedGradients.ZERO
            return value, *tape.gradient(value, tensors, unconnected_gradients=zero)

        value, *gradients = tf.cond(
            condition, lambda: with_gradient(if_true), lambda: with_gradient(if_false)
        )
        return value, lambda upstream: [upstream * gradient for gradient in gradients]

    return choose(*tensors)
