"""Checks on the values of NumPy arrays, and what tells them apart."""

import hashlib
import math

import numpy as np

_CHUNK = 2**22  # values looked at together, so that a check needs megabytes and not gigabytes


def check_finite(name, array):
    """Returns None; raises when a value of `array` is NaN or infinite.

    Args:
        name: the argument's name, for the error.
        array: numbers of any shape: a NumPy array or what `np.asarray` takes.

    Raises:
        ValueError: with the counts of NaN and Inf and the index of the first of them.
        TypeError: when `array` does not hold numbers.

    Example:

    >>> check_finite("x", np.array([1.0, 2.0]))
    """
    array = np.asarray(array)
    if array.dtype.kind in "biu":
        return
    try:
        with np.errstate(all="ignore"):
            if np.isfinite(np.sum(array)):  # no copy; only a finite sum proves anything
                return
    except TypeError:
        raise TypeError(
            f"Argument `{name}` must hold numbers. Received: {name} of dtype {array.dtype}"
        ) from None
    first, counts = _count_nonfinite(array)
    if first is not None:
        raise ValueError(
            f"Argument `{name}` must be finite. Received: {counts['NaN']} NaN and "
            f"{counts['Inf']} Inf values, the first at index {first}"
        )


def fingerprint(arrays):
    """Returns a hash of arrays, in their order and with their names and shapes, as text.

    Args:
        arrays: {name: NumPy array}.
    """
    digest = hashlib.sha256()
    for name, array in arrays.items():
        digest.update(repr((name, array.shape)).encode())
        digest.update(array.data if array.flags.c_contiguous else array.tobytes())
    return digest.hexdigest()


def _count_nonfinite(array):
    """Returns (index of the first value that is NaN or infinite, or None; counts of both)."""
    rows = array.reshape(1) if array.ndim == 0 else array
    row_size = max(1, math.prod(rows.shape[1:]))
    step = max(1, _CHUNK // row_size)
    first, counts = None, {"NaN": 0, "Inf": 0}
    for start in range(0, len(rows), step):
        chunk = rows[start : start + step]
        nonfinite = ~np.isfinite(chunk)
        if not nonfinite.any():
            continue
        nan = int(np.isnan(chunk).sum())
        counts["NaN"] += nan
        counts["Inf"] += int(nonfinite.sum()) - nan
        if first is None:
            position = np.unravel_index(int(np.argmax(nonfinite)), chunk.shape)
            first = (start + int(position[0]), *(int(i) for i in position[1:]))
    return (() if first is not None and array.ndim == 0 else first), counts
