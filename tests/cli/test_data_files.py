"""What the commands say of files of data, and that runs read them again as they did."""

import csv
import json
import os
import shutil
import types
import warnings

import numpy as np
import pytest

from keras_infovae.cli.actions import data as run_data
from keras_infovae.cli.actions import other_data, rows, streamed_data, training_run
from keras_infovae.datasets import DataWarning
from keras_infovae.datasets.loading import NAMED
from keras_infovae.training import RunDirectory

ROWS = np.random.default_rng(0).normal(size=(40, 2)).round(2)


@pytest.fixture
def prepare(train, tmp_path, monkeypatch):
    """Runs `train` up to the training; returns what it printed and the run's config."""
    prepared = []
    monkeypatch.setattr(
        training_run, "carry_out", lambda run, config, *_: prepared.append(config) or 0
    )

    def run(*flags):
        with warnings.catch_warnings(record=True) as warned:
            outcome = train(f"--output={tmp_path}/run", *flags)
        assert outcome.status == 0, outcome.err
        assert not [w for w in warned if w.category is DataWarning]  # they are notes
        return outcome.out, prepared[-1]

    return run


def write(path, separator, header=""):
    lines = [separator.join(map(str, row)) for row in ROWS]
    path.write_text(header + "\n".join(lines))
    return path


def test_what_is_found_is_said(prepare, tmp_path):
    out, config = prepare(f"--data={write(tmp_path / 'x.csv', ';')}")
    assert "note: x.csv: separated by semicolons; no header (columns are called column_0" in out
    assert set(config["data"]) & {"header", "separator", "decimal"} == set()


def test_flags_are_kept_and_found_again(prepare, tmp_path):
    path = write(tmp_path / "x.csv", ":", "1:2\n")
    flags = ["--header=first", "--separator=:", "--decimal=.", "--standardize"]
    out, config = prepare(f"--data={path}", *flags)
    assert "note: x.csv: separated by ':'; columns are called '1', '2'" in out
    given = {"header": "first", "separator": ":", "decimal": "."}
    assert given.items() <= config["data"].items()
    assert run_data.load_of_run(config).feature_names == config["feature_names"] == ["1", "2"]
    # Of other examples, the file itself says how it is written, but for the header, or flags do.
    other = write(tmp_path / "y.csv", ";", "1;2\n")
    model = types.SimpleNamespace(preprocessor=None, scaling=run_data.load_of_run(config).scaling)
    data = other_data.load_other(str(other), config, model)
    assert data.feature_names == ["1", "2"]
    data = other_data.load_other(str(path), config, model, {"separator": ":"})
    assert len(data.train) == 32


@pytest.mark.parametrize("stream", [(), ("--stream",)])
def test_what_is_passed_over_is_said(stream, prepare, tmp_path):
    folder = tmp_path / "parts"
    folder.mkdir()
    np.save(folder / "a.npy", ROWS)
    (folder / "notes.txt").write_text("")
    out, _ = prepare(f"--data={folder}", *stream)
    assert "note: parts: passed over beside its parts: 'notes.txt'" in out


def test_the_summary_of_a_stream_has_its_notes(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((30, 3, 8, 8), "uint8"))
    with pytest.warns(DataWarning, match="channels first"):
        data = streamed_data.load(str(tmp_path / "x.npy"), batch_size=4)
    assert "note: examples of shape (3, 8, 8) look like" in data.summary()


def test_names_that_spreadsheets_would_compute(command, runs, tmp_path):
    shutil.copytree(runs / "table", tmp_path / "run")
    config = json.loads((tmp_path / "run/config.json").read_text())
    config["feature_names"] = ["=cmd|' /C calc'!A0", "@share"]
    (tmp_path / "run/config.json").write_text(json.dumps(config))
    path = tmp_path / "new.csv"
    assert command("generate", f"--run={tmp_path}/run", f"--output={path}").status == 0
    with open(path, newline="") as file:
        assert next(csv.reader(file)) == ["'=cmd|' /C calc'!A0", "'@share"]
    config["data"]["label_column"] = None
    model = RunDirectory(runs / "table").load_model()
    assert other_data.load_other(str(path), config, model).feature_names == config["feature_names"]


def test_a_name_of_data_is_no_path_and_lasts():
    assert [run_data.lasting_source(name) for name in NAMED] == list(NAMED)
    assert run_data.lasting_source("./circle") == os.path.abspath("circle")


def test_other_data_have_the_numbers_that_the_training_had(prepare, tmp_path):
    x = np.c_[1.7e9 + np.arange(40.0), np.arange(40.0)]  # a float32 holds these to 128
    np.save(tmp_path / "x.npy", x)
    _, config = prepare(f"--data={tmp_path}/x.npy", "--validation_fraction=0")
    trained = run_data.load_of_run(config)
    model = types.SimpleNamespace(preprocessor=None, scaling=trained.scaling)
    found, _ = rows.in_order(f"{tmp_path}/x.npy", config, model, {})
    np.testing.assert_array_equal(found.train, trained.scaling.apply(x))
    assert len(np.unique(found.train[:, 0])) == 40


def test_all_rows_of_ready_splits_are_looked_at(prepare, tmp_path):
    x = np.arange(120.0).reshape(60, 2)
    parts = {"x_train": x[:40], "y_train": np.arange(40) % 2, "x_test": x[40:]}
    np.savez(tmp_path / "x.npz", **parts, y_test=np.arange(20) % 2)
    _, config = prepare(f"--data={tmp_path}/x.npz")
    model = types.SimpleNamespace(preprocessor=None, scaling=run_data.load_of_run(config).scaling)
    found, _ = rows.in_order(f"{tmp_path}/x.npz", config, model, {})
    np.testing.assert_array_equal(found.train, model.scaling.apply(x))
    np.testing.assert_array_equal(found.train_labels, np.r_[np.arange(40), np.arange(20)] % 2)
    assert len(found.validation) == len(found.test) == 0
    assert found.notes[-1].endswith("one after another: 40 of train, 20 of test")
