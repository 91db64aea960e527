"""The loop over positions."""

import tensorflow as tf


def loop(steps, step, state):
    """Returns the state after `state = step(i, *state)` for i = 0, ..., steps - 1.

    It is one `tf.while_loop`, so that the graph has the size of one step.

    Args:
        steps: an integer.
        step: a function of a scalar int32 tensor and the state, to a state of the same structure.
        state: a tuple of tensors, or of lists of them. The first axis of each is the batch, whose
            size may be unknown while the graph is made; the others keep their sizes.
    """
    shapes = tf.nest.map_structure(lambda tensor: tf.TensorShape([None, *tensor.shape[1:]]), state)
    _, state = tf.while_loop(
        lambda i, state: i < steps,
        lambda i, state: (i + 1, step(i, *state)),
        (tf.constant(0), state),
        shape_invariants=(tf.TensorShape([]), shapes),
        maximum_iterations=steps,
    )
    return state
