"""Every benchmark runs, on as little as it can be given; nothing is timed."""

import csv
import os
import subprocess
import sys

import pytest

from tests.benchmark_scripts import FOLDER

SCRIPTS = {
    "annealing_settings": ["--latent_dim=1", "--values=2", "--most=250"],
    "divergence_cost": ["--names=covariance", "--seconds=0"],
    "evaluation_speed": ["--data=digits", "--examples=200"],
    "fit_speed": ["--data=digits", "--rounds=1"],
    "hostile_load": ["--seconds=3", "--clients=4"],
    "import_time": ["--rounds=1"],
    "jit_compile": ["--networks=MLP 64-32", "--turns=3"],
    "likelihood_speed": [
        *("--examples=3", "--chains=2", "--temperatures=4", "--num_samples=4", "--loop_draws=1"),
    ],
    "mmd_cost": ["--largest=128"],
    "row_draws": ["--names=normal", "--rows=10", "--rounds=1"],
    "sampling_speed": ["--batches=2", "--rounds=1"],
    "serving_load": ["--seconds=1", "--clients=2"],
    "step_parts": ["--turns=3", "--batch=8"],
    "streaming_memory": ["--gigabytes=0.02"],
    "table_rows": ["--rows=1000"],
    "text_steps": ["--turns=3", "--batch=4", "--vocabulary=20", "--longest=5"],
    "tuned_pipelines": ["--iterators=2", "--seconds=0"],
}
# What is tried by tests of its own, and what measures nothing.
OTHERS = {"cost_estimate", "cpp_serving", "gpu", "growth"}


def test_no_benchmark_is_left_out():
    assert {path.stem for path in FOLDER.glob("*.py")} == {*SCRIPTS} | OTHERS


@pytest.mark.slow
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_benchmark_writes_its_figures(name, tmp_path):
    path = tmp_path / "figures.csv"
    command = [sys.executable, FOLDER / f"{name}.py", f"--csv={path}", *SCRIPTS[name]]
    environment = os.environ | {"PYTHONPATH": str(FOLDER.parent)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    # In a few seconds of hostile load memory grows: whether it goes on growing cannot be told.
    too_short = name == "hostile_load" and done.stderr.endswith("or the memory grew\n")
    assert done.returncode == 0 or too_short, done.stderr[-2000:]
    with open(FOLDER / f"{name}.csv", encoding="utf-8", newline="") as file:
        columns = next(csv.reader(file))
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows and list(rows[0]) == columns
