"""Every divergence with every prior and posterior: it trains, or it is refused by name."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.utils import probability as tfp

X = np.random.default_rng(0).random((12, 4)).astype("float32")
NETWORK = ki.networks.MLP([6], "tanh")


@keras.saving.register_keras_serializable("tests")
def laplace(latent_dim):
    tfd = tfp.distributions
    return tfd.Independent(tfd.Laplace(tf.zeros([latent_dim]), tf.ones([latent_dim])), 1)


PRIORS = {
    "standard_normal": ki.priors.StandardNormal,
    "gaussian_mixture": lambda: ki.priors.GaussianMixture(3),
    "vamp": lambda: ki.priors.VampPrior(3),
    "vamp on the sphere": lambda: ki.priors.VampPrior(3, support="sphere"),
    "masked_autoregressive_flow": lambda: ki.priors.get("masked_autoregressive_flow"),
    "user's own": lambda: ki.priors.UserDefinedPrior(laplace),
    "uniform_sphere": lambda: ki.priors.get("uniform_sphere"),
    "von_mises_fisher": lambda: ki.priors.get("von_mises_fisher"),
}


@pytest.mark.slow
@pytest.mark.parametrize("alias", sorted(ki.divergences.registry.members))
def test_every_divergence_under_every_prior_and_posterior(alias):
    trained = 0
    for prior, posterior in itertools.product(PRIORS, ki.posteriors.registry.members):
        divergence = ki.divergences.get(alias)
        if hasattr(divergence, "hidden_units"):
            divergence = type(divergence)(hidden_units=(6,))
        try:
            model = ki.InfoVAE(
                3,
                alpha=1.0,
                lambda_=2.0,
                divergence=divergence,
                prior=PRIORS[prior](),
                posterior=posterior,
                encoder=NETWORK,
                decoder=NETWORK,
                seed=0,
            )
        except ValueError as error:
            assert "Argument" in str(error) and "Received" in str(error)
            continue
        model.compile(run_eagerly=True)
        history = model.fit(X, batch_size=6, epochs=1, verbose=0).history
        assert all(np.isfinite(values).all() for values in history.values()), (prior, posterior)
        trained += 1
    assert trained >= 5  # each suits at least the diagonal normal with the Euclidean priors
