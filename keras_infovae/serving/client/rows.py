"""Rows of a request: their seeds, and how many go into one message."""

import secrets

import numpy as np

from keras_infovae.utils.checks import argument_error

SEEDS = 2**31  # models count seeds modulo this
# The inverse of the odd number next to SEEDS times the golden ratio. Two seeds that differ by d
# share rows only where those lie d * 1327217885 modulo SEEDS apart: at least 972,785 for all d up
# to 1,000. No two rows of one seed are the same.
STEP = pow(1327217885, -1, SEEDS)


def row_seeds(seed, n):
    """Returns the seed of each of n rows, int64 [n]: (seed + 828308341 i) mod 2^31 for row i.

    Args:
        seed: an integer of at least 0; or n of them, which are returned; or None for new ones.
        n: the number of rows.

    Example:

    >>> row_seeds(7, 3)
    array([         7,  828308348, 1656616689])
    """
    if seed is None:
        seed = secrets.randbelow(SEEDS)
    seed = np.asarray(seed)
    if seed.dtype.kind not in "iu" or seed.shape not in ((), (n,)):
        raise argument_error("seed", f"an integer or an array of {n} integers", seed, TypeError)
    if seed.size and int(seed.min()) < 0:
        raise argument_error("seed", "at least 0", seed)
    if seed.ndim == 0:
        return (int(seed) % SEEDS + STEP * np.arange(n, dtype="int64")) % SEEDS
    return (seed % SEEDS).astype("int64")


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
