"""Whether q(z) can be told from p(z): the test has its level, and power."""

import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.divergences.null import compiled_null
from keras_infovae.evaluation import mmd_to_prior, prior_fit
from tests.evaluation.normal_model import NormalModel


def points(shift=0.0, prior=None):
    """A model whose q(z|x) is the point x + shift, so that q(z) is whatever x is drawn from."""
    return NormalModel(0, latent_dim=3, shift=shift, prior=prior)


def test_its_level_is_that_of_the_null(monkeypatch):
    # p is uniform on 1/20 ... 1: of 30, the number at most 0.05 is binomial (30, 0.05), and more
    # than 6 have probability 0.0007; the mean has the standard deviation 0.29 / sqrt(30) = 0.053.
    numbers, model, graph = np.random.default_rng(0), points(), []

    def compiled_once(*arguments):  # the 30 tests have the same null
        if not graph:
            graph.append(compiled_null(*arguments))
        return graph[0]

    monkeypatch.setattr(prior_fit, "compiled_null", compiled_once)
    results = [
        mmd_to_prior(model, numbers.normal(size=(24, 3)), draws=19, seed=seed) for seed in range(30)
    ]
    p_values = np.array([result["mmd_p_value"] for result in results])
    assert np.sum(p_values <= 0.05) <= 6
    assert np.mean(p_values) == pytest.approx(0.525, abs=3 * 0.053)
    assert all(result["mmd_null_low"] < result["mmd_null_high"] for result in results)


def test_a_shift_is_seen():
    x = np.random.default_rng(0).normal(size=(100, 3))
    result = mmd_to_prior(points(shift=1.0), x)
    assert result["mmd"] > result["mmd_null_high"]
    assert result["mmd_p_value"] == pytest.approx(1 / 101)
    # E MMD^2 of N(1, I) from N(0, I), in closed form: one Gaussian against the prior.
    mean, one = tf.ones([1, 3]), tf.ones([1, 3])
    expected = ki.divergences.expected_maximum_mean_discrepancy(
        mean, one, tf.zeros([3]), tf.ones([3]), ki.kernels.get("gaussian"), unbiased=False
    )
    assert result["mmd"] == pytest.approx(float(expected), rel=0.25)  # of 100 draws


def test_the_order_of_the_examples_does_not_matter():
    # Sorted data look like the prior as they do in any order: of 2,000 the first 512 would not.
    x = np.random.default_rng(1).normal(size=(2000, 3))
    by_class = x[np.argsort(x[:, 0])]
    assert mmd_to_prior(points(), by_class, draws=39)["mmd_p_value"] > 0.05


def test_a_mixture_prior_has_its_own_null():
    prior = ki.priors.GaussianMixture(2)
    prior.build(3, (4,))
    z = prior.distribution(3).sample(64, seed=[0, 0]).numpy()
    assert mmd_to_prior(points(prior=prior), z, draws=19)["mmd_p_value"] > 0.05
    assert mmd_to_prior(points(prior=prior, shift=3.0), z, draws=19)["mmd_p_value"] == 0.05


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"draws": 18}, "`draws` must be an integer of at least 19"),
        ({"seed": -1}, "`seed` must be an integer of at least 0"),
        ({"x": np.zeros([1, 3])}, "`x` must hold at least 2 examples"),
    ],
)
def test_wrong_arguments(arguments, words):
    arguments = {"x": np.zeros([4, 3])} | arguments
    with pytest.raises(ValueError, match=words):
        mmd_to_prior(points(), **arguments)


def test_a_prior_on_the_sphere_is_refused():
    with pytest.raises(ValueError, match="Euclidean space. Received: .* lie on the sphere"):
        mmd_to_prior(points(prior=ki.priors.get("uniform_sphere")), np.zeros([4, 3]))
