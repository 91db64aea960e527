"""docs/extending.md: its code is a module outside of the package that takes part in all it does."""

import importlib
import pathlib
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.cli.main import main
from keras_infovae.evaluation.plots import style
from keras_infovae.serving.exporting import export
from keras_infovae.serving.graph_loader import GraphLoader
from tests.evaluation.pictures import not_rendered

MODULE = "my_models"
PAGE = pathlib.Path(__file__).parents[1] / "docs" / "extending.md"
RNG = np.random.default_rng(0)
X = RNG.normal(size=(48, 4)).astype("float32")
NETWORK = ki.networks.MLP([8])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of the module that the page's code is."""
    folder = tmp_path_factory.mktemp("extending")
    code = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    (folder / f"{MODULE}.py").write_text("\n\n".join(code), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def mine(folder):
    sys.path.insert(0, str(folder))
    yield importlib.import_module(MODULE)
    sys.path.remove(str(folder))


def make(mine, name):
    """Returns a model with one part of the page, or the page's own model."""
    networks = {"encoder": NETWORK, "decoder": NETWORK}
    if name == "divergence":
        return ki.InfoVAE(2, divergence=mine.MarginalWasserstein(), likelihood="normal", **networks)
    if name == "prior":
        networks |= {"likelihood": "normal", "divergence": "moment_matching"}
        return ki.VAE(2, prior=mine.FollowingNormal(), **networks)
    if name == "likelihood":
        return ki.VAE(2, likelihood=mine.Logistic(), divergence="moment_matching", **networks)
    if name == "inference":
        likelihood = ki.likelihoods.Normal(0.5)
        return ki.LatentVariableModel(
            2, inference=mine.Ascent(), likelihood=likelihood, decoder=NETWORK
        )
    return mine.RunningMean(seed=0)


@pytest.fixture(scope="module", params=["divergence", "prior", "likelihood", "inference", "model"])
def trained(request, mine):
    keras.utils.set_random_seed(0)
    model = make(mine, request.param)
    history = model.fit(X, batch_size=16, epochs=3, verbose=0, validation_data=(X[:9],)).history
    assert all(np.isfinite(values).all() for values in history.values())
    if request.param == "prior":  # and one more that is learned on the codes
        model.fit_prior(X, mine.MovedNormal(), epochs=2, seed=0, verbose=0)
    return model


@pytest.fixture(scope="module")
def another_process(folder):
    """A process that made no model: it loads that of each folder that it is told, and answers."""
    program = """
import sys, keras, my_models, numpy as np
for folder in map(str.strip, sys.stdin):
    try:
        found = keras.saving.load_model(folder + "/model.keras").generate(3, seed=1)
        np.testing.assert_allclose(found, np.load(folder + "/new.npy"), atol=1e-5)
        print("the same", flush=True)
    except Exception as error:
        print(" ".join(repr(error).split()), flush=True)
"""
    environment = {"PYTHONPATH": f"{folder}:{PAGE.parents[1]}", "PATH": ""}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", program], env=environment, **pipes) as process:
        yield process


def test_it_is_saved_and_loaded_in_another_process(trained, another_process, tmp_path):
    trained.save(tmp_path / "model.keras")
    np.save(tmp_path / "new.npy", trained.generate(3, seed=1))
    print(tmp_path, file=another_process.stdin, flush=True)
    assert another_process.stdout.readline() == "the same\n"


def test_it_is_reported(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(style, "write", not_rendered)
    data = ki.datasets.Dataset("mine", X[:32], X[32:40], X[40:])
    ki.evaluation.report(trained, data, str(tmp_path / "report"))
    assert (tmp_path / "report" / "report.html").exists()


@pytest.fixture(scope="module")
def loader():
    with GraphLoader() as loader:
        yield loader


def test_it_is_exported_and_answers_as_the_model_does(trained, loader, tmp_path):
    # What `export_for_serving` does, which compares the two, with one loading process for all.
    export(trained, str(tmp_path / "exported"), None, "all", None, None, loader)
    assert (tmp_path / "exported" / "1" / "saved_model.pb").exists()


def test_the_prior_follows_the_codes(mine):
    # By maximum likelihood: at its optimum the prior has the moments of q(z).
    prior = mine.FollowingNormal(0.1)
    prior.build(2)
    z = (3.0 + 0.5 * RNG.normal(size=(500, 2))).astype("float32")
    for _ in range(200):
        prior.play(z, None, tf.constant([0, 1]))
    np.testing.assert_allclose(prior.location.numpy(), z.mean(axis=0), atol=0.05)
    np.testing.assert_allclose(np.exp(prior.log_scale.numpy()), z.std(axis=0), atol=0.05)


def test_a_prior_without_a_density_is_learned_on_the_codes(mine):
    keras.utils.set_random_seed(0)
    model = make(mine, "likelihood")
    model.fit(X, epochs=1, verbose=0)
    prior = mine.MovedNormal()
    optimizer = keras.optimizers.Adam(0.05)
    losses = model.fit_prior(X, prior, epochs=100, optimizer=optimizer, seed=0, verbose=0).history
    assert losses["loss"][-1] < 0.8 * losses["loss"][0]
    z = model.encode(X, sample=True, seed=0)
    np.testing.assert_allclose(prior.location.numpy(), z.mean(axis=0), atol=0.2)
    with pytest.raises(ValueError, match="prior without a density. Received: prior=MovedNormal"):
        model.elbo(X)


def test_the_commands_of_the_page_run(mine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = re.findall(r"^    (keras-infovae .*)$", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    small = {
        "train": ["--epochs=1", "--noplots", "--limit=60"],
        "tune": ["--max_trials=1", "--epochs=1", "--noplots", "--limit=60"],
        "report": [],
    }
    assert len(lines) == len(small)
    for line in lines:
        program, command, *flags = line.split()
        assert main([program, command, *flags, *small[command]]) == 0
    assert ki.tuning.SearchResult("searches/mean").best["hyperparameters"]["momentum"] <= 0.99
    assert (tmp_path / "report" / "report.html").exists()
