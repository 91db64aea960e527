"""Likelihoods of counts against SciPy, and the library size."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

import keras_infovae as ki

RNG = np.random.default_rng(0)
X = np.array([[0, 1, 5, 200], [3, 0, 0, 1]], "float32")
RAW = RNG.normal(size=(2, 4)).astype("float32")
LOG_MEAN = 20 * np.tanh(RAW / 20)
LIBRARY = X.sum(1, keepdims=True)
LOG_SHARE = special.log_softmax(RAW.astype("float64"), axis=1)


def negative_binomial(x, log_mean, dispersion):
    size = 1 / dispersion
    return stats.nbinom.logpmf(x, size, size / (size + np.exp(log_mean)))


def test_poisson():
    p = ki.likelihoods.Poisson().distribution(RAW)
    expected = stats.poisson.logpmf(X, np.exp(LOG_MEAN)).sum(-1)
    np.testing.assert_allclose(p.log_prob(X), expected, rtol=1e-5)
    np.testing.assert_allclose(p.mean(), np.exp(LOG_MEAN), rtol=1e-5)


def test_poisson_with_the_library_size_of_each_example():
    likelihood = ki.likelihoods.Poisson("observed")
    likelihood.build((4,))
    p = likelihood.distribution(RAW, likelihood.context(tf.constant(X)))
    np.testing.assert_allclose(p.mean().numpy().sum(1), LIBRARY[:, 0], rtol=1e-5)
    expected = stats.poisson.logpmf(X, LIBRARY * np.exp(LOG_SHARE)).sum(-1)
    np.testing.assert_allclose(p.log_prob(X), expected, rtol=1e-5)


@pytest.mark.parametrize("dispersion", [0.01, 0.7, 30.0])
def test_negative_binomial(dispersion):
    p = ki.likelihoods.NegativeBinomial(dispersion).distribution(RAW)
    expected = negative_binomial(X, LOG_MEAN, dispersion).sum(-1)
    np.testing.assert_allclose(p.log_prob(X), expected, rtol=1e-4)
    mean = np.exp(LOG_MEAN)
    np.testing.assert_allclose(p.mean(), mean, rtol=1e-5)
    np.testing.assert_allclose(p.variance(), mean + dispersion * mean**2, rtol=1e-4)


def test_negative_binomial_goes_to_the_poisson():
    p = ki.likelihoods.NegativeBinomial(1e-6).distribution(RAW[1:])
    expected = ki.likelihoods.Poisson().distribution(RAW[1:]).log_prob(X[1:])
    np.testing.assert_allclose(p.log_prob(X[1:]), expected, rtol=1e-4)


def test_negative_binomial_dispersion_per_column_and_per_value():
    raw = np.array([-1.0, 0.0, 0.5, 2.0], "float32")
    dispersion = np.exp(7 * np.tanh(raw / 7))
    expected = negative_binomial(X, LOG_MEAN, dispersion).sum(-1)
    likelihood = ki.likelihoods.NegativeBinomial()
    likelihood.build((4,))
    assert likelihood.scaled_log_dispersion.shape == (4,)
    likelihood.scaled_log_dispersion.assign(raw / 10)  # a step of the optimizer counts ten times
    np.testing.assert_allclose(likelihood.distribution(RAW).log_prob(X), expected, rtol=1e-4)
    likelihood = ki.likelihoods.NegativeBinomial("per_value")
    assert likelihood.parameter_shape((4,)) == (4, 2)
    parameters = np.stack([RAW, np.broadcast_to(raw, RAW.shape)], axis=-1)
    np.testing.assert_allclose(likelihood.distribution(parameters).log_prob(X), expected, rtol=1e-4)


def test_zero_inflated_negative_binomial():
    logits = RNG.normal(size=(2, 4)).astype("float32")
    likelihood = ki.likelihoods.ZeroInflatedNegativeBinomial(0.7)
    assert likelihood.parameter_shape((4,)) == (4, 2)
    p = likelihood.distribution(np.stack([RAW, logits], axis=-1))
    inflated = special.expit(logits)
    counts = np.exp(negative_binomial(X, LOG_MEAN, 0.7))
    expected = np.log(inflated * (X == 0) + (1 - inflated) * counts).sum(-1)
    np.testing.assert_allclose(p.log_prob(X), expected, rtol=1e-4)
    np.testing.assert_allclose(p.mean(), (1 - inflated) * np.exp(LOG_MEAN), rtol=1e-5)


def test_zero_inflated_negative_binomial_per_value_with_the_library_size():
    likelihood = ki.likelihoods.ZeroInflatedNegativeBinomial("per_value", "observed")
    likelihood.build((4,))
    assert likelihood.parameter_shape((4,)) == (4, 3)
    parameters = np.stack([RAW, np.full_like(RAW, -1e4), np.zeros_like(RAW)], axis=-1)
    p = likelihood.distribution(parameters, likelihood.context(tf.constant(X)))
    expected = negative_binomial(X, np.log(LIBRARY) + LOG_SHARE, 1.0).sum(-1)
    np.testing.assert_allclose(p.log_prob(X), expected, rtol=1e-4)


@pytest.mark.parametrize("alias", ["poisson", "negative_binomial"])
def test_shares_of_the_library_are_of_all_values_of_an_image(alias):
    likelihood = type(ki.likelihoods.get(alias))(library_size="observed")
    likelihood.build((2, 2, 1))
    x = tf.constant(X.reshape(2, 2, 2, 1))
    p = likelihood.distribution(RAW.reshape(2, 2, 2, 1), likelihood.context(x))
    assert p.batch_shape == [2] and p.event_shape == [2, 2, 1]
    np.testing.assert_allclose(
        p.mean().numpy().reshape(2, 4), LIBRARY * np.exp(LOG_SHARE), rtol=1e-5
    )


def test_new_examples_have_the_median_library_size():
    likelihood = ki.likelihoods.Poisson("observed")
    likelihood.build((4,))
    assert not likelihood.trainable_weights and len(likelihood.weights) == 3
    likelihood.adapt(np.array([[1, 0, 0, 2], [4, 4, 0, 0], [200, 200, 200, 200]], "uint8"))
    total = likelihood.distribution(RAW).mean().numpy().sum(1)
    np.testing.assert_allclose(total, [8.0, 8.0], rtol=1e-5)


@pytest.mark.parametrize("library_size", [None, "observed"])
def test_dispersions_start_from_the_moments_of_the_first_training_data(library_size):
    size = np.tile([0.5, 2.0, 10.0, 50.0], 25)
    library = RNG.uniform(0.5, 2.0, [4000, 1]) if library_size else 1.0
    mean = library * np.tile([20.0, 10.0, 5.0, 50.0], 25)
    x = RNG.negative_binomial(size, size / (size + mean), (4000, 100)).astype("float32")
    likelihood = ki.likelihoods.NegativeBinomial("global", library_size)
    likelihood.build((100,))
    likelihood.adapt(x)
    p = likelihood.distribution(tf.zeros([1, 100]))
    found = ((p.variance() - p.mean()) / p.mean() ** 2).numpy().reshape(25, 4)
    # The sum of 100 values, of which shares are taken, varies a little by itself.
    np.testing.assert_allclose(found.mean(axis=0), 1 / size[:4], rtol=0.1, atol=0.005)
    before = likelihood.scaled_log_dispersion.numpy()
    likelihood.adapt(10 + x)  # what a network has learned goes with the first
    np.testing.assert_array_equal(likelihood.scaled_log_dispersion, before)


def test_a_decoder_of_zeros_gives_the_shares_of_the_training_data():
    likelihood = ki.likelihoods.Poisson("observed")
    likelihood.build((4,))
    likelihood.adapt(X)
    mean = likelihood.distribution(np.zeros((1, 4), "float32"), [[106.0]]).mean()
    sums = X.sum(0) + 0.5
    np.testing.assert_allclose(mean[0], 106 * sums / sums.sum(), rtol=1e-5)


def test_an_example_without_counts_is_finite():
    likelihood = ki.likelihoods.Poisson("observed")
    likelihood.build((4,))
    likelihood.adapt(np.zeros((3, 4), "float32"))
    context = likelihood.context(tf.zeros([2, 4]))
    np.testing.assert_array_equal(context, [[1.0], [1.0]])
    assert np.all(np.isfinite(likelihood.distribution(RAW, context).log_prob(0 * X)))


def test_the_encoder_sees_logarithms():
    features = ki.likelihoods.NegativeBinomial().features(tf.constant(X))
    np.testing.assert_allclose(features, np.log1p(X), rtol=1e-6)
    assert ki.likelihoods.NegativeBinomial().context(tf.constant(X)) is None


@pytest.mark.parametrize(
    "alias", ["poisson", "negative_binomial", "zero_inflated_negative_binomial"]
)
def test_what_are_no_counts_is_refused(alias):
    likelihood = ki.likelihoods.get(alias)
    assert likelihood.accepts_integers
    with pytest.raises(ValueError, match=r"`x` must be at least 0 .*from -1 to 3\. Counts"):
        likelihood.check_range("x", np.array([[0.0, -1.0], [2.0, 3.0]]))
    with pytest.raises(ValueError, match=r"`x` must hold counts.*x\[1, 0\] = 2\.5"):
        likelihood.check_values("x", np.array([[0.0, 1.0], [2.5, 3.0]]))
