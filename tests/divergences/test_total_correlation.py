"""Total correlation from the densities of a minibatch."""

import itertools

import keras
import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.divergences import stratified_total_correlation
from keras_infovae.utils import probability as tfp
from tests.contracts import normal_posterior

MEAN = tf.random.stateless_normal([6, 2], seed=[0, 1])
VARIANCE = tf.random.stateless_uniform([6, 2], seed=[0, 2], minval=0.05, maxval=1.0)


def log_densities(z, mean, variance):
    """Returns log q(z_i | x_j) per dimension, [n, n, latent_dim]."""
    z, mean, variance = (np.asarray(tensor, "float64") for tensor in (z, mean, variance))
    return scipy.stats.norm.logpdf(z[:, None], mean[None], np.sqrt(variance)[None])


def weights_of(count, dataset_size):
    """Returns the reference's weights of q(z_i|x_j), averaged over which j gets the odd one.

    The reference gives 1/N to the example itself, 1/M to M - 1 of the M others, and
    (N - M) / (N M) to the last (appendix C.2).
    """
    others = count - 1
    odd = (dataset_size - others) / (dataset_size * others)
    average = ((others - 1) / others + odd) / others
    return np.where(np.eye(count, dtype=bool), 1 / dataset_size, average)


@pytest.mark.parametrize("dataset_size", [6, 50, 10_000])
def test_it_is_the_reference_averaged_over_its_odd_example(dataset_size):
    _, z = normal_posterior(MEAN, VARIANCE)
    logs = log_densities(z, MEAN, VARIANCE)
    weights = weights_of(6, dataset_size)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    joint = scipy.special.logsumexp(logs.sum(axis=-1), axis=1, b=weights)
    marginals = scipy.special.logsumexp(logs, axis=1, b=weights[..., None]).sum(axis=-1)
    value = stratified_total_correlation(z, MEAN, VARIANCE, dataset_size)
    np.testing.assert_allclose(value, (joint - marginals).mean(), rtol=1e-4)


def test_the_density_is_unbiased_over_batches():
    densities = np.random.default_rng(0).random(6)  # q(z|x_j) at the z of example 0
    for count in (2, 4):
        row = weights_of(count, 6)[0]
        estimates = [
            row @ densities[[0, *others]]
            for others in itertools.combinations(range(1, 6), count - 1)
        ]
        np.testing.assert_allclose(np.mean(estimates), densities.mean())


def test_over_all_examples_it_is_the_total_correlation():
    # q(z) = (N([a, a], v I) + N([-a, -a], v I)) / 2, by quadrature
    a, v = 1.0, 0.3
    grid = np.linspace(-5, 5, 401)
    step = grid[1] - grid[0]
    upper, lower = (scipy.stats.norm.pdf(grid, mean, np.sqrt(v)) for mean in (a, -a))
    joint = 0.5 * (np.outer(upper, upper) + np.outer(lower, lower))
    marginal = 0.5 * (upper + lower)
    product = np.outer(marginal, marginal)
    expected = (joint * np.log(joint / product)).sum() * step**2
    q, z = normal_posterior(tf.constant([[a, a], [-a, -a]]), tf.fill([2, 2], v))
    prior = ki.priors.StandardNormal().distribution(2)
    divergence = ki.divergences.TotalCorrelation(num_samples=1000)
    values = [float(divergence(z, prior, q, seed=tf.constant([seed, 0]))) for seed in range(20)]
    assert abs(np.mean(values) - expected) < 4 * np.std(values) / np.sqrt(20)


def test_dataset_size_is_that_of_the_constructor_or_learned():
    q, z = normal_posterior(MEAN, VARIANCE)
    prior = ki.priors.StandardNormal().distribution(2)
    given, learned = (ki.divergences.TotalCorrelation(size) for size in (500, None))

    @tf.function
    def value(z):
        return learned(z, prior, q)

    learned.build(2)
    of_batch = stratified_total_correlation(z, MEAN, VARIANCE)
    np.testing.assert_allclose(value(z), of_batch, rtol=1e-5)
    learned.adapt(500)  # after the function was traced
    expected = stratified_total_correlation(z, MEAN, VARIANCE, 500)
    np.testing.assert_allclose(value(z), expected, rtol=1e-5)
    given.adapt(7)
    np.testing.assert_allclose(given(z, prior, q), expected, rtol=1e-5)
    learned.adapt(None)
    np.testing.assert_allclose(value(z), of_batch, rtol=1e-5)
    assert abs(float(of_batch - expected)) > 0.01
    assert learned == ki.divergences.TotalCorrelation()  # what it learned is no setting


