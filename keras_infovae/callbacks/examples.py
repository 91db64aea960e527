"""The examples that a callback looks at."""

import numpy as np

from keras_infovae.utils.arrays import check_finite
from keras_infovae.utils.checks import argument_error


def as_examples(x, condition):
    """Returns `x` [n, ...] and, where one is given, `condition`: a list of arrays.

    Args:
        x: array of numbers, finite, with at least two examples.
        condition: array of numbers with as many rows, or labels [n], or None.

    Raises:
        ValueError, TypeError: naming the argument.
    """
    arrays = [_as_array("x", x)]
    if condition is not None:
        arrays.append(_as_array("condition", condition, least_axes=1))
    if len(arrays[0]) < 2:
        raise ValueError(f"Argument `x` must hold at least 2 examples. Received: {len(arrays[0])}")
    if len(arrays[-1]) != len(arrays[0]):
        raise ValueError(
            "Argument `condition` must have one row per example. "
            f"Received: {len(arrays[-1])} rows for {len(arrays[0])} examples"
        )
    return arrays


def as_model_takes_them(examples, model):
    """Returns `examples`, as `as_examples` gave them, with labels as the one-hot rows they mean.

    Raises:
        ValueError: for labels that `model` does not know.
    """
    x, condition = model.example_spec.arrays(*examples)
    return [x] if condition is None else [x, condition]


def _as_array(name, value, least_axes=2):
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"Argument `{name}` must be an array of numbers. "
            f"Received: {name} of type {type(value).__name__}"
        )
    if array.ndim < least_axes:
        raise argument_error(name, "an array of shape [n, ...]", array.shape)
    array = array.astype("float32")
    check_finite(name, array)
    return array
