"""The examples that a callback looks at."""

import numpy as np

from keras_infovae.utils.arrays import check_finite
from keras_infovae.utils.checks import argument_error


def as_examples(x, condition):
    """Returns `x` [n, ...] and, where one is given, `condition` [n, ...]: a list of arrays.

    Args:
        x: array of numbers, finite, with at least two examples.
        condition: array of numbers with as many rows, or None.

    Raises:
        ValueError, TypeError: naming the argument.
    """
    arrays = [_as_array("x", x)] + (
        [] if condition is None else [_as_array("condition", condition)]
    )
    if len(arrays[0]) < 2:
        raise ValueError(f"Argument `x` must hold at least 2 examples. Received: {len(arrays[0])}")
    if len(arrays[-1]) != len(arrays[0]):
        raise ValueError(
            "Argument `condition` must have one row per example. "
            f"Received: {len(arrays[-1])} rows for {len(arrays[0])} examples"
        )
    return arrays


def _as_array(name, value):
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"Argument `{name}` must be an array of numbers. "
            f"Received: {name} of type {type(value).__name__}"
        )
    if array.ndim < 2:
        raise argument_error(name, "an array of shape [n, ...]", array.shape)
    array = array.astype("float32")
    check_finite(name, array)
    return array
