"""The files of figures that benchmarks write: a part that is measured again replaces itself."""

import csv

import pytest

from tests.benchmark_scripts import imported

COLUMNS = ("way", "batch", "ms")


@pytest.fixture
def csv_file(tmp_path):
    with imported("figures.csv_file", f"--csv={tmp_path / 'figures.csv'}") as module:
        yield module


def rows_of(module):
    with open(module.FLAGS.csv, newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_rows_replace_those_of_their_settings_and_leave_the_others(csv_file):
    csv_file.update(COLUMNS, [("fit", 32, 1.23456789), ("bare", 32, None)], settings=2)
    assert rows_of(csv_file) == [list(COLUMNS), ["fit", "32", "1.23457"], ["bare", "32", ""]]
    csv_file.update(COLUMNS, [("new", 64, 7), ("fit", 32, 2.0)], settings=2)
    assert rows_of(csv_file)[1:] == [["fit", "32", "2"], ["bare", "32", ""], ["new", "64", "7"]]


def test_a_file_of_other_columns_is_left_alone(csv_file):
    csv_file.update(COLUMNS, [("fit", 32, 1.0)], settings=2)
    with pytest.raises(SystemExit, match="--csv must be a file of the columns"):
        csv_file.update(("way", "ms"), [("fit", 2.0)], settings=1)
    assert rows_of(csv_file)[1:] == [["fit", "32", "1"]]
