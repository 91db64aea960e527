"""What all steps are made of: a trajectory by leapfrog, and Metropolis's rule."""

from typing import Any, NamedTuple

import tensorflow as tf

from keras_infovae.utils.checks import check_integer, check_number


class Info(NamedTuple):
    """What a step tells beside the point where it ends.

    Args:
        acceptance: the probability with which the proposal is accepted, [...]; for a step that
            always accepts, with which it would have been.
        log_density: log p(z) up to a constant at the end of the step, [...], in nats.
    """

    acceptance: Any
    log_density: Any


def propose(density, point, step_size, noise, leapfrog_steps=1, temperature=1.0):
    """Returns (a proposed point, the probability [...] with which Metropolis's rule accepts it).

        p ~ N(0, T^2 I),    half = p + s/2 grad log p(z),    z' = z + s half,
        p' = half + s/2 grad log p(z')                       leapfrog_steps times
        probability = min(1, exp((log p(z') - |p'|^2 / 2 - log p(z) + |p|^2 / 2) / T^2))

    The gradient at the end of a leapfrog step is that at the beginning of the next, and of the
    next proposal: each leapfrog step takes one gradient. One of them is a Langevin step, and the
    probability the one of MALA.

    Args:
        density: a function of z to a point, such as `with_gradient` gives.
        point: where the step begins, a point of `density`.
        step_size: s, a scalar or of a shape that broadcasts to the rows [...].
        noise: a function (shape, what): that of a chain at one k.
        leapfrog_steps: an int of at least 1. Default 1.
        temperature: T > 0, a scalar. Default 1.

    Raises:
        ValueError, TypeError: for other `leapfrog_steps`, and a `temperature` of at most 0.
    """
    check_integer("leapfrog_steps", leapfrog_steps)
    if not tf.is_tensor(temperature):
        check_number("temperature", temperature, exclusive_minimum=0.0)
    half_step = 0.5 * tf.cast(step_size, tf.float32)[..., None]
    start_momentum = noise(tf.shape(point.z), "normal")
    start_momentum = temperature * tf.ensure_shape(start_momentum, point.z.shape)

    def leapfrog(i, at, momentum):
        momentum += half_step * at.gradient
        at = density(at.z + 2.0 * half_step * momentum)
        return i + 1, at, momentum + half_step * at.gradient

    state = 0, point, start_momentum
    if leapfrog_steps == 1:  # without a loop inside the chain's
        _, end, momentum = leapfrog(*state)
    else:
        _, end, momentum = tf.while_loop(
            lambda i, *_: i < leapfrog_steps,
            leapfrog,
            state,
            parallel_iterations=1,
            maximum_iterations=leapfrog_steps,
        )
    gain = end.log_density - point.log_density
    gain += 0.5 * tf.reduce_sum(tf.square(start_momentum) - tf.square(momentum), axis=-1)
    probability = tf.exp(tf.minimum(gain / temperature**2, 0.0))
    # A trajectory that left the numbers is refused.
    return end, tf.where(tf.math.is_nan(gain), tf.zeros_like(gain), probability)


def metropolis(end, point, probability, noise):
    """Returns the rows of `end` with `probability` [...], and those of `point` else, and `Info`."""
    accepted = noise(tf.shape(probability), "acceptance") < probability

    def choose(new, old):
        if new.shape.rank < accepted.shape.rank:  # what all rows share: the same in both
            return new
        return tf.where(
            accepted if new.shape.rank == accepted.shape.rank else accepted[..., None], new, old
        )

    point = tf.nest.map_structure(choose, end, point)
    return point, Info(probability, point.log_density)
