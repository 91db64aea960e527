"""Splits: disjoint, complete, repeatable, and none empty that was asked for."""

import numpy as np
import pytest

from keras_infovae.datasets.splitting import (
    check_fractions,
    limit_indices,
    share_limit,
    split_indices,
)


@pytest.mark.parametrize("count", [3, 4, 10, 101])
@pytest.mark.parametrize("fractions", [(0.1, 0.1), (0.0, 0.3), (0.3, 0.0), (0.0, 0.0)])
@pytest.mark.parametrize("seed", [0, 7])
def test_parts_are_disjoint_and_cover_everything(count, fractions, seed):
    parts = split_indices(count, fractions, seed)
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(count))
    assert len(parts[0]) > 0
    assert [len(part) > 0 for part in parts[1:]] == [fraction > 0 for fraction in fractions]


def test_same_seed_same_split():
    first, second, other = (split_indices(50, (0.2,), seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(np.concatenate(first), np.concatenate(second))
    assert not np.array_equal(np.concatenate(first), np.concatenate(other))
    assert not np.array_equal(first[0], np.sort(first[0]))


@pytest.mark.parametrize(
    ("count", "fractions", "parts"),
    [(0, (), 1), (1, (0.1,), 2), (2, (0.1, 0.1), 3), (3, (0.5, 0.49), 3)],
)
def test_too_few_examples(count, fractions, parts):
    with pytest.raises(ValueError, match=rf"for {parts} split.*\({count} example"):
        split_indices(count, fractions, seed=0, source="few.npy")


def test_limit_is_a_subset_in_order_and_nested():
    few, more = limit_indices(100, 5, seed=1), limit_indices(100, 50, seed=1)
    assert len(few) == 5
    assert set(few) < set(more)
    assert np.all(np.diff(more) > 0)
    np.testing.assert_array_equal(limit_indices(4, None, seed=1), np.arange(4))
    np.testing.assert_array_equal(limit_indices(4, 9, seed=1), np.arange(4))


@pytest.mark.parametrize(
    ("limit", "shares"),
    [
        (None, (None, None)),
        (70, (None, None)),
        (7, (6, 1)),
        (35, (30, 5)),
        (2, (1, 1)),
        (1, (0, 1)),
    ],
)
def test_a_limit_is_shared_in_proportion(limit, shares):
    assert share_limit(limit, 60, 10) == shares


@pytest.mark.parametrize(
    ("fractions", "error", "message"),
    [
        ((1.0, 0.0), ValueError, "`validation_fraction` must be at least 0 and less than 1"),
        ((0.1, -0.1), ValueError, "`test_fraction` must be at least 0 and less than 1"),
        ((0.5, 0.5), ValueError, "must add up to less than 1.*validation_fraction=0.5"),
        ((0.1, float("nan")), ValueError, "`test_fraction` must be finite"),
        (("0.1", 0.1), TypeError, "`validation_fraction` must be a number"),
        ((0.1, True), TypeError, "`test_fraction` must be a number"),
    ],
)
def test_fractions(fractions, error, message):
    with pytest.raises(error, match=message):
        check_fractions(*fractions)
