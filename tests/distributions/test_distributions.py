"""Priors, posteriors and likelihoods against closed forms."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

import keras_infovae as ki
from keras_infovae.distributions import diagonal_normal_moments
from keras_infovae.utils import probability as tfp

RNG = np.random.default_rng(0)


def test_standard_normal_log_density():
    z = RNG.normal(size=(4, 3)).astype("float32")
    prior = ki.priors.StandardNormal().distribution(3)
    assert prior.event_shape == [3] and prior.batch_shape == []
    np.testing.assert_allclose(prior.log_prob(z), stats.norm.logpdf(z).sum(-1), rtol=1e-5)


def test_diagonal_normal_moments_and_kl():
    parameters = RNG.normal(size=(4, 6)).astype("float32")
    q = ki.posteriors.DiagonalNormal().distribution(parameters)
    mean, log_variance = parameters[:, :3], 14 * np.tanh(parameters[:, 3:] / 14)
    np.testing.assert_allclose(q.mean(), mean, atol=1e-6)
    np.testing.assert_allclose(q.variance(), np.exp(log_variance), rtol=1e-5)
    # Kingma and Welling, arXiv:1312.6114, appendix B.
    expected = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(-1)
    kl = tfp.distributions.kl_divergence(q, ki.priors.StandardNormal().distribution(3))
    np.testing.assert_allclose(kl, expected, rtol=1e-5)


@pytest.mark.parametrize("extreme", [-1e6, 1e6])
def test_diagonal_normal_is_bounded_away_from_zero_and_infinity(extreme):
    q = ki.posteriors.DiagonalNormal().distribution([[0.0, extreme]])
    deviation = float(q.stddev()[0, 0])
    assert np.exp(-7.01) < deviation < np.exp(7.01)
    kl = tfp.distributions.kl_divergence(q, ki.priors.StandardNormal().distribution(1))
    assert np.isfinite(float(kl[0]))


def test_diagonal_normal_has_a_gradient_where_a_clip_has_none():
    with tf.GradientTape() as tape:
        raw = tf.constant([[0.0, 30.0]])
        tape.watch(raw)
        value = ki.posteriors.DiagonalNormal().distribution(raw).stddev()
    assert float(tape.gradient(value, raw)[0, 1]) > 0


def test_deterministic_is_a_point():
    q = ki.posteriors.Deterministic().distribution([[1.0, 2.0]])
    np.testing.assert_array_equal(q.sample(seed=[0, 0]), [[1.0, 2.0]])
    _, variance = diagonal_normal_moments(q)
    np.testing.assert_array_equal(variance, [[0.0, 0.0]])


def test_moments_are_none_for_other_distributions():
    tfd = tfp.distributions
    assert diagonal_normal_moments(tfd.Independent(tfd.Laplace([0.0], [1.0]), 1)) is None
    assert diagonal_normal_moments(tfd.MultivariateNormalTriL([0.0], [[1.0]])) is None
    mean, variance = diagonal_normal_moments(tfd.MultivariateNormalDiag([1.0], [2.0]))
    assert (float(mean[0]), float(variance[0])) == (1.0, 4.0)


def test_bernoulli_is_the_cross_entropy():
    logits = RNG.normal(size=(2, 4, 4, 1)).astype("float32")
    x = RNG.random((2, 4, 4, 1)).astype("float32")
    m = 1 / (1 + np.exp(-logits))
    p = ki.likelihoods.Bernoulli().distribution(logits)
    expected = (x * np.log(m) + (1 - x) * np.log(1 - m)).sum((1, 2, 3))
    np.testing.assert_allclose(p.log_prob(x), expected, rtol=1e-5)
    np.testing.assert_allclose(p.mean(), m, rtol=1e-5)
    assert set(np.unique(p.sample(seed=[0, 0]))) <= {0.0, 1.0}


def test_bernoulli_is_finite_at_extreme_logits():
    p = ki.likelihoods.Bernoulli().distribution([[-1e4, 1e4]])
    assert np.all(np.isfinite(p.log_prob([[1.0, 0.0]])))


def test_normal_counts_the_normalizer_once_per_value():
    mean = RNG.normal(size=(3, 5)).astype("float32")
    x = RNG.normal(size=(3, 5)).astype("float32")
    p = ki.likelihoods.Normal(scale=0.5).distribution(mean)
    expected = stats.norm.logpdf(x, mean, 0.5).sum(-1)
    np.testing.assert_allclose(p.log_prob(x), expected, rtol=1e-5)


def test_normal_with_a_global_scale_learned_by_gradient():
    likelihood = ki.likelihoods.Normal(scale_update="gradient")
    likelihood.build((5,))
    assert len(likelihood.trainable_weights) == 1
    np.testing.assert_allclose(likelihood.distribution(tf.zeros([1, 5])).stddev(), 1.01, rtol=1e-6)
    likelihood.log_scale.assign(-1e9)
    smallest = likelihood.distribution(tf.zeros([1, 5])).stddev()
    np.testing.assert_allclose(smallest, 0.01 + np.exp(-7.0), rtol=1e-4)


def test_normal_scale_learned_by_gradient_finds_the_maximum_likelihood_scale():
    x = tf.constant(RNG.normal(scale=0.3, size=(2000, 1)).astype("float32"))
    likelihood = ki.likelihoods.Normal(scale_update="gradient")
    likelihood.build((1,))
    optimizer = keras.optimizers.Adam(0.05)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(likelihood.distribution(tf.zeros_like(x)).log_prob(x))
        optimizer.apply([tape.gradient(loss, likelihood.log_scale.value)], [likelihood.log_scale])

    for _ in range(300):
        step()
    expected = np.sqrt(np.mean(x.numpy() ** 2))  # the maximum-likelihood estimate
    np.testing.assert_allclose(likelihood.distribution(x).stddev()[0, 0], expected, rtol=1e-3)


def test_normal_with_a_scale_per_value():
    likelihood = ki.likelihoods.Normal(scale="per_value")
    assert likelihood.parameter_shape((4, 4, 3)) == (4, 4, 3, 2)
    parameters = RNG.normal(size=(2, 5, 2)).astype("float32")
    p = likelihood.distribution(parameters)
    x = RNG.normal(size=(2, 5)).astype("float32")
    scale = 0.01 + np.exp(7 * np.tanh(parameters[..., 1] / 7))
    expected = stats.norm.logpdf(x, parameters[..., 0], scale).sum(-1)
    np.testing.assert_allclose(p.log_prob(x), expected, rtol=1e-4)
    np.testing.assert_allclose(p.mean(), parameters[..., 0])


@pytest.mark.parametrize("likelihood", ["bernoulli", "normal"])
def test_everything_is_float32_under_mixed_precision(likelihood):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        likelihood = ki.likelihoods.get(likelihood)
        likelihood.build((3,))
        half = tf.zeros([2, 3], tf.float16)
        assert likelihood.distribution(half).log_prob(tf.zeros([2, 3])).dtype == tf.float32
        assert all(weight.dtype == "float32" for weight in likelihood.weights)
        q = ki.posteriors.DiagonalNormal().distribution(tf.zeros([2, 4], tf.float16))
        assert q.mean().dtype == tf.float32
    finally:
        keras.config.set_dtype_policy("float32")
