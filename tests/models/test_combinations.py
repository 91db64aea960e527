"""Every divergence with every prior and posterior: it trains, or it is refused by name."""

import itertools

import numpy as np
import pytest

import keras_infovae as ki
from tests.contracts import small_divergence
from tests.distributions.test_priors import laplace_prior

X = np.random.default_rng(0).random((12, 4)).astype("float32")
NETWORK = ki.networks.MLP([6], "tanh")


PRIORS = {
    "standard_normal": ki.priors.StandardNormal,
    "gaussian_mixture": lambda: ki.priors.GaussianMixture(3),
    "vamp": lambda: ki.priors.VampPrior(3),
    "vamp on the sphere": lambda: ki.priors.VampPrior(3, support="sphere"),
    "masked_autoregressive_flow": lambda: ki.priors.get("masked_autoregressive_flow"),
    "user's own": lambda: ki.priors.UserDefinedPrior(laplace_prior),
    "uniform_sphere": lambda: ki.priors.get("uniform_sphere"),
    "von_mises_fisher": lambda: ki.priors.get("von_mises_fisher"),
}


@pytest.mark.slow
@pytest.mark.parametrize("alias", sorted(ki.divergences.registry.members))
def test_every_divergence_under_every_prior_and_posterior(alias):
    trained = 0
    for prior, posterior in itertools.product(PRIORS, ki.posteriors.registry.members):
        try:
            model = ki.InfoVAE(
                3,
                alpha=1.0,
                lambda_=2.0,
                divergence=small_divergence(alias),
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
