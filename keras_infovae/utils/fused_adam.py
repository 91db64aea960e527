"""Adam's step as one operation for each weight, which reads and writes all that it needs once."""

import contextlib
import functools

import keras
import tensorflow as tf


@contextlib.contextmanager
def fused_updates(optimizer):
    """Within it, `optimizer` updates a weight by one operation of TensorFlow, if it is Adam.

    Keras makes eight operations for each weight, and each passes over all of its numbers in memory.
    Without XLA, which fuses them, an MLP's step in batches of 128 then takes a fifth longer
    (docs/performance.md). What is computed is the same up to rounding, and so is what is saved.

    Under a distribution strategy, with `amsgrad`, for gradients of few rows and for classes that
    have a step of their own, it is Keras's.

    Args:
        optimizer: a Keras optimizer.
    """
    step = keras.optimizers.Adam.update_step
    is_adam = getattr(type(optimizer), "update_step", None) is step and not optimizer.amsgrad
    if not is_adam or tf.distribute.has_strategy():
        yield
        return
    # In the instance and for the time of a call: the user's optimizer stays what it is, and is
    # saved as such. Past `setattr`, which would track it.
    vars(optimizer)["update_step"] = functools.partial(_update, optimizer)
    try:
        yield
    finally:
        del vars(optimizer)["update_step"]


def _update(optimizer, gradient, variable, learning_rate):
    """Updates one variable: `Adam.update_step` in one operation."""
    if isinstance(gradient, tf.IndexedSlices):
        type(optimizer).update_step(optimizer, gradient, variable, learning_rate)
        return
    dtype, index = variable.dtype, optimizer._get_variable_index(variable)
    step = tf.cast(optimizer.iterations + 1, dtype)
    beta_1, beta_2 = (tf.cast(beta, dtype) for beta in (optimizer.beta_1, optimizer.beta_2))
    tf.raw_ops.ResourceApplyAdam(
        var=variable.handle,
        m=optimizer._momentums[index].value.handle,
        v=optimizer._velocities[index].value.handle,
        beta1_power=tf.pow(beta_1, step),
        beta2_power=tf.pow(beta_2, step),
        lr=tf.cast(learning_rate, dtype),
        beta1=beta_1,
        beta2=beta_2,
        epsilon=tf.cast(optimizer.epsilon, dtype),
        grad=tf.cast(gradient, dtype),
    )
