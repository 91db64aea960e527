"""log p(x) and p(z|x) against quadrature, closed forms, and laws."""

import numpy as np
import pytest
from scipy import special, stats

from keras_infovae.distributions.piecewise_affine import (
    AffineLayer,
    Generator,
    PiecewiseAffinePosterior,
    regions_of,
)
from keras_infovae.distributions.piecewise_affine.hit_and_run import sweep
from keras_infovae.distributions.piecewise_affine.layers import outputs
from tests.distributions.piecewise_affine.generators import draws, generator


def quadrature(model, x, edges, order=12):
    """Returns (log p(x), E[z|x], Var[z|x]) by Gauss and Legendre's rule between `edges` of z."""
    z, log_w = nodes_between(edges, order)
    found = []
    for row in model.in_noise_units(x):
        log_joint = model.log_joint(z[:, None], row) + log_w
        log_p = special.logsumexp(log_joint)
        weight = np.exp(log_joint - log_p)
        mean = weight @ z
        found.append((log_p - model.log_volume, mean, weight @ np.square(z - mean)))
    return np.transpose(found)


def nodes_between(edges, order):
    """Returns the nodes and the logarithms of the weights, [intervals * order]."""
    nodes, weights = np.polynomial.legendre.leggauss(order)
    half = 0.5 * np.diff(edges)[:, None]
    z = 0.5 * (edges[1:] + edges[:-1])[:, None] + half * nodes
    return z.ravel(), np.log(half * weights).ravel()


@pytest.mark.parametrize("sizes", [[1, 8, 2], [1, 8, 8, 3], [1, 6, 6, 6, 3]], ids=str)
@pytest.mark.parametrize("scale", [1.0, 0.1, 0.01])
def test_one_latent_is_exact_at_any_depth(sizes, scale):
    model = generator(sizes, scale)
    x = draws(model, 6)
    knots = regions_of(model.layers).cells[1:, 0]
    edges = np.union1d(np.linspace(-24, 24, 4801), knots[np.abs(knots) < 24])
    log_p, mean, variance = quadrature(model, x, edges)
    posterior = PiecewiseAffinePosterior(model, x)
    np.testing.assert_allclose(posterior.log_marginal(), log_p, rtol=1e-13, atol=1e-9)
    np.testing.assert_allclose(posterior.mean()[:, 0], mean, atol=1e-10)
    np.testing.assert_allclose(posterior.covariance()[:, 0, 0], variance, atol=1e-10)


def test_two_latents_that_each_make_their_own_values_are_two_models():
    parts = [generator([1, 5, 4, 2], 0.1, seed=seed) for seed in (5, 6)]
    turn = np.array([[0.6, 0.8], [-0.8, 0.6]])
    layers = []
    for first, second in zip(*(part.layers for part in parts)):
        kernel = np.zeros(np.add(first.kernel.shape, second.kernel.shape))
        kernel[: len(first.kernel), : len(first.bias)] = first.kernel
        kernel[len(first.kernel) :, len(first.bias) :] = second.kernel
        kernel = kernel if layers else turn @ kernel
        bias = np.concatenate([first.bias, second.bias])
        layers.append(first._replace(kernel=kernel, bias=bias))
    ones = np.ones(4)
    x = np.concatenate([draws(part, 30) for part in parts], axis=1)
    x[-5:] *= 3.0
    both = PiecewiseAffinePosterior(Generator(layers, 0.1 * ones, 0.0 * ones, ones), x)
    one, two = (PiecewiseAffinePosterior(p, x[:, i : i + 2]) for p, i in zip(parts, (0, 2)))
    expected = one.log_marginal() + two.log_marginal()
    assert expected.min() < -500.0
    np.testing.assert_allclose(both.log_marginal(), expected, rtol=1e-11, atol=1e-7)
    mean = np.concatenate([one.mean(), two.mean()], axis=1)
    np.testing.assert_allclose(both.mean() @ turn, mean, atol=1e-7)
    modes = np.concatenate([one.mode(), two.mode()], axis=1)
    np.testing.assert_allclose(both.mode() @ turn, modes, atol=1e-9)
    covariance = np.einsum("as,nab,bt->nst", turn, both.covariance(), turn)
    np.testing.assert_allclose(covariance[:, 0, 0], one.covariance()[:, 0, 0], atol=1e-8)
    np.testing.assert_allclose(covariance[:, 1, 1], two.covariance()[:, 0, 0], atol=1e-8)
    np.testing.assert_allclose(covariance[:, 0, 1], 0.0, atol=1e-8)


