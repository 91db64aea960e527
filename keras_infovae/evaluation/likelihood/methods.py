"""The base of the ways to estimate log p(x), and what they share: batches of one size."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from keras_infovae.evaluation.likelihood.weights import log_mean
from keras_infovae.typing import Condition, Model, Rows
from keras_infovae.utils.batches import in_batches
from keras_infovae.utils.checks import check_integer
from keras_infovae.utils.serialization import Setting

# Bounds on what is decoded at once: examples, and values of x in them.
_MOST_DECODES = 4096
_MOST_VALUES = 2**20


class LikelihoodMethod(Setting):
    """A way to draw weights w >= 0 for each x whose expectation is p(x).

    A member defines `log_weights`. The mean of the weights of an example estimates p(x) without
    bias, and its logarithm is in expectation a lower bound on log p(x).

    Attributes:
        remedy: a sentence on what helps where a few weights decide, of which a warning tells; None
            for no warning, where there are too few weights to tell a tail from chance.
    """

    remedy = None

    def log_weights(
        self,
        model: Model,
        x: Rows,
        condition: Condition,
        seeds: np.ndarray,
        batch_size: int,
        verbose: bool,
    ) -> Iterator:
        """Gives the weights of the examples in turn, a batch at a time.

        Args:
            model: a trained model.
            x: float32 array [n, ...], checked.
            condition: float32 array [n, ...], checked, or None.
            seeds: int64 [n], the draws of an example follow from its own.
            batch_size: examples at a time, at most.
            verbose: 1 for a progress bar, 0 for none.

        Returns:
            An iterator over `Weights`.

        Raises:
            ValueError: for a model that the method is not defined for.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `log_weights`")

    def estimate(self, weights: Any) -> Any:
        """Returns the `LogLikelihood` of the `Weights` of a batch."""
        return log_mean(*weights)


def most_decodes(event_shape):
    """Returns how many x of `event_shape` are decoded well at once, at least 1."""
    return max(1, min(_MOST_DECODES, _MOST_VALUES // math.prod(event_shape)))


def examples_at_once(count, event_shape, draws, batch_size):
    """Returns how many of `count` examples, each with `draws` draws of z, are a batch."""
    check_integer("batch_size", batch_size)
    return min(count, batch_size, max(1, most_decodes(event_shape) // draws))


def even_batches(arrays, size):
    """Gives (tensors [size, ...] or None, how many of their rows count) of `arrays` in turn.

    The last batch is filled up with copies of its last row, so that a compiled function sees one
    shape.
    """
    for batch in in_batches(arrays, size):
        yield [_filled(rows, size) for rows in batch], len(batch[0])


def _filled(rows, size):
    if rows is None:
        return None
    return tf.constant(np.concatenate([rows, np.repeat(rows[-1:], size - len(rows), axis=0)]))
