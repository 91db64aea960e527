"""Cov[q(z)] in closed form, against draws and against encoders for which it is known."""

import tracemalloc

import keras
import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.evaluation import (
    active_units,
    aggregated_posterior_covariance,
    log_det_covariance,
    posterior_moments,
)
from keras_infovae.evaluation.moments import moments_of
from keras_infovae.models.capabilities import Capabilities
from tests.evaluation.normal_model import NormalModel


def linear_encoder_model(kernel, variance, posterior="diagonal_normal"):
    """Returns a model with q(z|x) = N(kernel' x, diag(variance)), kernel [features, latent_dim]."""
    features, latent_dim = kernel.shape
    size = latent_dim if posterior == "deterministic" else 2 * latent_dim
    layer = keras.layers.Dense(size)
    encoder = keras.Sequential([keras.Input((features,)), layer])
    bias = np.zeros(size)
    if posterior != "deterministic":
        kernel = np.concatenate([kernel, np.zeros_like(kernel)], axis=1)
        bias[latent_dim:] = 14.0 * np.arctanh(np.log(variance) / 14.0)  # undoes the bound on it
    layer.set_weights([kernel, bias])
    model = ki.InfoVAE(
        latent_dim, alpha=1.0, posterior=posterior, likelihood="normal", encoder=encoder, seed=0
    )
    model.build((None, features))
    return model


def white_data(n, features, seed=0):
    """Returns x [n, features] whose mean over the n is exactly 0 and covariance exactly I."""
    x = np.random.default_rng(seed).normal(size=(n, features))
    x -= x.mean(axis=0)
    return np.linalg.svd(x, full_matrices=False)[0] * np.sqrt(n)


def test_log_det_is_zero_for_an_encoder_that_matches_the_prior():
    variance = np.array([0.9, 0.5, 0.01])
    model = linear_encoder_model(np.diag(np.sqrt(1 - variance)), variance)
    x = white_data(100, 3)
    np.testing.assert_allclose(aggregated_posterior_covariance(model, x), np.eye(3), atol=1e-5)
    assert abs(log_det_covariance(model, x)) < 1e-5


@pytest.mark.parametrize(("factor", "expected"), [(2.0, 3 * np.log(4)), (0.5, -3 * np.log(4))])
def test_log_det_is_above_zero_for_codes_spread_too_far_and_below_for_too_little(factor, expected):
    variance = 0.25 * factor**2
    model = linear_encoder_model(np.eye(3) * factor * np.sqrt(0.75), np.full(3, variance))
    np.testing.assert_allclose(log_det_covariance(model, white_data(50, 3)), expected, atol=1e-5)


def test_closed_form_is_the_covariance_of_draws():
    rng = np.random.default_rng(1)
    model = linear_encoder_model(rng.normal(size=(4, 3)), np.array([0.1, 1.0, 3.0]))
    x = rng.normal(size=(50, 4)).astype("float32")
    repeats = 2000
    z = model.encode(np.repeat(x, repeats, axis=0), sample=True, seed=2, batch_size=50_000)
    covariance = aggregated_posterior_covariance(model, x)
    # The error of a sample covariance of n independent normal draws; with x fixed it is smaller.
    diagonal = np.diag(covariance)
    error = np.sqrt((np.outer(diagonal, diagonal) + covariance**2) / len(z))
    assert np.all(np.abs(np.cov(z, rowvar=False, bias=True) - covariance) < 4 * error)
    assert np.abs(covariance - np.diag(diagonal)).max() > 0.1  # there is something off the diagonal


class DrawnCodes:
    """A model that draws z ~ N(x, covariance), ever new ones, and knows nothing of q(z|x)."""

    latent_support = "euclidean"
    capabilities = Capabilities({"posterior": "is not defined for this model"})

    def __init__(self, covariance):
        self._rng, self._factor = np.random.default_rng(0), np.linalg.cholesky(covariance)

    def encode(self, x, sample=False, **given):
        return x + self._rng.normal(size=x.shape) @ self._factor.T if sample else x


