"""Langevin dynamics, unadjusted and adjusted, against their laws on known densities."""

from functools import partial

import numpy as np
import pytest
import tensorflow as tf

from keras_infovae.samplers import hamiltonian_step, langevin_step, mala_step, seeded_noise
from tests.samplers.chains import (
    GUMBEL_MEAN,
    GUMBEL_VARIANCE,
    SEED,
    assert_variance,
    end_of_chain,
    gumbel,
    gumbel_draws,
    normal,
)

START = tf.random.stateless_normal([40_000, 1], [1, 2])


def variance_after(steps, v, step_size, temperature):
    """Var z' = (1 - s^2 / (2 v))^2 Var z + (T s)^2, from Var z = 1."""
    a, variance = 1.0 - step_size**2 / (2.0 * v), 1.0
    for _ in range(steps):
        variance = a**2 * variance + (temperature * step_size) ** 2
    return variance


@pytest.mark.parametrize(("v", "step_size"), [(1.0, 0.4), (0.04, 0.1), (0.04, 0.3)])
@pytest.mark.parametrize("temperature", [1.0, 0.2])
def test_the_variance_follows_its_recursion_to_the_stationary_one(v, step_size, temperature):
    for steps in (1, 4):
        z, _ = end_of_chain(
            langevin_step, normal(v), START, steps, step_size, temperature=temperature
        )
        assert_variance(z, variance_after(steps, v, step_size, temperature))
    stationary = temperature**2 * v / (1.0 - step_size**2 / (4.0 * v))
    z, _ = end_of_chain(langevin_step, normal(v), START, 80, step_size, temperature=temperature)
    # After 80 steps what is left of the start is a factor of (1 - s^2 / 2v)^160 < 1e-5.
    assert_variance(z, stationary)


@pytest.mark.parametrize(("times", "steps"), [(1.0, 50), (1.02, 50)])
def test_from_two_standard_deviations_on_it_diverges_and_the_adjusted_does_not(times, steps):
    v = 0.25
    step_size = times * 2.0 * np.sqrt(v)
    z, _ = end_of_chain(langevin_step, normal(v), START, steps, step_size)
    expected = variance_after(steps, v, step_size, 1.0)
    assert expected > 100 * v
    assert_variance(z, expected)
    z, _ = end_of_chain(mala_step, normal(v), START * np.sqrt(v), steps, step_size)
    assert_variance(z, v)


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_adjusted_steps_leave_the_target_as_it_is(temperature):
    v, step_size = 0.04, 0.25  # unadjusted: 64 % too large
    exact = START * temperature * np.sqrt(v)
    z, info = end_of_chain(mala_step, normal(v), exact, 20, step_size, temperature=temperature)
    assert_variance(z, temperature**2 * v)
    assert 0.2 < np.mean(info.acceptance) < 0.95


def test_adjusted_steps_leave_a_skewed_target_as_it_is_and_find_it():
    z, _ = end_of_chain(mala_step, gumbel, gumbel_draws(40_000), 20, 1.0)
    assert_variance(z, GUMBEL_VARIANCE, GUMBEL_MEAN, kurtosis=5.4)
    z, _ = end_of_chain(mala_step, gumbel, tf.ones([40_000, 1]), 200, 1.0)
    assert_variance(z, GUMBEL_VARIANCE, GUMBEL_MEAN, kurtosis=5.4)
    z, _ = end_of_chain(langevin_step, gumbel, gumbel_draws(40_000), 20, 1.0)
    with pytest.raises(AssertionError):  # the bias that the adjustment takes away
        assert_variance(z, GUMBEL_VARIANCE, GUMBEL_MEAN, kurtosis=5.4)


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_the_acceptance_is_that_of_the_proposals_densities(temperature):
    s, point = 0.7, gumbel(gumbel_draws(50))
    noise = partial(seeded_noise(SEED), 0)
    end, info = langevin_step(gumbel, point, s, noise, temperature)

    def log_q(to, start):
        offset = to.z - start.z - 0.5 * s**2 * start.gradient
        return -tf.reduce_sum(offset**2, axis=-1) / (2.0 * (temperature * s) ** 2)

    log_target = (end.log_density - point.log_density) / temperature**2
    expected = tf.exp(tf.minimum(log_target + log_q(point, end) - log_q(end, point), 0.0))
    np.testing.assert_allclose(info.acceptance, expected, rtol=1e-4)  # float32
    assert np.min(expected) < 0.9

    adjusted, adjusted_info = mala_step(gumbel, point, s, noise, temperature)
    np.testing.assert_array_equal(adjusted_info.acceptance, info.acceptance)
    moved = np.all(adjusted.z == end.z, axis=-1)
    np.testing.assert_array_equal(adjusted.z[~moved], point.z[~moved])
    np.testing.assert_array_equal(adjusted_info.log_density, adjusted.log_density)
    uniform = noise([50], "acceptance")
    np.testing.assert_array_equal(moved, uniform < info.acceptance)

    one, _ = hamiltonian_step(gumbel, point, s, noise, 1, temperature, jitter=0.0)
    np.testing.assert_array_equal(one.z, adjusted.z)


