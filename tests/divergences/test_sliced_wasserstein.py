"""The sliced Wasserstein distance: sorted samples, exact normals, and directions."""

import numpy as np
import pytest
import scipy.integrate
import scipy.stats
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.divergences import sliced_wasserstein_distance, sliced_wasserstein_to_normal
from keras_infovae.utils import probability as tfp
from tests.contracts import normal_posterior


def test_of_samples_it_is_the_least_cost_of_a_matching():
    x, y = np.random.default_rng(0).normal(size=(2, 3, 6))
    for value, a, b in zip(sliced_wasserstein_distance(x, y), x, y):
        costs = (a[:, None] - b[None]) ** 2
        rows, columns = scipy.optimize.linear_sum_assignment(costs)
        np.testing.assert_allclose(value, costs[rows, columns].mean(), rtol=1e-5)


@pytest.mark.parametrize("count", [1, 2, 7])
def test_to_a_normal_it_is_the_integral_over_quantiles(count):
    x = np.sort(np.random.default_rng(count).normal(size=count))
    normal = scipy.stats.norm(0.4, 1.3)

    def cost(u):
        return (x[min(int(u * count), count - 1)] - normal.ppf(u)) ** 2

    points = np.arange(1, count) / count
    expected, _ = scipy.integrate.quad(cost, 0, 1, points=points, limit=200)
    value = sliced_wasserstein_to_normal(x[None, ::-1].copy(), [0.4], [1.3**2])
    np.testing.assert_allclose(value, [expected], rtol=1e-4)


def test_a_shift_costs_its_square_over_the_dimensions():
    prior = ki.priors.StandardNormal().distribution(8)
    divergence = ki.divergences.SlicedWasserstein(2000, 1)
    shift = tf.constant([3.0, 4.0] + [0.0] * 6)
    point, moved = (
        float(divergence(tf.zeros([1, 8]) + by, prior, seed=[0, 0])) for by in (0.0, shift)
    )
    # (w.shift)^2 has the mean 25 / 8 and a standard deviation below 25 sqrt(2) / 8
    assert abs(moved - point - 25 / 8) < 4 * 25 * np.sqrt(2) / 8 / np.sqrt(2000)


def test_normal_prior_and_its_samples_agree_for_many_draws():
    tfd = tfp.distributions
    normal = tfd.MultivariateNormalTriL([0.5, 0.0], [[1.0, 0.0], [0.6, 0.8]])
    alike = tfd.TransformedDistribution(normal, tfp.bijectors.Identity())  # can only be sampled
    q, z = normal_posterior(tf.zeros([400, 2]), 0.25 * tf.ones([400, 2]))
    divergence = ki.divergences.SlicedWasserstein(16, 8)
    exact = float(divergence(z, normal, q, seed=[0, 0]))
    sampled = float(divergence(z, alike, q, seed=[0, 0]))
    # 3,200 samples know means and deviations to 1 / sqrt(3,200) each, of distances of about 0.5.
    assert abs(sampled - exact) < 4 * 2 * 0.6 / np.sqrt(3200)
    assert sampled != exact


def test_draws_several_z_per_example_unless_they_are_points():
    prior = ki.priors.StandardNormal().distribution(2)
    divergence = ki.divergences.SlicedWasserstein(16, 8)
    mean = tf.random.stateless_normal([20, 2], seed=[0, 0])
    q, z = normal_posterior(mean, 0.5 + 0.0 * mean)
    values = [
        float(divergence(z, prior, posterior, seed=[0, 0]))
        for posterior in (q, None, tfp.distributions.VectorDeterministic(z))
    ]
    assert values[1] == values[2] != values[0]
