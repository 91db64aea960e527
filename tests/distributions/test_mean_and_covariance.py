"""The moments of priors and of posteriors: exact where they are known, unbiased where not."""

import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.distributions import posterior_moments, prior_moments
from keras_infovae.utils import probability as tfp
from tests.distributions.softplus_normal import softplus_normal

tfd = tfp.distributions
SEED = tf.constant([0, 0])
WEIGHTS = np.array([0.2, 0.5, 0.3])
MEANS = np.array([[-1.0, 0.0, 9.0], [0.5, 1.0, 0.0], [2.0, -3.0, 1.0]])
SCALES = np.array([[0.5, 1.0, 0.1], [1.2, 0.3, 1.0], [1.0, 1.0, 2.0]])
FACTORS = np.array([np.diag(s) + np.tril(np.full([3, 3], 0.4), -1) for s in SCALES])


def float32(*arrays):
    return [tf.constant(array, tf.float32) for array in arrays]


def components(kind):
    """Returns TFP distributions with batch shape [3], and their covariances."""
    means, scales, factors = float32(MEANS, SCALES, FACTORS)
    diagonal = [np.diag(s**2) for s in SCALES]
    return {
        "normal": (lambda: tfd.Independent(tfd.Normal(means, scales), 1), diagonal),
        "diagonal": (lambda: tfd.MultivariateNormalDiag(means, scales), diagonal),
        "full": (
            lambda: tfd.MultivariateNormalTriL(means, factors),
            FACTORS @ FACTORS.transpose(0, 2, 1),
        ),
        "laplace": (
            lambda: tfd.Independent(tfd.Laplace(means, scales), 1),
            [2 * covariance for covariance in diagonal],
        ),
        "point": (lambda: tfd.VectorDeterministic(means), np.zeros([3, 3, 3])),
    }[kind]


def of_mixture(covariances):
    center = WEIGHTS @ MEANS
    between = (WEIGHTS[:, None] * (MEANS - center)).T @ (MEANS - center)
    return center, np.tensordot(WEIGHTS, covariances, 1) + between


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("kind", ["normal", "diagonal", "full", "laplace", "point"])
def test_moments_of_a_mixture(kind, full):
    make, covariances = components(kind)
    weights = tfd.Categorical(probs=float32(WEIGHTS)[0])
    mixtures = [tfd.MixtureSameFamily(weights, make())]
    mixtures.append(tfd.Mixture(weights, [make()[k] for k in range(3)]))
    center, expected = of_mixture(covariances)
    for mixture in mixtures:
        mean, covariance = prior_moments(mixture, SEED, full)
        np.testing.assert_allclose(mean, center, atol=1e-6)
        np.testing.assert_allclose(
            covariance, expected if full else np.diag(expected), rtol=1e-6, atol=1e-5
        )


@pytest.mark.parametrize("kind", ["normal", "diagonal", "full", "laplace", "point"])
def test_moments_of_a_single_distribution_and_of_a_batch(kind):
    make, covariances = components(kind)
    mean, covariance = prior_moments(make()[1], SEED, full=True)
    np.testing.assert_allclose(mean, MEANS[1], rtol=1e-6)
    np.testing.assert_allclose(covariance, covariances[1], rtol=1e-6)
    for full in (True, False):
        means, within, error = posterior_moments(make(), 8, SEED, full)
        np.testing.assert_allclose(means, MEANS, rtol=1e-6)
        expected = np.mean(covariances, axis=0)
        np.testing.assert_allclose(within, expected if full else np.diag(expected), rtol=1e-6)
        np.testing.assert_array_equal(error, np.zeros_like(within))


@pytest.mark.parametrize(
    "posterior", ["diagonal_normal", "full_covariance_normal", "householder", "deterministic"]
)
def test_moments_of_a_vamp_prior_are_exact_and_reach_its_pseudo_inputs(posterior):
    posterior = ki.posteriors.get(posterior)
    prior = ki.priors.VampPrior(5)
    prior.build(3, (posterior.parameter_size(3),))
    with tf.GradientTape() as tape:
        distribution = prior.distribution(3, posterior.distribution)
        mean, covariance = prior_moments(distribution, SEED, full=True)
    assert np.any(tape.gradient(covariance, prior.raw_inputs.value))
    z = distribution.sample(200_000, seed=SEED).numpy().astype("float64")
    deviations = z - z.mean(axis=0)
    products = deviations[:, :, None] * deviations[:, None]
    np.testing.assert_array_less(
        np.abs(covariance - products.mean(axis=0)),
        5 * products.std(axis=0) / np.sqrt(len(z)) + 1e-5,
    )
    np.testing.assert_array_less(np.abs(mean - z.mean(axis=0)), 5 * z.std(axis=0) / len(z) ** 0.5)


def test_moments_that_are_not_known_are_sampled():
    prior = softplus_normal(tf.zeros([2]))
    with pytest.raises(NotImplementedError):
        prior.mean()
    # 4,096 samples of marginals that have the standard deviation 0.58
    softplus = np.log1p(np.exp(np.random.default_rng(0).normal(size=10**6)))
    mean, variance = prior_moments(prior, SEED, full=False)
    np.testing.assert_allclose(mean, [softplus.mean()] * 2, atol=4 * 0.58 / 64)
    np.testing.assert_allclose(variance, [softplus.var()] * 2, atol=4 * 0.6 * 0.58**2 * 2 / 64)
    _, covariance = prior_moments(prior, SEED, full=True)
    np.testing.assert_allclose(np.diag(covariance), variance, rtol=1e-5)
    means, within, error = posterior_moments(softplus_normal(tf.zeros([9, 2])), 1, SEED, True)
    assert means.shape == (9, 2) and not np.any(within) and not np.any(error)  # taken for points
