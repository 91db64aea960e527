"""An `ExactEM` as a SavedModel: the regions are in the graph."""

import numpy as np
import pytest

import keras_infovae as ki

X = np.random.default_rng(0).normal(size=(30, 3)).astype("float32")


def trained(latent_dim):
    model = ki.ExactEM(latent_dim, "4", restarts=1, seed=0)
    model.fit(X, epochs=2, verbose=0)
    return model


# The export itself compares what another process makes of the file with the model's methods.
def test_exact_values_are_served(exported):
    _, differences = exported(trained(1), ["log_prob"])
    assert differences["log_prob"] < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("latent_dim", [1, 2])
def test_all_signatures_are_served(exported, latent_dim):
    _, differences = exported(trained(latent_dim))
    assert {"encode", "decode", "generate", "elbo", "log_prob", "score"} <= set(differences)
    assert max(differences.values()) < 1e-4
