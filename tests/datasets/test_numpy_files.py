"""`.npy` and `.npz`: what is read, and that nothing is unpickled."""

import pickle
import warnings
import zipfile

import numpy as np
import pytest

from keras_infovae.datasets import DataWarning, load, memory

X = np.arange(12.0).reshape(6, 2)
Y = np.array([0, 1, 0, 1, 2, 2])


@pytest.mark.parametrize(
    ("arrays", "labeled"),
    [
        ({"x": X}, False),
        ({"x": X, "y": Y}, True),
        ({"x": X, "y": Y[:, None]}, True),
        ({"x": X, "y": np.eye(3)[Y]}, True),
        ({"x": X, "labels": Y}, True),
        ({"images": X, "label": Y}, True),
        ({"X_train": X, "Y_train": Y}, True),
        ({"train_images": X, "train_labels": Y}, True),
        ({"x_train": X}, False),
        ({"x_train": X, "y_train": Y}, True),
        ({"anything": X}, False),
        ({"anything": X, "y": Y}, True),
    ],
)
def test_names_of_arrays(arrays, labeled, tmp_path):
    np.savez_compressed(tmp_path / "data.npz", **arrays)
    data = load(tmp_path / "data.npz", validation_fraction=0, test_fraction=0)
    order = np.argsort(data.train[:, 0])
    np.testing.assert_array_equal(data.train[order], X)
    if labeled:
        np.testing.assert_array_equal(data.train_labels[order], Y)
        assert data.train_labels.dtype == np.int64
    else:
        assert data.train_labels is None


@pytest.mark.parametrize("labels", [np.array(["a", "b"] * 3), np.array([b"a", b"b"] * 3)])
def test_labels_of_text(labels, tmp_path):
    np.savez(tmp_path / "data.npz", x=X, y=labels)
    assert set(load(tmp_path / "data.npz", test_fraction=0).train_labels) == {"a", "b"}


def test_fortran_order_and_big_endian(tmp_path):
    np.save(tmp_path / "x.npy", np.asfortranarray(X.astype(">f8")))
    data = load(tmp_path / "x.npy", validation_fraction=0, test_fraction=0)
    np.testing.assert_array_equal(np.sort(data.train, axis=0), X)
    assert data.train.dtype == np.dtype("float32")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": X, "b": X}, "`x_train` and `x_test`, or only one array.*it has 'a', 'b'"),
        ({"x_test": X}, "it has 'x_test'"),
        ({"x": X, "x_test": X}, "either `x` or `x_train`"),
        ({"y": Y}, "it has 'y'"),
        ({}, "it has no arrays"),
    ],
)
def test_other_names(arrays, message, tmp_path):
    np.savez(tmp_path / "data.npz", **arrays)
    with pytest.raises(ValueError, match=message):
        load(tmp_path / "data.npz")


class _Bomb:
    """Fails the test when it is unpickled."""

    def __reduce__(self):
        return pytest.fail, ("a pickle was loaded",)


def test_pickles_are_refused_without_loading_them(tmp_path):
    bomb = np.array([_Bomb()], dtype=object)
    np.save(tmp_path / "x.npy", bomb)
    np.savez(tmp_path / "x.npz", x=bomb)
    np.savez(tmp_path / "y.npz", x=X[:1], y=bomb)
    (tmp_path / "raw.npy").write_bytes(pickle.dumps(_Bomb()))
    for name in ("x.npy", "x.npz", "y.npz", "raw.npy"):
        with pytest.raises(ValueError, match=rf"pickled objects are refused.*{name}"):
            load(tmp_path / name)


def test_ragged_arrays(tmp_path):
    np.savez(tmp_path / "x.npz", x=np.array([np.ones(2), np.ones(3)], dtype=object))
    with pytest.raises(ValueError, match="arrays of unequal shape, in 'x'"):
        load(tmp_path / "x.npz")


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_every_truncation_is_a_value_error_that_names_the_file(suffix, tmp_path):
    path = tmp_path / f"cut.{suffix}"
    np.save(path, X) if suffix == "npy" else np.savez_compressed(path, x=X, y=Y)
    content = path.read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match=rf"Argument `source` must .*cut\.{suffix}"):
            load(path)


