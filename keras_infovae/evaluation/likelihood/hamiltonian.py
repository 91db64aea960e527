"""Hamiltonian Monte Carlo, with one gradient per leapfrog step."""

import tensorflow as tf

from keras_infovae.utils.randomness import split_seed

_JITTER = 0.2  # steps vary by as much, so that no trajectory closes on itself


def transition(path, point, b, step_size, leapfrog_steps, seed):
    """Returns (the next `Point`, the probability of acceptance [draws, n]); leaves f_b invariant.

    The gradient at the end of a step is that at the beginning of the next, and of the next
    transition, at any other b too.

    Args:
        path: a `Path`.
        point: a `Point` of it.
        b: scalar in [0, 1].
        step_size: [n], which must not depend on `point`.
        leapfrog_steps: an int of at least 1.
        seed: int32 [2].

    References:
        Neal, MCMC Using Hamiltonian Dynamics, arXiv:1206.1901, section 3.
    """
    seeds = split_seed(seed, 3)
    start_momentum = tf.random.stateless_normal(point.z.shape, seeds[0])
    jitter = tf.random.stateless_uniform(
        point.log_start.shape, seeds[1], 1.0 - _JITTER, 1.0 + _JITTER
    )
    step = (step_size * jitter)[..., None]

    def leapfrog(i, at, momentum):
        halfway = momentum + 0.5 * step * at.gradient(b)
        at = path.point(at.z + step * halfway)
        return i + 1, at, halfway + 0.5 * step * at.gradient(b)

    _, end, end_momentum = tf.while_loop(
        lambda i, *_: i < leapfrog_steps,
        leapfrog,
        (0, point, start_momentum),
        parallel_iterations=1,
        maximum_iterations=leapfrog_steps,
    )
    gain = end.log_density(b) - point.log_density(b)
    gain += 0.5 * tf.reduce_sum(tf.square(start_momentum) - tf.square(end_momentum), axis=-1)
    probability = tf.exp(tf.minimum(gain, 0.0))
    # A trajectory that left the numbers is refused.
    probability = tf.where(tf.math.is_nan(gain), tf.zeros_like(gain), probability)
    accepted = tf.random.stateless_uniform(gain.shape, seeds[2]) < probability

    def choose(new, old):
        return tf.where(accepted if new.shape.rank == 2 else accepted[..., None], new, old)

    return tf.nest.map_structure(choose, end, point), probability
