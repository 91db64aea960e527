"""What a divergence scores at equality."""

import numpy as np
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.divergences.null import compiled_null, null_band, null_values
from keras_infovae.utils import probability as tfp
from tests.divergences.test_power import MeanSquare


def values_at(prior, rows, draws, scale=None):
    function = compiled_null(MeanSquare(), lambda: prior, rows)
    return null_values(function, draws, 0, None if scale is None else tf.constant(scale))


def test_values_are_those_of_batches_from_the_prior():
    prior = ki.priors.StandardNormal().distribution(4)
    values = values_at(prior, 50, draws=200)
    # |z|^2 / 4 has mean 1 and variance 2 / 4; the mean of 50 has variance 0.01.
    assert abs(values.mean() - 1) < 4 * 0.1 / np.sqrt(200)
    assert abs(values.std(ddof=1) / 0.1 - 1) < 4 / np.sqrt(2 * 199)
    scaled = values_at(prior, 50, draws=200, scale=0.5)
    np.testing.assert_allclose(scaled, values / 4, rtol=1e-5)  # the same z, at half their length


def test_the_spread_is_scaled_about_the_mean_of_the_prior():
    tfd = tfp.distributions
    shifted = tfd.MultivariateNormalDiag(tf.fill([3], 7.0), tf.fill([3], 2.0))
    at_mean = values_at(shifted, 8, draws=2, scale=0.0)
    np.testing.assert_allclose(at_mean, 49.0, rtol=1e-6)
    log_normal = tfd.TransformedDistribution(
        tfd.MultivariateNormalDiag(tf.fill([3], 2.0), tf.fill([3], 0.1)), tfp.bijectors.Exp()
    )
    mean = np.exp(2.0 + 0.1**2 / 2)  # which TFP does not know: 4,096 samples give it
    error = mean * 0.1 / np.sqrt(4096)
    at_mean = values_at(log_normal, 8, draws=2, scale=0.0)
    assert np.all(abs(np.sqrt(at_mean) - mean) < 4 * error)


def test_the_band_holds_nine_tenths():
    assert null_band(np.arange(101.0)) == (5.0, 95.0)
