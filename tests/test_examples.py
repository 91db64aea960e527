"""The examples that show what no other test does."""

import os
import pathlib
import re
import subprocess
import sys

import keras
import numpy as np
import pytest

import keras_infovae  # noqa: F401, whose models are loaded

ROOT = pathlib.Path(__file__).parents[1]


@pytest.mark.slow
@pytest.mark.parametrize("workers", [2, 4])
def test_a_training_whose_worker_is_killed_goes_on_as_if_it_was_not(tmp_path, workers):
    flags = [
        f"--workers={workers}",
        "--limit=300",
        "--epochs=6",
        "--kill_after=2",
        f"--output={tmp_path}/runs",
    ]
    done = subprocess.run(
        [sys.executable, ROOT / "examples/multi_worker.py", *flags],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    stopped = re.findall(r"worker (\d) stopped (\d+) s later, status (\d+):", done.stdout)
    assert [int(worker) for worker, _, _ in stopped] == list(range(workers - 1))
    for _, seconds, status in stopped:
        assert int(seconds) < 60
        assert status == "1"
    assert done.stdout.count("error: another worker of the cluster was lost") == workers - 1
    assert done.stdout.count("The run is unfinished: --resume goes on with it") == workers - 1
    runs = {name: tmp_path / "runs" / name for name in ("several", "killed")}
    histories = {
        name: np.loadtxt(run / "history.csv", delimiter=",", skiprows=1)
        for name, run in runs.items()
    }
    assert len(histories["several"]) == 6
    np.testing.assert_array_equal(histories["killed"], histories["several"])
    models = [keras.saving.load_model(runs[n] / "model.keras") for n in runs]
    for a, b in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_array_equal(a, b)
