"""The adaptation of step sizes."""

import math

import numpy as np
import pytest
import tensorflow as tf

from keras_infovae.samplers import adapt_step_size, mala_step, run_chain, seeded_noise
from keras_infovae.utils.randomness import stateless_seed
from tests.samplers.chains import SEED, normal


def test_goes_by_the_mean_over_the_axes_in_front():
    acceptance = tf.constant([[0.9, 0.1], [0.7, 0.5]])
    rows = adapt_step_size(tf.constant([0.0, 1.0]), acceptance, target=0.5, rate=0.1)
    np.testing.assert_allclose(rows, [0.03, 0.98], rtol=1e-6)
    one = adapt_step_size(tf.constant(0.0), acceptance, target=0.5, rate=0.1)
    assert float(one) == pytest.approx(0.005)


def test_stays_within_bounds():
    for log_size, acceptance, bound in ((100.0, 1.0, 1e3), (-100.0, 0.0, 1e-6)):
        size = adapt_step_size(tf.constant(log_size), tf.constant(acceptance))
        assert float(size) == pytest.approx(math.log(bound))


def test_reaches_its_target_for_each_row_in_proportion_to_its_scale():
    variances = tf.constant([1.0, 0.01])
    density = normal(variances)
    target, chains, steps = 0.7, 50, 10

    @tf.function
    def round_of(k, z, log_size):
        noise = seeded_noise(stateless_seed(SEED, k))
        end, info = run_chain(mala_step, density, density(z), steps, tf.exp(log_size), noise)
        acceptance = tf.reshape(info.acceptance, [-1, 2])
        return end.z, adapt_step_size(log_size, acceptance, target, rate=0.3), acceptance

    z = tf.random.stateless_normal([chains, 2, 4], [5, 6]) * tf.sqrt(variances)[:, None]
    log_size, rates = tf.zeros([2]), []
    for k in range(60):
        z, log_size, acceptance = round_of(tf.constant(k), z, log_size)
        rates.append(np.mean(acceptance, axis=0))
    # The last 30 rounds of 500 steps each: the standard error is below 0.3 / sqrt(15,000), times a
    # few for steps of the same chain.
    np.testing.assert_allclose(np.mean(rates[30:], axis=0), target, atol=0.015)
    assert float(log_size[0] - log_size[1]) == pytest.approx(math.log(10.0), abs=0.1)
