"""Raw values of a column as tensors: what is missing in them, and what they are refused for.

In a graph a value is text (string), a number (float64) or a truth value (bool). A missing one is
the empty string or NaN; truth values have none.
"""

import numpy as np
import tensorflow as tf


def missing_values(tensor):
    """Returns which values of a tensor [n] are missing, bool [n]."""
    if tensor.dtype == tf.string:
        return tf.equal(tensor, "")
    if tensor.dtype.is_floating:
        return tf.math.is_nan(tensor)
    return tf.zeros_like(tensor, tf.bool)


def with_missing(tensor, missing):
    """Returns raw values [n], missing where `missing` says; integers and truth values as float64.

    Args:
        tensor: none of them missing.
        missing: bool [n].
    """
    if tensor.dtype == tf.string:
        return tf.where(missing, tf.zeros_like(tensor), tensor)  # the zero of text is empty
    return tf.where(missing, tf.constant(float("nan"), tf.float64), tf.cast(tensor, tf.float64))


def checked(column, tensor, right, expectation):
    """Returns `tensor`; when it runs, raises for the first value that is not `right`.

    Args:
        column: the `Column`.
        tensor: raw values [n].
        right: bool [n].
        expectation: what they must do, for the error, which names the column.
    """
    wrong = tf.boolean_mask(tensor, ~right)[:1]
    if tensor.dtype != tf.string:
        wrong = tf.strings.as_string(wrong)
    beginning = f"Column `{column.name}` must {expectation}. Received: "
    message = tf.strings.join([beginning, tf.strings.reduce_join(wrong)])
    with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(right), [message])]):
        return tf.identity(tensor)


def checked_numbers(column, tensor):
    """Returns float64 raw values [n]; when it runs, raises for infinite ones."""
    return checked(column, tensor, ~tf.math.is_inf(tensor), "be finite")


def as_numbers(tensor, missing):
    """Returns numbers [n, width] as float32, NaN in the rows that are missing."""
    return tf.where(missing[:, None], float("nan"), tf.cast(tensor, tf.float32))


def is_integer(dtype):
    """Returns whether the name of a pandas dtype is that of integers."""
    return dtype.lower().lstrip("u").startswith("int")


def integer_limits(*dtypes):
    """Returns the least and the largest float64 that all of these dtypes hold.

    Args:
        *dtypes: names of pandas dtypes; those that are not of integers hold any.
    """
    known = [np.iinfo(dtype.lower().partition("[")[0]) for dtype in dtypes if is_integer(dtype)]
    least = max((each.min for each in known), default=-np.inf)
    largest = min((each.max for each in known), default=np.inf)
    # Of the largest int64, a float64 would be the one beyond it.
    nearest = float(largest)
    return float(least), float(np.nextafter(nearest, 0.0)) if nearest > largest else nearest
