"""Importance sampling, and what all estimates of log p(x) share, where log p(x) is known."""

import itertools

import keras
import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.evaluation import (
    importance_weighted_bound,
    inference_gap,
    marginal_log_likelihood,
)
from keras_infovae.evaluation.likelihood import importance, methods
from keras_infovae.evaluation.likelihood.weights import log_mean
from tests.evaluation.linear_gaussian import LinearGaussian

EXACT = LinearGaussian(2, 5, norms=[1.5, 0.7])
X = EXACT.sample(300)


@pytest.mark.parametrize("num_samples", [1, 2, 7, 100])
def test_is_exact_for_every_number_of_samples_when_the_posterior_is(num_samples):
    bound = importance_weighted_bound(EXACT.model(), X, num_samples=num_samples)
    np.testing.assert_allclose(bound, EXACT.log_likelihood(X), atol=1e-3)  # every weight is p(x)
    assert bound.dtype == np.float32


WRONG = pytest.mark.filterwarnings("ignore:The importance weights of")  # q(z|x) is far from p(z|x)


@WRONG
def test_rises_from_the_elbo_to_the_exact_value_when_the_posterior_is_wrong():
    model, exact = EXACT.model(wrong_mean=0.3, wrong_log_variance=0.8), EXACT.log_likelihood(X)

    def mean_and_error(bounds):
        gaps = bounds - exact  # paired, so that the spread of log p(x) over x drops out
        return gaps.mean(), gaps.std() / np.sqrt(len(gaps))

    elbos = np.mean([model.elbo(X, seed=i) for i in range(20)], axis=0)
    estimates = [mean_and_error(elbos)]
    for num_samples in (1, 8, 64, 512):
        estimates.append(mean_and_error(importance_weighted_bound(model, X, num_samples)))
    (elbo, elbo_error), (one, one_error) = estimates[:2]
    assert abs(elbo - one) < 4 * np.hypot(elbo_error, one_error)  # K = 1 is the ELBO
    for (low, low_error), (high, high_error) in itertools.pairwise(estimates[1:]):
        assert low < high + 3 * np.hypot(low_error, high_error)
        assert high < 3 * high_error  # never above the exact value
    assert elbo < -0.2  # the posterior is wrong enough for all this to say something
    assert abs(estimates[-1][0]) < 0.01 + 3 * estimates[-1][1]


@pytest.mark.parametrize("latent_dim", [2, 10, 50])
def test_importance_sampling_comes_within_a_twentieth_nat(latent_dim):
    exact = LinearGaussian(latent_dim, latent_dim + 10)
    x = exact.sample(20)
    model = exact.model(wrong_mean=0.05, wrong_log_variance=0.1)
    estimate = marginal_log_likelihood(model, x, num_samples=5000)
    error = estimate.log_likelihood - exact.log_likelihood(x)
    assert abs(error.mean()) < 0.05
    assert np.all(np.abs(error) < 5 * estimate.standard_error)
    assert np.all(estimate.effective_sample_size > 100)


def test_the_standard_error_is_the_spread_of_the_estimate_over_draws():
    model = EXACT.model(wrong_mean=0.3, wrong_log_variance=0.5)
    runs = marginal_log_likelihood(model, np.repeat(X[:5], 400, axis=0), num_samples=200)
    spread = np.std(runs.log_likelihood.reshape(5, 400), axis=1, ddof=1)
    stated = np.mean(runs.standard_error.reshape(5, 400), axis=1)
    np.testing.assert_allclose(stated, spread, rtol=0.15)  # 4 errors of 400 runs, 1 / sqrt(800)


def test_weights_in_closed_form():
    estimate = log_mean(np.log([[1.0, 2.0], [3.0, 2.0], [5.0, 2.0]]))
    np.testing.assert_allclose(estimate.log_likelihood, np.log([3.0, 2.0]))
    np.testing.assert_allclose(estimate.effective_sample_size, [81 / 35, 3.0])
    # The standard error of a mean is s / sqrt(K): 2 / sqrt(3) here, over the mean of 3.
    np.testing.assert_allclose(estimate.standard_error, [2 / 3**1.5, 0.0], atol=1e-7)
    shifted = log_mean(np.log([[1.0], [3.0]]) - 2000.0)  # far below what exp can hold
    np.testing.assert_allclose(shifted.log_likelihood, np.log(2.0) - 2000.0)
    assert np.isnan(log_mean([[1.0]]).standard_error[0])
    assert log_mean([[-np.inf], [-np.inf]]).log_likelihood[0] == -np.inf


def test_same_seed_same_numbers():
    model = EXACT.model(wrong_mean=0.3)
    first, second, other = (
        importance_weighted_bound(model, X[:9], 3, seed=seed) for seed in (4, 4, 5)
    )
    np.testing.assert_array_equal(first, second)
    assert np.abs(first - other).max() > 0
    parts = importance_weighted_bound(model, X[:9], 3, seed=4, batch_size=2)
    np.testing.assert_allclose(parts, first, rtol=1e-5)


