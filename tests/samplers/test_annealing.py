"""Annealed paths, their plans and their weights, where all of it is known.

s = N(0, I) and r(z) = exp(-c |z|^2 / 2) in 3 dimensions:

    f_b = (1 + c b)^(-3/2) N(0, I / (1 + c b))
"""

import math
from functools import partial

import numpy as np
import pytest
import tensorflow as tf

from keras_infovae.samplers import (
    AnnealedPath,
    annealed_log_weights,
    make_annealing_plan,
    run_pilot,
    seeded_noise,
)
from keras_infovae.samplers.pilot import PILOT_DRAWS, PILOT_TEMPERATURES
from tests.samplers.chains import SEED, assert_variance

ROWS, DIMENSIONS = 2, 3


def make_path(chains, c=4.0, calls=None):
    def log_ratio(z):
        if calls is not None:
            calls.append(z)
        return -0.5 * c * tf.reduce_sum(z**2, axis=-1)

    return AnnealedPath(
        sample=lambda seed: tf.random.stateless_normal([chains, ROWS, DIMENSIONS], seed),
        log_start=lambda z: -0.5 * tf.reduce_sum(z**2 + math.log(2.0 * math.pi), axis=-1),
        log_ratio=log_ratio,
    )


def make_plan(count, c=4.0, schedule="adaptive", draws=PILOT_DRAWS):
    @tf.function
    def plan():
        path, noise = make_path(draws, c), seeded_noise(tf.constant([1, 1]))
        return make_annealing_plan(run_pilot(path, path.sample([1, 2]), noise), count, schedule)

    return plan()


def log_weights(chains, count, c=4.0, reverse=False):
    path, plan = make_path(chains, c), make_plan(count, c)

    @tf.function
    def run():
        z = path.sample([1, 3])
        z = z / math.sqrt(1.0 + c) if reverse else z
        return annealed_log_weights(path, z, plan, seeded_noise(SEED), reverse=reverse)

    return run()


# Weights that have no bound are no test: their standard error would not tell the error of the mean.
@pytest.mark.parametrize(("reverse", "c"), [(False, 4.0), (True, -0.75)])
@pytest.mark.parametrize("count", [1, 2, 10])
def test_weights_are_unbiased_in_both_directions(count, reverse, c):
    logs, acceptance = log_weights(20_000, count, c, reverse)
    assert logs.dtype == tf.float64 and acceptance.shape == (count - 1, ROWS)
    relative = np.exp((logs + 0.5 * DIMENSIONS * math.log(1.0 + c)) * (-1.0 if reverse else 1.0))
    error = relative.std(axis=0) / math.sqrt(len(relative))
    assert np.all(np.abs(relative.mean(axis=0) - 1.0) < 4 * error)
    assert np.all(error < 0.02)


def test_four_times_the_temperatures_halve_the_spread_of_the_weights():
    spreads = [np.std(log_weights(1000, count)[0]) for count in (160, 640)]
    # A spread of 2,000 log weights has a standard error of 1.6 %.
    np.testing.assert_allclose(spreads[0] / spreads[1], 2.0, rtol=4 * 0.016 * math.sqrt(2.0))


def test_a_move_leaves_the_density_at_its_temperature_as_it_is():
    b, path = 0.3, make_path(10_000)
    variance = 1.0 / (1.0 + 4.0 * b)

    @tf.function
    def moved():
        point = path.at(1.0)(path.sample([1, 3]) * math.sqrt(variance))
        for k in range(5):
            noise = partial(seeded_noise(SEED), k)
            point, info = path.move(point, tf.constant(b), 0.7, noise, 2)
        return point, info

    point, info = moved()
    assert_variance(point.z, variance)
    assert np.mean(info.acceptance) < 0.95 and point.b == b
    np.testing.assert_allclose(point.log_density, point.log_start + b * point.log_ratio)
    np.testing.assert_allclose(point.gradient, -point.z / variance, rtol=1e-4, atol=1e-5)


def test_another_temperature_costs_no_evaluation():
    calls = []
    path = make_path(3, calls=calls)
    plan = make_plan(5)
    annealed_log_weights(path, path.sample([1, 3]), plan, seeded_noise(SEED), leapfrog_steps=3)
    assert len(calls) == 1 + 4 * 3
    del calls[:]
    run_pilot(path, path.sample([1, 3]), seeded_noise(SEED), leapfrog_steps=1)
    assert len(calls) == 1 + PILOT_TEMPERATURES


@pytest.mark.parametrize("schedule", ["adaptive", "linear", "sigmoid"])
def test_a_plan_rises_from_0_to_1(schedule):
    temperatures, step_sizes = make_plan(20, schedule=schedule)
    assert temperatures[0] == 0.0 and temperatures[-1] == 1.0
    steps = np.diff(temperatures)
    assert np.all(steps > 0.0) and step_sizes.shape == (19, ROWS)
    if schedule == "linear":
        np.testing.assert_allclose(steps, 0.05, rtol=1e-5)
    elif schedule == "sigmoid":
        assert steps[0] < steps[9] / 5 and steps[-1] < steps[9] / 5
    # The standard deviation of z falls by sqrt(5) from one end to the other, and steps with it.
    ratio = step_sizes[0] / step_sizes[-1]
    assert np.all((ratio > 1.2) & (ratio < 4.0))


def test_the_adaptive_schedule_adds_as_much_to_the_variance_with_every_step():
    # sqrt(Var log r) = c sqrt(3 / 2) / (1 + c b), whose integral is the logarithm of 1 + c b; a
    # tenth is added that is even in the pilot's temperatures (i / 100)^4.
    b = np.asarray(make_plan(20, draws=10_000).temperatures)
    traveled = np.log(1.0 + 4.0 * b) / math.log(5.0) + 0.1 * b**0.25
    # The pilot's z are a step of b behind, and its steps are of up to 0.02 here.
    np.testing.assert_allclose(traveled, 1.1 * np.linspace(0.0, 1.0, 21), atol=0.03)


def test_errors():
    pilot = run_pilot(path := make_path(1), path.sample([0, 1]), seeded_noise(SEED))
    with pytest.raises(ValueError, match="`schedule` must be one of .*Did you mean 'linear'"):
        make_annealing_plan(pilot, 5, "linaer")
