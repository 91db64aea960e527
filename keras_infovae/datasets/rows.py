"""Rows of one or several files, numbered through."""

import os

import numpy as np

from keras_infovae.datasets.folder_parts import files_of
from keras_infovae.datasets.image_folder import ImageRows
from keras_infovae.datasets.npy_rows import NpyRows
from keras_infovae.datasets.parquet_rows import RowGroup, row_groups
from keras_infovae.datasets.reading import source_error
from keras_infovae.datasets.row_order import blocks_of_rows
from keras_infovae.datasets.texts import is_text_path
from keras_infovae.datasets.tfrecord_rows import TFRecordRows
from keras_infovae.datasets.tfrecords import TFRecordFeature
from keras_infovae.utils.checks import argument_error

_READERS = {
    ".npy": NpyRows,
    ".tfrecord": TFRecordRows,
    ".tfrecords": TFRecordRows,
    ".parquet": RowGroup,
    "folder": ImageRows,
}
SUFFIXES = tuple(name for name in _READERS if name.startswith("."))
_CHUNK = 2**22  # values that a pass over the data holds at once


class Rows:
    """The rows of files of one kind, as one long array that is read in parts.

    Args:
        files: objects with `path, count, event_shape, dtype, scaling, feature_names` and
            `read(rows)`, which returns [k, *event_shape]; and, where they have more to say, with
            `splits, passed_over, found` as `ImageRows` has them.
        window: how many of them are cheap to read together, where rows are not to be read from
            everywhere in turn. Default: None, any row is as good as another.
        scalars: whether a row may be a single number. Default False.

    Raises:
        ValueError: when they differ in shape, dtype or columns, hold no numbers or nothing at all.
    """

    def __init__(self, files, window=None, scalars=False):
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
        self.splits = _splits(files)
        self.passed_over = [said for file in files for said in getattr(file, "passed_over", [])]
        self.found = [said for file in files for said in getattr(file, "found", [])]
        counts = np.array([file.count for file in files])
        self._starts = np.concatenate([[0], np.cumsum(counts)])
        self.blocks, self.window = (counts, window) if window else blocks_of_rows(len(self))
        if self.dtype.kind not in "biuf":
            raise source_error(first.path, "hold real numbers", f"dtype {self.dtype}")
        if not len(self) or not (self.event_shape or scalars) or 0 in self.event_shape:
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

    def check_finite(self, rows, values):
        """Raises ValueError with file and row unless all `values` [k, ...] of rows are finite."""
        bad = ~np.isfinite(values).all(axis=tuple(range(1, values.ndim)))
        if bad.any():
            path, row = self.place(rows[np.argmax(bad)])
            raise source_error(path, "be finite", f"NaN or Inf in row {row}")

    def place(self, row):
        """Returns where a row is, for errors: (path, number of the row in that file)."""
        number = int(np.searchsorted(self._starts, row, side="right")) - 1
        return self.files[number].path, int(row - self._starts[number])

    def chunks(self, order, split):
        """Yields all rows of a split in the order of the source, a few million values at a time."""
        size = max(1, _CHUNK // int(np.prod(self.event_shape)))
        for rows in order.batches(split, size):
            yield rows, self.read(rows)


def _splits(files):
    """Returns the place of each row's split in `SPLITS`, where files have splits, else None."""
    known = [getattr(file, "splits", None) for file in files]
    if all(splits is None for splits in known):
        return None
    rest = [np.zeros(file.count, np.int8) if s is None else s for file, s in zip(files, known)]
    return np.concatenate(rest)


def open_rows(source, feature=None, columns=None):
    """Returns the `Rows` of what the user gave to `stream`.

    Args:
        source: a path, or a list of paths. A folder of shards stands for its files, by name.
        feature: a `TFRecordFeature`, or None.
        columns: names of columns, or None.

    Raises:
        ValueError, TypeError, FileNotFoundError: when it cannot be read row by row.
    """
    if feature is not None and not isinstance(feature, TFRecordFeature):
        raise argument_error("feature", "a TFRecordFeature", feature, TypeError)
    files, passed_over = files_of(source, SUFFIXES)
    suffixes = [_suffix(file) for file in files]
    suffix = suffixes[0]
    for file, other in zip(files, suffixes):
        if _READERS[other] is not _READERS[suffix]:
            raise source_error(file, f"be of the kind of {files[0]!r}: one kind at a time")
    is_parquet, is_tfrecord = suffix == ".parquet", _READERS[suffix] is TFRecordRows
    for name, value, fits in (("feature", feature, is_tfrecord), ("columns", columns, is_parquet)):
        if value is not None and not fits:
            kind = "TFRecord" if name == "feature" else "Parquet"
            raise source_error(files[0], f"be {kind} files where `{name}` is given")
    if is_parquet:
        rows = Rows(*row_groups(files, columns))
    else:
        settings = {"feature": feature} if is_tfrecord else {}
        rows = Rows([_READERS[suffix](file, **settings) for file in files])
    rows.passed_over += passed_over
    return rows


def _suffix(path):
    """Returns what a source is called in `_READERS`."""
    if os.path.isdir(path):
        return "folder"
    for suffix in SUFFIXES:
        if path.lower().endswith(suffix):
            return suffix
    if is_text_path(path):
        raise source_error(path, "hold numbers", "ki.text.stream reads texts")
    known = ", ".join(SUFFIXES)
    raise source_error(path, f"be a folder, or a file whose name ends in one of {known}")