def _error(path):
    """Returns the message of the ValueError of `load`; where it loads, what the message starts."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)  # of arrays whose names are damaged
            load(path)
    except ValueError as error:
        return str(error)
    return "Argument `source` must"


def test_damaged_bytes_are_an_error_or_do_no_harm(tmp_path):
    path = tmp_path / "damaged.npz"
    np.savez_compressed(path, x=X, y=Y)
    content = path.read_bytes()
    for position in range(0, len(content), 3):
        damaged = bytearray(content)
        damaged[position] ^= 0xFF
        path.write_bytes(damaged)
        assert "Argument `source` must" in _error(path)


def test_a_foreign_member_is_an_error(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("x", "text")
    with pytest.raises(ValueError, match="'x' is not an array"):
        load(tmp_path / "x.npz")


def test_ready_splits_are_kept(tmp_path):
    splits = {"train": X[:3], "valid": X[3:4], "test": X[4:]}
    arrays = {f"x_{name}": x for name, x in splits.items()}
    arrays |= {f"y_{name}": x[:, 0] for name, x in splits.items()}
    np.savez(tmp_path / "x.npz", **arrays)
    data = load(tmp_path / "x.npz")
    for name, x in (("train", X[:3]), ("validation", X[3:4]), ("test", X[4:])):
        np.testing.assert_array_equal(np.sort(getattr(data, name), axis=0), x)
        np.testing.assert_array_equal(getattr(data, f"{name}_labels"), getattr(data, name)[:, 0])
    del arrays["x_test"], arrays["y_test"]
    np.savez(tmp_path / "x.npz", **arrays)
    data = load(tmp_path / "x.npz", test_fraction=0.3)
    assert [len(getattr(data, name)) for name in ("train", "validation", "test")] == [2, 1, 1]
    np.testing.assert_array_equal(data.validation, X[3:4])


def test_a_limit_keeps_the_proportions_of_ready_splits(tmp_path):
    x = np.arange(100.0)[:, None]
    np.savez(tmp_path / "x.npz", x_train=x[:60], x_val=x[60:80], x_test=x[80:])
    data = load(tmp_path / "x.npz", limit=10)
    assert [len(getattr(data, name)) for name in ("train", "validation", "test")] == [6, 2, 2]


@pytest.mark.parametrize(
    ("arrays", "named"),
    [
        ({"x": X, "other": X}, "'other'"),
        ({"x": X, "y": Y, "labels": Y[::-1]}, "'labels'"),
        ({"x": X, "y": Y, "y_test": Y}, "'y_test'"),
    ],
)
def test_arrays_that_are_passed_over_are_named(arrays, named, tmp_path):
    np.savez(tmp_path / "data.npz", **arrays)
    with pytest.warns(DataWarning, match=f"data.npz: arrays passed over: {named}"):
        data = load(tmp_path / "data.npz")
    assert named in data.summary()
    if "y" in arrays:
        np.testing.assert_array_equal(data.train_labels, Y[data.train[:, 0].astype(int) // 2])


@pytest.mark.parametrize("shape", [(3, 8, 9), (1, 28, 28), (4, 6, 6)])
def test_channels_first_are_pointed_out(shape, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((4, *shape), "uint8"))
    with pytest.warns(DataWarning, match="channels first.*moveaxis"):
        assert load(tmp_path / "x.npy").event_shape == shape


@pytest.mark.parametrize("shape", [(8, 9, 3), (3, 3, 3), (28, 28, 1), (3, 8)])
def test_channels_last_are_not(shape, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((4, *shape), "uint8"))
    assert load(tmp_path / "x.npy").notes == ()


def test_a_limit_reads_only_so_many_rows(tmp_path, monkeypatch):
    """Of a sparse file of 8 GB, which the rest of this machine's memory need not hold."""
    path = tmp_path / "sparse.npy"
    with open(path, "wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (10_000_000, 800)}
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + 8_000_000_000)
    monkeypatch.setattr(memory, "available_memory", lambda: 10_000_000)
    assert len(load(path, limit=100).train) == 80
    with pytest.raises(ValueError, match=r"fit in memory.*`limit`.*sparse\.npy.*takes 48 GB"):
        load(path)


def test_a_bomb_in_an_archive_is_refused_by_its_header(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "zeros.npz", x=np.zeros((1000, 1000)))
    monkeypatch.setattr(memory, "available_memory", lambda: 10_000_000)
    with pytest.raises(ValueError, match=r"fit in memory.*zeros\.npz.*takes 20 MB"):
        load(tmp_path / "zeros.npz")


@pytest.mark.parametrize("end", ["'descr': (", "'\n", "}}"])
def test_headers_that_numpy_fails_on_otherwise(end, tmp_path):
    """Found by tools/fuzz_readers.py: `tokenize.TokenError`."""
    np.save(tmp_path / "x.npy", X)
    content = (tmp_path / "x.npy").read_bytes()
    head = content[10:128].replace(b"}", end.encode()).ljust(118)[:118]
    (tmp_path / "x.npy").write_bytes(content[:10] + head + content[128:])
    with pytest.raises(ValueError, match="be a NumPy file that is whole.*x.npy"):
        load(tmp_path / "x.npy")


def test_an_array_without_a_name(tmp_path):
    """Found by tools/fuzz_readers.py."""
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive, archive.open(".npy", "w") as file:
        np.lib.format.write_array(file, X)
    assert load(tmp_path / "x.npz").notes == ("x.npz: '' is x",)
