"""The energy distance: folded normals, slices, frequencies, and one mean of all estimators."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.divergences import energy_distance, expected_energy_distance
from keras_infovae.divergences.functional.energy import (
    energy_frequencies,
    mean_absolute_normal,
    random_directions,
    slice_constant,
)
from keras_infovae.utils import probability as tfp
from tests.contracts import normal_posterior

MEAN = tf.random.stateless_normal([10, 3], seed=[0, 1]) * 0.8
VARIANCE = tf.random.stateless_uniform([10, 3], seed=[0, 2], minval=0.05, maxval=0.6)


def mixture():
    tfd = tfp.distributions
    return tfd.MixtureSameFamily(
        tfd.Categorical(probs=[0.3, 0.7]),
        tfd.MultivariateNormalDiag([[-1.0, 0.0, 1.0], [0.5, 1.0, 0.0]], [[0.5] * 3, [1.2] * 3]),
    )


@pytest.mark.parametrize("unbiased", [True, False])
def test_of_samples_it_is_the_double_sum(unbiased):
    x = tf.random.stateless_normal([4, 3, 2], seed=[0, 0]).numpy()
    y = tf.random.stateless_normal([5, 2], seed=[0, 1]).numpy()
    flat, group = x.reshape(-1, 2), np.repeat(np.arange(4), 3)

    def distances(a, b):
        return np.linalg.norm(a[:, None] - b[None], axis=-1)

    keep_x = group[:, None] != group[None] if unbiased else np.ones([12, 12], bool)
    keep_y = ~np.eye(5, dtype=bool) if unbiased else np.ones([5, 5], bool)
    expected = 2 * distances(flat, y).mean()
    expected -= distances(flat, flat)[keep_x].mean() + distances(y, y)[keep_y].mean()
    np.testing.assert_allclose(energy_distance(x, y, unbiased), expected, rtol=1e-5)


def test_mean_of_the_folded_normal_and_its_gradient():
    mean = tf.constant([0.0, 0.4, -3.0, 50.0, 1.0])
    variance = tf.constant([1.0, 2.0, 0.5, 0.1, 0.0])
    with tf.GradientTape() as tape:
        tape.watch([mean, variance])
        value = mean_absolute_normal(mean, variance)
    sigma = np.sqrt(np.maximum(variance, 1e-12))
    ratio = mean.numpy() / sigma
    expected = sigma * np.sqrt(2 / np.pi) * np.exp(-0.5 * ratio**2)
    expected += mean.numpy() * (1 - 2 * scipy.stats.norm.cdf(-ratio))
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    by_mean, by_variance = tape.gradient(value, [mean, variance])
    np.testing.assert_allclose(by_mean, 1 - 2 * scipy.stats.norm.cdf(-ratio), atol=1e-6)
    np.testing.assert_allclose(by_variance, scipy.stats.norm.pdf(ratio) / sigma, rtol=1e-4)


@pytest.mark.parametrize(("latent_dim", "expected"), [(1, 1.0), (2, np.pi / 2), (3, 2.0)])
def test_slices_add_up_to_the_distance(latent_dim, expected):
    assert slice_constant(latent_dim) == pytest.approx(expected)
    directions = random_directions(20_000, latent_dim, [0, 0]).numpy()
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1.0, rtol=1e-5)
    values = expected * np.abs(directions @ np.arange(1.0, latent_dim + 1))
    error = values.std() / np.sqrt(len(values))
    assert abs(values.mean() - np.linalg.norm(np.arange(1.0, latent_dim + 1))) <= 4 * error + 1e-6


def test_population_value_between_two_normals_on_the_line():
    # N(1, 1) from N(0, 1): both differences are N(., 2).
    folded = scipy.stats.foldnorm.mean(1 / np.sqrt(2), scale=np.sqrt(2))
    expected = 2 * folded - 2 * np.sqrt(4 / np.pi)
    ones, zeros = tf.ones([5, 1]), tf.zeros([1, 1])
    value = expected_energy_distance(ones, ones, zeros, zeros + 1.0, 1)
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    w, weights = energy_frequencies(20_000, 1, tf.constant([0, 0]), 1.3)
    q, _ = normal_posterior(ones, ones)
    prior = ki.priors.StandardNormal().distribution(1)
    features = ki.divergences.squared_feature_distances(q, prior, w)
    # Strata of 1 / 20,000 leave next to no variance; float32 and the lowest frequency remain.
    np.testing.assert_allclose(tf.reduce_mean(weights * features), expected, rtol=2e-3)


@pytest.mark.parametrize("unbiased", [True, False])
@pytest.mark.parametrize("prior", ["normal", "mixture"])
def test_all_estimators_have_one_mean(prior, unbiased):
    prior = ki.priors.StandardNormal().distribution(3) if prior == "normal" else mixture()
    q, _ = normal_posterior(MEAN, VARIANCE)

    def moments(estimator, seeds, **options):
        divergence = ki.divergences.EnergyDistance(unbiased, estimator, **options)

        @tf.function
        def value(seed):
            if estimator == "sampled" and not unbiased:
                # The V-statistic pairs an example with itself by independent draws, as the closed
                # form does; of one draw those pairs are at distance 0.
                z = q.sample(2, seed=tf.stack([seed, 5]))
                y = prior.sample(200, seed=tf.stack([seed, 6]))
                both = energy_distance(tf.reshape(z, [-1, 3]), y, False)
                apart = [energy_distance(part, y, False) for part in tf.unstack(z)]
                within_y = energy_distance(y, y[:1], False)  # 2 E|y - y_0| - E|y - y'|
                to_first = 2.0 * tf.reduce_mean(tf.norm(y - y[:1], axis=1))
                bias = (to_first - within_y) / 199.0  # of leaving y = y' in
                return 2.0 * both - 0.5 * (apart[0] + apart[1]) - bias
            z = q.sample(seed=tf.stack([seed, 5]))
            return divergence(z, prior, q, seed=tf.stack([seed, 6]))

        values = np.array([value(tf.constant(seed)) for seed in range(seeds)])
        return values.mean(), values.std() / np.sqrt(seeds)

    closed, closed_error = moments("closed_form", 60)
    for estimator, options in (
        ("random_features", {}),
        ("sampled", {"num_samples": 8}),
    ):
        mean, error = moments(estimator, 80, **options)
        assert abs(mean - closed) < 4 * np.hypot(error, closed_error), estimator


def test_closed_form_takes_correlated_normals():
    tfd = tfp.distributions
    factor = tf.constant([[1.0, 0, 0], [0.5, 0.8, 0], [0.0, -0.4, 0.6]])
    q = tfd.MultivariateNormalTriL(MEAN, factor)
    prior = ki.priors.StandardNormal().distribution(3)
    closed = ki.divergences.EnergyDistance(estimator="closed_form", num_projections=4000)
    value = float(closed(q.sample(seed=[0, 0]), prior, q, seed=[0, 1]))
    sampled = ki.divergences.EnergyDistance(estimator="sampled", num_samples=8)
    values = [float(sampled(MEAN, prior, q, seed=[seed, 1])) for seed in range(40)]
    assert abs(np.mean(values) - value) < 4 * np.std(values) / np.sqrt(40)


def test_closed_form_is_refused_where_there_is_none():
    laplace = tfp.distributions.Independent(tfp.distributions.Laplace([0.0] * 3, [1.0] * 3), 1)
    with pytest.raises(ValueError, match="'sampled' unless the posterior is a normal"):
        ki.divergences.EnergyDistance(estimator="closed_form")(MEAN, laplace)


def test_works_on_the_sphere():
    uniform = tfp.distributions.SphericalUniform(3)
    divergence = ki.divergences.get("energy_distance")
    assert "sphere" in divergence.supports

    def value(seed, pole):
        z = tf.math.l2_normalize(uniform.sample(50, seed=[seed, 0]) + pole, axis=1)
        return float(divergence(z, uniform, seed=tf.constant([seed, 1])))

    equal = [value(seed, [0.0] * 3) for seed in range(20)]
    assert abs(np.mean(equal)) < 4 * np.std(equal) / np.sqrt(20)
    assert value(0, [0.0, 0.0, 1.0]) > 4 * np.std(equal)


def test_auto_is_the_same_where_the_size_of_the_batch_is_not_known():
    divergence = ki.divergences.get("energy_distance")
    prior = mixture()

    def value_and_gradient(mean):
        with tf.GradientTape() as tape:
            tape.watch(mean)
            q, z = normal_posterior(mean, 0.5 + 0.0 * mean)
            value = divergence(z, prior, q, seed=tf.constant([1, 1]))
        return value, tape.gradient(value, mean)

    unknown = tf.function(value_and_gradient, input_signature=[tf.TensorSpec([None, 3])])
    for count in (64, 65):  # the last of the closed form, the first of random features
        mean = tf.random.stateless_normal([count, 3], seed=[0, 0])
        for a, b in zip(unknown(mean), value_and_gradient(mean)):
            np.testing.assert_allclose(a, b, atol=1e-5)
