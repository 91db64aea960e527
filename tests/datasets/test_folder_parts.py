"""Tables whose rows are in several files, and what their indices become."""

import os

import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.datasets import DataWarning, load, memory

pd = pytest.importorskip("pandas")
pytest.importorskip("pyarrow")

ALL = {"validation_fraction": 0, "test_fraction": 0}


def table(start, stop):
    rows = np.arange(start, stop)
    return pd.DataFrame({"a": rows, "b": rows / 2, "kind": [f"k{i % 2}" for i in rows]})


def write(folder, suffix, *bounds):
    folder.mkdir()
    for start, stop in bounds:
        path = folder / f"part-{start:03d}{suffix}"
        part = table(start, stop)
        part.to_parquet(path) if suffix == ".parquet" else part.to_csv(path, index=False)
    return folder


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_parts_of_a_table_are_one_table(suffix, tmp_path):
    folder = write(tmp_path / "parts", suffix, (0, 4), (4, 9), (9, 10))
    (folder / "_SUCCESS").write_text("")
    data = load(folder, label_column="kind", **ALL)
    np.testing.assert_array_equal(np.sort(data.train[:, 0]), np.arange(10))
    expected = [f"k{int(a) % 2}" for a in data.train[:, 0]]
    np.testing.assert_array_equal(data.train_labels, expected)
    assert data.name == "parts" and data.notes == ("parts: 3 files are read as one",)


def test_parts_of_an_array_are_one_array(tmp_path):
    for i in range(3):
        np.save(tmp_path / f"{i}.npy", np.full((2, 4), float(i)))
    data = load(tmp_path, **ALL)
    np.testing.assert_array_equal(np.sort(data.train[:, 0]), [0, 0, 1, 1, 2, 2])


def test_what_is_beside_parts_is_named(tmp_path):
    write(tmp_path / "parts", ".csv", (0, 9))
    (tmp_path / "parts" / "notes.txt").write_text("")
    with pytest.warns(DataWarning, match=r"parts: passed over beside its parts: 'notes\.txt'"):
        load(tmp_path / "parts", label_column="kind")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: table(0, 3)[["b", "a", "kind"]], "the columns of .*part-000.*'b', 'a'"),
        (lambda folder: table(0, 3).assign(c=1), "the columns of .*part-000.*'c'"),
        (lambda folder: table(0, 3).assign(kind=[1, 2, 3]), "labels that are all numbers or all"),
        (lambda folder: table(0, 3).assign(a="x"), "only columns of numbers.*part-x"),
    ],
)
def test_parts_that_do_not_belong_together(change, message, tmp_path):
    folder = write(tmp_path / "parts", ".parquet", (0, 4))
    change(folder).to_parquet(folder / "part-x.parquet")
    with pytest.raises(ValueError, match=message):
        load(folder, label_column="kind")


def test_parts_of_two_kinds(tmp_path):
    folder = write(tmp_path / "parts", ".parquet", (0, 4))
    np.save(folder / "x.npy", np.zeros((3, 2)))
    with pytest.raises(ValueError, match=r"parts of one kind.*it has \.npy, \.parquet"):
        load(folder)


@pytest.mark.parametrize("streamed", [False, True])
def test_the_levels_of_an_index_are_columns(streamed, tmp_path):
    frame = table(0, 12)[["a", "b"]]
    frame["site"], frame["year"] = np.arange(12) % 3, 2000 + np.arange(12)
    path = tmp_path / "x.parquet"
    frame.set_index(["site", "year"]).to_parquet(path)
    data = ki.datasets.stream(path, 4) if streamed else load(path)
    assert data.feature_names == ["a", "b", "site", "year"]
    frame[["a", "b"]].set_index(np.arange(12) ** 2).to_parquet(path)
    data = ki.datasets.stream(path, 4) if streamed else load(path)
    assert data.feature_names == ["a", "b"]
    if not streamed:
        assert data.notes == ("x.parquet: the index without a name is left out",)
    frame[["a", "b"]].to_parquet(path)
    assert load(path).notes == ()


@pytest.mark.parametrize("name", ["x.csv", "x.parquet", "x.npy", "x.npz", "x.idx", "x.tfrecord"])
def test_a_pipe_is_no_file(name, tmp_path):
    """Nothing waits for a writer."""
    os.mkfifo(tmp_path / name)
    with pytest.raises(ValueError, match=rf"a regular file.*{name}.*a named pipe"):
        load(tmp_path / name)
    if name.endswith((".parquet", ".npy", ".tfrecord")):
        with pytest.raises(ValueError, match=rf"a regular file.*{name}.*a named pipe"):
            ki.datasets.stream(tmp_path / name, 2)


def test_a_link_to_a_device_is_no_file(tmp_path):
    (tmp_path / "x.npy").symlink_to("/dev/zero")
    with pytest.raises(ValueError, match=r"a regular file.*x\.npy.*a device"):
        load(tmp_path / "x.npy")


@pytest.mark.parametrize("name", ["x.npy", "x.png"])
def test_a_link_to_itself(name, tmp_path):
    """Found by tools/fuzz_readers.py."""
    (tmp_path / name).symlink_to(name)
    with pytest.raises(ValueError, match=rf"`source` must be a file.*{name}"):
        load(tmp_path)


def test_rows_without_end_in_a_few_bytes(tmp_path, monkeypatch):
    path = tmp_path / "x.parquet"
    pd.DataFrame({"a": np.zeros(10**6)}).to_parquet(path)
    assert path.stat().st_size < 50_000
    monkeypatch.setattr(memory, "available_memory", lambda: 10**6)
    for read in (load, lambda path: ki.datasets.stream(path, 2)):
        with pytest.raises(ValueError, match=r"fit in memory.*x\.parquet.*shape \(1000000, 1\)"):
            read(path)
