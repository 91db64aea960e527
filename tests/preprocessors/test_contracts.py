"""What every preprocessor is held to."""

import keras
import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.models import raw_data
from keras_infovae.preprocessors import Preprocessor
from tests import contracts

ALL = pytest.mark.parametrize(
    ("member", "data"),
    contracts.PREPROCESSORS,
    ids=[m.__name__ for m, _ in contracts.PREPROCESSORS],
)


def test_all_have_a_row():
    found, unseen = set(), [Preprocessor]
    while unseen:
        member = unseen.pop()
        unseen += member.__subclasses__()
        if not member.__subclasses__() and member.__module__.startswith("keras_infovae."):
            found.add(member)
    assert found == {member for member, _ in contracts.PREPROCESSORS}


@ALL
def test_raw_data_lead_back_to_themselves(member, data):
    x = member.infer(data).numbers(data)
    assert x.dtype == np.float32 and len(x) == len(data)
    again = member.infer(data).raw_like(data, x)
    assert type(again) is type(data)
    np.testing.assert_array_equal(np.asarray(again), np.asarray(data))


@ALL
def test_its_own_data_alone_are_accepted(member, data):
    assert raw_data.preprocessor_of(data) is member
    assert raw_data.preprocessor_of(member.infer(data).numbers(data)) is None
    others = [other for cls, other in contracts.PREPROCESSORS if cls is not member]
    assert member.accepts(data) and not any(member.accepts(other) for other in others)
    assert raw_data.opened(data) is data and raw_data.opened("a.unknown") == "a.unknown"


@ALL
def test_it_is_restored_from_its_config(member, data):
    preprocessor = member.infer(data)
    config = keras.saving.serialize_keras_object(preprocessor)
    assert keras.saving.deserialize_keras_object(config) == preprocessor


@ALL
def test_a_model_says_what_auto_stands_for(member, data):
    preprocessor = member.infer(data)
    model = ki.VAE(1, preprocessor=preprocessor)
    assert type(model.likelihood) is type(ki.likelihoods.get(preprocessor.likelihood()))
    x = preprocessor.numbers(data)
    model.likelihood.check_event_shape(x.shape[1:])
    model.likelihood.check_range("x", x)
