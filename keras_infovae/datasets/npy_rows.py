"""`.npy` files that are read row by row."""

import math
import os

import numpy as np

from keras_infovae.datasets.npy_header import read_header
from keras_infovae.datasets.reading import reading, source_error


class NpyRows:
    """The rows of a `.npy` file. The file is opened for each batch and never unpickled.

    Rows are read by seeking, not through a memory map: pages of a map count as memory of the
    process for as long as the system likes, and a file that is cut while it is mapped kills the
    process where a read gives an error.

    Args:
        path: a file in C order, of shape [n, ...].
        least_rank: the least rank that it may have. Default 2.

    Raises:
        ValueError: for pickled objects, a damaged file, Fortran order, and no rows.
    """

    scaling = None  # follows from the values
    feature_names = None

    def __init__(self, path, least_rank=2):
        self.path = path
        header = open_header(path)
        if len(header.shape) < least_rank:
            found = f"shape {header.shape}"
            raise source_error(
                path, f"hold an array of examples, [n, ...], of rank {least_rank} or more", found
            )
        if header.fortran_order:
            raise source_error(
                path, "be in C order: save np.ascontiguousarray(x)", "it is in Fortran order"
            )
        self.count, *event_shape = header.shape
        self.event_shape, self.dtype = tuple(event_shape), header.dtype
        self._offset = header.offset

    def read(self, rows):
        """Returns the `rows`, an array of integers [k], as they are stored: [k, *event_shape]."""
        values = np.empty((len(rows), *self.event_shape), self.dtype)
        size = math.prod(self.event_shape) * self.dtype.itemsize
        buffer = memoryview(values.reshape(-1).view(np.uint8))
        # Rows that follow each other in the file are read at once.
        starts = np.flatnonzero(np.diff(rows, prepend=-2) != 1)
        with open(self.path, "rb", buffering=0) as file:
            for start, stop in zip(starts, [*starts[1:], len(rows)]):
                file.seek(self._offset + int(rows[start]) * size)
                self._fill(file, buffer[start * size : stop * size], rows[start])
        return values

    def _fill(self, file, buffer, row):
        while len(buffer):  # the system may give less than it was asked for
            count = file.readinto(buffer)
            if not count:
                found = f"it ends within the rows from row {row} on"
                raise source_error(self.path, "stay as it is while it is read", found)
            buffer = buffer[count:]


def open_header(path):
    """Returns the `NpyHeader` of the file at `path`, whose array has no Python objects.

    Raises:
        ValueError: for pickled objects and a damaged file.
    """
    with reading(path, "a NumPy file"), open(path, "rb") as file:
        if file.read(4) == b"PK\x03\x04":
            raise source_error(
                path, "be a .npy file: save x alone with np.save", "it is an archive (.npz)"
            )
        file.seek(0)
        header = read_header(file, os.path.getsize(path))
    if header.dtype.hasobject:
        raise objects_error(path)
    return header


def objects_error(path, key=None):
    """Returns the error of a file with Python objects, in the array `key` where it has several."""
    found = "it holds Python objects, or arrays of unequal shape"
    found += f", in {key!r}" if key else ""
    return source_error(path, "hold arrays of numbers; pickled objects are refused", found)
