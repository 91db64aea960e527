"""What is known of the size of batches whose graph has it open."""

from keras_infovae.utils.thread_value import ThreadValue

_in_batch = ThreadValue(None)
_rows = ThreadValue(None)


def batches_of_at_most(rows):
    """A context of batches of at most `rows` examples; None where nothing is known.

    A graph of batches that may have any size holds every way to compute what depends on the size,
    which takes longer to trace, to compile and to run. The last batch of an epoch is smaller than
    the others, so that a training of batches of one size has no fixed size either.
    """
    return _in_batch.held(rows)


def most_in_batch():
    """Returns the largest number of examples that a batch can have, or None."""
    return _in_batch.value


def rows_are_examples():
    """A context of tensors whose open first axis is that of the batch, and no longer."""
    return _rows.held(_in_batch.value)


def most_rows():
    """Returns the largest size that an open first axis of a tensor can have, or None."""
    return _rows.value
