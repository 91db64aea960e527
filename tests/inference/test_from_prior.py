"""Codes that tell nothing of x."""

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