@WRONG
def test_rounds_are_independent_of_one_another_compiled_or_not(monkeypatch):
    model = EXACT.model(wrong_mean=0.3, wrong_log_variance=0.8)
    exact = EXACT.log_likelihood(X)
    whole = importance_weighted_bound(model, X, num_samples=64)
    monkeypatch.setattr(methods, "_MOST_DECODES", 10)  # seven rounds of ten, one by one
    parts = importance_weighted_bound(model, X[:60], num_samples=64)
    gaps = parts - exact[:60], whole[:60] - exact[:60]
    errors = [gap.std() / np.sqrt(60) for gap in gaps]
    # Were the rounds the same draws, this would be the bound of 10 samples.
    assert abs(gaps[0].mean() - gaps[1].mean()) < 3 * np.hypot(*errors)
    assert np.abs(parts - whole[:60]).max() > 0
    monkeypatch.setattr(importance, "_WORTH_A_GRAPH", 10**9)
    eager = importance_weighted_bound(model, X[:3], num_samples=64)
    np.testing.assert_allclose(eager, parts[:3], rtol=1e-5)


def test_images_keep_their_shape():
    model = ki.VAE(latent_dim=2, encoder="mlp", decoder="mlp", seed=0)
    x = np.random.default_rng(0).random((3, 4, 5, 2)).astype("float32")
    model.build(x.shape)
    assert importance_weighted_bound(model, x, num_samples=2).shape == (3,)


def test_the_inference_gap_is_the_divergence_from_the_posterior():
    wrong_mean, wrong_log_variance = 0.2, 0.5
    model = EXACT.model(wrong_mean, wrong_log_variance)
    ratio = np.exp(wrong_log_variance)
    kl = 0.5 * np.sum(ratio + wrong_mean**2 / EXACT.variance - 1.0 - np.log(ratio))
    gap = inference_gap(model, X[:20])
    # The error of the gap is not above the one stated; that of the mean is its 1 / sqrt(20).
    assert abs(gap.gap.mean() - kl) < 3 * gap.standard_error.mean() / np.sqrt(20)
    assert np.all(gap.gap >= 0.0)
    np.testing.assert_allclose(gap.gap, gap.log_likelihood - gap.elbo)
    annealed = inference_gap(model, X[:20], "annealed_importance", temperatures=200)
    assert abs(annealed.gap.mean() - kl) < 3 * annealed.standard_error.mean() / np.sqrt(20)
    exact = inference_gap(EXACT.model(), X[:20], num_samples=50)
    np.testing.assert_allclose(exact.gap, 0.0, atol=1e-5)


def test_errors(capsys):
    model = EXACT.model()
    with pytest.raises(ValueError, match="`num_samples` must be an integer of at least 1"):
        importance_weighted_bound(model, X, num_samples=0)
    with pytest.raises(ValueError, match="`seed` must be an integer of at least 0"):
        importance_weighted_bound(model, X, seed=-1)
    with pytest.raises(ValueError, match="`method` must be one of .*'importance'"):
        marginal_log_likelihood(model, X, "annealed")
    with pytest.raises(TypeError, match="`chains` must be one of num_samples for method='imp"):
        marginal_log_likelihood(model, X, chains=3)
    with pytest.raises(TypeError, match="`chains` must be left out"):
        method = ki.evaluation.AnnealedImportanceSampling()
        marginal_log_likelihood(model, X, method, chains=3)
    with pytest.raises(ValueError, match="`batch_size` must be an integer of at least 1"):
        marginal_log_likelihood(model, X, batch_size=0)
    with pytest.raises(ValueError, match=r"`x` must have shape \[examples, 5\]"):
        marginal_log_likelihood(model, X[:, :4])
    with pytest.raises(ValueError, match="`condition` must be left out"):
        marginal_log_likelihood(model, X, condition=np.zeros(len(X)))
    model = ki.MMDVAE(latent_dim=2, posterior="deterministic", likelihood="normal")
    model.build((None, 5))
    for function in (importance_weighted_bound, inference_gap):
        with pytest.raises(ValueError, match="posterior without a density.*Deterministic"):
            function(model, X)


def test_progress_is_shown_when_asked_for(capsys, monkeypatch):
    model = EXACT.model()
    marginal_log_likelihood(model, X[:4], num_samples=2, batch_size=2)
    assert capsys.readouterr().out == ""
    keras.utils.enable_interactive_logging()
    marginal_log_likelihood(model, X[:4], num_samples=2, batch_size=2, verbose=1)
    assert capsys.readouterr().out == ""  # a file, where a bar cannot be drawn anew
    monkeypatch.setattr("keras_infovae.utils.terminal.redraws_lines", lambda: True)
    marginal_log_likelihood(model, X[:4], num_samples=2, batch_size=2, verbose=1)
    assert "2/2" in capsys.readouterr().out


def test_draws_are_not_those_that_an_example_of_the_same_seed_was_made_of():
    """q(z|x) = p(z): with the z of x among the draws, the lower bound lay above log p(x)."""
    exact = LinearGaussian(2, 6, scale=0.3)
    model = ki.LatentVariableModel(
        2,
        inference="from_prior",
        decoder=exact.model().decoder,
        likelihood=ki.likelihoods.Normal(exact.scale),
    )
    model.build((None, exact.values))
    x = model.generate(1_000, seed=0, sample=True)
    same, other = (
        ki.evaluation.importance_weighted_bound(model, x, num_samples=2, seed=seed).mean()
        for seed in (0, 1)
    )
    assert same == pytest.approx(other, rel=0.15) and same < exact.log_likelihood(x).mean()
