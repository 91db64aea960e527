"""What is known of the size of batches whose graph has it open."""

import contextlib
import threading

_state = threading.local()  # .batch and .rows; replicas may be threads


@contextlib.contextmanager
def batches_of_at_most(rows):
    """A context of batches of at most `rows` examples; None where nothing is known.

    A graph of batches that may have any size holds every way to compute what depends on the size,
    which takes longer to trace, to compile and to run. The last batch of an epoch is smaller than
    the others, so that a training of batches of one size has no fixed size either.
    """
    before = most_in_batch()
    _state.batch = rows
    try:
        yield
    finally:
        _state.batch = before


def most_in_batch():
    """Returns the largest number of examples that a batch can have, or None."""
    return getattr(_state, "batch", None)


@contextlib.contextmanager
def rows_are_examples():
    """A context of tensors whose open first axis is that of the batch, and no longer."""
    before = most_rows()
    _state.rows = most_in_batch()
    try:
        yield
    finally:
        _state.rows = before


def most_rows():
    """Returns the largest size that an open first axis of a tensor can have, or None."""
    return getattr(_state, "rows", None)
