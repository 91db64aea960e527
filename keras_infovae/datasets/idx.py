"""idx files, the format of MNIST and its relatives: http://yann.lecun.com/exdb/mnist/."""

import gzip
import math
import os

import numpy as np

from keras_infovae.datasets.raw import RawData
from keras_infovae.datasets.reading import reading, source_error
from keras_infovae.datasets.scaling import Scaling

_DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
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
        with open(path, "rb") as file:
            compressed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if compressed else open(path, "rb") as file:
            content = file.read()
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _DTYPES:
        start = f"it starts with {content[:4]!r}" if content else "the file is empty"
        raise source_error(path, "be an idx file, which starts with its magic number", start)
    dtype, rank = np.dtype(_DTYPES[content[2]]), content[3]
    start = 4 + 4 * rank
    if len(content) < start:
        raise source_error(path, f"be an idx file of rank {rank}", "its header is truncated")
    shape = tuple(int(size) for size in np.frombuffer(content, ">u4", rank, offset=4))
    expected = math.prod(shape) * dtype.itemsize
    if len(content) - start != expected:
        raise source_error(
            path,
            f"be an idx file with {expected} bytes of values, as its shape {shape} says",
            f"it has {len(content) - start}: "
            + ("it is truncated" if len(content) - start < expected else "it is too long"),
        )
    values = np.frombuffer(content, dtype, offset=start).reshape(shape)
    return values.astype(dtype.newbyteorder("="))


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
