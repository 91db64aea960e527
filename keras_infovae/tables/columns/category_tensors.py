"""Categories as tensors: text, numbers or truth values, and their places among all."""

import numbers

import numpy as np
import tensorflow as tf

from keras_infovae.tables.columns.base import column_error
from keras_infovae.tables.columns.raw_tensors import checked, missing_values


def category_dtype(column, categories):
    """Returns the type of raw values in a graph: string, float64 or bool.

    Truth values in a column in which some were missing are float64: 1, 0 and NaN.

    Raises:
        ValueError: naming the column, for categories that a graph has no value for: the empty
            text, which stands for a missing value, integers beyond float64, and values of several
            types.
    """
    if all(isinstance(value, str) for value in categories):
        if "" in categories:
            raise column_error(
                column.name,
                "have a word for its category '', for a graph, where empty text is a missing value",
                "''",
            )
        return tf.string
    if all(isinstance(value, (bool, np.bool_)) for value in categories):
        return tf.float64 if column.has_missing else tf.bool
    if not all(isinstance(value, numbers.Real) for value in categories):
        kinds = sorted({type(value).__name__ for value in categories})
        raise column_error(
            column.name, "have text, numbers or truth values for a graph", ", ".join(kinds)
        )
    large = [value for value in categories if float(value) != value]
    if large:
        raise column_error(column.name, "have integers that float64 holds, for a graph", large[0])
    return tf.float64


def codes_in_graph(column, tensor, categories, unknown):
    """Returns the place of each raw value [n] in `categories`, int64 [n], -1 where it is missing.

    Args:
        column: the `Column`.
        tensor: raw values, of `category_dtype`.
        categories: a list, at least one.
        unknown: "error" or "missing", what another value is.
    """
    known = _constant(categories, tensor.dtype)
    # A comparison with all of them needs no table that a server would have to fill.
    same = tf.equal(tensor[:, None], known[None, :])
    found = tf.reduce_any(same, axis=1)
    if unknown == "error":
        right = found | missing_values(tensor)
        with tf.control_dependencies([checked(column, tensor, right, f"hold {column.details()}")]):
            found = tf.identity(found)
    return tf.where(found, tf.argmax(tf.cast(same, tf.int8), axis=1), tf.constant(-1, tf.int64))


def categories_in_graph(column, categories, codes):
    """Returns the raw values of categories at `codes`, int64 [n]; whole numbers as int64."""
    dtype = category_dtype(column, categories)
    if dtype == tf.float64 and all(float(value).is_integer() for value in categories):
        dtype = tf.int64
    return tf.gather(_constant(categories, dtype), codes)


def categories_as_array(column, categories, codes):
    """Returns an array for a graph of categories at `codes`, int64 [n], -1 where it is missing.

    Raises:
        ValueError: naming the column, for missing truth values of a column that had none.
    """
    dtype, missing = category_dtype(column, categories), codes < 0
    if dtype == tf.bool and missing.any():
        raise column_error(
            column.name,
            "have all of its truth values for a graph, as none was missing in training",
            f"{missing.sum()} missing",
        )
    values = np.array(categories, object)[codes]
    values[missing] = "" if dtype == tf.string else np.nan
    return values.astype(dtype.as_numpy_dtype)


def codes_of_array(array, categories):
    """Returns the codes, int64 [n], of an array that a graph gave; 0 where it is missing."""
    import pandas

    if array.dtype.kind == "O":
        array = [value.decode("utf-8") for value in array]
    codes = pandas.Index(categories, dtype=object).get_indexer(pandas.Index(array, dtype=object))
    return np.maximum(codes, 0)


def _constant(categories, dtype):
    if dtype == tf.string:
        return tf.constant(categories, tf.string)
    return tf.constant(np.array(categories, dtype.as_numpy_dtype))