def test_the_covariance_of_draws_is_that_of_the_law_of_total_covariance_on_average():
    within, x = np.array([[4.0, 1.5], [1.5, 1.0]]), np.array([[0.3, 0.0], [-0.3, 0.4]])
    model = DrawnCodes(within)
    found = [moments_of(model, x, None, 256).covariance for _ in range(3000)]
    error = np.std(found, axis=0) / np.sqrt(len(found))
    expected = np.cov(x, rowvar=False, bias=True) + within
    assert np.all(error < within / 32 / 5)  # of what is missing without the correction
    assert np.all(np.abs(np.mean(found, axis=0) - expected) < 4 * error)


def test_moments_do_not_depend_on_the_batches():
    model = linear_encoder_model(np.ones((4, 2)), np.array([0.5, 2.0]))
    x = np.random.default_rng(0).normal(size=(23, 4)).astype("float32")
    whole, parts = posterior_moments(model, x), posterior_moments(model, x, batch_size=7)
    for a, b in zip(whole, parts, strict=True):
        assert a.shape == (23, 2) and a.dtype == np.float64
        np.testing.assert_allclose(a, b, atol=1e-6)
    np.testing.assert_allclose(whole[1], [[0.5, 2.0]] * 23, rtol=1e-5)


def test_active_units_counts_the_dimensions_whose_mean_varies():
    kernel = np.diag([1.0, 0.2, 0.05, 0.0])  # variances of the means: 1, 0.04, 0.0025, 0
    model, x = linear_encoder_model(kernel, np.ones(4)), white_data(60, 4)
    assert active_units(model, x) == 2
    assert active_units(model, x, threshold=0.001) == 3
    assert active_units(model, x, threshold=0.5) == 1


def test_many_dimensions_need_the_memory_of_one_covariance():
    # Of each example they would take 256 * 400^2 * 8 bytes, 328 MB.
    x = white_data(512, 400)
    tracemalloc.start()
    covariance = aggregated_posterior_covariance(NormalModel(0.5, latent_dim=400), x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_allclose(covariance, 1.25 * np.eye(400), atol=1e-5)
    assert peak < 20e6


def test_one_latent_dimension():
    model = linear_encoder_model(np.array([[2.0]]), np.array([0.5]))
    assert aggregated_posterior_covariance(model, white_data(20, 1)).shape == (1, 1)
    np.testing.assert_allclose(log_det_covariance(model, white_data(20, 1)), np.log(4.5), atol=1e-5)


def test_a_deterministic_posterior_with_fewer_examples_than_dimensions_has_no_volume():
    model = linear_encoder_model(np.eye(4), None, posterior="deterministic")
    x = np.eye(4)[:2]
    assert log_det_covariance(model, x) == float("-inf")
    wide = linear_encoder_model(
        np.random.default_rng(0).normal(size=(9, 30)), None, "deterministic"
    )
    x = np.random.default_rng(1).normal(size=(20, 9)).astype("float32")
    assert log_det_covariance(wide, x) == float("-inf")
    x = np.eye(4)[:2]
    np.testing.assert_array_equal(posterior_moments(model, x)[1], 0.0)
    collapsed = linear_encoder_model(np.zeros((4, 4)), None, posterior="deterministic")
    assert log_det_covariance(collapsed, x) == float("-inf")


def test_errors():
    model = linear_encoder_model(np.eye(2), np.ones(2))
    for function in (aggregated_posterior_covariance, log_det_covariance, active_units):
        with pytest.raises(ValueError, match="`x` must hold at least 2 examples. Received: 1"):
            function(model, np.zeros((1, 2), "float32"))
    x = white_data(9, 2)
    for function in (log_det_covariance, active_units, posterior_moments):
        with pytest.raises(ValueError, match="`x` must be finite. Received: 1 NaN"):
            function(model, np.where(np.arange(18).reshape(9, 2) == 3, np.nan, x))
        with pytest.raises(TypeError, match="`x` must be floating point. Received: dtype=uint8"):
            function(model, x.astype("uint8"))
    with pytest.raises(ValueError, match="`threshold` must be at least 0"):
        active_units(model, white_data(9, 2), threshold=-1)
    with pytest.raises(ValueError, match="`x` must have shape"):
        log_det_covariance(model, np.zeros((5, 3), "float32"))
    broken = linear_encoder_model(np.full((2, 2), np.nan), np.ones(2))
    for function in (log_det_covariance, active_units, ki.evaluation.mmd_to_prior):
        with pytest.raises(ValueError, match="`model` must encode x to finite codes"):
            function(broken, x.astype("float32"))
