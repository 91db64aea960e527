"""The examples that a callback looks at."""

import numpy as np

from keras_infovae.utils.arrays import check_finite
from keras_infovae.utils.checks import argument_error


def as_examples(x, condition):
    """Returns [`x` [n, ...], `condition` [n, ...] or None], arrays of float32.

    Args:
        x: array of numbers, finite, with at least two examples.
        condition: array of numbers with as many rows, or labels [n], or None.

    Raises:
        ValueError, TypeError: naming the argument.
    """
    x = _as_array("x", x)
    if len(x) < 2:
        raise ValueError(f"Argument `x` must hold at least 2 examples. Received: {len(x)}")
    if condition is not None:
        condition = _as_array("condition", condition, least_axes=1)
        if len(condition) != len(x):
            raise ValueError(
                "Argument `condition` must have one row per example. "
                f"Received: {len(condition)} rows for {len(x)} examples"
            )
    return [x, condition]


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
