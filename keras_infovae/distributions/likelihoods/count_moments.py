"""What counts tell by their sums and squares: shares and dispersions to start a training from."""

import numpy as np

_ROWS = 4096  # that are looked at at a time, in float64
_LEAST, _MOST = 0.01, 100.0  # dispersions


def shares(x):
    """Returns the share of each value in all counts, float64 [*event_shape], which add up to 1.

    Half a count is added to each, so that one that was never seen has a share as well.

    Args:
        x: NumPy counts [n, *event_shape].

    Example:

    >>> from keras_infovae.distributions.likelihoods.count_moments import shares
    >>> shares([[2, 0], [1, 0]])
    array([0.875, 0.125])
    """
    sums = np.sum(x, axis=0, dtype="float64") + 0.5
    return sums / np.sum(sums)


def dispersions(x, of_library):
    """Returns the d of a variance m + d m^2 of each value, float64 [*event_shape], in [0.01, 100].

    By the method of moments, for means m that are the same in all rows, or the same share of the
    row's sum. It is the largest d that a model needs: a code that tells the means apart leaves
    less. What hardly occurs tells nothing of its d, so that 1 is added to both sums:

        d = (sum (x - m)^2 - m + 1) / (sum m^2 + 1)

    Args:
        x: NumPy counts [n, *event_shape]; what is missing (NaN) does not count.
        of_library: whether means are shares of the row's sum.

    Example:

    >>> from keras_infovae.distributions.likelihoods.count_moments import dispersions
    >>> dispersions([[0, 5], [20, 5]], of_library=False).round(2)
    array([0.9 , 0.01])
    """
    x = np.asarray(x)
    means = np.nansum(x, axis=0, dtype="float64") / np.maximum(np.sum(~np.isnan(x), axis=0), 1)
    shape, total = means.shape, np.maximum(means.sum(), np.finfo("float64").tiny)
    excess, squares = np.ones(means.size), np.ones(means.size)
    for start in range(0, len(x), _ROWS):
        block = x[start : start + _ROWS].reshape(-1, means.size).astype("float64")
        library = block.sum(axis=1, keepdims=True) / total if of_library else 1.0
        expected = library * means.reshape(1, -1) + np.zeros_like(block)
        excess += np.nansum(np.square(block - expected) - expected, axis=0)
        squares += np.sum(np.square(expected), axis=0, where=~np.isnan(block))
    return np.clip(excess / squares, _LEAST, _MOST).reshape(shape)
