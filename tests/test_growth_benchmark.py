"""The benchmark of growth: what it fits, counts and writes; nothing is timed."""

import csv
import importlib
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import tensorflow as tf
from absl import app

from tests.benchmark_scripts import FOLDER, imported


@pytest.fixture
def growth(tmp_path):
    """Returns the command with flags of a try, in a folder of its own."""
    options = f"--output={tmp_path}", f"--picture={tmp_path}/growth.png", "--quick"
    with imported("growth", *options) as module:
        yield module


@pytest.fixture
def point(growth):
    return importlib.import_module(f"{growth.curves.__package__}.point")


def test_a_power_has_its_exponent_and_no_point_off_its_line(growth):
    lines, x = growth.lines, [1, 2, 8, 64]
    line = lines.fit(x, [3.0 * a**1.5 for a in x])
    assert line.exponent == pytest.approx(1.5) and line.level == pytest.approx(3.0)
    assert line.last_exponent == pytest.approx(1.5) and line.off == {}
    np.testing.assert_allclose(line.at([4, 16]), [24.0, 192.0])


def test_what_does_not_grow_hides_the_exponent_but_of_the_last_points(growth):
    lines, x = growth.lines, 10.0 ** np.arange(6)
    line = lines.fit(x, 100.0 + x)
    assert line.exponent < 0.7 and line.last_exponent == pytest.approx(1.0, abs=0.01)
    assert 1.0 in line.off and line.off[1.0] > lines.FAR


def test_the_lines_that_are_kept_are_those_of_the_points(growth):
    found = growth.lines.table(growth.curves.CURVES, growth.read_points(FOLDER / "growth.csv"))
    with open(FOLDER / "growth_lines.csv", encoding="utf-8", newline="") as lines:
        kept = list(csv.reader(lines))
    assert kept == [list(growth.lines.COLUMNS), *([str(cell) for cell in row] for row in found)]


def test_points_of_one_curve_are_of_processes_of_their_own(growth, tmp_path, monkeypatch):
    # Stands in for a training: the first point of a curve takes most memory.
    stand_in = tmp_path / "point.py"
    names = list(growth.FIGURES)
    stand_in.write_text(
        textwrap.dedent(f"""
            import json, os, sys
            x = int(sys.argv[2])
            held = bytearray(50_000_000) if x < 16 else b""
            with open("/proc/self/status") as file:
                peak = next(int(l.split()[1]) / 1e3 for l in file if l.startswith("VmHWM"))
            figures = dict.fromkeys({names}, 1.0 + x)
            figures |= {{"peak_mb": peak, "before_mb": 1.0, "process": os.getpid(), "repeats": 3}}
            print("what a library says")
            print(json.dumps(figures))
        """)
    )
    command = [sys.executable, "-S", str(stand_in)]
    monkeypatch.setattr(growth, "command_of", lambda curve, x: [*command, curve, str(x)])
    growth.FLAGS.curves = ["side"]
    growth.main(["growth"])
    (first, second) = growth.read_points(tmp_path / "growth.csv")["side"]
    assert (first["x"], second["x"]) == growth.curves.CURVES["side"].quick
    assert first["process"] != second["process"]
    assert second["peak_mb"] < first["peak_mb"] - 40  # the peak before it is not its own
    with open(tmp_path / "growth_lines.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["quantity"] for row in rows] == ["time", "memory"]
    assert float(rows[0]["exponent"]) == pytest.approx(np.log2(17 / 9), abs=1e-3)
    assert (tmp_path / "growth.png").stat().st_size > 5000

    def fails(command):
        raise AssertionError(f"{command} was there already")

    monkeypatch.setattr(growth, "measure", fails)
    growth.main(["growth"])  # goes on from what is there


def test_a_point_that_fails_says_why(growth):
    script = "import sys; sys.exit('no memory')"
    with pytest.raises(RuntimeError, match="status 1:\nno memory"):
        growth.measure([sys.executable, "-S", "-c", script, "rows", "9", "0.0"])


@pytest.mark.parametrize(
    "name, value, message",
    [
        ("curves", ["rows", "columns"], "--curves must be some of rows, latent"),
        ("curves", [], "--curves must be some of"),
        ("picture", "growth.pdf", "--picture must end in .png"),
        ("output", str(FOLDER), "--quick needs an --output of its own"),
    ],
)
def test_wrong_flags_are_refused_before_anything_is_measured(growth, name, value, message):
    setattr(growth.FLAGS, name, value)
    with pytest.raises(app.UsageError, match=message):
        growth.check_flags([])


def test_whole_curves_grow_and_tries_are_small(growth, point):
    curves = growth.curves
    for curve in curves.CURVES.values():
        assert list(curve.values) == sorted(set(curve.values)) and len(curve.values) >= 3
        assert len(curve.quick) == 2 and max(curve.quick) <= 256
    assert curves.points(["devices"], quick=True) == [("devices", 1), ("devices", 2)]
    assert set(point.MAKERS) == set(curves.CURVES)


def test_rows_are_written_a_block_at_a_time(point, tmp_path):
    point.write_rows(tmp_path / "x.npy", point.BLOCK + 3)
    x = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert x.shape == (point.BLOCK + 3, point.COLUMNS) and x.dtype == np.float32
    assert np.isfinite(x).all() and not np.array_equal(x[:3], x[-3:])


def test_steps_are_training_steps_of_the_whole_batch(point):
    class Counting:
        """Stands in for a model: counts the rows that its steps see."""

        rows = tf.Variable(0)

        def train_step(self, x):
            return self.rows.assign_add(tf.shape(x)[0])

    run, count = point.steps(Counting(), point.images(6, 4))
    before = int(Counting.rows.numpy())
    run()
    assert count >= 1 and int(Counting.rows.numpy()) == before + 6 * count


@pytest.mark.slow
@pytest.mark.parametrize("curve", ["rows", "latent", "side", "batch", "devices", "processes"])
def test_a_try_measures_two_points(curve, tmp_path):
    command = [sys.executable, FOLDER / "growth.py", "--quick", f"--curves={curve}"]
    command += [f"--output={tmp_path}", f"--picture={tmp_path}/growth.png"]
    subprocess.run(command, check=True, capture_output=True)
    with open(tmp_path / "growth.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["curve"] for row in rows] == [curve, curve]
    assert len({row["process"] for row in rows}) == 2
    assert all(float(row["peak_mb"]) > float(row["before_mb"]) > 100 for row in rows)
