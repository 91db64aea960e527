"""Hamiltonian Monte Carlo."""

from functools import partial

import numpy as np
import pytest
import tensorflow as tf

from keras_infovae.samplers import hamiltonian_step, seeded_noise
from keras_infovae.samplers.proposal import propose
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


@pytest.mark.parametrize(("leapfrog_steps", "jitter"), [(1, 0.2), (3, 0.0), (3, 0.2)])
@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_leaves_the_target_as_it_is(leapfrog_steps, jitter, temperature):
    settings = {"leapfrog_steps": leapfrog_steps, "jitter": jitter, "temperature": temperature}
    v = 0.04
    exact = START * temperature * np.sqrt(v)
    z, info = end_of_chain(hamiltonian_step, normal(v), exact, 20, 0.3, **settings)
    assert_variance(z, temperature**2 * v)
    assert np.mean(info.acceptance) < 0.95


def test_leaves_a_skewed_target_as_it_is():
    z, info = end_of_chain(hamiltonian_step, gumbel, gumbel_draws(40_000), 10, 0.9)
    assert_variance(z, GUMBEL_VARIANCE, GUMBEL_MEAN, kurtosis=5.4)
    assert np.mean(info.acceptance) < 0.95


def test_the_trajectory_on_a_normal_is_a_power_of_a_matrix():
    s, z = 0.5, tf.constant([[1.0], [-2.0]])
    momentum = tf.constant([[0.3], [0.7]])
    end, probability = propose(normal(1.0), normal(1.0)(z), s, lambda *_: momentum, 4)
    step = np.array([[1 - s**2 / 2, s], [-s * (1 - s**2 / 4), 1 - s**2 / 2]])
    expected = np.linalg.matrix_power(step, 4) @ np.stack([z[:, 0], momentum[:, 0]])
    np.testing.assert_allclose(end.z[:, 0], expected[0], rtol=1e-5)
    energy = 0.5 * np.sum(expected**2, axis=0) - 0.5 * (z**2 + momentum**2)[:, 0]
    np.testing.assert_allclose(probability, np.minimum(1.0, np.exp(-energy)), rtol=1e-5)


def test_the_error_of_the_energy_is_of_second_order_in_the_step():
    refused = []
    noise = partial(seeded_noise(SEED), 0)
    point = gumbel(gumbel_draws(2000))
    for halvings in range(4):  # the same trajectories, in ever smaller steps
        step_size, steps = 0.4 / 2**halvings, 2 * 2**halvings
        _, info = hamiltonian_step(gumbel, point, step_size, noise, steps, jitter=0.0)
        refused.append(1.0 - np.mean(info.acceptance))
    ratios = np.array(refused[:-1]) / refused[1:]
    np.testing.assert_allclose(ratios, 4.0, rtol=0.25)  # 4 up to the next order, s^4


def test_jitter_varies_the_steps_of_each_row_by_a_fifth():
    density = normal(1e12)  # flat: z moves by s p per leapfrog step
    noise = partial(seeded_noise(SEED), 0)
    point = density(tf.zeros([1000, 1]))
    end, _ = hamiltonian_step(density, point, 0.5, noise, leapfrog_steps=2)
    step_sizes = np.asarray(end.z / noise([1000, 1], "normal"))[:, 0] / 2
    assert 0.4 <= step_sizes.min() < 0.41 and 0.59 < step_sizes.max() <= 0.6
    for wrong in (-0.1, 1.5):
        with pytest.raises(ValueError, match="`jitter` must be at"):
            hamiltonian_step(density, point, 0.5, noise, jitter=wrong)
