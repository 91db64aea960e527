"""Moment matching and the covariance penalty: moments, and what is made of them."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import special

import keras_infovae as ki
from keras_infovae.divergences import covariance_penalty, diagonal_normal_kl, normal_kl
from keras_infovae.divergences.moments import aggregated_moments
from keras_infovae.utils import probability as tfp
from tests.contracts import normal_posterior
from tests.distributions.softplus_normal import softplus_normal

MEAN = tf.random.stateless_normal([9, 3], seed=[0, 1])
VARIANCE = tf.random.stateless_uniform([9, 3], seed=[0, 2], minval=0.05, maxval=1.0)
COVARIANCE = tf.constant([[1.0, 0.5, 0.0], [0.5, 2.0, -0.3], [0.0, -0.3, 0.7]])


# === Moments ===


@pytest.mark.parametrize("full", [True, False])
def test_total_covariance_is_that_of_many_draws(full):
    q, z = normal_posterior(MEAN, VARIANCE)
    mean, within, between = aggregated_moments(z, q, 8, tf.constant([0, 0]), full)
    np.testing.assert_allclose(mean, np.mean(MEAN, axis=0), atol=1e-6)
    expected = np.diag(np.mean(VARIANCE, axis=0))
    np.testing.assert_allclose(within, expected if full else np.diag(expected), rtol=1e-4)
    expected = np.cov(MEAN, rowvar=False)
    np.testing.assert_allclose(between, expected if full else np.diag(expected), atol=1e-5)


def test_moments_that_q_does_not_know_are_estimated_without_bias():
    q = softplus_normal(MEAN)
    with pytest.raises(NotImplementedError):
        q.covariance()
    softplus = np.log1p(np.exp(np.random.default_rng(0).normal(size=10**6)))
    estimates = []
    for seed in range(200):
        _, within, between = aggregated_moments(MEAN, q, 4, tf.constant([seed, 0]), True)
        estimates.append([within[0, 0], within[0, 1], between[0, 0], between[0, 1]])
    expected = [softplus.var(), 0.0, *np.cov(MEAN, rowvar=False)[0, :2]]
    errors = np.std(estimates, axis=0) / np.sqrt(200)
    assert np.all(np.abs(np.mean(estimates, axis=0) - expected) < 4 * errors)


def test_points_have_no_spread_of_their_own():
    for posterior in (None, tfp.distributions.VectorDeterministic(MEAN)):
        _, within, between = aggregated_moments(MEAN, posterior, 8, tf.constant([0, 0]), True)
        np.testing.assert_array_equal(within, np.zeros([3, 3]))
        np.testing.assert_allclose(between, np.cov(MEAN, rowvar=False), atol=1e-5)


# === KL between normals ===


def test_kl_is_that_of_two_normals():
    tfd = tfp.distributions
    variance, prior_variance = tf.constant([0.5, 2.0, 1.0]), tf.constant([1.0, 0.7, 3.0])
    p = tfd.MultivariateNormalDiag(MEAN[1], tf.sqrt(prior_variance))
    q = tfd.MultivariateNormalDiag(MEAN[0], tf.sqrt(variance))
    value = diagonal_normal_kl(MEAN[0], variance, MEAN[1], prior_variance)
    np.testing.assert_allclose(value, tfd.kl_divergence(q, p), rtol=1e-5)
    other = COVARIANCE + 0.5 * tf.eye(3)
    q = tfd.MultivariateNormalTriL(MEAN[0], tf.linalg.cholesky(COVARIANCE))
    p = tfd.MultivariateNormalTriL(MEAN[1], tf.linalg.cholesky(other))
    value = normal_kl(MEAN[0], COVARIANCE, MEAN[1], other)
    # The ridge of 1e-4 moves eigenvalues that are not 1 by about as much.
    np.testing.assert_allclose(value, tfd.kl_divergence(q, p), rtol=1e-3)
    assert abs(float(normal_kl(MEAN[0], COVARIANCE, MEAN[0], COVARIANCE))) < 1e-6


def test_a_covariance_of_less_than_full_rank_has_a_finite_value_and_gradient():
    prior = ki.priors.StandardNormal().distribution(20)
    divergence = ki.divergences.MomentMatching("full")
    for scale in (1e-6, 1.0, 1e6):
        z = scale * tf.random.stateless_normal([5, 20], seed=[0, 0])
        with tf.GradientTape() as tape:
            tape.watch(z)
            value = divergence(z, prior)
        assert np.isfinite(value) and np.all(np.isfinite(tape.gradient(value, z))), scale


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
def test_moment_matching_takes_the_moments_of_all_z(covariance):
    tfd = tfp.distributions
    q, z = normal_posterior(MEAN, VARIANCE)
    prior = tfd.MultivariateNormalTriL([1.0, 0.0, 0.0], tf.linalg.cholesky(COVARIANCE))
    total = np.diag(np.mean(VARIANCE, axis=0)) + np.cov(MEAN, rowvar=False).astype("float32")
    value = ki.divergences.MomentMatching(covariance)(z, prior, q)
    target = COVARIANCE.numpy()
    if covariance == "diagonal":
        total, target = np.diag(np.diag(total)), np.diag(np.diag(target))
    exact = tfd.kl_divergence(
        tfd.MultivariateNormalTriL(np.mean(MEAN, axis=0), tf.linalg.cholesky(total)),
        tfd.MultivariateNormalTriL([1.0, 0.0, 0.0], tf.linalg.cholesky(target)),
    )
    np.testing.assert_allclose(value, exact, rtol=2e-3)


# === The covariance penalty ===


@pytest.mark.parametrize("kind", ["i", "ii"])
def test_dip_vae(kind):
    q, z = normal_posterior(MEAN, VARIANCE)
    prior = ki.priors.StandardNormal().distribution(3)
    covariance = np.cov(MEAN, rowvar=False)
    if kind == "ii":
        covariance += np.diag(np.mean(VARIANCE, axis=0))
    squares = (covariance - np.eye(3)) ** 2
    diagonal = np.trace(squares)
    off_diagonal = squares.sum() - diagonal
    value = ki.divergences.CovariancePenalty(kind, 2.0, 5.0)(z, prior, q)
    np.testing.assert_allclose(value, 2.0 * off_diagonal + 5.0 * diagonal, rtol=1e-4)
    default = ki.divergences.CovariancePenalty(kind)(z, prior, q)
    expected = off_diagonal + (10.0 if kind == "i" else 1.0) * diagonal
    np.testing.assert_allclose(default, expected, rtol=1e-4)


def test_the_target_is_the_covariance_of_the_prior():
    tfd = tfp.distributions
    prior = tfd.MultivariateNormalTriL([5.0] * 3, tf.linalg.cholesky(COVARIANCE))
    q = tfd.MultivariateNormalTriL(tf.zeros([4, 3]), tf.linalg.cholesky(COVARIANCE))
    value = ki.divergences.get("covariance")(tf.zeros([4, 3]), prior, q)
    assert abs(float(value)) < 1e-10
    assert float(covariance_penalty(COVARIANCE, tf.eye(3), 1.0, 0.0)) == pytest.approx(0.68)


# === Mixtures ===


@pytest.mark.parametrize(
    "divergence",
    [
        ki.divergences.CovariancePenalty("ii"),
        ki.divergences.MomentMatching("full"),
        ki.divergences.MomentMatching("diagonal"),
    ],
    ids=str,
)
def test_the_gradient_to_a_mixture_is_that_of_its_closed_form(divergence):
    """Against central differences of the closed form in float64."""
    rng = np.random.default_rng(0)
    prior = ki.priors.GaussianMixture(4)
    prior.build(3)
    variables = [prior.logits, prior.means, prior.log_variances]
    for variable in variables:
        variable.assign(rng.normal(size=variable.shape))
    q, z = normal_posterior(MEAN, VARIANCE)
    with tf.GradientTape() as tape:
        value = divergence(z, prior.distribution(3), q)
    gradients = tape.gradient(value, [variable.value for variable in variables])

    own = np.diag(np.mean(VARIANCE, axis=0)) + np.cov(MEAN, rowvar=False)

    def exact(logits, means, log_variances):
        weights = special.softmax(logits)
        center = weights @ means
        target = np.diag(weights @ np.exp(7 * np.tanh(log_variances / 7)))
        target += (weights[:, None] * (means - center)).T @ (means - center)
        if isinstance(divergence, ki.divergences.CovariancePenalty):
            return np.sum((own - target) ** 2)
        left, right = own, target
        if divergence.covariance == "diagonal":
            left, right = np.diag(np.diag(own)), np.diag(np.diag(target))
        shift = np.mean(MEAN, axis=0) - center
        ratio = np.linalg.solve(right, left)
        kl = np.trace(ratio) + shift @ np.linalg.solve(right, shift) - 3
        return 0.5 * (kl - np.linalg.slogdet(ratio)[1])

    values = [variable.numpy().astype("float64") for variable in variables]
    np.testing.assert_allclose(value, exact(*values), rtol=2e-3)  # KL has a ridge of 1e-4
    for i, gradient in enumerate(gradients):
        expected = np.empty(values[i].shape)
        for entry in np.ndindex(*expected.shape):
            sides = []
            for step in (1e-5, -1e-5):
                moved = [np.copy(array) for array in values]
                moved[i][entry] += step
                sides.append(exact(*moved))
            expected[entry] = (sides[0] - sides[1]) / 2e-5
        scale = np.abs(expected).max()
        assert scale > 0.01
        np.testing.assert_allclose(gradient, expected, rtol=2e-3, atol=2e-3 * scale)