def test_two_latents_are_those_of_a_grid():
    model = generator([2, 8, 8, 4], 0.5)
    x = draws(model, 3)
    side, log_w = nodes_between(np.linspace(-6, 6, 61), 8)
    z = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2)
    log_w = (log_w[:, None] + log_w).ravel()
    posterior = PiecewiseAffinePosterior(model, x)
    for row, log_p, mean in zip(
        model.in_noise_units(x), posterior.log_marginal(), posterior.mean(), strict=True
    ):
        log_joint = model.log_joint(z, row) + log_w
        expected = special.logsumexp(log_joint) - model.log_volume
        assert log_p == pytest.approx(expected, abs=1e-4)  # the integrand has kinks
        np.testing.assert_allclose(
            mean, np.exp(log_joint - log_p - model.log_volume) @ z, atol=1e-3
        )


@pytest.mark.parametrize("latent_dim", [1, 2])
def test_without_kinks_it_is_probabilistic_principal_components(latent_dim):
    model = generator([latent_dim, 7, 5], 0.3, leak=1.0)
    x = draws(model, 6)
    first, last = model.layers
    loadings, mean = first.kernel @ last.kernel, first.bias @ last.kernel + last.bias
    covariance = loadings.T @ loadings + 0.09 * np.eye(5)
    expected = stats.multivariate_normal(mean, covariance).logpdf(x)
    posterior = PiecewiseAffinePosterior(model, x)
    np.testing.assert_allclose(posterior.log_marginal(), expected, rtol=1e-12)
    inner = np.linalg.inv(np.eye(latent_dim) + loadings @ loadings.T / 0.09)
    center = (x - mean) @ loadings.T @ inner / 0.09
    np.testing.assert_allclose(posterior.covariance()[0], inner, atol=1e-13)
    for found in (posterior.mean(), posterior.mode()):
        np.testing.assert_allclose(found, center, atol=1e-12)


def test_two_latents_reach_as_far_as_an_outlying_x():
    loadings = np.array([[2.0, 0.3], [0.1, 1.5]])
    # max(u, 0) - max(-u, 0) = u, so that kinks, some far from 0, change nothing.
    turns = np.linalg.qr(np.random.default_rng(0).normal(size=(4, 2)))[0]
    bias = np.array([1.0, -30.0, 400.0, 0.1])
    rectified = AffineLayer(np.hstack([turns.T, -turns.T]), np.append(bias, -bias), 0.0)
    last = AffineLayer(np.vstack([turns, -turns]) @ loadings, -bias @ turns @ loadings, 1.0)
    model = Generator([rectified, last], np.ones(2), np.zeros(2), np.ones(2))
    x = np.outer([1.0, 150.0, 300.0, 1000.0], np.ones(2))
    covariance = loadings.T @ loadings + np.eye(2)
    posterior = PiecewiseAffinePosterior(model, x)
    expected = stats.multivariate_normal(np.zeros(2), covariance).logpdf(x)
    np.testing.assert_allclose(posterior.log_marginal(), expected, rtol=1e-12, atol=1e-9)
    mean = x @ np.linalg.solve(covariance, loadings.T)
    np.testing.assert_allclose(posterior.mean(), mean, atol=1e-9)
    z = posterior.sample(200, seed=0)
    error = np.sqrt(np.einsum("nss->ns", posterior.covariance()) / 200)
    assert np.all(np.abs(z.mean(axis=0) - mean) < 4 * error)


