"""Parquet files that are read by row groups."""

import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.datasets import parquet_rows
from keras_infovae.utils.splits import SPLITS

pandas = pytest.importorskip("pandas")
pytest.importorskip("pyarrow")

TABLE = pandas.DataFrame(
    {"a": np.arange(120.0), "b": np.arange(120) * 3, "c": 1 / (1 + np.arange(120))}
)
ALL = {"validation_fraction": 0, "test_fraction": 0}


def write(path, table=TABLE, rows=7):
    table.to_parquet(path, row_group_size=rows, index=False)
    return path


def read(dataset):
    return np.concatenate(list(dataset.as_numpy_iterator()))


@pytest.mark.parametrize("held_bytes", [1, 600, 2**28])
@pytest.mark.parametrize("settings", [{}, {"standardize": True}])
def test_the_splits_are_those_of_load(held_bytes, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_rows, "_HELD_BYTES", held_bytes)
    path = write(tmp_path / "x.parquet")
    data, stream = ki.datasets.load(path, **settings), ki.datasets.stream(path, 8, **settings)
    assert stream.feature_names == data.feature_names == ["a", "b", "c"]
    for split in SPLITS:
        got, expected = read(getattr(stream, split)), getattr(data, split)
        for rows in (got, expected):
            rows.sort(axis=0)
        np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-6)


def test_files_are_read_as_one_and_columns_as_named(tmp_path):
    for start in (0, 50, 60):
        write(tmp_path / f"{start:03d}.parquet", TABLE[start : {0: 50, 50: 60}.get(start)])
    settings = {"shuffle": False, "columns": ["b", "a"], **ALL}
    stream = ki.datasets.stream(tmp_path, 10, **settings)
    assert stream.feature_names == ["b", "a"]
    np.testing.assert_array_equal(read(stream.train), TABLE[["b", "a"]].to_numpy("float32"))


def test_each_epoch_reads_a_row_group_once(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_rows, "_HELD_BYTES", 3 * 7 * 3 * 8)  # 3 row groups
    stream = ki.datasets.stream(write(tmp_path / "x.parquet"), 5, **ALL)
    calls = []
    to_numbers = parquet_rows.to_numbers
    monkeypatch.setattr(
        parquet_rows,
        "to_numbers",
        lambda path, table: calls.append(path) or to_numbers(path, table),
    )
    first, second = read(stream.train)[:, 0], read(stream.train)[:, 0]
    assert sorted(first) == sorted(second) == list(range(120))
    assert first.tolist() != second.tolist()
    assert len(calls) <= 2 * 18  # of 18 row groups, and three may be there from the first epoch
    window = first[:21] // 7  # rows of three row groups, in turn
    assert len(set(window)) == 3 and len(set(window[:7])) > 1


def test_a_sample_is_of_all_row_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_rows, "_HELD_BYTES", 1)
    stream = ki.datasets.stream(write(tmp_path / "x.parquet", rows=40), 8, **ALL)
    sample = stream.sample("train", 30)
    assert len(sample) == 30 and set(sample[:, 0] // 40) == {0, 1, 2}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            TABLE.assign(c="text"),
            r"only columns of numbers.*`columns`.*bad\.parquet' \(not numbers: 'c'\)",
        ),
        (
            TABLE.assign(c=[*[1.0] * 119, np.nan]),
            r"no missing values.*bad\.parquet, row group 17' \(missing, by column: c \(1\)\)",
        ),
        (TABLE.assign(c=1e300), r"be finite.*bad\.parquet, row group \d+' \(NaN or Inf in row"),
        (TABLE[:0], r"at least one row and one column.*bad\.parquet"),
    ],
)
def test_tables_that_cannot_be_used(table, message, tmp_path):
    path = write(tmp_path / "bad.parquet", table)
    with pytest.raises(Exception, match=f"`source` must .*{message}"):
        read(ki.datasets.stream(path, 8, **ALL).train)


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        ("a", TypeError, "`columns` must be a list"),
        ([], TypeError, "`columns` must be a list"),
        ([1], TypeError, "`columns` must be a list"),
        (["a", "a"], ValueError, "`columns` must be a list of names that differ"),
        (["A"], ValueError, "`columns` must be one of 'a', 'b', 'c'.*Did you mean 'a'"),
    ],
)
def test_columns(columns, error, message, tmp_path):
    path = write(tmp_path / "x.parquet")
    with pytest.raises(error, match=message):
        ki.datasets.stream(path, 8, columns=columns)


def test_files_that_do_not_belong_together(tmp_path):
    path = write(tmp_path / "x.parquet")
    other = write(tmp_path / "y.parquet", TABLE.rename(columns={"c": "d"}))
    with pytest.raises(ValueError, match="one feature names in all files.*'c'.*'d'"):
        ki.datasets.stream([path, other], 8)
    single = write(tmp_path / "z.parquet", TABLE.astype("float32"))
    with pytest.raises(ValueError, match="one dtype in all files.*float64.*float32"):
        ki.datasets.stream([path, single], 8)
    np.save(tmp_path / "x.npy", TABLE)
    with pytest.raises(ValueError, match="be Parquet files where `columns` is given"):
        ki.datasets.stream(tmp_path / "x.npy", 8, columns=["a"])


def test_damaged_files(tmp_path):
    path = write(tmp_path / "x.parquet")
    content = path.read_bytes()
    stream = ki.datasets.stream(path, 8, **ALL)
    path.write_bytes(content[:50])
    with pytest.raises(Exception, match=r"be a Parquet file that is whole.*x\.parquet"):
        read(stream.train)
    with pytest.raises(ValueError, match=r"be a Parquet file that is whole.*x\.parquet"):
        ki.datasets.stream(path, 8)
