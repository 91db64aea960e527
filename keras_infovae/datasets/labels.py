"""Labels in one form: a number or a text per example."""

import numpy as np

from keras_infovae.utils.arrays import check_finite


def one_per_example(labels, count, error, name="labels"):
    """Returns labels as int64, float or str, one per example.

    One-hot rows become the numbers of their classes, [n, 1] becomes [n].

    Args:
        labels: a NumPy array.
        count: the number of examples.
        error: function of (expectation, what was found) that returns the error to raise.
        name: what the labels are called where they are not finite.

    Raises:
        ValueError: for any other shape, for labels that are not finite, and for other types.
    """
    if labels.ndim == 0 or len(labels) != count:
        raise error("hold one label per example", f"{count} examples, labels of {labels.shape}")
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim > 1:
        if not is_one_hot(labels):
            expectation = "hold one label per example, [n], or one-hot rows, [n, num_classes]"
            raise error(expectation, f"labels of shape {labels.shape} that are not one-hot")
        return labels.argmax(axis=1).astype(np.int64)
    if labels.dtype.kind in "biu":
        return labels.astype(np.int64)
    if labels.dtype.kind == "f":
        check_finite(name, labels)
        return labels
    if labels.dtype.kind == "S" or _all_are(bytes, labels):
        try:
            return np.char.decode(labels.astype(bytes), "utf-8")
        except UnicodeDecodeError as fault:
            raise error("have labels that are numbers or UTF-8 text", str(fault)) from fault
    if labels.dtype.kind == "U" or _all_are(str, labels):
        return labels.astype(str)
    raise error("have labels that are numbers or strings", f"dtype {labels.dtype}")


def is_one_hot(labels):
    """Returns whether labels are rows of zeros with a single one: [n, num_classes], any numbers."""
    if labels.ndim != 2 or labels.dtype.kind not in "biuf" or not labels.size:
        return False
    return bool(((labels == 0) | (labels == 1)).all() and (labels.sum(axis=1) == 1).all())


def _all_are(kind, labels):
    return labels.dtype.hasobject and all(isinstance(label, kind) for label in labels)
