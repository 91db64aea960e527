"""The base of the ways to estimate log p(x), and what they share: batches of one size."""

import math

import keras
import numpy as np
import tensorflow as tf

from keras_infovae.utils.checks import check_integer
from keras_infovae.utils.serialization import Setting

# Bounds on what is decoded at once: examples, and values of x in them.
_MOST_DECODES = 4096
_MOST_VALUES = 2**20


class LikelihoodMethod(Setting):
    """A way to draw weights w >= 0 for each x whose expectation is p(x).

    A member defines `log_weights`. The mean of the weights of an example estimates p(x) without
    bias, and its logarithm is in expectation a lower bound on log p(x).
    """

    def log_weights(self, model, x, condition, seed, batch_size, verbose):
        """Gives the logarithms of the weights of the examples in turn, a batch at a time.

        Args:
            model: a trained model.
            x: float32 array [n, ...], checked.
            condition: float32 array [n, ...], checked, or None.
            seed: int32 [2].
            batch_size: examples at a time, or None for as many as are decoded well together.
            verbose: 1 for a progress bar, 0 for none.

        Returns:
            An iterator over NumPy arrays [draws, examples in the batch].

        Raises:
            ValueError: for a model that the method is not defined for.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `log_weights`")


def most_decodes(event_shape):
    """Returns how many x of `event_shape` are decoded well at once, at least 1."""
    return max(1, min(_MOST_DECODES, _MOST_VALUES // math.prod(event_shape)))


def examples_at_once(count, event_shape, draws, batch_size):
    """Returns how many of `count` examples, each with `draws` draws of z, are a batch."""
    if batch_size is None:
        batch_size = max(1, most_decodes(event_shape) // draws)
    return min(count, check_integer("batch_size", batch_size))


def even_batches(x, condition, size):
    """Gives (x [size, ...], condition [size, ...] or None, how many of the rows count) in turn.

    The last batch is filled up with copies of its last example, so that a compiled function sees
    one shape.
    """
    for start in range(0, len(x), size):
        rows = slice(start, min(start + size, len(x)))
        given = None if condition is None else condition[rows]
        yield filled(x[rows], size), filled(given, size), rows.stop - start


def filled(rows, size):
    """Returns `rows` [k, ...] as float32 [size, ...], the last one repeated; None stays None."""
    if rows is None:
        return None
    copies = np.repeat(rows[-1:], size - len(rows), axis=0)
    return tf.constant(np.concatenate([rows, copies]), tf.float32)


def progress_bar(total, verbose):
    """Returns a function that counts one more of `total` batches, on a bar if `verbose`."""
    if not verbose:
        return lambda: None
    bar = keras.utils.Progbar(total, unit_name="batch")
    return lambda: bar.add(1)
