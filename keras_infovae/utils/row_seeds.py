"""The seed of each row of a call, as one integer. NumPy alone: clients have no TensorFlow."""

import numpy as np

from keras_infovae.utils.checks import check_integer


def packed(seed, start, count):
    """Returns the seeds, int64 [count], of rows start ... start + count - 1 of a call with `seed`:

        seed * 2**32 + i        for row i

    Calls with different seeds share none. `row_random.row_seeds` makes words of 32 bits of them.

    Args:
        seed: an integer of at least 0, taken modulo 2**31.
        start, count: integers of at least 0.

    Example:

    >>> from keras_infovae.utils import row_seeds
    >>> row_seeds.packed(1, 0, 2)
    array([4294967296, 4294967297])
    """
    first = check_integer("seed", seed, 0) % 2**31 * 2**32 + check_integer("start", start, 0)
    return np.arange(first, first + check_integer("count", count, 0), dtype=np.int64)
