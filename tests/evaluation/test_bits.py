"""Bits per dimension."""

import math

import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.evaluation import bits_per_dimension, marginal_log_likelihood


def built(likelihood, shape, scaling=None):
    model = ki.VAE(latent_dim=2, likelihood=likelihood, scaling=scaling)
    model.build((None, *shape))
    return model


def test_the_unit_of_x_does_not_matter():
    raw = np.random.default_rng(0).normal(100.0, 20.0, size=(50, 3))

    def log_density(x, mean, deviation):  # of independent normals
        terms = -0.5 * ((x - mean) / deviation) ** 2 - np.log(deviation * math.sqrt(2 * math.pi))
        return terms.sum(axis=1)

    scaling = ki.preprocessors.Scaling([90.0, 100.0, 110.0], [10.0, 20.0, 30.0])
    scaled = (raw - scaling.offset) / scaling.scale
    mean, deviation = (
        (100.0 - np.array(scaling.offset)) / scaling.scale,
        20.0 / np.array(scaling.scale),
    )
    expected = -log_density(raw, 100.0, 20.0) / (3 * math.log(2.0))
    log_scaled = log_density(scaled, mean, deviation)
    np.testing.assert_allclose(bits_per_dimension(log_scaled, (3,), scaling), expected)
    model = built("normal", (3,), scaling)
    np.testing.assert_allclose(bits_per_dimension(log_scaled, model), expected)
    np.testing.assert_allclose(bits_per_dimension(log_density(raw, 100.0, 20.0), (3,)), expected)


def test_uniform_levels_cost_eight_bits():
    assert bits_per_dimension(0.0, (4, 4, 1), 256) == pytest.approx(8.0)  # a density on [0, 1]
    mass = -16 * math.log(256)
    scaling = ki.preprocessors.Scaling(0.0, 255.0)
    for likelihood in ("discretized_logistic_mixture", "poisson"):
        model = built(likelihood, (4, 4, 1), scaling)
        assert bits_per_dimension(mass, model) == pytest.approx(8.0)  # a probability of levels
    continuous = built("continuous_bernoulli", (4, 4, 1), scaling)
    assert bits_per_dimension(0.0, continuous) == pytest.approx(math.log2(255))
    assert bits_per_dimension(0.0, continuous, 256) == pytest.approx(8.0)


def test_of_a_table_only_the_numbers_are_densities_and_a_category_is_one_variable():
    columns = [("categorical", 4), ("normal", 2), ("bernoulli", 1)]
    scaling = ki.preprocessors.Scaling(0.0, [1.0] * 4 + [8.0, 2.0] + [1.0])
    model = built(ki.likelihoods.MixedColumns(columns), (7,), scaling)
    assert model.likelihood.is_probability((7,)).tolist() == [True] * 4 + [False] * 2 + [True]
    assert model.likelihood.dimensions((7,)) == 4
    nats = -math.log(4) - math.log(2)  # a uniform category, a density of 1, a fair coin
    assert bits_per_dimension(nats, model) == pytest.approx((2 + 3 + 1 + 1) / 4)
    sequence = built("categorical", (5, 4))
    assert bits_per_dimension(-5 * math.log(4), sequence) == pytest.approx(2.0)


def test_of_an_estimate_the_log_likelihood_counts_and_not_its_error():
    model, x = built("bernoulli", (3,)), np.ones((2, 3), "float32")
    found = marginal_log_likelihood(model, x, num_samples=5)
    np.testing.assert_array_equal(
        bits_per_dimension(found, model), bits_per_dimension(found.log_likelihood, model)
    )


def test_errors():
    with pytest.raises(ValueError, match="`model_or_event_shape` must be a model that was built"):
        bits_per_dimension(0.0, ki.VAE(latent_dim=2))
    with pytest.raises(TypeError, match="`model_or_event_shape` must be a sequence of integers"):
        bits_per_dimension(0.0, 784)
    with pytest.raises(ValueError, match="`scale` must be greater than 0"):
        bits_per_dimension(0.0, (3,), 0)
    with pytest.raises(ValueError, match="`scaling` must be one of the last axis of x"):
        bits_per_dimension(0.0, (3,), ki.preprocessors.Scaling(0.0, [1.0, 2.0]))


def test_what_is_missing_costs_nothing_and_has_no_scale():
    raw = np.array([[10.0, 200.0, np.nan, np.nan], [30.0, 40.0, 50.0, np.nan]], "float32")
    bits = []
    for scale in (1.0, 255.0):
        partly = ki.likelihoods.PartlyObserved(ki.likelihoods.Normal(1.0))
        model = built(partly, (4,), ki.preprocessors.Scaling(0.0, scale))
        seen = ~np.isnan(raw)
        # Normals of deviation 255; in a unit of `scale`, log p rises by its log for each value.
        log_raw = np.where(seen, -0.5 * raw**2 / 255.0**2 - math.log(255.0), 0.0).sum(axis=1)
        log_x = log_raw + math.log(scale) * seen.sum(axis=1)
        bits.append(bits_per_dimension(log_x, model, x=raw / scale))
        expected = -log_raw / (seen.sum(axis=1) * math.log(2.0))
        np.testing.assert_allclose(bits[-1], expected, rtol=1e-6)
    with pytest.raises(ValueError, match="`x` must be given, since what is missing"):
        bits_per_dimension(log_x, model)
    with pytest.raises(ValueError, match="`log_likelihood` must be .*each of 2 examples"):
        bits_per_dimension(log_x.mean(), model, x=raw / 255.0)
