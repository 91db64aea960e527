"""The scripts of the reproduction: what the paper says of the ELBO and of InfoVAE, in small."""

import csv
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
FOLDER = ROOT / "examples" / "reproduce"


def reproduce(script, output, *settings):
    """Runs one of the scripts; returns what it printed and the rows of its table."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, FOLDER / f"{script}.py", f"--output={output}", *settings],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    [table] = output.glob("*.csv")
    with open(table, newline="", encoding="utf-8") as file:
        return done.stdout, list(csv.DictReader(file))


def test_an_interrupted_sweep_goes_on_where_it_stopped(tmp_path):
    settings = ("--seeds=1", "--steps=5", "--models=elbo", "--test_examples=20")
    _, first = reproduce("overfitting", tmp_path, *settings, "--sizes=50")
    [model] = (tmp_path / "models").iterdir()
    before = model.stat().st_mtime_ns
    printed, rows = reproduce("overfitting", tmp_path, *settings, "--sizes=50,60")
    assert rows[0] == first[0] and [row["n"] for row in rows] == ["50", "60"]
    # Of other steps or networks, it would be another cell.
    assert {(row["steps"], row["networks"]) for row in rows} == {("5", "mlp")}
    assert model.stat().st_mtime_ns == before  # neither trained nor measured again
    assert printed.startswith("2/2 ") and "is complete" in printed
    for row in rows:
        # Both are of the same draws: the logarithm of a mean is above the mean of the logarithms.
        assert float(row["importance_weighted_bound_test"]) > float(row["elbo_test"])
        assert float(row["seconds"]) > 0 and row["keras_infovae"]


@pytest.mark.slow
def test_two_samples(tmp_path):
    _, rows = reproduce("two_samples", tmp_path, "--seeds=1")
    nats = {
        row["name"]: [float(row[f"kl_after_{steps}_steps"]) for steps in (2000, 4000, 6000)]
        for row in rows
    }
    # Over two runs of three seeds, 0.37 to 0.43, 0.61 to 1.28, 0.77 to 2.14 against at most 0.053:
    # the VAE's wavers from step to step (docs/reproduction.md).
    assert min(nats["elbo"][1:]) > 1.3 * nats["elbo"][0]
    assert min(nats["elbo"]) > 4.0 * max(nats["mmd"])
    assert max(nats["mmd"]) < 0.1


@pytest.mark.slow
def test_a_flexible_decoder(tmp_path):
    _, rows = reproduce("flexible_decoder", tmp_path, "--seeds=1")
    nats = {row["name"]: float(row["mutual_information"]) for row in rows}
    # Over three seeds, at most 0.02 against at least 4.8; no more than log 360 = 5.9 can be seen.
    assert nats["elbo"] < 0.1
    assert nats["mmd"] > 4.0


@pytest.mark.slow
def test_weights_are_measured_at_each_length_and_at_the_best_step(tmp_path):
    settings = ("--weights=0:1,0.5:auto", "--lengths=40,80", "--every=20", "--seeds=1")
    small = ("--chains=2", "--temperatures=10", "--test_examples=30", "--validation_examples=50")
    _, rows = reproduce("weights", tmp_path, *settings, *small)
    assert len(rows) == 2 * 2 * 2
    for row in rows:
        at, steps = int(row["at_step"]), int(row["steps"])
        assert at == steps if row["of"] == "last" else 20 <= at <= steps
        assert float(row["importance"]) > float(row["elbo"])  # 5,000 draws in place of one


def test_an_unknown_model_is_named_before_anything_is_trained(tmp_path):
    command = [sys.executable, FOLDER / "overfitting.py", "--models=elbo,vea"]
    done = subprocess.run(
        [*command, f"--output={tmp_path / 'out'}"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(FOLDER)])},
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0 and "elbo, mmd, stein, adversarial, beta_vae" in done.stderr
    assert not (tmp_path / "out").exists()
