"""The examples that are looked at: checked, or some of them."""

import numpy as np
import tensorflow as tf

from keras_infovae.evaluation.conditions import take
from keras_infovae.tables.frames import is_frame
from keras_infovae.utils.checks import argument_error


def check_examples(model, x, condition=None, minimum=2, name="x"):
    """Returns (x, NumPy float32 [n, *event_shape]; the condition as an array [n, ...], or None).

    Numbers that the model was not trained on (bytes, NaN) would be encoded in silence.

    Args:
        model: a built model.
        x: array [n, ...], or a DataFrame, which may hold the condition, for a model of tables.
        condition: one row per example, where the model takes a condition. Default None.
        minimum: how many examples there must be. Default 2, whose spread over x is defined.
        name: what x is called in errors. Default "x".

    Raises:
        ValueError, TypeError: for fewer examples, and for data or a condition that the model cannot
            have been trained on.
    """
    if not hasattr(x, "__array__") and not isinstance(x, (list, tuple)):
        raise argument_error(name, "an array", type(x), TypeError)
    is_table = is_frame(x) and model.preprocessor is not None
    x = x if is_table else np.asarray(x)
    if x.ndim == 0 or len(x) < minimum:
        found = len(x) if x.ndim else "a single value"
        raise ValueError(
            f"Argument `{name}` must hold at least {minimum} examples. Received: {found}"
        )
    x, told = model.example_spec.arrays(x, condition)
    return x, told if is_table else take(condition, slice(None))


def new_examples(model, count, **given):
    """Returns what `model.generate(count, **given)` does as numbers, NaN where a value is missing.

    A table's new rows have some number in the place of a value that another one says is missing.
    """
    preprocessor = getattr(model, "preprocessor", None)
    if preprocessor is None:
        return model.generate(count, **given)
    x = model.generate(count, prepared=True, **given)
    known = preprocessor.without_unknown(tf.constant(x))
    return x if known is None else known.numpy()


def without_gaps(x, reference=None):
    """Returns `x` [n, ...] with the mean of its column in the place of each missing value (NaN).

    For distances and classifiers, which need a number; a column without any value becomes 0.

    Args:
        x: NumPy [n, ...].
        reference: the examples [m, ...] that have the means, which are the same for all sets that
            are compared. Default None: x.
    """
    missing = np.isnan(x)
    if not missing.any():
        return x
    mean, _ = spread_of_known(x if reference is None else reference)
    return np.where(missing, mean.astype(x.dtype), x)


def spread_of_known(x):
    """Returns the mean and the standard deviation of each column of `x` [n, ...], float64.

    What is missing (NaN) does not count; both are 0 for a column without any value.
    """
    known = np.maximum(np.sum(~np.isnan(x), axis=0), 1)
    mean = np.nansum(x, axis=0, dtype="float64") / known
    return mean, np.sqrt(np.nansum(np.square(x - mean), axis=0) / known)
