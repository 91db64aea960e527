"""Diffusion: closed moments of the noise, exact draws and bounds where the denoiser is known."""

import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.distributions.diffusion import (
    FIRST_TIME,
    coefficients,
    denoised,
    draw,
    noised,
    variational_bound,
)
from keras_infovae.distributions.diffusion.noise import log_kept, log_ratio, scales, time_of
from keras_infovae.utils.row_random import fold_in, normal, seeds_of_rows

MEAN, SPREAD = np.array([0.5, -1.0], "float32"), np.array([1.5, 0.3], "float32")
N = 8_000


def linear(x_u, time):
    """Returns E[x | x_u] of x ~ N(MEAN, SPREAD^2), which is linear in x_u."""
    signal, spread = scales(time, 2)
    gain = SPREAD**2 * signal / (signal**2 * SPREAD**2 + spread**2)
    return MEAN + gain * (x_u - signal * MEAN)


@pytest.mark.parametrize("time", [FIRST_TIME, 0.3, 1.0])
def test_the_noise_has_the_moments_of_its_time(time):
    rows, noise = tf.fill([N], time), normal(fold_in(seeds_of_rows(0, 0, N), 5), [1])
    x_u, kept = noised(tf.fill([N, 1], 2.0), rows, noise), np.exp(log_kept(time))
    assert abs(np.mean(x_u) - 2.0 * np.sqrt(kept)) < 4 * np.sqrt((1 - kept) / N)
    assert np.var(x_u) / (1 - kept) == pytest.approx(1.0, abs=4 * np.sqrt(2 / N))
    np.testing.assert_allclose(denoised(x_u, rows, noise), 2.0, atol=1e-6 / np.sqrt(kept))
    assert float(time_of(tf.constant(log_ratio(time)))) == pytest.approx(time, rel=1e-6)


@pytest.mark.parametrize(("steps", "noise_share"), [(200, 1.0), (50, 0.0), (20, 0.5)])
def test_draws_of_a_normal_have_the_moments_that_the_steps_have(steps, noise_share):
    seeds = seeds_of_rows(1, 0, N)
    table = coefficients(steps, noise_share)
    x = draw(linear, seeds, (2,), table).numpy()
    mean, variance = -MEAN * 0.0, np.ones(2)
    for _, signal, spread, next_signal, kept_noise, new in table:
        gain = SPREAD**2 * signal / (signal**2 * SPREAD**2 + spread**2)
        factor = next_signal * gain + kept_noise * (1 - signal * gain) / spread
        expected = MEAN + gain * (mean - signal * MEAN)
        mean = next_signal * expected + kept_noise * (mean - signal * expected) / spread
        variance = factor**2 * variance + new**2
    np.testing.assert_allclose(variance, SPREAD**2, rtol=0.12 if steps == 200 else 0.5)
    assert np.all(np.abs(x.mean(axis=0) - mean) < 4 * np.sqrt(variance / N))
    np.testing.assert_allclose(x.var(axis=0), variance, rtol=4 * np.sqrt(2 / N))
    again = draw(linear, seeds[3:5], (2,), table, noisy=noise_share > 0)
    np.testing.assert_allclose(again, x[3:5], atol=1e-5)  # each row by its own seed


def test_ancestral_steps_are_those_of_q_of_x_given_its_neighbors():
    # Then the x_s of a known x have the variance of their time: 1 - a_s, of every step.
    for _, signal, spread, next_signal, kept_noise, new in coefficients(50, 1.0)[:-1]:
        left = 1 - next_signal**2
        assert (kept_noise**2 + new**2) == pytest.approx(left, rel=1e-9)
        rate = 1 - (signal / next_signal) ** 2
        assert new**2 == pytest.approx(rate * left / spread**2, rel=1e-9)
    assert np.all(coefficients(50, 0.0)[:, 5] == 0)
    assert coefficients(50, 1.0)[-1, 3:].tolist() == [1.0, 0.0, 0.0]  # the end is a mean


def test_the_bound_of_a_normal_is_log_p():
    rng = np.random.default_rng(0)
    x = (MEAN + SPREAD * rng.normal(size=(1000, 2))).astype("float32")
    log_p = -0.5 * np.sum(np.square((x - MEAN) / SPREAD), axis=1)
    log_p -= np.log(SPREAD).sum() + np.log(2 * np.pi)
    for steps in (10, 100):  # unbiased, whatever their number
        bound = variational_bound(linear, tf.constant(x), seeds_of_rows(2, 0, 1000), steps)
        gap = log_p - bound
        assert abs(gap.numpy().mean()) < 4 * np.std(gap) / np.sqrt(1000) + 5e-3
    shifted = variational_bound(
        lambda x_u, time: linear(x_u, time) + 0.1, tf.constant(x), seeds_of_rows(2, 0, 1000), 100
    )
    assert np.mean(log_p - shifted) > 1.0  # a wrong denoiser has a lower bound


def test_the_bound_where_x_is_known():
    x = tf.constant([[1.0, -2.0]])
    bound = variational_bound(lambda x_u, time: x, x, seeds_of_rows(0, 0, 1), 3)
    kept = np.exp(log_kept(1.0))
    start = 0.5 * (kept * 5.0 - 2 * kept - 2 * np.log1p(-kept))
    expected = log_ratio(FIRST_TIME) - np.log(2 * np.pi) - start
    assert float(bound[0]) == pytest.approx(expected, rel=1e-5)


def test_a_denoiser_for_images_is_refused_for_vectors():
    with pytest.raises(ValueError, match="`denoiser`='u_net' needs images of shape"):
        ki.denoisers.UNet().network((5,))
    for shape in ((9, 8), (12, 10, 3)):
        network = ki.denoisers.UNet((4, 8, 8)).network(shape, told_size=4)
        assert network.output_shape == (None, *shape) and len(network.inputs) == 3
