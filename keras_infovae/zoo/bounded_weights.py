"""A bound on the weights of what a config describes, before memory is taken for them."""

import contextlib
import math

import tensorflow as tf

_MORE = 10**6  # numbers that are in no file of weights, such as the counts of metrics


class Count(contextlib.ExitStack):
    """Counts the weights that are made while it is entered, and stops at too many of them.

    Each is counted before it gets its memory: the function that gives its first values is traced
    in a graph of its own, which says the shape and computes nothing. What cannot be traced so is
    counted once it is there.

    Args:
        values: how many numbers the file of weights has; clearly more are refused.

    Attributes:
        count: how many numbers all weights have.
        exceeded: whether there were too many, where a ValueError was raised.
    """

    def __init__(self, values: int) -> None:
        super().__init__()
        self._limit = values + _MORE
        self.count = 0

    def __enter__(self):
        self.enter_context(tf.variable_creator_scope(self._create))
        return self

    @property
    def exceeded(self) -> bool:
        return self.count > self._limit

    def _create(self, next_creator, **given):
        size = _size_before(given.get("initial_value"))
        if size is not None:
            self._add(size)
            return next_creator(**given)
        variable = next_creator(**given)
        self._add(variable.shape.num_elements())
        return variable

    def _add(self, size):
        self.count += size
        if self.exceeded:
            raise ValueError("too many weights")


def _size_before(first):
    """Returns how many numbers a variable will have, or None where that is not known."""
    if not callable(first):
        return math.prod(getattr(first, "shape", ()))
    try:
        with tf.Graph().as_default():
            return tf.convert_to_tensor(first()).shape.num_elements()
    except Exception:  # of any initializer
        return None
