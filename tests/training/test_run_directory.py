"""A run directory is whole, or recognizably unfinished, and never takes what is not its own."""

import errno
import json
import os
import pathlib

import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.training import RunDirectory
from keras_infovae.training.contents import split_contents

X = np.random.default_rng(0).random((8, 6)).astype("float32")


def tiny_model():
    network = ki.networks.MLP(hidden_units=(4,))
    model = ki.VAE(latent_dim=2, encoder=network, decoder=network, seed=0)
    model.build((None, 6))
    return model


def begin(path, finish=False, **options):
    """Writes a run with every kind of file that a run has, but a model that is none."""
    with RunDirectory.create(path, {"seed": 0}, **options) as run:
        for name in ("model.keras", "history.csv"):
            pathlib.Path(run.file(name)).write_text("old")
        for folder, name in (
            ("logs/train", "events.out.tfevents.1.host"),
            ("logs/train/plugins/profile/2026_11_25_13_19_28", "host.xplane.pb"),
            ("plots", "samples.png"),
        ):
            os.makedirs(run.file(folder))
            pathlib.Path(run.file(folder), name).write_text("old")
        if finish:
            run.finish({"elbo": -1.0}, [run.file("plots/samples.png")])
    return run


def tree(path):
    """Returns {path of each file and folder: content} under `path`."""
    found = pathlib.Path(path).rglob("*")
    return {str(p): p.read_bytes() if p.is_file() else None for p in found}


# === The life of a run ===


def test_metrics_mark_the_end_of_a_run(tmp_path):
    path = tmp_path / "runs" / "first"
    assert RunDirectory.check(path) == "new"
    with RunDirectory.create(path, {"seed": 3, "data": "digits"}) as run:
        assert not run.finished
        assert sorted(os.listdir(path)) == [".keras_infovae.lock", "config.json", "lock.json"]
        assert run.weights_epoch is None
        run.finish({"elbo": -2.0, "epoch": 3}, ["elsewhere/plots/a.png"])
        assert run.weights_epoch == 3
    assert run.finished
    assert RunDirectory.check(path, overwrite=True) == "finished"
    config = RunDirectory(path).config()
    assert (config["seed"], config["data"]) == (3, "digits")
    assert config["versions"]["keras_infovae"] == ki.__version__
    assert {"keras", "tensorflow", "numpy", "python"} <= set(config["versions"])
    metrics = json.loads((path / "metrics.json").read_text())
    assert metrics == {"elbo": -2.0, "epoch": 3, "plots": ["plots/a.png"]}


def test_a_finished_run_is_refused_and_stays_as_it_was(tmp_path):
    begin(tmp_path / "run", finish=True)
    before = tree(tmp_path)
    for act in (RunDirectory.check, lambda path: RunDirectory.create(path, {})):
        with pytest.raises(FileExistsError, match="`overwrite` be set.*holds a finished run"):
            act(tmp_path / "run")
    assert tree(tmp_path) == before


@pytest.mark.parametrize("finish", [False, True])
def test_a_run_that_is_replaced_leaves_nothing_behind(tmp_path, finish):
    begin(tmp_path, finish)
    RunDirectory.create(tmp_path, {"seed": 7}, overwrite=finish).close()
    assert os.listdir(tmp_path) == ["config.json"]
    assert RunDirectory(tmp_path).config()["seed"] == 7


def test_an_unfinished_run_needs_no_overwrite(tmp_path):
    begin(tmp_path)
    assert RunDirectory.check(tmp_path) == "unfinished"


def test_what_a_killed_process_was_writing_belongs_to_the_run(tmp_path):
    begin(tmp_path)
    for name in (".0123456789ab.model.keras", "plots/.0123456789ab.samples.png"):
        (tmp_path / name).write_text("half")
    RunDirectory.create(tmp_path, {}).close()
    assert os.listdir(tmp_path) == ["config.json"]


# === What a run did not write ===


@pytest.mark.parametrize("finish", [False, True])
@pytest.mark.parametrize(
    "foreign",
    [
        "notes.txt",
        "model.keras.bak",
        "mine/model.keras",
        "logs/notes.txt",
        "logs/train/thesis.tex",
        "logs/train/plugins/profile/thesis.pb",
        "plots/thesis.pdf",
        "plots/deep/samples.png",
        ".0123456789ab.notes.txt",
    ],
)
def test_a_directory_with_other_files_is_never_touched(tmp_path, foreign, finish):
    begin(tmp_path, finish)
    (tmp_path / foreign).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / foreign).write_text("mine")
    before = tree(tmp_path)
    with pytest.raises(FileExistsError, match="other files, such as .*; they are not touched"):
        RunDirectory.create(tmp_path, {}, overwrite=True)
    assert tree(tmp_path) == before


