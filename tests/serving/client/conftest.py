"""One served model for all tests of the client, reached by both protocols."""

import contextlib

import pytest

import keras_infovae as ki
from tests.serving.client import model_server

ADDRESSES = {"grpc": model_server.grpc_address, "rest": model_server.rest_address}


@pytest.fixture(scope="session")
def model(images):
    return images[0]


@pytest.fixture(scope="session")
def running(images):
    """(The server, {protocol: address})."""
    server = model_server.ModelServer(images[1])
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
