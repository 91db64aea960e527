"""`.npy` and `.npz` files. Pickled objects are never loaded."""

import os
import zipfile

import numpy as np

from keras_infovae.datasets.array_names import roles
from keras_infovae.datasets.memory import check_fits
from keras_infovae.datasets.npy_header import read_header
from keras_infovae.datasets.npy_rows import NpyRows, objects_error, open_header
from keras_infovae.datasets.raw import RawData
from keras_infovae.datasets.reading import reading, source_error
from keras_infovae.datasets.splitting import limit_indices

_MAGIC = {b"\x93NUMPY": "npy", b"PK\x03\x04": "npz", b"PK\x05\x06": "npz"}


def read_numpy_source(path, limit=None, seed=0):
    """Returns the `RawData` of a `.npy` or `.npz` file.

    Args:
        path: a file with one array, or with the arrays that `array_names.roles` knows.
        limit: of a `.npy` file, read at most this many examples, drawn by `seed`. Default: None.
        seed: an integer.

    Raises:
        ValueError: for pickled objects, a damaged file, arrays of other names, and arrays that do
            not fit in memory.
    """
    name = os.path.basename(path)
    if _kind(path) == "npy":
        return RawData(name, _read_npy(path, limit, seed))
    with reading(path, "a NumPy file"), zipfile.ZipFile(path) as archive:
        members = archive.namelist()
    members = {member.removesuffix(".npy"): member for member in members}
    chosen = roles(path, members)
    arrays = {role: _read_member(path, key, members[key]) for role, key in chosen.items()}
    main = None if ("x", None) in arrays else "train"
    others = [key for key in members if key not in chosen.values()]
    passed_over = [f"{name}: arrays passed over: {', '.join(map(repr, others))}"] if others else []
    taken = [f"{name}: {key!r} is {kind}" for (kind, _), key in chosen.items() if key[:1] != kind]
    return RawData(
        name,
        x=arrays["x", main],
        y=arrays.get(("y", main)),
        x_test=arrays.get(("x", "test")),
        y_test=arrays.get(("y", "test")),
        x_validation=arrays.get(("x", "validation")),
        y_validation=arrays.get(("y", "validation")),
        passed_over=passed_over,
        found=taken,
    )


def _kind(path):
    """Returns "npy" or "npz", by what the file starts with."""
    with reading(path, "a NumPy file"), open(path, "rb") as file:
        start = file.read(6)
    for magic, kind in _MAGIC.items():
        if start.startswith(magic):
            return kind
    raise source_error(
        path,
        "be a file written by np.save or np.savez; pickled objects are refused",
        f"it starts with {start!r}" if start else "the file is empty",
    )


def _read_npy(path, limit, seed):
    """Returns the array of a `.npy` file, or `limit` of its examples in their order."""
    header = open_header(path)
    shape, itemsize = header.shape, header.dtype.itemsize
    if len(shape) < 2 or header.fortran_order:
        check_fits(path, shape, itemsize)
        with reading(path, "a NumPy file"), open(path, "rb") as file:
            return np.load(file, allow_pickle=False)
    rows = limit_indices(shape[0], limit, seed)
    check_fits(path, (len(rows), *shape[1:]), itemsize)
    return NpyRows(path).read(rows)


def _read_member(path, key, member):
    """Returns the array of a member of a `.npz` file, called `key`."""
    with reading(path, "a NumPy file"), zipfile.ZipFile(path) as archive:
        size = archive.getinfo(member).file_size
        with archive.open(member) as file:
            if file.read(6) not in _MAGIC:
                raise ValueError(f"{key!r} is not an array")
        with archive.open(member) as file:
            header = read_header(file, size)
        if header.dtype.hasobject:
            raise objects_error(path, key)
        check_fits(path, header.shape, header.dtype.itemsize, f"`{key}` does not")
        with archive.open(member) as file:
            array = np.lib.format.read_array(file, allow_pickle=False)
            # The checksum is verified at the end, which an array may stop short of.
            if file.read(1):
                raise ValueError(f"{key!r} is longer than its shape {header.shape} says")
            return array
