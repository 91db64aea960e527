"""`.npy` and `.npz` files. Pickled objects are never loaded."""

import contextlib
import os

import numpy as np

from keras_infovae.datasets.raw import RawData
from keras_infovae.datasets.reading import reading, source_error

_MAGIC = {b"\x93NUMPY": "npy", b"PK\x03\x04": "npz", b"PK\x05\x06": "npz"}
_LABELS = ("y", "y_train", "y_test")


def read_numpy_source(path):
    """Returns the `RawData` of a `.npy` or `.npz` file.

    Args:
        path: a file with one array, or with arrays `x` (or `x_train`, `x_test`, or a single one of
            any name) and, optionally, the labels `y` (or `y_train`, `y_test`).

    Raises:
        ValueError: for pickled objects, a damaged file, and arrays of other names.
    """
    arrays = read_arrays(path)
    name = os.path.basename(path)
    if "x" in arrays or "x_train" in arrays:
        if "x" in arrays and ("x_train" in arrays or "x_test" in arrays):
            raise source_error(path, "have either `x` or `x_train` and `x_test`", _keys(arrays))
        suffix = "" if "x" in arrays else "_train"
        return RawData(
            name,
            x=arrays[f"x{suffix}"](),
            y=_get(arrays, f"y{suffix}"),
            x_test=_get(arrays, "x_test"),
            y_test=_get(arrays, "y_test") if "x_test" in arrays else None,
        )
    others = [key for key in arrays if key not in _LABELS]
    if len(others) != 1 or others == ["x_test"]:
        raise source_error(
            path, "have an array `x`, or `x_train` and `x_test`, or only one array", _keys(arrays)
        )
    return RawData(name, x=arrays[others[0]](), y=_get(arrays, "y"))


def read_arrays(path):
    """Returns {name: function that reads the array}; a `.npy` file has one array, called x."""
    with _opened(path) as file:
        start = file.read(6)
    kind = next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), None)
    if kind is None:
        raise source_error(
            path,
            "be a file written by np.save or np.savez; pickled objects are refused",
            f"it starts with {start!r}" if start else "the file is empty",
        )
    if kind == "npy":
        return {"x": lambda: _read_array(path, None)}
    with _opened(path) as file, np.load(file, allow_pickle=False) as archive:
        keys = list(archive.keys())
    return {key: lambda key=key: _read_array(path, key) for key in keys}


def _read_array(path, key):
    """Returns the array `key` of a `.npz` file, or with None the array of a `.npy` file."""
    has_objects = False
    with _opened(path) as file:
        try:
            loaded = np.load(file, allow_pickle=False)
            if key is None:
                return loaded
            with loaded as archive:
                array = archive[key]
            if not isinstance(array, np.ndarray):  # NumPy gives the bytes of a foreign member
                raise ValueError(f"{key!r} is not an array")
            return array
        except ValueError as error:
            if "Object arrays cannot be loaded" not in str(error):
                raise
            has_objects = True
    if has_objects:
        found = "it holds Python objects, or arrays of unequal shape"
        found += f", in {key!r}" if key else ""
        raise source_error(path, "hold arrays of numbers; pickled objects are refused", found)
    return None


@contextlib.contextmanager
def _opened(path):
    """Gives the open file (NumPy leaves one open that it opens itself and finds damaged)."""
    with reading(path, "a NumPy file"), open(path, "rb") as file:
        yield file


def _get(arrays, key):
    return arrays[key]() if key in arrays else None


def _keys(arrays):
    return f"it has {', '.join(map(repr, arrays)) or 'no arrays'}"
