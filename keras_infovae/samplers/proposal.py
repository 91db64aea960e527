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


def propose(
    density, point, step_size, noise, leapfrog_steps=1, temperature=1.0, longest_drift=None
):
    """Returns (a proposed point, the probability [...] with which Metropolis's rule accepts it).

        p ~ N(0, T^2 I),    half = p + s/2 F(z),    z' = z + s half,
        p' = half + s/2 F(z')                       leapfrog_steps times
        probability = min(1, exp((log p(z') - |p'|^2 / 2 - log p(z) + |p|^2 / 2) / T^2))

    F(z) is grad log p(z), shortened where it is longer than `longest_drift` allows: the rule holds
    for any function of z, since each half of a leapfrog step moves one of (z, p) by the other.

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
        longest_drift: the length that s^2/2 F(z) has at most, in units of s sqrt(d), the length of
            the noise at T = 1; a number greater than 0. Default None: any.

    Raises:
        ValueError, TypeError: for other `leapfrog_steps`; for a `temperature` or `longest_drift`
            of at most 0.
    """
    check_integer("leapfrog_steps", leapfrog_steps)
    if not tf.is_tensor(temperature):
        check_number("temperature", temperature, exclusive_minimum=0.0)
    if longest_drift is not None:
        check_number("longest_drift", longest_drift, exclusive_minimum=0.0)
    half_step = 0.5 * tf.cast(step_size, tf.float32)[..., None]
    start_momentum = noise(tf.shape(point.z), "normal")
    start_momentum = temperature * tf.ensure_shape(start_momentum, point.z.shape)

    def kick(at):
        of_gradient = half_step * at.gradient
        return of_gradient if longest_drift is None else _shortened(of_gradient, longest_drift)

    def leapfrog(i, at, momentum):
        momentum += kick(at)
        at = density(at.z + 2.0 * half_step * momentum)
        return i + 1, at, momentum + kick(at)

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


def _shortened(kick, longest_drift):
    """Returns s/2 times a gradient [..., d], no longer than `longest_drift` sqrt(d)."""
    longest = longest_drift * tf.sqrt(tf.cast(tf.shape(kick)[-1], tf.float32))
    # In units of the largest, so that squares of what is large do not leave the numbers.
    largest = tf.reduce_max(tf.abs(kick), axis=-1, keepdims=True)
    length = largest * tf.norm(tf.math.divide_no_nan(kick, largest), axis=-1, keepdims=True)
    shortened = kick * tf.minimum(1.0, longest / length)
    # A gradient that left the numbers tells no direction.
    finite = tf.reduce_all(tf.math.is_finite(kick), axis=-1, keepdims=True)
    return tf.where(finite, shortened, tf.zeros_like(kick))


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