@pytest.mark.parametrize("latent_dim", [1, 2])
def test_laws_of_the_posterior(latent_dim):
    model = generator([latent_dim, 6, 6, 4], 0.3, seed=2)
    x = draws(model, 9)
    posterior = PiecewiseAffinePosterior(model, x)
    log_p = posterior.log_marginal()
    z = posterior.sample(200, seed=3)
    assert z.shape == (200, 9, latent_dim)
    # p(x) = p(x, z) / p(z|x) for every z.
    joint = model.log_joint(z, model.in_noise_units(x)) - model.log_volume
    np.testing.assert_allclose(joint - posterior.log_prob(z), np.tile(log_p, (200, 1)), atol=1e-9)
    mode = posterior.mode()
    assert np.all(posterior.log_prob(mode) >= posterior.log_prob(z).max(axis=0))
    covariance = posterior.covariance()
    error = np.sqrt(np.einsum("nss->ns", covariance) / 200)
    assert np.all(np.abs(z.mean(axis=0) - posterior.mean()) < 4 * error)
    # log p(x) does not depend on how units are numbered, nor on which layer holds a factor.
    first, second, last = model.layers
    order = np.random.default_rng(0).permutation(6)
    turned = [
        first._replace(kernel=first.kernel[:, order], bias=first.bias[order]),
        second._replace(kernel=second.kernel[order] * 3.0, bias=second.bias * 3.0),
        last._replace(kernel=last.kernel / 3.0),
    ]
    same = PiecewiseAffinePosterior(model._replace(layers=turned), x).log_marginal()
    np.testing.assert_allclose(same, log_p, rtol=1e-12)
    # A value that is left out is integrated over.
    nodes = np.linspace(-20, 20, 1001)
    wide = np.repeat(x[:1], 1001, axis=0)
    wide[:, -1] = nodes
    total = special.logsumexp(PiecewiseAffinePosterior(model, wide).log_marginal())
    shorter = last._replace(kernel=last.kernel[:, :-1], bias=last.bias[:-1])
    ones = np.ones(3)
    part = Generator([first, second, shorter], 0.3 * ones, 0.0 * ones, ones)
    expected = PiecewiseAffinePosterior(part, x[:1, :-1]).log_marginal()
    assert total + np.log(0.04) == pytest.approx(expected[0], abs=1e-9)


def test_a_second_latent_that_does_nothing_changes_nothing():
    one = generator([1, 8, 3], 0.2)
    x = draws(one, 6)
    first = one.layers[0]
    both = first._replace(kernel=np.concatenate([first.kernel, np.zeros((1, 8))]))
    two = one._replace(layers=[both, *one.layers[1:]])
    found, expected = (PiecewiseAffinePosterior(model, x) for model in (two, one))
    np.testing.assert_allclose(found.log_marginal(), expected.log_marginal(), rtol=1e-12)
    np.testing.assert_allclose(found.mean()[:, :1], expected.mean(), atol=1e-12)
    np.testing.assert_allclose(found.mean()[:, 1], 0.0, atol=1e-12)


def test_far_from_the_data_nothing_is_lost():
    model = generator([1, 8, 2], 0.01)
    x = 30.0 * draws(model, 6)
    posterior = PiecewiseAffinePosterior(model, x)
    nearest = np.linspace(-300, 300, 400_001)[:, None]
    squares = np.square(nearest).sum(-1)
    top = [
        (-0.5 * (np.square((row - outputs(model.layers, nearest)) / 0.01).sum(-1) + squares)).max()
        for row in x
    ]
    # log p(x) is the largest exponent and a few nats of width.
    assert np.all(np.isfinite(posterior.log_marginal()))
    np.testing.assert_allclose(posterior.log_marginal(), top, atol=30.0)


@pytest.mark.parametrize("shape", [(2,), (2, 2), (3, 1), (4, 2, 2), (1, 4, 3, 2)], ids=str)
def test_codes_of_another_shape_are_refused_by_name(shape):
    model = generator([2, 3, 3], 0.5)
    posterior = PiecewiseAffinePosterior(model, draws(model, 3))
    assert posterior.log_prob(np.zeros([4, 3, 2])).shape == (4, 3)
    with pytest.raises(ValueError, match=r"`z` must have shape \[3, 2\] or \[draws, 3, 2\]"):
        posterior.log_prob(np.zeros(shape))


def test_above_two_latents_there_are_draws_and_nothing_else():
    deep = generator([3, 4, 5], 0.5)
    posterior = PiecewiseAffinePosterior(deep, draws(deep, 3))
    assert posterior.sample(2, seed=0, sweeps=1).shape == (2, 3, 3)
    with pytest.raises(ValueError, match="latent_dim=3.*exact draws of z"):
        posterior.log_marginal()
    # The sampler knows nothing of the number of latents: with one, its draws have exact moments.
    model = generator([1, 8, 3], 0.4, seed=4)
    x = draws(model, 2)
    exact = PiecewiseAffinePosterior(model, x)
    many = model.in_noise_units(np.repeat(x, 400, axis=0))
    rng = np.random.default_rng(0)
    z = sweep(model.whitened(), many, rng.normal(size=(800, 1)), rng).reshape(2, 400)
    deviation = np.sqrt(exact.covariance()[:, 0, 0])
    assert np.all(np.abs(z.mean(axis=1) - exact.mean()[:, 0]) < 4 * deviation / 20)
    np.testing.assert_allclose(z.std(axis=1), deviation, rtol=0.2)
