"""`evaluate`: the numbers of the training again, and those on other data."""

import json
import os
import shutil

import numpy as np
import pytest

from keras_infovae import datasets
from keras_infovae.cli.actions.data import fingerprint, load_of_run
from keras_infovae.evaluation import marginal_log_likelihood
from keras_infovae.training import RunDirectory
from tests.cli.conftest import write_table


def read(path):
    return json.loads(path.read_text())


@pytest.mark.parametrize("name", ["digits", "table"])
def test_the_numbers_of_the_training_come_again(command, runs, tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a relative path in --data would not be found from here
    outcome = command("evaluate", f"--run={runs}/{name}", "--output=numbers.json")
    assert outcome.status == 0, outcome.err
    assert "ELBO, nats" in outcome.out
    assert "test examples" in outcome.out
    numbers = read(tmp_path / "numbers.json")
    metrics = read(runs / name / "metrics.json")
    for key in set(metrics) - {"epoch", "plots"}:
        expected = metrics[key]
        expected = pytest.approx(expected, rel=1e-5) if isinstance(expected, float) else expected
        assert numbers[key] == expected, key


def test_log_p_of_x_is_estimated_on_request(command, runs, tmp_path):
    path = tmp_path / "numbers.json"
    flags = [f"--run={runs}/digits", "--likelihood=importance", f"--output={path}"]
    outcome = command("evaluate", *flags)
    assert outcome.status == 0, outcome.err
    numbers = read(path)
    assert f"log p(x) by importance: {numbers['log_likelihood']:.2f} +- " in outcome.out
    # Draws of 5,000 instead of 128: above the bound, on the same examples.
    assert numbers["log_likelihood"] > numbers["importance_weighted_bound"] - 0.1
    run = RunDirectory(runs / "digits")
    x = load_of_run(run.config()).test
    found = marginal_log_likelihood(run.load_model(), x, "importance", seed=3).log_likelihood
    error = np.std(found, ddof=1) / np.sqrt(len(x))
    assert numbers["log_likelihood_standard_error"] == pytest.approx(error, rel=1e-4)


def test_splits(command, runs, tmp_path):
    counts = {}
    for split in ("train", "all"):
        path = tmp_path / f"{split}.json"
        flags = [f"--run={runs}/digits", f"--split={split}", f"--output={path}"]
        assert command("evaluate", *flags, "--num_samples=2").status == 0
        counts[split] = read(path)["examples"]
    assert counts == {"train": 48, "all": 60}


def test_without_a_test_split_the_validation_split_counts(command, runs, tmp_path):
    shutil.copytree(runs / "digits", tmp_path / "run")
    config = read(tmp_path / "run/config.json")
    config["data"]["test_fraction"] = 0
    config["data_fingerprint"] = fingerprint(datasets.load(**config["data"]))
    (tmp_path / "run/config.json").write_text(json.dumps(config))
    outcome = command("evaluate", f"--run={tmp_path}/run", "--split=test")
    assert outcome.status == 2
    assert "`--split` must be one of at least 2 examples. Received: --split=test" in outcome.err
    assert "validation examples" in command("evaluate", f"--run={tmp_path}/run").out


def test_other_data_is_scaled_as_the_runs(command, runs, tmp_path):
    model = RunDirectory(runs / "table").load_model()
    write_table(tmp_path / "new.csv", rows=6)
    path = tmp_path / "numbers.json"
    flags = [f"--data={tmp_path}/new.csv", f"--output={path}", "--seed=1"]
    assert command("evaluate", f"--run={runs}/table", *flags).status == 0
    raw = np.loadtxt(tmp_path / "new.csv", delimiter=",", skiprows=1, usecols=(0, 1))
    order = datasets.load(tmp_path / "new.csv", label_column="kind")
    x = np.concatenate([order.train, order.validation, order.test])
    np.testing.assert_allclose(np.sort(x, axis=0), np.sort(raw, axis=0), rtol=1e-6)
    expected = model.elbo(model.scaling.apply(x), seed=1).mean()
    assert read(path)["elbo"] == pytest.approx(expected, rel=1e-5)
    assert read(path)["examples"] == 6


def test_other_data_needs_no_labels(command, runs, tmp_path):
    rows = (runs / "table.csv").read_text().splitlines()
    path = tmp_path / "new.csv"
    path.write_text("\n".join(row.rpartition(",")[0] for row in rows[:9]) + "\n")
    outcome = command("evaluate", f"--run={runs}/table", f"--data={path}", "--num_samples=1")
    assert outcome.status == 0, outcome.err
    assert "Mean over 8 examples" in outcome.out
    path.write_text("\n".join([rows[0], "2000,,a", *rows[2:]]) + "\n")
    outcome = command("evaluate", f"--run={runs}/table", f"--data={path}")
    assert outcome.status == 2
    assert "missing, by column: share (1)" in outcome.err


def test_other_images_are_scaled_as_the_runs(command, runs, tmp_path):
    data = datasets.load("digits", limit=10, validation_fraction=0, test_fraction=0)
    np.save(tmp_path / "raw.npy", data.scaling.invert(data.train))
    flags = [f"--data={tmp_path}/raw.npy", f"--output={tmp_path}/numbers.json", "--split=all"]
    assert command("evaluate", f"--run={runs}/digits", *flags).status == 0
    numbers = read(tmp_path / "numbers.json")
    terms = RunDirectory(runs / "digits").load_model().evaluate(data.train, verbose=0)
    assert numbers["examples"] == 10
    assert numbers["reconstruction_loss"] == pytest.approx(terms["reconstruction_loss"], rel=0.05)


def test_columns_in_another_order_are_refused(command, runs, tmp_path):
    write_table(tmp_path / "new.csv", columns=("share", "year"))
    outcome = command("evaluate", f"--run={runs}/table", f"--data={tmp_path}/new.csv")
    assert outcome.status == 2
    assert "columns that the run was trained on, in their order" in outcome.err
    assert "'share' for 'year'" in outcome.err


def test_data_that_has_changed_is_refused(command, runs, tmp_path):
    shutil.copytree(runs / "table", tmp_path / "run")
    config = read(tmp_path / "run/config.json")
    config["data"]["source"] = str(tmp_path / "table.csv")
    (tmp_path / "run/config.json").write_text(json.dumps(config))
    write_table(tmp_path / "table.csv")
    assert command("evaluate", f"--run={tmp_path}/run").status == 0
    write_table(tmp_path / "table.csv", rows=41)
    outcome = command("evaluate", f"--run={tmp_path}/run")
    assert outcome.status == 2
    assert "table.csv, which has changed since" in outcome.err


def test_a_run_of_another_program_is_refused(command, tmp_path):
    RunDirectory.create(tmp_path / "run", {"seed": 0}).close()
    outcome = command("evaluate", f"--run={tmp_path}/run")
    assert outcome.status == 2
    assert "`--run` must be a run that `keras-infovae train` wrote" in outcome.err


def test_an_unfinished_run_can_be_evaluated(command, runs, tmp_path):
    shutil.copytree(runs / "digits", tmp_path / "run")
    os.remove(tmp_path / "run/metrics.json")
    outcome = command("evaluate", f"--run={tmp_path}/run")
    assert outcome.status == 0
    assert "is unfinished; this is its last good epoch" in outcome.out


def test_numbers_are_not_written_over(command, runs, tmp_path):
    path = tmp_path / "numbers.json"
    path.write_text("mine")
    flags = [f"--run={runs}/table", f"--output={path}"]
    assert command("evaluate", *flags).status == 2
    assert path.read_text() == "mine"
    assert command("evaluate", *flags, "--overwrite").status == 0
    assert "elbo" in read(path)
