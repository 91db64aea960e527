"""What a source gives before it is split and scaled."""

import dataclasses

import numpy as np

from keras_infovae.datasets.reading import source_error
from keras_infovae.datasets.scaling import Scaling
from keras_infovae.utils.arrays import check_finite

IMAGE_SCALING = Scaling(0.0, 255.0)


@dataclasses.dataclass(eq=False)
class RawData:
    """The arrays of a source as they are stored.

    Args:
        name: what the data is called.
        x: numbers [n, ...], to be split.
        y: labels [n], or None.
        x_test: the official test split, where there is one, or None.
        y_test: its labels, or None.
        scaling: the `Scaling` that belongs to the data, or None: then it follows from the dtype.
        feature_names: a list of strings, or None.
    """

    name: str
    x: np.ndarray
    y: np.ndarray | None = None
    x_test: np.ndarray | None = None
    y_test: np.ndarray | None = None
    scaling: Scaling | None = None
    feature_names: list | None = None


def check_raw(raw, source):
    """Returns `raw` with labels in one form; raises when it cannot be used as examples.

    Args:
        raw: a `RawData`.
        source: what the user gave, for the errors.

    Raises:
        ValueError: when arrays are empty, not of numbers, not finite or do not belong together.
    """
    _check_examples(raw.x, source, "source")
    raw.y = _check_labels(raw.y, raw.x, source)
    if raw.x_test is not None:
        _check_examples(raw.x_test, source, "source['x_test']")
        if raw.x_test.shape[1:] != raw.x.shape[1:]:
            found = f"{raw.x.shape[1:]} and {raw.x_test.shape[1:]}"
            raise source_error(source, "have one shape of example in train and test", found)
        raw.y_test = _check_labels(raw.y_test, raw.x_test, source)
        if (raw.y is None) != (raw.y_test is None):
            raise source_error(source, "have labels in both train and test or in neither")
    if raw.scaling is None:
        raw.scaling = scaling_of_dtype(raw.x.dtype, raw.x.ndim - 1, [raw.x])
    return raw


def _check_examples(x, source, name):
    if x.dtype.hasobject:
        raise source_error(source, "hold arrays of numbers; examples of unequal shape are refused")
    if x.dtype.kind not in "biuf":
        raise source_error(source, "hold real numbers", f"dtype {x.dtype}")
    if x.ndim < 2:
        raise source_error(
            source, "hold an array of examples, [n, ...], of rank 2 or more", f"shape {x.shape}"
        )
    if not x.size:
        raise source_error(source, "hold at least one example and one value", f"shape {x.shape}")
    check_finite(name, x)


def _check_labels(y, x, source):
    """Returns labels as int64, float or str, one per example; [n, 1] becomes [n]."""
    if y is None:
        return None
    if y.ndim == 0 or len(y) != len(x):
        found = f"{len(x)} examples and labels of shape {y.shape}"
        raise source_error(source, "hold one label per example", found)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.dtype.kind in "biu":
        return y.astype(np.int64)
    if y.dtype.kind == "f":
        check_finite("source['y']", y)
        return y
    if y.dtype.kind == "S" or (y.dtype.hasobject and all(isinstance(v, bytes) for v in y.flat)):
        return np.char.decode(y.astype(bytes), "utf-8")
    if y.dtype.kind == "U" or (y.dtype.hasobject and all(isinstance(v, str) for v in y.flat)):
        return y.astype(str)
    raise source_error(source, "have labels that are numbers or strings", f"dtype {y.dtype}")


def scaling_of_dtype(dtype, event_rank, chunks):
    """Returns 255 for 8-bit images (of rank 2 or more, not already 0 and 1), else the identity.

    Args:
        dtype: of the values.
        event_rank: the number of axes of one example.
        chunks: an iterable of arrays, all values; read as far as it takes.
    """
    if dtype == np.uint8 and event_rank >= 2 and any(chunk.max() > 1 for chunk in chunks):
        return IMAGE_SCALING
    return Scaling()
