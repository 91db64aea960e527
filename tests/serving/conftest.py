"""One loading process for all tests, small models, and two that are exported once for all."""

import numpy as np
import pandas
import pytest

import keras_infovae as ki
from keras_infovae.serving.exporting import export
from keras_infovae.serving.graph_loader import GraphLoader
from tests.tables.people import people

IMAGE = (4, 4, 1)


@pytest.fixture(scope="session")
def loader():
    with GraphLoader() as loader:
        yield loader


@pytest.fixture(scope="session")
def images(loader, tmp_path_factory):
    """(A model of images, the path of its export with all signatures, the differences)."""
    model = small(shape=IMAGE, scaling=ki.preprocessors.Scaling(0.0, 16.0))
    given = tmp_path_factory.mktemp("images"), None, "all", None, None
    return model, *export(model, *given, loader)


@pytest.fixture(scope="session")
def classes(loader, tmp_path_factory):
    """The same with labels and a critic, some signatures alone, and warm-up examples; and these."""
    critic = ki.divergences.TotalCorrelationCritic((8,))
    condition = ki.conditions.Classes(3)
    model = small(ki.FactorVAE, shape=IMAGE, condition=condition, divergence=critic)
    given = raw_examples(IMAGE), np.arange(6) % 3
    labels = np.array(["cat", "dog", "emu"])
    directory = tmp_path_factory.mktemp("classes")
    names = ["encode", "generate", "score", "regress", "score_image_bytes"]
    path, differences = export(model, directory, None, names, given, None, loader, labels)
    return model, path, differences, given


@pytest.fixture(scope="session")
def rows():
    """A table of all kinds of columns, some with missing values, and with names of all sorts."""
    table = people(60).rename(columns={"income": "income, yearly", "city": "Größe|Stadt"})
    times = table["born"] + pandas.to_timedelta(np.arange(60) * 7001, unit="s")
    return table.drop(columns=["id", "note", "seen", "size"]).assign(
        zoned=times.dt.tz_localize("Europe/Berlin"),
        paid=np.where(np.arange(60) % 5 > 0, np.arange(60) % 2 > 0, None),
        rating=pandas.Categorical(1 + np.arange(60) % 4, [1, 2, 3, 4, 5], ordered=True),
        german=times.dt.strftime("%d.%m.%Y").mask(np.arange(60) % 7 == 0),
    )


@pytest.fixture(scope="session")
def tables(rows, loader, tmp_path_factory):
    """The same of a model of this table, with a threshold."""
    networks = {name: ki.networks.MLP([8]) for name in ("encoder", "decoder")}
    model = ki.InfoVAE(3, seed=1, **networks)
    model.fit(rows, verbose=0)
    ki.evaluation.calibrate_anomaly_threshold(model, rows, 0.5)
    path = tmp_path_factory.mktemp("serving") / "people"
    return model, *export(model, path, None, "all", None, None, loader)


@pytest.fixture(scope="session")
def texts(loader, tmp_path_factory):
    """The same of a model of texts."""
    text = ki.text.Text.infer(["The cat sleeps.", "A dog runs, too.", "don't (ever) stop"])
    model = small_text_model(text)
    names = ["encode", "decode", "reconstruct", "generate", "score", "preprocessor"]
    path = tmp_path_factory.mktemp("serving") / "sentences"
    return model, *export(model, path, None, names, None, None, loader)


def small_text_model(text, model_class=ki.VAE, **arguments):
    """Returns a built model of a `Text` with small networks."""
    networks = {"decoder": ki.networks.Recurrent(6, 4)}
    if issubclass(model_class, ki.InfoVAE):
        networks["encoder"] = ki.networks.Recurrent(6, 4)
    model = model_class(2, seed=1, preprocessor=text, **networks, **arguments)
    model.build((None, text.length))
    return model


@pytest.fixture
def exported(loader, tmp_path):
    """Exports a model to a directory of its own; returns the path and the differences."""

    def run(model, names="all", warmup=None, preprocessing=None, version=None):
        return export(model, tmp_path / "model", version, names, warmup, preprocessing, loader)

    return run


def small(model_class=ki.InfoVAE, shape=(5,), scaling=None, **arguments):
    """Returns a built model with small networks."""
    networks = {name: ki.networks.MLP([8]) for name in ("encoder", "decoder")}
    if not issubclass(model_class, ki.InfoVAE):  # an encoder is that of its inference
        encoder = networks.pop("encoder")
        if model_class is ki.LatentVariableModel:
            networks["inference"] = ki.inference.Amortized(encoder)
    model = model_class(3, seed=1, scaling=scaling, **(networks | arguments))
    model.build((None, *shape))
    return model


def raw_examples(shape, high=1.0, seed=0):
    return (np.random.default_rng(seed).random((6, *shape)) * high).astype("float32")
