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
        return ki.VAE(2, prior=mine.FollowingNormal(), likelihood="normal", **networks)
    if name == "likelihood":
        return ki.VAE(2, likelihood=mine.Logistic(), **networks)
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
    return model


def test_it_is_saved_and_loaded_in_a_new_process(trained, folder, tmp_path):
    trained.save(tmp_path / "model.keras")
    np.save(tmp_path / "new.npy", trained.generate(3, seed=1))
    program = (
        "import keras, my_models, numpy as np\n"
        "model = keras.saving.load_model('model.keras')\n"
        "np.testing.assert_allclose(model.generate(3, seed=1), np.load('new.npy'), atol=1e-5)\n"
    )
    environment = {"PYTHONPATH": f"{folder}:{PAGE.parents[1]}", "PATH": ""}
    subprocess.run(
        [sys.executable, "-c", program], check=True, cwd=tmp_path, env=environment, timeout=300
    )


def test_it_is_reported(trained, tmp_path):
    data = ki.datasets.Dataset("mine", X[:32], X[32:40], X[40:])
    ki.evaluation.report(trained, data, str(tmp_path / "report"))
    assert (tmp_path / "report" / "report.html").exists()


def test_it_is_exported_and_answers_as_the_model_does(trained, tmp_path):
    ki.serving.export_for_serving(trained, str(tmp_path / "exported"))  # which compares the two
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
