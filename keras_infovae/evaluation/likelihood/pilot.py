"""The run ahead of annealing: how far to go at a time, in z and from temperature to temperature."""

import math
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from keras_infovae.evaluation.likelihood.hamiltonian import transition
from keras_infovae.utils.randomness import split_seed, stateless_seed

PILOT_DRAWS = 4  # of each example
PILOT_TEMPERATURES = 100
_TARGET_ACCEPTANCE = 0.85  # measured best; more than the 0.65 of long runs at one density
_ADAPTATION_RATE = 0.5
_EVEN_SHARE = 0.1  # of an adaptive schedule follows the pilot's temperatures, so that none is far
_STEEPNESS = 4.0


class Plan(NamedTuple):
    """What the chains go by: constants for them.

    Args:
        temperatures: b_0 = 0 < b_1 < ... < b_T = 1, [T + 1].
        step_sizes: those of the transitions at b_1 to b_(T - 1), [T - 1, n].
    """

    temperatures: Any
    step_sizes: Any


def make_plan(path, count, schedule, leapfrog_steps, seed):
    """Returns the `Plan` of `count` temperatures for the examples of `path`, by a run of its own.

    The pilot goes through 100 temperatures, raises the step size of an example where proposals were
    accepted and lowers it where not, and notes the variance of log r(z) over z. Its draws are not
    those of the chains: steps that followed the draws that they move would not leave f_b invariant,
    and the weights would not be unbiased.

    Args:
        path: a `Path` with `PILOT_DRAWS` draws.
        count: T, how many temperatures.
        schedule: "linear"; "sigmoid", with shorter steps at both ends; or "adaptive", where each
            step of b adds as much to the variance of the log weights,
            (b_(t+1) - b_t) sqrt(Var log r(z)) = constant.
        leapfrog_steps: an int of at least 1.
        seed: int32 [2].

    References:
        Gelman and Meng, Simulating Normalizing Constants: From Importance Sampling to Bridge
        Sampling to Path Sampling, Statistical Science 1998, section 4.3 (the adaptive schedule).
        Wu, Burda, Salakhutdinov, Grosse, On the Quantitative Analysis of Decoder-Based Generative
        Models, arXiv:1611.04273 (the sigmoid schedule).
    """
    grid = tf.constant(np.linspace(0.0, 1.0, PILOT_TEMPERATURES + 1) ** 4, tf.float32)
    log_sizes, variances = _explore(path, grid, leapfrog_steps, seed)
    even = tf.linspace(0.0, 1.0, count + 1)
    if schedule == "adaptive":
        travelled = _travelled(grid, variances)
        temperatures = _interpolate(even * travelled[-1], travelled, grid)
    elif schedule == "sigmoid":
        raw = tf.sigmoid(_STEEPNESS * (2.0 * even - 1.0))
        temperatures = (raw - raw[0]) / (raw[-1] - raw[0])
    else:
        temperatures = even
    # Rounding must not leave the ends away from 0 and 1: the weights are ratios to f_1.
    temperatures = tf.concat([[0.0], temperatures[1:-1], [1.0]], axis=0)
    return Plan(temperatures, tf.exp(_interpolate(temperatures[1:-1], grid, log_sizes)))


def _explore(path, grid, leapfrog_steps, seed):
    """Returns log step sizes [101, n] and the mean variance of log r(z) [101] at the grid."""
    start_seed, seed = split_seed(seed, 2)
    point = path.point(path.sample(start_seed))
    latent_dim = point.z.shape[-1]
    log_size = tf.fill(point.log_ratio.shape[1:], math.log(0.5) - 0.25 * math.log(latent_dim))

    def variance(point):
        return tf.reduce_mean(tf.math.reduce_variance(point.log_ratio, axis=0))

    def step(i, point, log_size, log_sizes, variances):
        step_seed = stateless_seed(seed, i)
        point, accepted = transition(
            path, point, grid[i], tf.exp(log_size), leapfrog_steps, step_seed
        )
        log_size += _ADAPTATION_RATE * (tf.reduce_mean(accepted, axis=0) - _TARGET_ACCEPTANCE)
        return (
            i + 1,
            point,
            log_size,
            log_sizes.write(i, log_size),
            variances.write(i, variance(point)),
        )

    count = grid.shape[0]
    log_sizes = tf.TensorArray(tf.float32, count, element_shape=log_size.shape).write(0, log_size)
    variances = tf.TensorArray(tf.float32, count, element_shape=[]).write(0, variance(point))
    *_, log_sizes, variances = tf.while_loop(
        lambda i, *_: i < count,
        step,
        (1, point, log_size, log_sizes, variances),
        parallel_iterations=1,
        maximum_iterations=count - 1,
    )
    return log_sizes.stack(), variances.stack()


def _travelled(grid, variances):
    """Returns the integral of sqrt(Var log r(z)) from 0 to each b of the grid, up to a factor."""
    speed = tf.sqrt(tf.where(tf.math.is_finite(variances), variances, tf.zeros_like(variances)))
    pieces = 0.5 * (speed[1:] + speed[:-1]) * (grid[1:] - grid[:-1])
    travelled = tf.concat([[0.0], tf.cumsum(pieces)], axis=0)
    even = tf.linspace(0.0, 1.0, grid.shape[0])
    return tf.math.divide_no_nan(travelled, travelled[-1]) + _EVEN_SHARE * even


def _interpolate(at, grid, values):
    """Returns `values` [k, ...], known at the rising `grid` [k], at the points `at`: [m, ...]."""
    i = tf.searchsorted(grid, at, side="right") - 1
    i = tf.clip_by_value(i, 0, grid.shape[0] - 2)
    share = (at - tf.gather(grid, i)) / (tf.gather(grid, i + 1) - tf.gather(grid, i))
    share = tf.reshape(share, [-1] + [1] * (values.shape.rank - 1))
    return (1.0 - share) * tf.gather(values, i) + share * tf.gather(values, i + 1)
