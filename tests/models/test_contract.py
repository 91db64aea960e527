"""Every model on a table and on images: the public contract."""

import numpy as np
import pytest

import keras_infovae as ki
from tests import contracts

VECTORS = np.random.default_rng(0).random((33, 5)).astype("float32")  # the last batch is of one
IMAGES = np.random.default_rng(1).random((20, 9, 8, 2)).astype("float32")


@pytest.mark.parametrize(("model_class", "arguments"), contracts.MODELS, ids=contracts.case_id)
def test_contract_on_a_table(model_class, arguments):
    contracts.run_model_contract(model_class, arguments, VECTORS)


@pytest.mark.parametrize("likelihood", ["bernoulli", ki.likelihoods.Normal("per_value")])
def test_contract_on_images(likelihood):
    contracts.run_model_contract(ki.InfoVAE, {"likelihood": likelihood}, IMAGES)
