"""Annealed importance sampling: the weights of chains along a path."""

from collections.abc import Callable
from functools import partial

import tensorflow as tf

from keras_infovae.samplers.chain import scan
from keras_infovae.samplers.path import AnnealedPath
from keras_infovae.samplers.pilot import AnnealingPlan
from keras_infovae.typing import Tensor


def annealed_log_weights(
    path: AnnealedPath,
    z: Tensor,
    plan: AnnealingPlan,
    noise: Callable,
    leapfrog_steps: int = 2,
    reverse: bool = False,
) -> tuple[Tensor, Tensor]:
    """Returns (log w, the mean acceptance of each transition) of chains along a path:

        log w = sum_t (b_(t+1) - b_t) log r(z_t)

    where z_t follows from z_(t-1) by a Hamiltonian step that leaves s(z) r(z)^b_t invariant. For
    draws z_0 from s, E w is the integral of s(z) r(z).

    Args:
        path: an `AnnealedPath`.
        z: draws from its start, [chains, n, d]; or from s(z) r(z) for the reverse.
        plan: an `AnnealingPlan`, made without regard to z.
        noise: a function (k, shape, what), such as `seeded_noise` gives.
        leapfrog_steps: of each transition, an int of at least 1. Default 2.
        reverse: whether the same steps are taken the other way, from b = 1 to 0. The mean of 1 / w
            is then an unbiased estimate of 1 / E w. Default False.

    Returns:
        log w, float64 [chains, n]; and the acceptance, float32 [T - 1, n] for T steps of b.

    Example, the mean of exp(-2 |z|^2) over z ~ N(0, I) in two dimensions, which is 1 / 5:

    >>> import math
    >>> import tensorflow as tf
    >>> import keras_infovae as ki
    >>> path = ki.samplers.AnnealedPath(
    ...     sample=lambda seed: tf.random.stateless_normal([16, 1, 2], seed),
    ...     log_start=lambda z: -0.5 * tf.reduce_sum(z**2, axis=-1) - math.log(2.0 * math.pi),
    ...     log_ratio=lambda z: -2.0 * tf.reduce_sum(z**2, axis=-1),
    ... )
    >>> seeds = tf.random.experimental.stateless_split([0, 1], 4)
    >>> @tf.function
    ... def log_weights():
    ...     pilot, noise = path.sample(seeds[0]), ki.samplers.seeded_noise(seeds[1])
    ...     pilot = ki.samplers.run_pilot(path, pilot, noise)
    ...     plan = ki.samplers.make_annealing_plan(pilot, 50)
    ...     noise = ki.samplers.seeded_noise(seeds[3])
    ...     return ki.samplers.annealed_log_weights(path, path.sample(seeds[2]), plan, noise)[0]
    >>> bool(abs(tf.reduce_mean(tf.exp(log_weights())) - 0.2) < 0.02)
    True

    References:
        Neal, Annealed Importance Sampling, arXiv:physics/9803008, section 2.
        Grosse, Ghahramani, Adams, Sandwiching the Marginal Likelihood Using Bidirectional Monte
        Carlo, arXiv:1511.02543, section 3 (the reverse).
    """
    # In float64 the increments add up to 1, and their hundreds of terms lose no digits.
    temperatures = _double(plan.temperatures)
    increments = temperatures[1:] - temperatures[:-1]
    inner, step_sizes = plan.temperatures[1:-1], plan.step_sizes
    if reverse:
        increments, inner, step_sizes = (
            tf.reverse(tensor, axis=[0]) for tensor in (increments, inner, step_sizes)
        )

    def step(k, state):
        point, log_weights = state
        point, info = path.move(point, inner[k], step_sizes[k], partial(noise, k), leapfrog_steps)
        log_weights += increments[k + 1] * _double(point.log_ratio)
        return (point, log_weights), tf.reduce_mean(info.acceptance, axis=0)

    point = path.at(0.0)(z)
    state = point, increments[0] * _double(point.log_ratio)
    (_, log_weights), acceptance = scan(step, state, inner.shape[0], point.log_ratio[0])
    return log_weights, acceptance


def _double(tensor):
    return tf.cast(tensor, tf.float64)
