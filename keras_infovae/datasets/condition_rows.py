"""What a model is told of the rows of a source that stays on disk, beside x."""

import os

import numpy as np

from keras_infovae.datasets.image_folder import ImageRows
from keras_infovae.datasets.npy_rows import NpyRows
from keras_infovae.datasets.parquet_rows import RowGroup
from keras_infovae.datasets.reading import source_error
from keras_infovae.datasets.rows import Rows, open_rows
from keras_infovae.datasets.tfrecord_rows import TFRecordRows
from keras_infovae.datasets.tfrecords import TFRecordFeature
from keras_infovae.utils.checks import argument_error

LABELS = "labels"


class FolderLabels:
    """The labels of a folder of images, which are the names of its folders, as numbers.

    Args:
        images: an `ImageRows`.
        classes: all labels, in their order.

    Raises:
        ValueError: for images without labels.
    """

    def __init__(self, images, classes):
        self.path, self.count, self.scaling = images.path, images.count, None
        self.event_shape, self.dtype, self.feature_names = (), np.dtype("int64"), None
        self._classes = np.searchsorted(classes, images.labels)

    def read(self, rows):
        """Returns the number of the class of each of `rows`, int64 [k]."""
        return self._classes[rows]


def opened(condition, rows, source):
    """Returns (the `Rows` of a condition, the labels of its classes or None).

    Args:
        condition: what the user gave to `stream`.
        rows: the `Rows` of x.
        source: what they are of.

    Raises:
        ValueError, TypeError: for what is no condition of such files, or has other rows.
    """
    first = rows.files[0]
    if isinstance(first, ImageRows):
        return _of_folders(condition, rows)
    if isinstance(first, RowGroup):
        names = [condition] if isinstance(condition, str) else condition
        found = open_rows(source, columns=names)
        found.is_one = isinstance(condition, str)
    elif isinstance(first, TFRecordRows):
        if not isinstance(condition, TFRecordFeature):
            raise argument_error("condition", "a TFRecordFeature", condition, TypeError)
        found = open_rows(source, feature=condition)
    else:
        found = _of_npy(condition)
    if len(found) != len(rows):
        raise source_error(
            found.files[0].path,
            f"have a row for each of the {len(rows)} examples",
            f"{len(found)} rows",
        )
    return found, None


def read(rows, numbers):
    """Returns the condition of the rows `numbers`: int64 [k] of classes, or float32 [k, size].

    Raises:
        ValueError: for values that are not finite, and for classes that are no integers.
    """
    values = rows.read(numbers)
    rows.check_finite(numbers, values)
    if getattr(rows, "is_one", False):
        values = values[:, 0]
    if values.ndim > 1:
        return values.astype("float32")
    classes = values.astype("int64")
    wrong = classes != values
    if wrong.any():
        path, row = rows.place(numbers[np.argmax(wrong)])
        found = f"{values[np.argmax(wrong)]} in row {row}"
        raise source_error(path, "hold integers, the numbers of classes", found)
    return classes


def _of_folders(condition, rows):
    if condition != LABELS:
        raise argument_error("condition", f'"{LABELS}", for a folder of images', condition)
    for images in rows.files:
        if images.labels is None:
            raise source_error(images.path, "hold a folder for each label")
    classes = np.unique(np.concatenate([images.labels for images in rows.files]))
    files = [FolderLabels(images, classes) for images in rows.files]
    return Rows(files, scalars=True), classes.tolist()


def _of_npy(condition):
    paths = condition if isinstance(condition, (list, tuple)) else [condition]
    named = condition != LABELS and all(isinstance(path, (str, os.PathLike)) for path in paths)
    if not paths or not named:
        raise argument_error("condition", "a path of a .npy file, or a list", condition, TypeError)
    files = [NpyRows(os.path.expanduser(os.fspath(path)), least_rank=1) for path in paths]
    return Rows(files, scalars=True)
