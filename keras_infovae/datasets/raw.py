"""What a source gives before it is split and scaled."""

import dataclasses

import numpy as np

from keras_infovae.datasets.labels import one_per_example
from keras_infovae.datasets.reading import naming, source_error
from keras_infovae.preprocessors.scaling import Scaling
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
        x_validation: the official validation split, where there is one, or None.
        y_validation: its labels, or None.
        manifold: the `Manifold` that x lies on, where it is known, or None.
        passed_over: sentences on what of the source is not in the arrays.
        found: sentences on what was concluded from the source.
    """

    name: str
    x: np.ndarray
    y: np.ndarray | None = None
    x_test: np.ndarray | None = None
    y_test: np.ndarray | None = None
    scaling: Scaling | None = None
    feature_names: list | None = None
    x_validation: np.ndarray | None = None
    y_validation: np.ndarray | None = None
    manifold: object = None
    passed_over: list = dataclasses.field(default_factory=list)
    found: list = dataclasses.field(default_factory=list)


def check_raw(raw, source):
    """Returns `raw` with labels in one form; raises when it cannot be used as examples.

    Args:
        raw: a `RawData`.
        source: what the user gave, for the errors.

    Raises:
        ValueError: when arrays are empty, not of numbers, not finite or do not belong together.
    """
    _check_examples(raw.x, source, "source")
    raw.y = _labels(raw.y, raw.x, source, "y")
    for split in ("validation", "test"):
        x, name = getattr(raw, f"x_{split}"), f"y_{split}"
        if x is None:
            continue
        _check_examples(x, source, f"source['x_{split}']")
        if x.shape[1:] != raw.x.shape[1:]:
            found = f"{raw.x.shape[1:]} and {x.shape[1:]}"
            raise source_error(source, f"have one shape of example in train and {split}", found)
        labels = _labels(getattr(raw, name), x, source, name)
        if (raw.y is None) != (labels is None):
            raise source_error(source, f"have labels in both train and {split} or in neither")
        if labels is not None and (labels.dtype.kind == "U") != (raw.y.dtype.kind == "U"):
            found = f"{raw.y[0]!s} and {labels[0]!s}"
            raise source_error(source, f"have one kind of label in train and {split}", found)
        setattr(raw, name, labels)
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
    with naming(source):
        check_finite(name, x)


def _labels(y, x, source, name):
    """Returns labels as `one_per_example` does; None stays None."""
    if y is None:
        return None

    def error(expectation, found):
        advice = f" (a `{name}` that is no label is left out under another name)"
        return source_error(source, expectation + advice, found)

    with naming(source):
        return one_per_example(y, len(x), error, f"source['{name}']")


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
