"""How many rows of a request go into one message."""

import numpy as np


def slices(row_bytes, max_rows, max_bytes):
    """Yields slices of rows, in order, each of at most `max_rows` rows and `max_bytes` bytes.

    A row that is larger than that goes alone.

    Args:
        row_bytes: the size of each row, [n].

    Example:

    >>> [(part.start, part.stop) for part in slices([3, 3, 3, 9, 1], max_rows=2, max_bytes=8)]
    [(0, 2), (2, 3), (3, 4), (4, 5)]
    """
    ends = np.concatenate([[0], np.cumsum(row_bytes)])
    start, n = 0, len(row_bytes)
    while start < n:
        fitting = int(np.searchsorted(ends, ends[start] + max_bytes, side="right")) - 1
        stop = min(max(fitting, start + 1), start + max_rows, n)
        yield slice(start, stop)
        start = stop
