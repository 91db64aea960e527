"""The Pareto k of importance weights: on tails whose shape is known, and against ArviZ."""

import warnings

import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.evaluation.likelihood.pareto import (
    pareto_k,
    unreliable,
    unreliable_share,
    warn_of,
)
from tests.evaluation.linear_gaussian import LinearGaussian

COUNT, COLUMNS = 20_000, 30
TAIL = 425  # ceil(3 sqrt(20000)) weights are fitted
EXACT = LinearGaussian(1, 6)


def brought_to_the_prior(k):
    return (TAIL * k + 10 * 0.5) / (TAIL + 10)


@pytest.mark.parametrize("k", [-0.5, 0.0, 0.3, 0.7, 1.2])
def test_generalized_pareto_weights_have_the_shape_they_were_drawn_with(k):
    # What exceeds any threshold has the same k. The maximum likelihood estimate of M weights has
    # the standard error (1 + k) / sqrt(M) where k is above -0.5, and a bias of the order of 1 / M.
    u = np.random.default_rng(0).random((COUNT, COLUMNS))
    weights = -np.log(u) if k == 0.0 else np.expm1(-k * np.log(u)) / k
    found = pareto_k(np.log(weights))
    error = (1.0 + k) / np.sqrt(TAIL)
    if k > -0.5:
        assert found.std() == pytest.approx(error, rel=0.5)  # 4 errors of 30 columns, 1 / sqrt(60)
    tolerance = 4 * found.std() / np.sqrt(COLUMNS) + 4 / TAIL
    assert found.mean() == pytest.approx(brought_to_the_prior(k), abs=tolerance)


@pytest.mark.parametrize("variance", [0.8, 0.4, 0.15])
def test_weights_of_too_narrow_a_normal_have_the_tail_that_follows_from_it(variance):
    # p = N(0, 1) and q = N(0, s): w ~ exp((1 - s) e^2 / 2) with e ~ N(0, 1), whose tail is
    # t^(-1 / (1 - s)) / sqrt(log t): k = 1 - s, from below as far as a sample reaches.
    noise = np.random.default_rng(1).normal(size=(COUNT, COLUMNS))
    found = pareto_k(0.5 * (1.0 - variance) * noise**2).mean()
    assert -0.12 < found - brought_to_the_prior(1.0 - variance) < 0.02


def test_it_depends_on_neither_the_unit_of_weights_nor_their_order():
    log_weights = np.random.default_rng(2).normal(size=(200, 5))
    expected = pareto_k(log_weights)
    np.testing.assert_allclose(pareto_k(log_weights - 3000.0), expected, rtol=1e-9)
    np.testing.assert_array_equal(pareto_k(log_weights[::-1]), expected)
    np.testing.assert_array_equal(pareto_k(log_weights[:, 2:3]), expected[2:3])


# Of arviz.psislw of ArviZ 0.23.4, log weights -k log u_i, u_i the fractional part of
# i (sqrt(5) - 1) / 2 for i from 1 to the count.
@pytest.mark.parametrize(
    "count, k, expected",
    [
        (25, 0.5, 0.5683486345634023),
        (100, 0.3, 0.39931243700389774),
        (1000, 0.3, 0.29672634063255093),
        (1000, 0.7, 0.6364921845962482),
        (4000, 1.2, 1.1075785969070555),
    ],
)
def test_it_is_that_of_arviz(count, k, expected):
    u = np.arange(1, count + 1) * (np.sqrt(5.0) - 1.0) / 2.0 % 1.0
    assert pareto_k(-k * np.log(u)[:, None])[0] == pytest.approx(expected, rel=1e-9)


def test_weights_that_are_bounded_and_often_reach_the_bound_have_no_tail():
    rng = np.random.default_rng(3)
    two_values = np.where(rng.random((5000, 4)) < 0.5, 1.0, 0.5)
    capped = np.minimum(rng.lognormal(size=(5000, 4)), 2.0)
    for weights in (two_values, capped):
        np.testing.assert_array_equal(pareto_k(np.log(weights)), -np.inf)
    # A bound that 1 % reach, 50 weights of a tail of 213, is one to the fit: k is below 0.
    assert np.all(pareto_k(np.minimum(rng.normal(size=(5000, 4)), 2.3)) < 0.0)


