"""Codes that tell nothing of x."""

import keras
import numpy as np
import pytest

import keras_infovae as ki


@pytest.mark.parametrize("prior", ["gaussian_mixture", "maf", "hierarchical", "energy_based"])
def test_every_example_has_the_code_of_the_prior_whether_its_mean_is_known_or_not(prior):
    settings = {"likelihood": "normal", "decoder": ki.networks.MLP([4]), "seed": 0}
    model = ki.LatentVariableModel(3, inference="from_prior", prior=prior, **settings)
    model.build((None, 2))
    assert "encode" in model.capabilities
    z = model.encode(np.random.default_rng(0).normal(size=(5, 2)).astype("float32"))
    np.testing.assert_allclose(z, np.repeat(z[:1], 5, axis=0), atol=1e-6)
    np.testing.assert_array_equal(model.encode(np.zeros([5, 2], "float32")), z)
    # The mean of at least 16 draws from what starts close to N(0, I).
    assert np.all(np.abs(z) < 4 / np.sqrt(16))


def test_with_a_learned_prior_the_elbo_is_still_a_lower_bound():
    """z is drawn from the training's p(z), which is q(z|x): the KL is to the learned one."""
    settings = {"likelihood": "normal", "decoder": ki.networks.MLP([4]), "seed": 0}
    model = ki.LatentVariableModel(1, inference="from_prior", **settings)
    x = np.random.default_rng(0).normal(size=(10_000, 2)).astype("float32")
    model.build((None, 2))
    without = model.elbo(x, seed=0).mean()
    prior = ki.priors.GaussianMixture(1)
    prior.build(1)
    prior.means.assign([[2.0]])
    model.fit_prior(x, prior, epochs=1, verbose=0, optimizer=keras.optimizers.SGD(0.0), seed=0)
    deviation = float(model.prior_distribution().stddev()[0])
    # KL(N(0, 1) || N(2, deviation)), of 10,000 draws of log q - log p.
    kl = np.log(deviation) + (1.0 + 2.0**2) / (2.0 * deviation**2) - 0.5
    error = 4.5 * 3.0 / deviation**2 / 100
    assert without - model.elbo(x, seed=0).mean() == pytest.approx(kl, abs=error)
    score = model.score(x[:2], ki.anomaly_scores.NegativeElbo(4000))
    plain = model.score(x[:2], ki.anomaly_scores.ReconstructionLoss(4000))
    np.testing.assert_allclose(score - plain, kl, atol=4.5 * 3.0 / deviation**2 / 63)
