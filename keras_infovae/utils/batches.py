"""Arrays, a batch of rows at a time."""

import keras

from keras_infovae.utils import terminal
from keras_infovae.utils.checks import check_integer


def in_batches(arrays, batch_size):
    """Gives the next `batch_size` rows of each array in turn, a list; the last may be shorter.

    Args:
        arrays: arrays with the same number of rows, the first of them not None. None stays None.
        batch_size: an integer of at least 1.

    Example:

    >>> list(in_batches(["abc", None], 2))
    [['ab', None], ['c', None]]
    """
    check_integer("batch_size", batch_size)
    for start in range(0, len(arrays[0]), batch_size):
        rows = slice(start, start + batch_size)
        yield [None if array is None else array[rows] for array in arrays]


def progress_bar(total, verbose):
    """Returns a function that counts one more of `total` batches, on a bar if `verbose`.

    There is none where stdout is a file or a pipe, to which Keras would write it again and again.
    """
    if not verbose or not terminal.redraws_lines():
        return lambda: None
    bar = keras.utils.Progbar(total, unit_name="batch")
    return lambda: bar.add(1)
