"""The reader for a path, chosen by what the path is called."""

import os

import numpy as np

from keras_infovae.datasets.folder_parts import others, parts
from keras_infovae.datasets.idx import is_mnist_folder, read_idx_source, read_mnist_folder
from keras_infovae.datasets.image_folder import read_image_folder
from keras_infovae.datasets.memory import check_fits
from keras_infovae.datasets.numpy_files import read_numpy_source
from keras_infovae.datasets.raw import RawData
from keras_infovae.datasets.reading import check_regular, source_error
from keras_infovae.datasets.rows import SUFFIXES as ROW_SUFFIXES
from keras_infovae.datasets.rows import open_rows
from keras_infovae.datasets.splitting import limit_indices
from keras_infovae.datasets.tables import SUFFIXES as TABLE_SUFFIXES
from keras_infovae.datasets.tables import read_table
from keras_infovae.datasets.texts import is_text_path

_NUMPY = (".npy", ".npz")
_RECORDS = (".tfrecord", ".tfrecords")
_IDX = (".idx", "-ubyte", ".gz")
_KNOWN = (*_NUMPY, *TABLE_SUFFIXES, *_RECORDS, *_IDX)


def read_path(path, table, limit=None, seed=0):
    """Returns the `RawData` of the file or folder at `path`, which exists.

    Args:
        path: a string.
        table: a `TableSettings`; only tables may have any.
        limit: where examples can be read one by one, read at most this many, drawn by `seed`.
        seed: an integer.

    Raises:
        ValueError: when no reader is known for the name, or the reader refuses the data.
    """
    if os.path.isdir(path):
        return _read_folder(path, table, limit, seed)
    check_regular(path)
    suffix = _suffix(path, _KNOWN)
    table.check(path, suffix)
    if suffix in TABLE_SUFFIXES:
        return read_table([path], table)
    if suffix in _NUMPY:
        return read_numpy_source(path, limit, seed)
    if suffix in _RECORDS:
        return _read_rows(path, limit, seed)
    if suffix in _IDX:
        return read_idx_source(path)
    if is_text_path(path):
        raise source_error(path, "hold numbers", "ki.text.load reads texts")
    raise source_error(path, f"be a folder or a file whose name ends in one of {', '.join(_KNOWN)}")


def source_name(path):
    """Returns the last part of `path`, by which the data is called."""
    return os.path.basename(os.path.abspath(path))


def _read_folder(path, table, limit, seed):
    """Returns the `RawData` of MNIST's files, of parts of one array or table, or of images."""
    if is_mnist_folder(path):
        table.check(path)
        return read_mnist_folder(path, source_name(path))
    found = parts(path, (*TABLE_SUFFIXES, *ROW_SUFFIXES))
    if not found:
        table.check(path)
        return read_image_folder(path, limit, seed)
    suffixes = {_suffix(file, (*TABLE_SUFFIXES, *ROW_SUFFIXES)) for file in found}
    kinds = {suffix.removesuffix(".gz").removesuffix("s") for suffix in suffixes}
    if len(kinds) > 1:
        raise source_error(path, "hold parts of one kind", f"it has {', '.join(sorted(suffixes))}")
    table.check(path, suffix := suffixes.pop())
    raw = read_table(found, table) if suffix in TABLE_SUFFIXES else _read_rows(path, limit, seed)
    raw.name = source_name(path)
    raw.found.insert(0, f"{raw.name}: {len(found)} files are read as one")
    if suffix in TABLE_SUFFIXES and (passed_over := others(path, TABLE_SUFFIXES)):
        raw.passed_over.append(passed_over)
    return raw


def _read_rows(path, limit, seed):
    """Returns the `RawData` of what `stream` reads row by row."""
    rows = open_rows(path)
    chosen = limit_indices(len(rows), limit, seed)
    check_fits(path, (len(chosen), *rows.event_shape), rows.dtype.itemsize)
    values = rows.read(np.asarray(chosen))
    return RawData(source_name(path), values, scaling=rows.scaling, passed_over=rows.passed_over)


def _suffix(path, suffixes):
    """Returns the one of `suffixes` that a name ends in, or an empty text."""
    return next((suffix for suffix in suffixes if path.lower().endswith(suffix)), "")
