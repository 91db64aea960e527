"""Presets where --run takes a run's directory."""

import json
import os

import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.training import RunDirectory
from keras_infovae.zoo import places

NETWORKS = {name: ki.networks.MLP([4]) for name in ("encoder", "decoder")}


@pytest.fixture(scope="module")
def presets(tmp_path_factory):
    """The folder of two presets: `small`, and `told`, whose model is told one of three classes."""
    folder = tmp_path_factory.mktemp("presets")
    for name, condition in (("small", None), ("told", ki.conditions.Classes(3))):
        model = ki.VAE(2, likelihood="normal", condition=condition, seed=3, **NETWORKS)
        model.build((None, 4))
        model.save_to_preset(folder / name)
    x, y = np.random.default_rng(0).normal(size=(40, 4)).astype("float32"), np.arange(40) % 3
    np.savez(folder / "x.npz", x=x, y=y)
    return folder


@pytest.fixture(autouse=True)
def named(presets, monkeypatch):
    """Has the commands know the presets by their names."""
    monkeypatch.setattr(places, "places", lambda: {"package": str(presets)})


def test_a_name_and_the_path_of_a_folder_give_the_same(command, presets, tmp_path):
    expected = ki.VAE.from_preset("small").generate(5, seed=2)
    for run in ("small", presets / "small"):
        output = tmp_path / "new.npy"
        flags = ["--n=5", "--seed=2", "--nonoise", "--overwrite", f"--output={output}"]
        outcome = command("generate", f"--run={run}", *flags)
        assert outcome.status == 0, outcome.err
        np.testing.assert_allclose(np.load(output), expected, rtol=1e-5)


def test_a_model_that_is_told_a_class_asks_for_it(command, tmp_path):
    flags = ["--run=told", "--nonoise", "--n=2", f"--output={tmp_path}/new.npy"]
    assert "`--condition` must be given: one of 0, 1, 2" in command("generate", *flags).err
    assert command("generate", *flags, "--condition=2").status == 0
    expected = ki.VAE.from_preset("told").generate(2, seed=0, condition=2)
    np.testing.assert_allclose(np.load(tmp_path / "new.npy"), expected, rtol=1e-5)


def test_a_preset_is_judged_on_the_data_that_is_named(command, presets, tmp_path):
    flags = [f"--data={presets}/x.npz", "--num_samples=2", f"--output={tmp_path}/a.json"]
    outcome = command("evaluate", "--run=told", *flags)
    assert outcome.status == 0, outcome.err
    assert f"told on {presets}/x.npz, all examples" in outcome.out
    found = json.loads((tmp_path / "a.json").read_text())
    assert found["run"] == "told"
    with np.load(presets / "x.npz") as file:
        elbo = ki.VAE.from_preset("told").elbo(file["x"], condition=file["y"], seed=0)
    assert found["elbo"] == pytest.approx(np.mean(elbo), abs=0.5)  # by other draws of z


@pytest.mark.parametrize("name", ["evaluate", "report", "calibrate"])
def test_a_preset_has_no_data_of_its_own(command, tmp_path, name):
    flags = [f"--output={tmp_path}/page"] if name == "report" else []
    outcome = command(name, "--run=small", *flags)
    assert outcome.status == 2 and "`--run` must be a" in outcome.err
    assert os.listdir(tmp_path) == []


def test_a_preset_cannot_show_a_score_its_usual_examples(command, presets, tmp_path):
    flags = [f"--data={presets}/x.npz", f"--output={tmp_path}/scores.csv"]
    outcome = command("score", "--run=small", "--score=mahalanobis", *flags)
    assert outcome.status == 2 and "a preset comes without its data" in outcome.err
    assert "--score='mahalanobis'" in outcome.err and os.listdir(tmp_path) == []
    outcome = command("score", "--run=small", "--score=reconstruction_loss", *flags)
    assert outcome.status == 0, outcome.err


def test_a_run_is_judged_on_its_own_data(command, runs, presets, tmp_path):
    flags = [f"--data={presets}/x.npz", f"--output={tmp_path}/page"]
    outcome = command("report", f"--run={runs}/table", *flags)
    assert outcome.status == 2 and "`--data` must be left out for a run" in outcome.err


def test_a_directory_comes_before_a_preset_of_its_name(command, runs, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    os.symlink(runs / "table", "small")
    assert command("generate", "--run=small", "--nonoise", "--output=new.npy").status == 0
    expected = RunDirectory(runs / "table").load_model().generate(16, seed=0)
    assert np.load("new.npy").shape == expected.shape == (16, 2)


def test_a_misspelled_name_gets_the_nearest(command, tmp_path):
    outcome = command("generate", "--run=smal", f"--output={tmp_path}/new.npy")
    assert outcome.status == 2
    assert (
        "a directory with a run's config.json, or a preset (did you mean 'small'?)" in outcome.err
    )
