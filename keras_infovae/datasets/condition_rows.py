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


class ConditionRows:
    """The condition of each row of a source.

    Args:
        rows: `Rows`: numbers of classes, or of features.
        classes: the labels of the classes, where they have such. Default None.
        is_one: whether a row [1] of `rows` stands for a class. Default False.
    """

    def __init__(self, rows, classes=None, is_one=False):
        self.classes, self.columns = classes, rows.feature_names or []
        self._rows, self._is_one = rows, is_one

    def read(self, numbers):
        """Returns the condition of the rows `numbers`: classes, int64 [k], or float32 [k, size].

        Raises:
            ValueError: for values that are not finite, and for classes that are no integers.
        """
        values = self._rows.read(numbers)
        self._rows.check_finite(numbers, values)
        if self._is_one:
            values = values[:, 0]
        if values.ndim > 1:
            return values.astype("float32")
        classes = values.astype("int64")
        wrong = classes != values
        if wrong.any():
            path, row = self._rows.place(numbers[np.argmax(wrong)])
            found = f"{values[np.argmax(wrong)]} in row {row}"
            raise source_error(path, "hold integers, the numbers of classes", found)
        return classes


def open_condition(condition, rows, source):
    """Returns the `ConditionRows` of what the user gave to `stream`.

    Args:
        condition: what that was.
        rows: the `Rows` of x.
        source: what they are of.

    Raises:
        ValueError, TypeError: for what is no condition of such files, or has other rows.
    """
    first, is_one = rows.files[0], False
    if isinstance(first, ImageRows):
        return _of_folders(condition, rows)
    if isinstance(first, RowGroup):
        is_one = isinstance(condition, str)
        found = open_rows(source, columns=[condition] if is_one else condition)
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
    return ConditionRows(found, is_one=is_one)


def _of_folders(condition, rows):
    if condition != LABELS:
        raise argument_error("condition", f'"{LABELS}", for a folder of images', condition)
    for images in rows.files:
        if images.labels is None:
            raise source_error(images.path, "hold a folder for each label")
    classes = np.unique(np.concatenate([images.labels for images in rows.files]))
    files = [FolderLabels(images, classes) for images in rows.files]
    return ConditionRows(Rows(files, scalars=True), classes.tolist())


def _of_npy(condition):
    paths = condition if isinstance(condition, (list, tuple)) else [condition]
    named = condition != LABELS and all(isinstance(path, (str, os.PathLike)) for path in paths)
    if not paths or not named:
        raise argument_error("condition", "a path of a .npy file, or a list", condition, TypeError)
    files = [NpyRows(os.path.expanduser(os.fspath(path)), least_rank=1) for path in paths]
    return Rows(files, scalars=True)
