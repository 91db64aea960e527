"""Every model on a table and on images: the public contract."""

import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.models import registry
from tests import contracts
from tests.kinds import KINDS

VECTORS = np.random.default_rng(0).random((33, 5)).astype("float32")  # the last batch is of one
IMAGES = np.random.default_rng(1).random((20, 9, 8, 2)).astype("float32")


@pytest.mark.parametrize(
    ("model_class", "arguments"), contracts.MODELS + contracts.PARTS, ids=contracts.case_id
)
def test_contract_on_a_table(model_class, arguments):
    contracts.run_model_contract(model_class, arguments, VECTORS)


# Images change the networks and the shapes, and are nothing to what tells one member from another:
# the last row of a member with a critic, with several draws of z, and of the base of all.
SOME = {row[0]: row for row in contracts.MODELS if row[0] in (ki.FactorVAE, ki.IWAE)} | {
    ki.LatentVariableModel: (ki.LatentVariableModel, {})
}


@pytest.mark.parametrize(("model_class", "arguments"), SOME.values(), ids=contracts.case_id)
def test_contract_on_images(model_class, arguments):
    contracts.run_model_contract(model_class, arguments, IMAGES)


@pytest.mark.slow
@pytest.mark.parametrize(("model_class", "arguments"), contracts.MODELS, ids=contracts.case_id)
def test_contract_of_every_model_on_images(model_class, arguments):
    contracts.run_model_contract(model_class, arguments, IMAGES)


def test_contract_on_images_with_a_scale_per_pixel():
    likelihood = ki.likelihoods.Normal("per_value")
    contracts.run_model_contract(ki.InfoVAE, {"likelihood": likelihood}, IMAGES)


def test_every_registered_model_of_the_package_has_a_row():
    models = {cls for cls in registry.members.values() if cls in vars(ki).values()}
    kinds = {type(make()) for make, _ in KINDS.values()} & models
    by_themselves = {ki.ChartAutoencoder}  # tests/models/test_chart_autoencoder.py
    assert (
        models
        == {row[0] for row in contracts.MODELS + contracts.OWN_TRAINING} | kinds | by_themselves
    )
