"""The reader for a path, chosen by what the path is called."""

import os

from keras_infovae.datasets.idx import is_mnist_folder, read_idx_source, read_mnist_folder
from keras_infovae.datasets.image_folder import read_image_folder
from keras_infovae.datasets.numpy_files import read_numpy_source
from keras_infovae.datasets.reading import source_error
from keras_infovae.datasets.tables import SUFFIXES as TABLE_SUFFIXES
from keras_infovae.datasets.tables import read_table

_READERS = {
    ".npy": read_numpy_source,
    ".npz": read_numpy_source,
    ".idx": read_idx_source,
    "-ubyte": read_idx_source,
    ".gz": read_idx_source,
}


def read_path(path, label_column=None, limit=None, seed=0):
    """Returns the `RawData` of the file or folder at `path`, which exists.

    Args:
        path: a string.
        label_column: for tables, the column that is the label.
        limit: for folders of images, decode at most this many, drawn by `seed`.
        seed: an integer.

    Raises:
        ValueError: when no reader is known for the name, or the reader refuses the data.
    """
    lower = path.lower()
    if lower.endswith(TABLE_SUFFIXES) and os.path.isfile(path):
        return read_table(path, label_column)
    refuse_label_column(label_column, path)
    if os.path.isdir(path):
        if is_mnist_folder(path):
            return read_mnist_folder(path, source_name(path))
        return read_image_folder(path, limit, seed)
    for suffix, reader in _READERS.items():
        if lower.endswith(suffix):
            return reader(path)
    known = ", ".join((*_READERS, *TABLE_SUFFIXES))
    raise source_error(path, f"be a folder or a file whose name ends in one of {known}")


def refuse_label_column(label_column, source):
    """Raises ValueError unless `label_column` is None: `source` has no named columns."""
    if label_column is not None:
        raise ValueError(
            "Argument `label_column` must be None but for .csv and .parquet files. "
            f"Received: label_column={label_column!r}, source={source!r}"
        )


def source_name(path):
    """Returns the last part of `path`, by which the data is called."""
    return os.path.basename(os.path.abspath(path))
