"""I(x; z) and the parts of the KL, on posteriors for which they are known."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.evaluation import (
    elbo_decomposition,
    kl_per_dimension,
    mmd_to_prior,
    mutual_information,
)
from keras_infovae.evaluation.latent_information import _mean
from tests.evaluation.normal_model import NormalModel


@keras.saving.register_keras_serializable("tests.latent_information")
def a_prior(latent_dim):
    """A prior that can only be sampled, as far as the models are told."""
    return ki.priors.StandardNormal().distribution(latent_dim)


FAR = 30.0 * np.arange(6.0)[:, None] * np.ones(2)  # codes that cannot be confused


def test_codes_far_apart_name_their_example_and_equal_ones_nothing():
    result = mutual_information(NormalModel(1.0), FAR)
    assert result["mutual_information"] == pytest.approx(math.log(6), abs=1e-6)
    assert result["log_examples"] == math.log(6)
    assert result["leave_one_out_upper_bound"] > 100
    result = mutual_information(NormalModel(0.7), np.ones((5, 2)))
    for name in ("mutual_information", "leave_one_out_upper_bound"):
        assert result[name] == pytest.approx(0.0, abs=1e-6)
    # KL(N(1, 0.49) || N(0, 1)) of each of two dimensions
    kl = 2 * 0.5 * (0.49 + 1 - 1 - math.log(0.49))
    assert result["kl_upper_bound"] == pytest.approx(kl, abs=1e-6)
    assert result["marginal_kl"] == pytest.approx(kl, abs=1e-6)


def test_two_overlapping_codes():
    # A bit sent through a Gaussian channel at +-1: I = 0.336788 nats, by Gauss-Hermite quadrature
    # of log 2 - E log(1 + exp(-2 (1 + e))), e ~ N(0, 1).
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    loss = np.sum(weights * np.log1p(np.exp(-2 * (1 + nodes)))) / np.sqrt(2 * np.pi)
    expected = math.log(2) - loss
    x = np.array([[-1.0, 0.0], [1.0, 0.0]])
    result = mutual_information(NormalModel(1.0), x, num_samples=4000)
    error = result["mutual_information_standard_error"]
    assert 0 < error < 0.01
    assert result["mutual_information"] == pytest.approx(expected, abs=4 * error)


def test_bounds_hold_the_information_of_a_gaussian_channel_between_them():
    # q(z|x) = N(x, v I), x ~ N(0, (1 - v) I): q(z) is N(0, I) and I(x; z) = -(d / 2) log v. Over
    # 20 data sets, the means of both bounds are on their sides of it by 4 standard errors.
    variance, numbers = 0.2, np.random.default_rng(0)
    model = NormalModel(math.sqrt(variance))
    results = [
        mutual_information(
            model, numbers.normal(size=(15, 2)) * math.sqrt(1 - variance), num_samples=4, seed=seed
        )
        for seed in range(20)
    ]
    for name, side in (("mutual_information", -1), ("leave_one_out_upper_bound", 1)):
        values = side * (np.array([result[name] for result in results]) + math.log(variance))
        assert values.mean() > 4 * values.std(ddof=1) / math.sqrt(20)
        assert values.mean() < 1.0
    kl = np.array([result["kl_upper_bound"] for result in results])
    assert kl.mean() == pytest.approx(-math.log(variance), abs=4 * kl.std(ddof=1) / math.sqrt(20))


def test_the_parts_add_up_to_the_kl_and_to_the_elbo():
    x = np.random.default_rng(0).normal(size=(40, 2))
    model = NormalModel(0.5)
    parts = elbo_decomposition(model, x, num_samples=2)
    kl = model.elbo(x).mean(dtype="float64")
    names = ("mutual_information", "total_correlation", "dimension_wise_kl")
    assert sum(parts[name] for name in names) == pytest.approx(-kl, abs=1e-9)
    assert parts["kl_divergence"] == pytest.approx(kl_per_dimension(model, x).sum(), rel=1e-6)
    assert parts["elbo"] == pytest.approx(kl, rel=1e-6)
    assert parts["reconstruction_loss"] == pytest.approx(0.0, abs=1e-6)
    same = mutual_information(model, x, num_samples=2)  # the same draws
    assert parts["mutual_information"] == pytest.approx(same["mutual_information"], abs=1e-6)
    assert all(isinstance(value, float) for value in parts.values())


def test_the_exact_kl_takes_noise_off_its_parts():
    x = np.random.default_rng(0).normal(size=(30, 2))
    model, reference = NormalModel(0.5), elbo_decomposition(NormalModel(0.5), x, num_samples=2000)
    with_kl = [elbo_decomposition(model, x, num_samples=2, seed=seed) for seed in range(8)]
    spread = np.std([parts["dimension_wise_kl"] for parts in with_kl])
    error = np.mean([parts["dimension_wise_kl"] for parts in with_kl])
    assert error == pytest.approx(reference["dimension_wise_kl"], abs=4 * spread / math.sqrt(8))
    # Without it the draws of the KL alone have the standard deviation sqrt(sum of variances):
    # of log q(z|x) - log p(z) = sum_d (z_d^2 - e_d^2) / 2 + const, at z_d = x_d + e_d / 2.
    variance = np.mean(np.sum(0.25 * x**2 + 0.5 * 0.75**2, axis=1))
    assert spread < 0.5 * math.sqrt(variance / (2 * len(x)))


def test_the_control_variate_leaves_no_bias():
    # e + e^2 against e ~ N(0, 1): skewed, so that a slope from the same draws follows their mean.
    numbers = np.random.default_rng(0)
    values = []
    for _ in range(20_000):
        total = numbers.normal(size=(3, 4))
        values.append(_mean(total + total**2, total, np.zeros(3))[0])
    assert abs(np.mean(values) - 1.0) < 4 * np.std(values) / np.sqrt(len(values))


def test_total_correlation_of_a_grid_is_zero_and_of_a_copy_all_there_is():
    # The mixture over a grid of means is the product of its marginals, whatever z.
    grid = np.stack(np.meshgrid([-1.0, 0.0, 2.0], [0.0, 0.5]), axis=-1).reshape(-1, 2)
    assert elbo_decomposition(NormalModel(0.6), grid)["total_correlation"] == pytest.approx(
        0, abs=1e-5
    )
    # One dimension that repeats the other: both are known from one, log n of it.
    parts = elbo_decomposition(NormalModel(1.0), FAR)
    assert parts["total_correlation"] == pytest.approx(math.log(6), abs=1e-3)
    one = elbo_decomposition(NormalModel(1.0), FAR * [1.0, 0.0])
    assert one["total_correlation"] == pytest.approx(0.0, abs=1e-3)


def test_a_posterior_with_correlations():
    # q(z|x) is the same for all x: no information, and the total correlation of one normal,
    # -log(1 - r^2) / 2.
    covariance = np.array([[1.0, 0.8], [0.8, 1.0]])
    model = NormalModel(None, covariance=covariance)
    ki.posteriors.FullCovarianceNormal().distribution(tf.zeros([1, 5]))  # makes the KL known
    parts = elbo_decomposition(model, np.zeros((4, 2)), num_samples=500)
    assert parts["mutual_information"] == pytest.approx(0.0, abs=1e-6)
    assert parts["dimension_wise_kl"] == pytest.approx(0.0, abs=1e-4)
    assert parts["total_correlation"] == pytest.approx(-0.5 * math.log(0.36), abs=1e-4)
    with pytest.raises(ValueError, match="a diagonal normal. Received: posterior="):
        kl_per_dimension(model, np.zeros((4, 2)))


def test_kl_per_dimension():
    x = np.array([[0.0, 3.0], [0.0, -1.0]])
    kl = kl_per_dimension(NormalModel(1.0), x)
    np.testing.assert_allclose(kl, [0.0, 0.5 * (9 + 1) / 2], atol=1e-6)
    assert kl.dtype == np.float64


def test_batches_and_seeds():
    x = np.random.default_rng(0).normal(size=(23, 2))
    one = mutual_information(NormalModel(0.5), x, seed=1)
    assert mutual_information(NormalModel(0.5), x, seed=1) == one
    assert mutual_information(NormalModel(0.5), x, seed=2) != one
    parts = mutual_information(NormalModel(0.5), x, batch_size=7, seed=1)
    assert parts == pytest.approx(one, rel=1e-5)


def test_models_of_the_zoo():
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).random((24, 6)).astype("float32")
    labels = np.arange(24) % 3
    small = {"encoder": ki.networks.MLP([4]), "decoder": ki.networks.MLP([4]), "seed": 0}
    model = ki.InfoVAE(2, condition=ki.conditions.Classes(3), **small)
    model.build((None, 6))
    parts = elbo_decomposition(model, x, condition=labels, batch_size=10)
    assert parts["mutual_information"] <= math.log(24)
    with pytest.raises(ValueError, match="`condition` must have a row for each of the 24"):
        mutual_information(model, x, condition=labels[:5])
    sphere = ki.InfoVAE(
        3,
        prior="uniform_sphere",
        posterior="von_mises_fisher",
        divergence="adversarial",
        lambda_=2.0,
        **small,
    )
    sphere.build((None, 6))
    result = mutual_information(sphere, x)  # I_n is not below 0; its estimate may be, by the draws
    least = -4 * result["mutual_information_standard_error"]
    assert least < result["mutual_information"] < math.log(24)
    with pytest.raises(ValueError, match="independent normals. Received: prior=UniformSphere"):
        elbo_decomposition(sphere, x)
    drawn = ki.InfoVAE(
        2, prior=ki.priors.UserDefinedPrior(a_prior, has_density=False), alpha=1.0, **small
    )
    drawn.build((None, 6))
    result = mutual_information(drawn, x)
    assert result["mutual_information"] > -4 * result["mutual_information_standard_error"]
    assert result["kl_upper_bound"] is None and result["marginal_kl"] is None
    for function in (elbo_decomposition, kl_per_dimension):
        with pytest.raises(ValueError, match="independent normals. Received: prior=UserDefined"):
            function(drawn, x)
    mixture = ki.InfoVAE(2, prior="gaussian_mixture", **small)
    mixture.build((None, 6))
    result = mutual_information(mixture, x)  # the KL has no closed form
    assert result["marginal_kl"] == pytest.approx(
        result["kl_upper_bound"] - result["mutual_information"]
    )


def test_errors():
    point = ki.MMDVAE(2, posterior="deterministic", encoder=ki.networks.MLP([4]))
    point.build((None, 6))
    x = np.zeros((4, 6), "float32")
    for function in (mutual_information, elbo_decomposition):
        with pytest.raises(ValueError, match="without a density. Received: posterior=Determ"):
            function(point, x)
        with pytest.raises(ValueError, match="`x` must hold at least 2 examples. Received: 1"):
            function(NormalModel(1.0), FAR[:1])
        with pytest.raises(ValueError, match="`num_samples` must be an integer of at least 2"):
            function(NormalModel(1.0), FAR, num_samples=1)
    with pytest.raises(ValueError, match="without a density. Received: posterior=Determ"):
        kl_per_dimension(point, x)
    # What the model cannot have been trained on is not encoded: bytes would "tell" log n.
    model = ki.VAE(2, encoder=ki.networks.MLP([4]), decoder=ki.networks.MLP([4]), seed=0)
    model.build((None, 6))
    for function in (mutual_information, elbo_decomposition, kl_per_dimension, mmd_to_prior):
        with pytest.raises(TypeError, match="`x` must be floating point. Received: dtype=uint8"):
            function(model, np.arange(24, dtype="uint8").reshape(4, 6))
        with pytest.raises(ValueError, match="`x` must be finite"):
            function(model, np.full((4, 6), np.nan))
        with pytest.raises(ValueError, match=r"`x` must lie in \[0, 1\]"):
            function(model, x + 255.0)