@pytest.mark.parametrize("level", [-7e4, 3e5, -6e6])
def test_weights_that_float32_cannot_tell_apart_are_equal_and_heavy_tails_stay(level):
    rng = np.random.default_rng(4)
    ulp = float(np.spacing(np.float32(abs(level))))
    rounding = ulp * rng.integers(-1, 2, size=(2000, 4))
    np.testing.assert_array_equal(pareto_k(level + rounding), -np.inf)
    heavy = -1.2 * np.log(rng.random((2000, 4))) + level
    assert np.all(pareto_k(heavy.astype("float32")) > 0.7)


def test_what_has_no_tail_is_said():
    equal = np.full((100, 1), -7.0)
    assert pareto_k(equal)[0] == -np.inf
    assert pareto_k(equal + 1e-4 * np.random.default_rng(0).random((100, 1)))[0] == -np.inf
    assert np.isnan(pareto_k(np.zeros((20, 1)))[0])  # 4 weights would be the tail
    assert np.isnan(pareto_k(np.full((100, 1), -np.inf))[0])
    one_decides = np.where(np.arange(100) == 5, 0.0, -2000.0)[:, None]
    assert pareto_k(one_decides)[0] == np.inf
    impossible = np.where(np.arange(100) < 50, -np.inf, np.linspace(-1.0, 0.0, 100))[:, None]
    assert pareto_k(impossible)[0] < 0.5
    k = np.array([np.nan, 0.7, np.inf, -np.inf, 0.69])
    np.testing.assert_array_equal(unreliable(k), [False, True, True, False, False])
    assert unreliable_share(k) == 0.4
    assert np.isnan(unreliable_share(np.full(3, np.nan)))


def test_a_warning_counts_the_examples():
    with pytest.warns(UserWarning, match="of 1 of 3 examples .*largest is 0.90.*Do this"):
        warn_of(np.array([0.2, 0.9, np.nan]), "Do this.", stacklevel=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of(np.array([0.2, -np.inf, np.nan]), "Do this.", stacklevel=1)
        warn_of(np.array([0.9]), None, stacklevel=1)


def test_every_importance_weighted_result_has_it():
    # q(z|x) with a fiftieth of the variance of p(z|x): k = 0.98, and an estimate from 135 weights
    # has an error of 0.17: most of four are above 0.7. The means lie on each other.
    narrow, x = EXACT.model(wrong_log_variance=np.log(0.02)), EXACT.sample(4)
    evaluation = ki.evaluation
    settings = evaluation.ImportanceSampling(2000)
    with pytest.warns(UserWarning, match="of [34] of 4 examples.*annealed_importance"):
        found = evaluation.marginal_log_likelihood(narrow, x, settings)
    assert found.pareto_k.mean() > 0.7
    with pytest.warns(UserWarning, match="Pareto k"):
        gap = evaluation.inference_gap(narrow, x, settings)
    np.testing.assert_array_equal(gap.pareto_k, found.pareto_k)
    with pytest.warns(UserWarning, match="Pareto k"):
        evaluation.importance_weighted_bound(narrow, x, 2000)
    # Of too wide a q(z|x) the weights are bounded, and k is below 0: a warning would be an error.
    wide = EXACT.model(wrong_log_variance=np.log(2.0))
    found = evaluation.marginal_log_likelihood(wide, x, settings)
    assert np.all(found.pareto_k < 0.2)
    summary = evaluation.summarize(narrow, x, num_samples=2000)
    assert summary["unreliable_weights"] >= 0.5
    assert evaluation.summarize(wide, x, num_samples=20)["unreliable_weights"] is None
    assert "share of Pareto k above 0.7" in evaluation.describe(summary)
