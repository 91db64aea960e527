"""Fixed-seed splits: pure functions from sizes to indices."""

import numpy as np

from keras_infovae.datasets.reading import source_error
from keras_infovae.utils.checks import argument_error, check_integer, check_number
from keras_infovae.utils.splits import SPLITS


def check_fractions(validation_fraction, test_fraction):
    """Returns both as floats; each must be in [0, 1) and they must leave something to train on."""
    fractions = {"validation_fraction": validation_fraction, "test_fraction": test_fraction}
    for name, value in fractions.items():
        fractions[name] = check_number(name, value)
        if not 0.0 <= fractions[name] < 1.0:
            raise argument_error(name, "at least 0 and less than 1", value)
    if sum(fractions.values()) >= 1.0:
        raise ValueError(
            "Arguments `validation_fraction` and `test_fraction` must add up to less than 1. "
            f"Received: validation_fraction={validation_fraction!r}, "
            f"test_fraction={test_fraction!r}"
        )
    return tuple(fractions.values())


def split_indices(count, fractions, seed, source=None):
    """Returns shuffled indices in parts: one per fraction, and first what is left over.

    The parts are disjoint and cover 0..count-1. A part is empty only if its fraction is 0; the rest
    is never empty.

    Args:
        count: the number of examples.
        fractions: the share of each part but the first, numbers in [0, 1).
        seed: an integer of at least 0.
        source: what the user gave, for the error.

    Raises:
        ValueError: when `count` is too small to give every part an example.

    Example:

    >>> [len(part) for part in split_indices(10, (0.1, 0.2), seed=0)]
    [7, 1, 2]
    """
    sizes = split_sizes(count, fractions, source)
    order = np.random.default_rng(seed).permutation(count)
    return np.split(order, np.cumsum(sizes[:-1]))


def split_sizes(count, fractions, source=None):
    """Returns the sizes of the parts of `split_indices`, a list that adds up to `count`.

    Raises:
        ValueError: when `count` is too small to give every part an example.
    """
    sizes = [max(1, round(count * fraction)) if fraction else 0 for fraction in fractions]
    if sum(sizes) >= count:
        parts = 1 + sum(size > 0 for size in sizes)
        raise source_error(
            source,
            f"hold enough examples for {parts} split(s) (give a fraction of 0 to go without one)",
            f"{count} example(s) to split",
        )
    return [count - sum(sizes), *sizes]


def limit_indices(count, limit, seed):
    """Returns `limit` of the indices 0..count-1 in ascending order, drawn by `seed`; or all."""
    if limit is None or limit >= count:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).permutation(count)[:limit])


def split_rows(count, fractions, seed, limit=None, source=None):
    """Returns {split: the numbers of its rows} of `count` rows, or of `limit` of them.

    Args:
        count: how many rows there are.
        fractions: (validation_fraction, test_fraction).
        seed: an integer of at least 0.
        limit: an integer of at least 1, or None for all.
        source: what the user gave, for the error.

    Raises:
        ValueError, TypeError: for fractions, a seed or a limit that are none, and for too few rows.
    """
    fractions = check_fractions(*fractions)
    seed = check_integer("seed", seed, minimum=0)
    chosen = limit_indices(count, None if limit is None else check_integer("limit", limit), seed)
    parts = split_indices(len(chosen), fractions, seed, source)
    return {split: chosen[indices] for split, indices in zip(SPLITS, parts, strict=True)}


def share_limit(limit, count, *ready):
    """Returns how many of `limit` examples fall to a pool of `count` and to each ready split.

    They keep the proportions, and each split gets at least one; all None is no limit.

    Args:
        limit: an integer, or None.
        count: the size of the pool.
        ready: the sizes of the splits that are made already.
    """
    total = count + sum(ready)
    if limit is None or limit >= total:
        return (None,) * (1 + len(ready))
    shares = [min(max(1, round(limit * size / total)), size) for size in ready]
    return max(0, limit - sum(shares)), *shares