def test_posteriors_without_a_density_per_dimension_are_refused():
    prior = ki.priors.StandardNormal().distribution(2)
    tfd = tfp.distributions
    for q in (None, tfd.VectorDeterministic(MEAN), tfd.MultivariateNormalTriL(MEAN, tf.eye(2))):
        with pytest.raises(ValueError, match="`posterior` must be 'diagonal_normal'"):
            ki.divergences.get("total_correlation")(MEAN, prior, q)


# === Blocks ===


def direct(z, mean, variance, dataset_size):
    """Returns the value and its gradients by all pairs at once, in float64."""
    n, draws, latent_dim = z.shape
    tensors = [tf.cast(tensor, tf.float64) for tensor in (z, mean, variance)]
    weights = np.repeat(weights_of(n, dataset_size), draws, axis=0)
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        z, mean, variance = tensors
        offset = tf.reshape(z, [-1, 1, latent_dim]) - mean
        logs = -0.5 * (offset**2 / variance + tf.math.log(2 * np.pi * variance))
        joint = tf.reduce_logsumexp(np.log(weights) + tf.reduce_sum(logs, axis=-1), axis=1)
        marginals = tf.reduce_logsumexp(np.log(weights)[..., None] + logs, axis=1)
        value = tf.reduce_mean(joint - tf.reduce_sum(marginals, axis=-1))
    return [value, *tape.gradient(value, tensors)]


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(
    ("n", "draws", "latent_dim", "elements"), [(7, 1, 3, 112), (5, 5, 1, 80), (6, 2, 2, 1)]
)
def test_blocks_have_value_and_gradients_of_the_direct_formula(
    monkeypatch, n, draws, latent_dim, elements, compiled
):
    from keras_infovae.divergences.functional import blockwise

    # Blocks of two rows of 7 and of 25, the last of which is not full; then single rows.
    monkeypatch.setattr(blockwise, "BLOCK_ELEMENTS", elements)
    mean = tf.random.stateless_normal([n, latent_dim], seed=[1, 1])
    # Deviations from 0.006 to 7, so that one density is far above another; in one dimension, where
    # all is 0 but for rounding, from 0.2 on.
    lowest = -10.0 if latent_dim > 1 else -3.0
    variance = tf.exp(tf.random.stateless_uniform([n, latent_dim], [1, 2], lowest, 4.0))
    noise = tf.random.stateless_normal([n, draws, latent_dim], seed=[1, 3])
    z = mean[:, None] + tf.sqrt(variance)[:, None] * noise

    @tf.function(jit_compile=compiled)
    def found(*tensors):
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            value = 3.0 * stratified_total_correlation(*tensors, dataset_size=50)
        return [value / 3.0, *[x / 3.0 for x in tape.gradient(value, tensors)]]

    for a, b in zip(found(z, mean, variance), direct(z, mean, variance, 50)):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-6 + 1e-5 * np.abs(b).max())


def test_the_number_of_examples_is_kept_with_the_model(tmp_path):
    x = np.random.default_rng(0).normal(size=(60, 4)).astype("float32")
    small = {"encoder": ki.networks.MLP([4]), "decoder": ki.networks.MLP([4]), "seed": 0}
    model = ki.BetaTCVAE(2, likelihood="normal", **small)
    model.fit(x, epochs=1, batch_size=20, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    found, expected = (m.evaluate(x[:20], batch_size=10, verbose=0) for m in (again, model))
    assert found == pytest.approx(expected, rel=1e-6)
    assert int(again.divergence.adapted_state()["num_examples"]) == 60
