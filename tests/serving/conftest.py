"""One loading process for all tests, and small models."""

import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.serving.export import export
from keras_infovae.serving.graph_loader import GraphLoader


@pytest.fixture(scope="session")
def loader():
    with GraphLoader() as loader:
        yield loader


@pytest.fixture
def exported(loader, tmp_path):
    """Exports a model to a directory of its own; returns the path and the differences."""

    def run(model, names="all", warmup=None, preprocessing=None, version=None, classes=None):
        given = names, warmup, preprocessing, loader, classes
        return export(model, tmp_path / "model", version, *given)

    return run


def small(model_class=ki.InfoVAE, shape=(5,), scaling=None, **arguments):
    """Returns a built model with small networks."""
    networks = {name: ki.networks.MLP([8]) for name in ("encoder", "decoder")}
    model = model_class(3, seed=1, scaling=scaling, **(networks | arguments))
    model.build((None, *shape))
    return model


def raw_examples(shape, high=1.0, seed=0):
    return (np.random.default_rng(seed).random((6, *shape)) * high).astype("float32")
