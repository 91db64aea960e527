"""A chain: many steps in one compiled loop."""

from collections.abc import Callable
from functools import partial
from typing import Any

import tensorflow as tf

from keras_infovae.samplers.proposal import Info
from keras_infovae.utils.checks import argument_error, check_integer


def run_chain(
    step: Callable,
    density: Callable,
    start: Any,
    steps: int,
    step_size: Any,
    noise: Callable,
    **settings: Any,
) -> tuple[Any, Info]:
    """Returns (the last point, `Info` of all steps, each [steps, ...]).

    The chain carries no gradient: a loss of its end treats z as a constant.

    Args:
        step: `langevin_step`, `mala_step` or `hamiltonian_step`.
        density: a function of z [..., d] to a point, such as `with_gradient` gives.
        start: the point to begin at, such as `density(z)`.
        steps: an int of at least 0.
        step_size: a scalar, or a tensor that broadcasts to the rows [...]; or a list of `steps` of
            these, one for each step. It must not depend on `start`.
        noise: a function (k, shape, what), such as `seeded_noise` gives.
        **settings: of the step: `temperature`, `leapfrog_steps`, `jitter`.

    Raises:
        ValueError, TypeError: for any other `steps`; for a list of step sizes of another length.

    Example:

    >>> import tensorflow as tf
    >>> import keras_infovae as ki
    >>> density = ki.samplers.with_gradient(lambda z: -0.5 * tf.reduce_sum(z**2, axis=-1))
    >>> end, info = ki.samplers.run_chain(
    ...     ki.samplers.langevin_step,
    ...     density,
    ...     density(tf.zeros([5, 2])),
    ...     steps=3,
    ...     step_size=[0.8, 0.4, 0.2],
    ...     noise=ki.samplers.seeded_noise(tf.constant([0, 1])),
    ...     temperature=0.5,
    ... )
    >>> info.log_density.shape, bool(tf.reduce_all(info.log_density[-1] == end.log_density))
    (TensorShape([3, 5]), True)
    """
    steps = check_integer("steps", steps, minimum=0)
    listed = isinstance(step_size, (list, tuple))
    if listed and len(step_size) != steps:
        raise argument_error("step_size", f"a list of {steps}, one for each step", step_size)
    sizes = tf.cast(step_size, tf.float32)

    def move(k, point):
        size = sizes[k] if listed else sizes
        return step(density, point, size, partial(noise, k), **settings)

    start = tf.nest.map_structure(tf.stop_gradient, start)
    result = scan(move, start, steps, Info(start.log_density, start.log_density))
    return tf.nest.map_structure(tf.stop_gradient, result)


def scan(step: Callable, state: Any, steps: int, info: Any) -> tuple[Any, Any]:
    """Returns (the state after `steps` steps, what they tell, each tensor [steps, ...]).

    It is one `tf.while_loop`, so that the graph has the size of one step.

    Args:
        step: a function (k, state) to (state, info), k an int32 scalar from 0 on.
        state: a structure of tensors whose shapes stay as they are.
        steps: an int of at least 0.
        info: a structure of tensors of the shapes and types of what a step tells.
    """
    if steps == 0:
        return state, tf.nest.map_structure(lambda tensor: tensor[None][:0], info)
    arrays = tf.nest.map_structure(
        lambda tensor: tf.TensorArray(tensor.dtype, steps, element_shape=tensor.shape), info
    )

    def body(k, state, arrays):
        state, info = step(k, state)
        return k + 1, state, tf.nest.map_structure(lambda a, t: a.write(k, t), arrays, info)

    _, state, arrays = tf.while_loop(
        lambda k, *_: k < steps,
        body,
        (tf.constant(0), state, arrays),
        parallel_iterations=1,
        maximum_iterations=steps,
    )
    return state, tf.nest.map_structure(lambda array: array.stack(), arrays)
