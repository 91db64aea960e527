"""The classes that labels stand for: text or integers of any kind, numbered in their order."""

import numbers

import numpy as np

from keras_infovae.utils.splits import SPLITS

_SHOWN = 12


def classes_of(data):
    """Returns the different labels of `data` in ascending order, a list fit for JSON.

    Args:
        data: a `datasets.Dataset`.

    Raises:
        ValueError: for data without labels, with labels that are no classes, of a single class, or
            with a class that is not among the training examples.
    """
    splits = [split for split in SPLITS if len(getattr(data, split))]
    labels = {split: as_labels(getattr(data, f"{split}_labels"), "data") for split in splits}
    classes = np.unique(np.concatenate(list(labels.values()))).tolist()
    if len(classes) < 2:
        raise ValueError(
            f"Argument `data` must have labels of at least two classes. Received: {classes}"
        )
    rare = sorted(set(classes) - set(labels["train"].tolist()))
    if rare:
        raise ValueError(
            "Argument `data` must have a training example of each class: merge or remove rare "
            f"classes, or take another `seed`. Received: {len(rare)} of {len(classes)} classes "
            f"without, such as {rare[0]!r}"
        )
    return classes


def class_indices(labels, classes, name="data"):
    """Returns the place in `classes` of each label, int64 [n].

    Args:
        labels: [n], text or integers.
        classes: what `classes_of` returned for the data that a model was trained on.
        name: the argument that errors are about. Default "data".

    Raises:
        ValueError: for labels that are not among `classes`, or that are no classes.

    Example:

    >>> class_indices(["b", "a", "b"], ["a", "b"]).tolist()
    [1, 0, 1]
    """
    known, labels = np.array(classes), as_labels(labels, name)
    alike = (known.dtype.kind == "U") == (labels.dtype.kind == "U")
    outside = labels[~np.isin(labels, known)] if alike else labels
    if len(outside):
        raise ValueError(
            f"Argument `{name}` must have labels that the model was trained on: {shown(classes)}. "
            f"Received: {outside[0]!s} (unknown labels: {len(outside)} of {len(labels)})"
        )
    return np.searchsorted(known, labels)


def as_labels(labels, name):
    """Returns `labels` as NumPy [n] of text, integers or booleans; 2.0 becomes 2.

    Args:
        labels: one of each example, or None for none.
        name: the argument that errors are about.

    Raises:
        ValueError: for labels that cannot be classes: missing, of both kinds, or on a scale.
    """

    def error(expected, received):
        return ValueError(f"Argument `{name}` must have {expected}. Received: {received}")

    if labels is None or np.ndim(labels) != 1:
        found = "data without; of a table, `label_column` names the column of labels"
        raise error("one label per example, which is the condition", found)
    labels = np.asarray(labels)
    if labels.dtype == object:  # a column of a DataFrame
        missing = [label for label in labels if not isinstance(label, (str, numbers.Real))]
        if missing:
            raise error(
                "a label, text or an integer, of each example",
                f"{missing[0]!r} as {len(missing)} of {len(labels)} labels",
            )
        if len({isinstance(label, str) for label in labels}) > 1:
            raise error("labels that are all integers or all text", "both")
        labels = np.array(labels.tolist())
    if labels.dtype.kind == "f":
        scale = labels[~np.isfinite(labels) | (labels != np.floor(labels))]
        if len(scale):
            found = f"numbers on a scale, such as {scale[0]:g}"
            raise error("labels that are classes: integers or text", found)
        labels = labels.astype("int64")
    if labels.dtype.kind not in "biuU":
        raise error("labels that are classes: integers or text", f"dtype {labels.dtype}")
    return labels


def shown(classes):
    """Returns the names of classes, as many as can be read, as text."""
    more = f" and {len(classes) - _SHOWN} more" if len(classes) > _SHOWN else ""
    return ", ".join(map(str, classes[:_SHOWN])) + more
