"""`.npy` files that are read row by row."""

import math

import numpy as np

from keras_infovae.datasets.reading import reading, source_error


class NpyRows:
    """The rows of a `.npy` file. The file is opened for each batch and never unpickled.

    Rows are read by seeking, not through a memory map: pages of a map count as memory of the
    process for as long as the system likes, and a file that is cut while it is mapped kills the
    process where a read gives an error.

    Args:
        path: a file in C order, of shape [n, ...], rank 2 or more.

    Raises:
        ValueError: for pickled objects, a damaged file, Fortran order, and no rows.
    """

    scaling = None  # follows from the values
    feature_names = None

    def __init__(self, path):
        self.path = path
        with reading(path, "a NumPy file"):
            mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        if not isinstance(mapped, np.memmap):
            raise source_error(
                path, "be a .npy file: save x alone with np.save", "it is an archive (.npz)"
            )
        if mapped.ndim < 2:
            found = f"shape {mapped.shape}"
            raise source_error(
                path, "hold an array of examples, [n, ...], of rank 2 or more", found
            )
        if not mapped.flags.c_contiguous:
            raise source_error(
                path, "be in C order: save np.ascontiguousarray(x)", "it is in Fortran order"
            )
        self.count, self.event_shape, self.dtype = len(mapped), mapped.shape[1:], mapped.dtype
        self._offset = mapped.offset

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