def test_every_proposal_is_accepted_in_the_limit_of_small_steps():
    least = []
    for step_size in (0.4, 0.2, 0.1, 0.05):
        _, info = end_of_chain(mala_step, gumbel, gumbel_draws(500), 5, step_size)
        least.append(1.0 - np.mean(info.acceptance))
    # 1 - acceptance is of order s^3: halving s takes it down by nearly 8, at the least by 4.
    assert np.all(np.array(least[:-1]) > 4 * np.array(least[1:]))
    assert least[-1] < 1e-4


def test_a_proposal_beyond_all_numbers_is_refused():
    start = tf.constant([[0.0], [-1e4]])  # exp(1e4) is infinite
    z, info = end_of_chain(mala_step, gumbel, start, 5, 1.0)
    np.testing.assert_array_equal(z[1], start[1])
    np.testing.assert_array_equal(info.acceptance[:, 1], 0.0)
    assert np.isfinite(z[0, 0])


@pytest.mark.parametrize("size", [1, 3])
def test_a_drift_is_cut_to_the_length_of_the_noise(size):
    s, point = 0.5, normal(0.01)(tf.fill([1, size], 7.0))
    free, cut = (
        langevin_step(normal(0.01), point, s, lambda shape, what: tf.zeros(shape), 1.0, longest)
        for longest in (None, 1.5)
    )
    np.testing.assert_allclose(free[0].z - point.z, 0.5 * s**2 * point.gradient, rtol=1e-6)
    length = np.linalg.norm(cut[0].z - point.z)
    np.testing.assert_allclose(length, 1.5 * s * np.sqrt(size), rtol=1e-6)
    near = normal(0.01)(tf.fill([1, size], 1e-3))
    results = [
        langevin_step(normal(0.01), near, s, lambda shape, what: tf.zeros(shape), 1.0, longest)
        for longest in (None, 1.5)
    ]
    np.testing.assert_array_equal(results[0][0].z, results[1][0].z)  # not cut: the same


def test_cut_drifts_do_not_diverge():
    v = 0.0025
    step_size = 10.0 * 2.0 * np.sqrt(v)
    z, _ = end_of_chain(langevin_step, normal(v), START, 200, step_size, longest_drift=1.0)
    # z' = z - s sign(z) + s eps where it is cut: within a few s, while uncut it is beyond float32.
    assert np.max(np.abs(z)) < 10 * step_size
    free, _ = end_of_chain(langevin_step, normal(v), START, 200, step_size)
    assert not np.isfinite(free).all()


@pytest.mark.parametrize("longest", [0.1, 1.0])
def test_adjusted_steps_with_cut_drifts_leave_the_target_as_it_is(longest):
    z, _ = end_of_chain(mala_step, normal(0.04), 0.2 * START, 20, 0.25, longest_drift=longest)
    assert_variance(z, 0.04)
    draws = gumbel_draws(40_000)
    z, _ = end_of_chain(mala_step, gumbel, draws, 20, 1.0, longest_drift=longest)
    assert_variance(z, GUMBEL_VARIANCE, GUMBEL_MEAN, kurtosis=5.4)


def test_a_gradient_beyond_all_numbers_moves_nothing():
    start = tf.constant([[0.0], [-1e4]])  # exp(1e4) is infinite
    z, _ = end_of_chain(langevin_step, gumbel, start, 1, 0.1, longest_drift=1.0)
    assert abs(z[1, 0] + 1e4) < 0.5 and z[1, 0] != start[1, 0]  # but by the noise
    with pytest.raises(ValueError, match="longest_drift"):
        end_of_chain(langevin_step, gumbel, start, 1, 0.1, longest_drift=0.0)
