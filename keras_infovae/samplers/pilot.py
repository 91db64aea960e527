"""The run ahead of annealing: how far to go at a time, in z and from temperature to temperature."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from keras_infovae.samplers.chain import scan
from keras_infovae.samplers.path import AnnealedPath
from keras_infovae.samplers.step_size import adapt_step_size
from keras_infovae.typing import Tensor
from keras_infovae.utils.checks import check_choice

SCHEDULES = ("adaptive", "linear", "sigmoid")
PILOT_DRAWS = 4  # for each row
PILOT_TEMPERATURES = 100
_TARGET_ACCEPTANCE = 0.85  # measured best; more than the 0.65 of long runs at one density
_ADAPTATION_RATE = 0.5
_EVEN_SHARE = 0.1  # of an adaptive schedule follows the pilot's temperatures, so that none is far
_STEEPNESS = 4.0


class AnnealingPlan(NamedTuple):
    """What the chains of annealing go by: constants for them.

    Args:
        temperatures: b_0 = 0 < b_1 < ... < b_T = 1, [T + 1].
        step_sizes: those of the transitions at b_1 to b_(T - 1), [T - 1, n].
    """

    temperatures: Any
    step_sizes: Any


class Pilot(NamedTuple):
    """What a pilot run found at each of its temperatures, for each row on its own.

    Args:
        log_sizes: the logarithms of step sizes, [101, n].
        variances: of log r(z) over the draws of a row, [101, n].
    """

    log_sizes: Any
    variances: Any


def run_pilot(path: AnnealedPath, z: Tensor, noise: Callable, leapfrog_steps: int = 2) -> Pilot:
    """Returns the `Pilot` of the n rows of a path.

    It goes through 100 temperatures, raises the step size of a row where proposals were accepted
    and lowers it where not, and notes the variance of log r(z) over z. Its draws must not be those
    of the chains: steps that followed the draws that they move would not leave f_b invariant, and
    the weights would not be unbiased.

    Args:
        path: an `AnnealedPath`.
        z: draws from its start, [draws, n, d]; 4 for each row will do.
        noise: a function (k, shape, what), such as `seeded_noise` gives.
        leapfrog_steps: of each transition, an int of at least 1. Default 2.
    """

    def variance(point):
        return tf.math.reduce_variance(point.log_ratio, axis=0)

    def step(k, state):
        point, log_size = state
        k += 1  # the first of the grid is the start
        size = tf.exp(log_size)
        point, info = path.move(point, grid[k], size, partial(noise, k), leapfrog_steps)
        log_size = adapt_step_size(log_size, info.acceptance, _TARGET_ACCEPTANCE, _ADAPTATION_RATE)
        return (point, log_size), (log_size, variance(point))

    grid = _grid()
    point = path.at(0.0)(z)
    log_size = math.log(0.5) - 0.25 * math.log(z.shape[-1]) + tf.zeros_like(point.log_ratio[0])
    first = log_size, variance(point)
    _, others = scan(step, (point, log_size), PILOT_TEMPERATURES, first)
    return Pilot(*(tf.concat([one[None], more], axis=0) for one, more in zip(first, others)))


def make_annealing_plan(pilot: Pilot, count: int, schedule: str = "adaptive") -> AnnealingPlan:
    """Returns the `AnnealingPlan` of `count` temperatures for the rows of a pilot run.

    Args:
        pilot: a `Pilot`; the temperatures are those of all its rows together.
        count: T, how many temperatures, at least 1.
        schedule: "adaptive" (default), where each step of b adds as much to the variance of the
            log weights, (b_(t+1) - b_t) sqrt(Var log r(z)) = constant; "linear"; or "sigmoid",
            with shorter steps at both ends.

    Raises:
        ValueError: for any other schedule.

    References:
        Gelman and Meng, Simulating Normalizing Constants: From Importance Sampling to Bridge
        Sampling to Path Sampling, Statistical Science 1998, section 4.3 (the adaptive schedule).
        Wu, Burda, Salakhutdinov, Grosse, On the Quantitative Analysis of Decoder-Based Generative
        Models, arXiv:1611.04273 (the sigmoid schedule).
    """
    check_choice("schedule", schedule, SCHEDULES)
    grid = _grid()
    even = tf.linspace(0.0, 1.0, count + 1)
    if schedule == "adaptive":
        traveled = _traveled(grid, tf.reduce_mean(pilot.variances, axis=1))
        temperatures = _interpolate(even * traveled[-1], traveled, grid)
    elif schedule == "sigmoid":
        raw = tf.sigmoid(_STEEPNESS * (2.0 * even - 1.0))
        temperatures = (raw - raw[0]) / (raw[-1] - raw[0])
    else:
        temperatures = even
    # Rounding must not leave the ends away from 0 and 1: the weights are ratios to f_1.
    temperatures = tf.concat([[0.0], temperatures[1:-1], [1.0]], axis=0)
    return AnnealingPlan(
        temperatures, tf.exp(_interpolate(temperatures[1:-1], grid, pilot.log_sizes))
    )


def _grid():
    """Returns the pilot's temperatures, [101], which lie closer where b is small."""
    return tf.constant(np.linspace(0.0, 1.0, PILOT_TEMPERATURES + 1) ** 4, tf.float32)


def _traveled(grid, variances):
    """Returns the integral of sqrt(Var log r(z)) from 0 to each b of the grid, up to a factor."""
    speed = tf.sqrt(tf.where(tf.math.is_finite(variances), variances, tf.zeros_like(variances)))
    pieces = 0.5 * (speed[1:] + speed[:-1]) * (grid[1:] - grid[:-1])
    traveled = tf.concat([[0.0], tf.cumsum(pieces)], axis=0)
    even = tf.linspace(0.0, 1.0, grid.shape[0])
    return tf.math.divide_no_nan(traveled, traveled[-1]) + _EVEN_SHARE * even


def _interpolate(at, grid, values):
    """Returns `values` [k, ...], known at the rising `grid` [k], at the points `at`: [m, ...]."""
    i = tf.searchsorted(grid, at, side="right") - 1
    i = tf.clip_by_value(i, 0, grid.shape[0] - 2)
    share = (at - tf.gather(grid, i)) / (tf.gather(grid, i + 1) - tf.gather(grid, i))
    share = tf.reshape(share, [-1] + [1] * (values.shape.rank - 1))
    return (1.0 - share) * tf.gather(values, i) + share * tf.gather(values, i + 1)
