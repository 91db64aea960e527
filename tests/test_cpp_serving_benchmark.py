"""The benchmark of serving in C++: what it sums up and refuses; nothing is timed."""

import csv
import subprocess
import sys

import numpy as np
import pytest
from absl import app

from tests.benchmark_scripts import FOLDER, imported


@pytest.fixture
def cpp_serving():
    with imported("cpp_serving", "--seconds=0") as module:
        yield module


def test_figures_are_those_of_the_best_round(cpp_serving):
    slow, fast = [(0.5, 0.2)] * 4, [(0.1, 0.05)] * 98 + [(0.3, 0.05)] * 2
    row = cpp_serving.row_of("score", 16, "C++ loader", [slow, fast])
    assert row[:3] == ["score", 16, "C++ loader"] and row[-1] == 104
    assert row[3:5] == [20.0, 320.0]
    assert row[5] == 100.0 and 100.0 < row[6] <= 300.0
    assert len(row) == len(cpp_serving.COLUMNS)


def test_what_takes_longer_than_its_time_is_measured_once(cpp_serving):
    ((seconds, processor),) = cpp_serving.repeat(lambda: None)
    assert seconds > 0 and processor >= 0


def test_ways_that_answer_otherwise_are_no_ways(cpp_serving):
    expected = {("encode", 4): np.array([1.0, -2.0])}
    cpp_serving.check_alike({("encode", 4): np.array([1.0001, -2.0])}, expected, "C++ loader")
    for wrong in (2.001, np.nan):
        with pytest.raises(RuntimeError, match="C\\+\\+ loader differs by .* encode of 4 rows"):
            cpp_serving.check_alike({("encode", 4): np.array([1.0, wrong])}, expected, "C++ loader")


@pytest.mark.parametrize("batches", [["0"], ["4", "x"], [], ["-1"]])
def test_sizes_of_batches_are_positive_integers(cpp_serving, batches):
    cpp_serving.FLAGS.batches = batches
    with pytest.raises(app.UsageError, match="--batches must be integers of at least 1"):
        cpp_serving.batches_of_flags()


@pytest.mark.slow
def test_all_ways_answer_alike(tmp_path):
    path = tmp_path / "figures.csv"
    command = [sys.executable, FOLDER / "cpp_serving.py", "--batches=1,3", "--seconds=0"]
    subprocess.run([*command, "--rounds=1", f"--csv={path}"], check=True, capture_output=True)
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert (
        len(rows) == 2 * 2 * 4
        and len({(row["signature"], row["batch"], row["way"]) for row in rows}) == 16
    )
    assert all(float(row["requests/s"]) > 0 for row in rows)
