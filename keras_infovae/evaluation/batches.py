"""Examples, and their conditions, a batch at a time."""

import numpy as np

from keras_infovae.evaluation.conditions import take
from keras_infovae.utils.checks import check_integer


def in_batches(x, condition, size):
    """Gives (examples [k, ...], conditions [k, ...] or None) in turn, k at most `size`.

    Args:
        x: array [n, ...].
        condition: array of n rows, or None.
        size: an integer of at least 1.

    Raises:
        ValueError: for a condition without a row for each example.
    """
    check_integer("batch_size", size)
    if condition is not None:
        condition = np.asarray(condition)
        if condition.ndim == 0 or len(condition) != len(x):
            raise ValueError(
                f"Argument `condition` must have a row for each of the {len(x)} examples. "
                f"Received: shape={condition.shape}"
            )
    for start in range(0, len(x), size):
        rows = slice(start, start + size)
        yield x[rows], take(condition, rows)


def posteriors(model, x, condition, size):
    """Gives q(z|x) of the examples in turn, a batch at a time; the arguments are `in_batches`'s."""
    for examples in in_batches(x, condition, size):
        yield model.posterior_distribution(*examples)
