"""Rows of one or several files, numbered through."""

import os

import numpy as np

from keras_infovae.datasets.npy_rows import SUFFIXES as NPY_SUFFIXES
from keras_infovae.datasets.npy_rows import NpyRows
from keras_infovae.datasets.reading import source_error
from keras_infovae.utils.checks import argument_error

_CHUNK = 2**22  # values that a pass over the data holds at once


class Rows:
    """The rows of files of one kind, as one long array that is read in parts.

    Args:
        files: objects with `path, kind, count, event_shape, dtype, blocks, window, scaling,
            feature_names` and `read(rows)`, which returns [k, *event_shape].

    Raises:
        ValueError: when they differ in shape, dtype or columns, hold no numbers or nothing at all.
    """

    def __init__(self, files):
        first = files[0]
        for file in files:
            for name in ("event_shape", "dtype", "feature_names"):
                if getattr(file, name) != getattr(first, name):
                    raise source_error(
                        file.path,
                        f"have one {name.replace('_', ' ')} in all files: {first.path!r} has "
                        f"{getattr(first, name)}",
                        f"{getattr(file, name)}",
                    )
        self.files = files
        self.event_shape, self.dtype = tuple(first.event_shape), first.dtype
        self.feature_names = first.feature_names
        self.scaling = first.scaling
        self.blocks = np.concatenate([file.blocks for file in files])
        self.window = min(file.window for file in files)
        self._starts = np.cumsum([0, *[file.count for file in files]])
        if self.dtype.kind not in "biuf":
            raise source_error(first.path, "hold real numbers", f"dtype {self.dtype}")
        if not len(self) or 0 in self.event_shape:
            found = f"shape {(len(self), *self.event_shape)}"
            raise source_error(first.path, "hold at least one example and one value", found)

    def __len__(self):
        return int(self._starts[-1])

    def read(self, rows):
        """Returns the `rows`, integers [k], as they are stored: [k, *event_shape]."""
        if len(self.files) == 1:
            return self.files[0].read(rows)
        file_of_row = np.searchsorted(self._starts, rows, side="right") - 1
        values = np.empty((len(rows), *self.event_shape), self.dtype)
        for number in dict.fromkeys(file_of_row):  # in the order of the rows
            here = file_of_row == number
            values[here] = self.files[number].read(rows[here] - self._starts[number])
        return values

    def place(self, row):
        """Returns where a row is, for errors: (path, number of the row in that file)."""
        number = int(np.searchsorted(self._starts, row, side="right")) - 1
        return self.files[number].path, int(row - self._starts[number])

    def chunks(self, order, split):
        """Yields all rows of a split in the order of the source, a few million values at a time."""
        size = max(1, _CHUNK // int(np.prod(self.event_shape)))
        for rows in order.batches(split, size):
            yield rows, self.read(rows)


def open_rows(source):
    """Returns the `Rows` of what the user gave to `stream`: a path, or a list of paths.

    Raises:
        ValueError, TypeError, FileNotFoundError: when it cannot be read row by row.
    """
    paths = source if isinstance(source, (list, tuple)) else [source]
    if not paths or not all(isinstance(path, (str, os.PathLike)) for path in paths):
        raise argument_error("source", "a path or a list of paths", source, TypeError)
    paths = [os.path.expanduser(os.fspath(path)) for path in paths]
    for path in paths:
        if not os.path.exists(path):
            raise FileNotFoundError(
                f"Argument `source` must be a path that exists. Received: source={path!r}"
            )
    kinds = {path: _kind(path) for path in paths}
    for path, kind in kinds.items():
        if kind is not kinds[paths[0]]:
            raise source_error(path, f"be of the kind of {paths[0]!r}: one kind at a time")
    return Rows([kinds[path](path) for path in paths])


def _kind(path):
    """Returns the class that reads the file at `path`."""
    if path.lower().endswith(NPY_SUFFIXES):
        return NpyRows
    known = ", ".join(NPY_SUFFIXES)
    raise source_error(path, f"be a file whose name ends in one of {known}")
