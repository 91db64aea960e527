"""Log-probabilities of counts, and their gradients, against float64."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

import keras_infovae as ki
from keras_infovae.distributions.likelihoods.count_probabilities import (
    log_negative_binomial,
    log_poisson,
)

MEANS = 10.0 ** np.arange(-3, 8)
# An operation in float32 rounds by 2^-24 of its result; about four of them stand in a row.
ROUNDING = 2.0**-22
MODES = {
    "eager": lambda function: function,
    "graph": tf.function,
    "XLA": lambda function: tf.function(function, jit_compile=True),
}


def counts_and_log_means(dispersion=0.0):
    """Returns float32 [n] each: with every mean the counts 0 to 9, some near it and some far."""
    x, log_mean = [], []
    for mean in MEANS:
        deviation = np.sqrt(mean + dispersion * mean**2)
        near = mean + deviation * np.array([-3, -1, -0.1, 0, 0.1, 1, 3])
        far = mean * np.array([0.01, 0.3, 0.4999, 0.5001, 1.99, 2.01, 10])
        values = np.concatenate([np.arange(10), near, far])
        x.append(np.unique(np.maximum(np.round(values), 0)))
        log_mean.append(np.full(len(x[-1]), np.log(mean)))
    return np.concatenate(x).astype("float32"), np.concatenate(log_mean).astype("float32")


def value_and_gradients(function, mode, x, *parameters):
    """Returns the values and the gradients to the parameters, NumPy float64."""

    @MODES[mode]
    def both(x, *parameters):
        with tf.GradientTape() as tape:
            tape.watch(parameters)
            values = function(x, *parameters)
        return values, *tape.gradient(values, parameters)

    return [part.numpy().astype("float64") for part in both(*map(tf.constant, (x, *parameters)))]


@pytest.mark.parametrize("mode", MODES)
def test_poisson(mode):
    x, log_mean = counts_and_log_means()
    value, gradient = value_and_gradients(log_poisson, mode, x, log_mean)
    x, mean = x.astype("float64"), np.exp(log_mean.astype("float64"))
    expected = stats.poisson.logpmf(x, mean)
    # A mean that is rounded moves log p by |x - m| of it; the logarithm of a ratio far from 1 is a
    # difference of numbers up to 18, each rounded by 2^-20.
    error = 2e-6 + ROUNDING * np.abs(x - mean) + 2.0**-18 * np.abs(expected)
    assert np.all(np.abs(value - expected) < error)
    assert np.all(np.abs(gradient - (x - mean)) < ROUNDING * (x + mean))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dispersion", [1e-6, 1e-3, 0.05, 1.0, 1e3])
def test_negative_binomial(dispersion, mode):
    x, log_mean = counts_and_log_means(dispersion)
    arguments = x, log_mean, np.full_like(x, np.log(dispersion))
    value, by_mean, by_dispersion = value_and_gradients(log_negative_binomial, mode, *arguments)
    x, mean, size = x.astype("float64"), *np.exp([log_mean, -arguments[2]], dtype="float64")
    expected = special.gammaln(x + size) - special.gammaln(size) - special.gammaln(x + 1)
    expected += special.xlog1py(-size, mean / size) + special.xlogy(x, mean / (size + mean))
    excess, scale = ((x + sign * mean) * size / (size + mean) for sign in (-1, 1))
    error = 2e-6 + ROUNDING * np.abs(excess) + 2.0**-18 * np.abs(expected)
    assert np.all(np.abs(value - expected) < error)
    # Where the mean is far above 1 / d, terms of the size of x < 5 cancel in the gradient.
    assert np.all(np.abs(by_mean - excess) < 2e-6 + 4 * ROUNDING * scale)
    slope = special.digamma(x + size) - special.digamma(size) - np.log1p(mean / size)
    expected = excess - size * slope
    # The reference itself is a difference of terms of the size of 1 / d, in float64.
    error = 1e-15 * size + 1e-8 + 1e-5 * (np.abs(expected) + x / (x + size))
    error += ROUNDING * np.abs(excess) * (x + mean) / (size + mean)  # a mean that is rounded
    assert np.all(np.abs(by_dispersion - expected) < error)


@pytest.mark.parametrize("mode", MODES)
def test_values_and_gradients_are_finite_at_extremes(mode):
    grid = np.meshgrid(
        [0.0, 1.0, 4.0, 5.0, 1e7], [-1e4, -90.0, -20.0, 20.0, 80.0], np.log([1e-12, 1e-3, 1e3])
    )
    x, log_mean, log_dispersion = (axis.ravel().astype("float32") for axis in grid)
    found = value_and_gradients(log_poisson, mode, x, log_mean)
    found += value_and_gradients(log_negative_binomial, mode, x, log_mean, log_dispersion)
    assert np.all(np.isfinite(found))
    unlikely = (x > 0) == (log_mean < 0)
    assert np.all(found[0][unlikely] < -15)
    # XLA's log(0!) is 5e-7.
    np.testing.assert_allclose(found[0][(x == 0) & (log_mean < 0)], 0.0, atol=6e-7)


def test_no_dispersion_is_a_poisson():
    x, log_mean = counts_and_log_means()
    value = log_negative_binomial(x, log_mean, np.log(1e-15).astype("float32"))
    np.testing.assert_allclose(value, log_poisson(x, log_mean), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("likelihood", ["poisson", "negative_binomial"])
def test_large_counts_keep_their_digits_in_the_likelihood(likelihood):
    raw = np.full((1000, 1), 20 * np.arctanh(np.log(1e7) / 20), "float32")
    likelihood = ki.likelihoods.get(likelihood)
    likelihood.build((1,))
    log_mean = likelihood.log_mean(raw, None).numpy().astype("float64")[:, 0]
    rng = np.random.default_rng(0)
    if isinstance(likelihood, ki.likelihoods.Poisson):
        x = rng.poisson(1e7, 1000)
        expected = stats.poisson.logpmf(x, np.exp(log_mean))
    else:  # at first, the dispersion is 1
        x = rng.geometric(1e-7, 1000) - 1
        expected = stats.geom.logpmf(x + 1, 1 / (1 + np.exp(log_mean)))
    error = likelihood.distribution(raw).log_prob(x[:, None].astype("float32")) - expected
    # With log(x!) it is 12 nats for the Poisson: three terms of 1.6e8 are each rounded by 8.
    assert np.sqrt(np.mean(error**2)) < 1e-3
