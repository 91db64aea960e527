"""The importance-weighted bound, on a model whose log p(x) is known.

    z ~ N(0, I),  x|z ~ N(W z + b, s^2 I)   =>   x ~ N(b, W W' + s^2 I)

With orthogonal columns in W the posterior is a diagonal normal, which the encoder can hold exactly.
"""

import itertools

import keras
import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.evaluation import importance_weighted_bound, likelihood

SCALE = 0.5
RNG = np.random.default_rng(0)
W = np.linalg.qr(RNG.normal(size=(5, 2)))[0] * [1.5, 0.7]  # orthogonal columns, norms 1.5 and 0.7
B = np.array([0.3, -1.0, 0.0, 2.0, 0.1])
X = (RNG.normal(size=(300, 2)) @ W.T + B + SCALE * RNG.normal(size=(300, 5))).astype("float32")


def exact_log_likelihood(x):
    covariance = W @ W.T + SCALE**2 * np.eye(5)
    offset = x - B
    quadratic = np.sum(offset @ np.linalg.inv(covariance) * offset, axis=1)
    return -0.5 * (quadratic + np.linalg.slogdet(2 * np.pi * covariance)[1])


def dense(inputs, kernel, bias):
    layer = keras.layers.Dense(kernel.shape[1])
    network = keras.Sequential([keras.Input((inputs,)), layer])
    layer.set_weights([kernel, bias])
    return network


def linear_model(wrong_mean=0.0, wrong_log_variance=0.0):
    """Returns the model, with a posterior that is exact but for what is wrong with it."""
    variance = 1.0 / (1.0 + np.sum(W**2, axis=0) / SCALE**2)
    gain = W * variance / SCALE**2  # [5, 2]
    log_variance = np.log(variance) + wrong_log_variance
    raw = 14.0 * np.arctanh(log_variance / 14.0)  # undoes the bound on the log-variance
    encoder = dense(
        5,
        np.concatenate([gain, np.zeros((5, 2))], axis=1),
        np.concatenate([wrong_mean - B @ gain, raw]),
    )
    model = ki.VAE(
        latent_dim=2,
        likelihood=ki.likelihoods.Normal(scale=SCALE),
        encoder=encoder,
        decoder=dense(2, W.T, B),
    )
    model.build((None, 5))
    return model


@pytest.mark.parametrize("num_samples", [1, 2, 7, 100])
def test_is_exact_for_every_number_of_samples_when_the_posterior_is(num_samples):
    bound = importance_weighted_bound(linear_model(), X, num_samples=num_samples)
    np.testing.assert_allclose(bound, exact_log_likelihood(X), atol=1e-3)  # every weight is p(x)
    assert bound.dtype == np.float32


def test_rises_from_the_elbo_to_the_exact_value_when_the_posterior_is_wrong():
    model, exact = linear_model(wrong_mean=0.3, wrong_log_variance=0.8), exact_log_likelihood(X)

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


def test_same_seed_same_numbers():
    model = linear_model(wrong_mean=0.3)
    first, second, other = (importance_weighted_bound(model, X[:9], 3, seed) for seed in (4, 4, 5))
    np.testing.assert_array_equal(first, second)
    assert np.abs(first - other).max() > 0


def test_rounds_are_independent_of_one_another(monkeypatch):
    model, exact = linear_model(wrong_mean=0.3, wrong_log_variance=0.8), exact_log_likelihood(X)
    whole = importance_weighted_bound(model, X, num_samples=64)
    monkeypatch.setattr(likelihood, "_MOST_DECODES", 10)  # seven rounds of up to ten, one by one
    parts = importance_weighted_bound(model, X[:60], num_samples=64)
    gaps = parts - exact[:60], whole[:60] - exact[:60]
    errors = [gap.std() / np.sqrt(60) for gap in gaps]
    # Were the rounds the same draws, this would be the bound of 10 samples.
    assert abs(gaps[0].mean() - gaps[1].mean()) < 3 * np.hypot(*errors)
    assert np.abs(parts - whole[:60]).max() > 0


def test_images_keep_their_shape():
    model = ki.VAE(latent_dim=2, encoder="mlp", decoder="mlp", seed=0)
    x = RNG.random((3, 4, 5, 2)).astype("float32")
    model.build(x.shape)
    assert importance_weighted_bound(model, x, num_samples=2).shape == (3,)


def test_errors():
    with pytest.raises(ValueError, match="`num_samples` must be an integer of at least 1"):
        importance_weighted_bound(linear_model(), X, num_samples=0)
    with pytest.raises(ValueError, match="`seed` must be an integer of at least 0"):
        importance_weighted_bound(linear_model(), X, seed=-1)
    model = ki.MMDVAE(latent_dim=2, posterior="deterministic", encoder="mlp", decoder="mlp")
    model.build((None, 5))
    with pytest.raises(ValueError, match="posterior without a density.*Deterministic"):
        importance_weighted_bound(model, X)
