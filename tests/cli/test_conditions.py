"""Runs whose model is told the labels: from `train --condition=labels` to all other commands."""

import csv
import json
import types

import keras
import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.cli.actions import conditions, evaluate
from keras_infovae.cli.actions.data import fingerprint
from keras_infovae.cli.errors import CommandLineError
from keras_infovae.cli.main import main
from keras_infovae.training import RunDirectory
from tests.cli.conftest import SMALL, write_table

FLAGS = (*SMALL, "--epochs=2", "--batch_size=16", "--label_column=kind", "--condition=labels")
FLAGS += ("--model=iwae", "--num_samples=2", "--standardize")


def read(path):
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with table.csv, of kinds "a" and "b", and `run`, a model that is told them."""
    folder = tmp_path_factory.mktemp("conditions")
    write_table(folder / "table.csv", rows=80)
    given = [f"--data={folder}/table.csv", f"--output={folder}/run", "--noplots"]
    assert main(["keras-infovae", "train", *FLAGS, *given]) == 0
    return folder


def test_the_labels_are_the_condition_by_their_order(folder):
    run = RunDirectory(folder / "run")
    config, model = run.config(), run.load_model()
    assert config["classes"] == ["a", "b"]
    assert type(model) is ki.IWAE and model.condition.num_classes == 2
    data = ki.datasets.load(**config["data"])
    found = conditions.of_splits(data, config)
    np.testing.assert_array_equal(found["train"], np.where(data.train_labels == "b", 1, 0))
    metrics = read(folder / "run/metrics.json")
    expected = ki.evaluation.summarize(model, data.test, condition=found["test"])
    for name, value in expected.items():
        assert metrics[name] == (value and pytest.approx(value, rel=1e-5)), name


def test_the_condition_was_learned_with(folder):
    # Trained by hand on the same rows and conditions: the losses are the run's.
    run = RunDirectory(folder / "run")
    config = run.config()
    data = ki.datasets.load(**config["data"])
    given = conditions.of_splits(data, config)
    keras.utils.set_random_seed(0)
    settings = {"likelihood": "normal", "scaling": data.scaling, "seed": 0}
    model = ki.IWAE(
        2, 2, condition=ki.conditions.Classes(2), encoder="mlp", decoder="mlp", **settings
    )
    model.compile("adam", run_eagerly=True)
    held_out = (data.validation, given["validation"])
    fit = {"epochs": 2, "batch_size": 16, "verbose": 0, "validation_data": held_out}
    history = model.fit(data.train, condition=given["train"], **fit).history
    for name in ("loss", "val_loss"):
        assert run.history()[name] == pytest.approx(history[name], rel=1e-4)


def test_examples_of_a_class(command, folder, tmp_path):
    values = {}
    for kind in "ab":
        path = tmp_path / f"{kind}.csv"
        given = [f"--run={folder}/run", f"--condition={kind}", "--n=5", "--nonoise"]
        outcome = command("generate", *given, f"--output={path}")
        assert outcome.status == 0, outcome.err
        assert f"Wrote 5 new examples of class {kind} to {path}" in outcome.out
        with open(path, newline="") as file:
            values[kind] = np.array(list(csv.reader(file))[1:], "float64")
    model = RunDirectory(folder / "run").load_model()
    expected = model.scaling.invert(model.generate(5, seed=0, condition=1))
    np.testing.assert_allclose(values["b"], expected, rtol=1e-5)
    assert np.abs(values["a"] - values["b"]).max() > 1e-6


@pytest.mark.parametrize(
    ("run", "flags", "message"),
    [
        ("run", [], "`--condition` must be given: one of a, b. Received: none"),
        ("run", ["--condition=A"], "Did you mean 'a'?"),
    ],
)
def test_what_no_class_is_is_named(command, folder, tmp_path, run, flags, message):
    outcome = command("generate", f"--run={folder}/{run}", f"--output={tmp_path}/x.npy", *flags)
    assert outcome.status == 2 and message in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_a_run_without_a_condition_takes_none():
    with pytest.raises(CommandLineError, match="must be left out: the model of the run takes none"):
        conditions.class_of("a", {})
    assert conditions.class_of(None, {}) is None
    assert set(conditions.of_splits(None, {}).values()) == {None}


def test_numbers_come_again_and_on_other_data(command, folder, tmp_path):
    metrics = read(folder / "run/metrics.json")
    outcome = command("evaluate", f"--run={folder}/run", f"--output={tmp_path}/n.json")
    assert outcome.status == 0, outcome.err
    assert read(tmp_path / "n.json")["elbo"] == pytest.approx(metrics["elbo"], rel=1e-5)
    # The same rows as other data are told their labels too.
    given = [f"--data={folder}/table.csv", "--split=test", "--likelihood=importance"]
    outcome = command("evaluate", f"--run={folder}/run", *given, f"--output={tmp_path}/o.json")
    assert outcome.status == 0, outcome.err
    numbers = read(tmp_path / "o.json")
    assert numbers["elbo"] == pytest.approx(metrics["elbo"], rel=1e-4)
    model = RunDirectory(folder / "run").load_model()
    data = ki.datasets.load(**RunDirectory(folder / "run").config()["data"])
    given = {"condition": (data.test_labels == "b").astype(int)}
    expected = ki.evaluation.marginal_log_likelihood(model, data.test, **given)
    assert numbers["log_likelihood"] == pytest.approx(expected.log_likelihood.mean(), rel=1e-4)


def test_all_splits_keep_their_conditions():
    splits = {
        name: np.full((n, 2), n) for name, n in (("train", 2), ("validation", 0), ("test", 3))
    }
    given = {"train": np.array([0, 1]), "validation": None, "test": np.array([1, 1, 0])}
    x, rows = evaluate._examples(types.SimpleNamespace(**splits), given, "all")
    np.testing.assert_array_equal(x[:, 0], [2, 2, 3, 3, 3])
    np.testing.assert_array_equal(rows, [0, 1, 1, 1, 0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda row: row[:-1] + "c", "trained on: a, b. Received: c (unknown labels: 64 of 64)"),
        (lambda row: row.rpartition(",")[0], "`--data` must have one label per example"),
        (lambda row: row[:-1] + "1", "labels that the model was trained on: a, b. Received: 1"),
    ],
)
def test_other_labels_are_refused(command, folder, tmp_path, change, message):
    header, *rows = (folder / "table.csv").read_text().splitlines()
    header = header if change(rows[0]).count(",") == 2 else "year,share"
    path = tmp_path / "new.csv"
    path.write_text("\n".join([header, *map(change, rows)]) + "\n")
    outcome = command("evaluate", f"--run={folder}/run", f"--data={path}")
    assert outcome.status == 2 and message in outcome.err


def test_only_the_labels_that_are_asked_for_count(command, folder, tmp_path):
    config = RunDirectory(folder / "run").config()["data"] | {"label_column": None}
    path = tmp_path / "new.csv"
    # The first column is the number of the row, which tells which row is a test example.
    path.write_text("\n".join(["year,share,kind", *(f"{i},0.5,a" for i in range(80))]) + "\n")
    first = ki.datasets.load(**config | {"source": str(path), "label_column": "kind"})
    place = int(first.scaling.invert(first.test)[0, 0].round())
    path.write_text(path.read_text().replace(f"{place},0.5,a", f"{place},0.5,c"))
    given = [f"--run={folder}/run", f"--data={path}"]
    outcome = command("evaluate", *given, "--split=train")
    assert outcome.status == 0, outcome.err
    outcome = command("evaluate", *given, "--split=test")
    assert outcome.status == 2 and "Received: c (unknown labels: 1 of 8)" in outcome.err


def test_labels_that_have_changed_are_seen(command, folder, tmp_path):
    data = ki.datasets.load(**RunDirectory(folder / "run").config()["data"])
    config = read(folder / "run/config.json")
    assert config["data_fingerprint"] == fingerprint(data, labels=True) != fingerprint(data)
    before = (folder / "table.csv").read_text()
    (folder / "table.csv").write_text(before.replace(",a", ",c").replace(",b", ",a"))
    try:
        outcome = command("evaluate", f"--run={folder}/run")
    finally:
        (folder / "table.csv").write_text(before)
    assert outcome.status == 2 and "which has changed since" in outcome.err


def test_a_stopped_run_goes_on(command, folder, tmp_path, monkeypatch):
    given = [f"--data={folder}/table.csv", f"--output={tmp_path}/run"]

    def stop(callback, epoch, logs=None):
        if epoch == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(keras.callbacks.Callback, "on_epoch_begin", stop)
        outcome = command("train", *FLAGS, *given, "--noplots")
    assert outcome.status == 130 and not (tmp_path / "run/metrics.json").exists()
    drawn = []
    monkeypatch.setattr(
        ki.evaluation, "plot_all", lambda *_, condition: drawn.append(condition) or []
    )
    plain = [flag for flag in FLAGS if not flag.startswith("--condition")]
    outcome = command("train", *plain, *given, "--resume")
    assert outcome.status == 2
    assert "model.condition=None, where the run has 'labels'" in outcome.err
    outcome = command("train", *FLAGS, *given, "--resume")
    assert outcome.status == 0, outcome.err
    assert "going on after epoch 1" in outcome.out
    assert "generate --run=" in outcome.out and "--condition=a --output" in outcome.out
    unbroken, resumed = (RunDirectory(path / "run") for path in (folder, tmp_path))
    assert resumed.history() == unbroken.history()
    for one, other in zip(
        unbroken.load_model().get_weights(), resumed.load_model().get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    assert len(drawn[0]["train"]) == 64 and set(drawn[0]["train"]) == {0, 1}


def test_a_report_is_given_the_condition(command, folder, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(ki.evaluation, "report", lambda *_, **given: asked.append(given))
    outcome = command("report", f"--run={folder}/run", f"--output={tmp_path}/report")
    assert outcome.status == 0, outcome.err
    model, data = (
        RunDirectory(folder / "run").load_model(),
        ki.datasets.load(**RunDirectory(folder / "run").config()["data"]),
    )
    found = ki.evaluation.conditions.conditions_of(model, data, asked[0]["condition"])
    assert len(found["train"]) == len(data.train)
    names = ki.evaluation.conditions.class_names_of(model, data, found)
    assert names == ["a", "b"]


def test_a_run_is_exported_with_its_condition(command, folder, tmp_path):
    given = ["--signatures=score", "--false_positive_rate=0.2", "--warmup"]
    outcome = command("export", f"--run={folder}/run", f"--output={tmp_path}/serving", *given)
    assert outcome.status == 0, outcome.err
    assert "`condition` is the place of the label" in outcome.out
    assert "\n  a, b\n" in outcome.out
    described = read(tmp_path / "serving/1/signatures.json")
    assert described["signatures"]["score"]["inputs"]["condition"]["dtype"] == "int64"
    assert described["anomaly_threshold"]["calibrated_on"] == 8
    assert described["classes"] == ["a", "b"]
    given = ["--format=litert", "--parts=decoder", f"--output={tmp_path}/phone"]
    outcome = command("export", f"--run={folder}/run", *given)
    assert outcome.status == 0, outcome.err
    assert "`condition` is the place of the label" in outcome.out
    assert outcome.out.endswith("\n  a, b\n")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--beta=2"], "must be left out for --model=iwae; it is a flag of"),
        (["--stream"], "`--label_column` must be left out with --stream"),
        (["--stream", "--condition=a"], "`--condition` must be labels with --stream"),
        (
            ["--condition=label"],
            "`--condition` must be labels, or columns of a table, which need no",
        ),
        (["--data=numbers.csv"], "`--data` must have one label per example"),
    ],
)
def test_flags_that_do_not_go_together(command, folder, tmp_path, flags, message, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "numbers.csv").write_text("a,b\n" + 20 * "1,2\n")
    flags = [*FLAGS, f"--data={folder}/table.csv", f"--output={tmp_path}/run", *flags]
    if "--data=numbers.csv" in flags:
        flags.remove("--label_column=kind")
    outcome = command("train", *flags)
    assert outcome.status == 2 and message in outcome.err
    assert not (tmp_path / "run").exists()
