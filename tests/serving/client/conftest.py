"""One served model for all tests of the client, reached by both protocols."""

import contextlib

import pytest

import keras_infovae as ki
from keras_infovae.serving import model_card, saved_model, signatures
from keras_infovae.serving.inputs import ServingInputs
from tests.serving.client import model_server
from tests.serving.conftest import small

SHAPE = (4, 4, 1)
ADDRESSES = {"grpc": model_server.grpc_address, "rest": model_server.rest_address}


@pytest.fixture(scope="session")
def model():
    return small(shape=SHAPE, scaling=ki.datasets.Scaling(0.0, 16.0))


@pytest.fixture(scope="session")
def version(model, tmp_path_factory):
    """The path of the exported model, which is not compared with the Keras model here."""
    path = str(tmp_path_factory.mktemp("served"))
    traced = saved_model.trace(signatures.make(signatures.NAMES, ServingInputs(model)))
    saved_model.write(path, traced)
    model_card.write(path, model_card.describe(model, traced, None, {"encode": 0.0}, 1e-5))
    return path


@pytest.fixture(scope="session")
def running(version):
    """(The server, {protocol: address})."""
    server = model_server.ModelServer(version)
    with contextlib.ExitStack() as stack:
        addresses = {name: stack.enter_context(ADDRESSES[name](server)) for name in ADDRESSES}
        yield server, addresses


@pytest.fixture
def server(running):
    """What answers; without faults, and without requests so far."""
    running[0].reset()
    return running[0]


@pytest.fixture(params=list(ADDRESSES))
def address(request, running):
    return running[1][request.param]


@pytest.fixture
def make_client(server, address):
    """Makes clients of `address` that are closed at the end."""
    with contextlib.ExitStack() as stack:
        yield lambda **settings: stack.enter_context(
            ki.serving.Client(address, model_name=model_server.NAME, **settings)
        )


@pytest.fixture
def client(make_client):
    return make_client()