def test_a_picture_that_a_finished_run_does_not_list_is_anothers(tmp_path):
    begin(tmp_path, finish=True)
    (tmp_path / "plots/mine.png").write_text("mine")
    with pytest.raises(FileExistsError, match="plots/mine.png"):
        RunDirectory.check(tmp_path, overwrite=True)


def test_names_alone_do_not_make_files_those_of_a_run(tmp_path):
    (tmp_path / "model.keras").write_text("mine")
    with pytest.raises(FileExistsError, match="model.keras"):
        RunDirectory.check(tmp_path, overwrite=True)


@pytest.mark.parametrize("name", ["model.keras", "plots"])
def test_links_are_not_followed(tmp_path, name):
    target = tmp_path / "elsewhere"
    target.mkdir()
    (target / "samples.png").write_text("mine")
    run = tmp_path / "run"
    RunDirectory.create(run, {}).close()
    (run / name).symlink_to(target)
    with pytest.raises(FileExistsError, match=name):
        RunDirectory.create(run, {}, overwrite=True)
    assert (target / "samples.png").read_text() == "mine"


def test_foreign_folders_are_not_looked_into(tmp_path):
    (tmp_path / "home/deep").mkdir(parents=True)
    (tmp_path / "home/deep/file").write_text("mine")
    assert split_contents(tmp_path) == ([], ["home"])


def test_a_file_is_no_run_directory(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(NotADirectoryError, match="Argument `output` must be a directory"):
        RunDirectory.check(tmp_path / "file", overwrite=True)


# === One writer ===


def test_a_run_that_is_being_written_is_refused(tmp_path):
    path = tmp_path / "run"
    with RunDirectory.create(path, {"seed": 1}):
        for act in (RunDirectory.check, lambda path: RunDirectory.create(path, {"seed": 2})):
            with pytest.raises(FileExistsError, match="where a training is running"):
                act(path)
        assert RunDirectory(path).config()["seed"] == 1
    assert RunDirectory.check(path) == "unfinished"


# === Failures of the system ===


@pytest.fixture
def full_disk(monkeypatch):
    """Makes the writing of one file fail, by its name, as without space on the disk."""
    replace = os.replace

    def fail_for(name):
        def fail(source, target):
            if os.path.basename(target) == name:
                raise OSError(errno.ENOSPC, "No space left on device")
            replace(source, target)

        monkeypatch.setattr(os, "replace", fail)

    return fail_for


def test_a_run_that_cannot_begin_leaves_no_directory(tmp_path, full_disk):
    full_disk("config.json")
    with pytest.raises(OSError, match="No space left") as error:
        RunDirectory.create(tmp_path / "runs" / "first", {})
    assert error.value.filename == str(tmp_path / "runs/first/config.json")
    assert tree(tmp_path) == {}


def test_a_run_whose_metrics_cannot_be_written_is_unfinished(tmp_path, full_disk):
    full_disk("metrics.json")
    with RunDirectory.create(tmp_path, {}) as run:
        with pytest.raises(OSError) as error:
            run.finish({})
        assert error.value.filename == run.file("metrics.json")
    assert not run.finished
    assert os.listdir(tmp_path) == ["config.json"]


def test_metrics_that_are_no_numbers_are_refused(tmp_path):
    with RunDirectory.create(tmp_path, {}) as run, pytest.raises(ValueError, match="JSON"):
        run.finish({"elbo": float("nan")})
    assert not run.finished


# === Reading ===


def test_a_config_that_is_no_dictionary_is_refused(tmp_path):
    with pytest.raises(TypeError, match="`config` must be a dictionary. Received: config=None"):
        RunDirectory.create(tmp_path / "run", None)
    assert tree(tmp_path) == {}


def test_a_directory_that_is_no_run_is_refused(tmp_path):
    for content in (None, "{", "[1]", '{"seed": 0}'):
        if content is not None:
            (tmp_path / "config.json").write_text(content)
        with pytest.raises(ValueError, match="Argument `run` must be a directory with a run's"):
            RunDirectory(tmp_path).config()


def test_a_model_is_loaded_or_its_absence_explained(tmp_path):
    run = RunDirectory(tmp_path)
    with pytest.raises(ValueError, match="first good epoch"):
        run.load_model()
    (tmp_path / "model.keras").write_text("no zip file")
    with pytest.raises(ValueError, match="which is damaged or of another version"):
        run.load_model()
    model = tiny_model()
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(run.load_model().encode(X), model.encode(X))
