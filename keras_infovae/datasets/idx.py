"""idx files, the format of MNIST and its relatives: http://yann.lecun.com/exdb/mnist/."""

import gzip
import math
import os

import numpy as np

from keras_infovae.datasets.memory import check_fits
from keras_infovae.datasets.raw import RawData
from keras_infovae.datasets.reading import reading, source_error
from keras_infovae.preprocessors.scaling import Scaling

_DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_MOST_INFLATION = 1032  # of gzip, by its format
_MOST_AXES = 32
_MNIST_FILES = {
    "x": "train-images-idx3-ubyte",
    "y": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}


def read_idx(path):
    """Returns the array in an idx file, in the machine's byte order.

    The file is two zero bytes, a byte for the type, one for the rank, the sizes as big-endian
    32-bit integers, and the values. It may be compressed by gzip, whatever its name.

    Raises:
        ValueError: when the file is damaged, truncated, too long or something else.
    """
    with reading(path, "an idx file"):
        size = os.path.getsize(path)
        with open(path, "rb") as file:
            compressed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if compressed else open(path, "rb") as file:
            dtype, shape = _header(path, file)
            expected = math.prod(shape) * dtype.itemsize
            start = 4 + 4 * len(shape)
            # What is compressed may inflate to a thousand times what the header says; so no more
            # is read than that, and no room made for what cannot be there.
            most = _MOST_INFLATION * size if compressed else size - start
            if expected <= most:
                check_fits(path, shape, dtype.itemsize, "save less of it")
                content = file.read(expected + 1)
                most = len(content) if compressed else most
    if most != expected:
        has = f"it has {'more' if compressed and most > expected else most}"
        raise source_error(
            path,
            f"be an idx file with {expected} bytes of values, as its shape {shape} says",
            f"{has}: it is {'truncated' if most < expected else 'too long'}",
        )
    values = np.frombuffer(content, dtype, math.prod(shape)).reshape(shape)
    return values.astype(dtype.newbyteorder("="))


def _header(path, file):
    """Returns the dtype and the shape of the values that follow."""
    start = file.read(4)
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in _DTYPES:
        found = f"it starts with {start!r}" if start else "the file is empty"
        raise source_error(path, "be an idx file, which starts with its magic number", found)
    sizes = file.read(4 * start[3])
    if len(sizes) < 4 * start[3]:
        raise source_error(path, f"be an idx file of rank {start[3]}", "its header is truncated")
    if not 1 <= start[3] <= _MOST_AXES:
        raise source_error(path, f"be an idx file of rank 1 to {_MOST_AXES}", f"rank {start[3]}")
    return np.dtype(_DTYPES[start[2]]), tuple(int(n) for n in np.frombuffer(sizes, ">u4"))


def read_idx_source(path):
    """Returns the `RawData` of one idx file, of the shape that it has."""
    return RawData(os.path.basename(path), read_idx(path))


def is_mnist_folder(folder):
    """Returns whether `folder` has the training images of MNIST or a relative, as an idx file."""
    return _find(folder, _MNIST_FILES["x"]) is not None


def read_mnist_folder(folder, name):
    """Returns the `RawData` of the four files of MNIST or a relative, images [n, height, width, 1].

    Raises:
        ValueError: when one of the files is missing or damaged.
    """
    arrays = {}
    for key, file in _MNIST_FILES.items():
        path = _find(folder, file)
        if path is None:
            raise source_error(folder, "have all four idx files of MNIST", f"no {file}[.gz]")
        arrays[key] = read_idx(path)
    for key in ("x", "x_test"):
        arrays[key] = arrays[key][..., np.newaxis]
    return RawData(name, scaling=Scaling(0.0, 255.0), **arrays)


def _find(folder, file):
    for suffix in ("", ".gz"):
        path = os.path.join(folder, file + suffix)
        if os.path.isfile(path):
            return path
    return None
