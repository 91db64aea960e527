"""Labels of classes, in the form that all metrics take."""

import numbers

import numpy as np

from keras_infovae.utils.arrays import check_finite
from keras_infovae.utils.checks import argument_error


def check_labels(labels, count, name="labels"):
    """Returns `labels` as NumPy [count]: numbers, booleans or strings.

    Args:
        labels: one of each example.
        count: how many examples there are.
        name: what they are called in errors. Default "labels".

    Raises:
        ValueError, TypeError: for any other shape, kind or mixture of kinds, and a missing label.
    """
    labels = np.asarray(labels)
    if labels.shape != (count,):
        raise argument_error(name, f"one label for each of the {count} examples", labels.shape)
    if labels.dtype == object:  # a column of a DataFrame
        for kind in (str, numbers.Real):
            if all(isinstance(label, kind) for label in labels):
                labels = np.array(labels.tolist())
    if labels.dtype.kind == "f":
        check_finite(name, labels)
    elif labels.dtype.kind not in "biuSU":
        found = f"labels of dtype {labels.dtype}"
        raise argument_error(name, "all numbers or all strings", found, TypeError)
    return labels
