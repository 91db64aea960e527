"""The splits and orders of rows that stay on disk."""

import numpy as np
import pytest

from keras_infovae.datasets import row_order
from keras_infovae.datasets.row_order import RowOrder, blocks_of_rows
from keras_infovae.datasets.splitting import split_indices
from keras_infovae.utils.splits import SPLITS

FRACTIONS = (0.1, 0.2)
BLOCKS = [[100], [30, 1, 0, 49, 20]]


def order(blocks=(100,), window=1, seed=3):
    return RowOrder(blocks, window, FRACTIONS, seed)


def rows(batches):
    return np.concatenate(list(batches))


@pytest.mark.parametrize("blocks", BLOCKS)
@pytest.mark.parametrize("seed", [0, 3, 2**40])
def test_splits_are_those_of_split_indices(blocks, seed):
    parts = split_indices(100, FRACTIONS, seed)
    for split, expected in zip(SPLITS, parts):
        ours = order(blocks, seed=seed)
        assert ours.size(split) == len(expected)
        np.testing.assert_array_equal(rows(ours.windows(split)), np.sort(expected))


def test_many_rows_are_split_part_by_part(monkeypatch):
    monkeypatch.setattr(row_order, "EXACT_ROWS", 64)
    monkeypatch.setattr(row_order, "_PART_ROWS", 16)
    ours = RowOrder(*blocks_of_rows(1000), FRACTIONS, 0)
    assert [ours.size(split) for split in SPLITS] == [700, 100, 200]
    every = rows(rows(ours.windows(split)) for split in SPLITS)
    np.testing.assert_array_equal(np.sort(every), np.arange(1000))
    validation = rows(ours.windows("validation"))
    assert np.all(np.bincount(validation // 100, minlength=10) > 0)  # from everywhere
    assert max(map(len, ours.windows("train", epoch=0))) <= 64  # what is in memory at once


@pytest.mark.parametrize("blocks", BLOCKS)
@pytest.mark.parametrize("window", [1, 2, 9])
@pytest.mark.parametrize("batch_size", [1, 7, 70, 100])
def test_an_epoch_has_every_row_once_in_full_batches(blocks, window, batch_size):
    ours = order(blocks, window)
    for epoch in (None, 0, 1):
        batches = list(ours.batches("train", batch_size, epoch))
        assert [len(batch) for batch in batches[:-1]] == [batch_size] * (len(batches) - 1)
        assert len(batches) == -(-70 // batch_size)
        np.testing.assert_array_equal(np.sort(rows(batches)), rows(ours.windows("train")))


def test_the_order_follows_from_the_seed_and_the_epoch():
    def epoch(number, seed=3):
        return rows(order(BLOCKS[1], 2, seed).batches("train", 7, number)).tolist()

    assert epoch(5) == epoch(5)
    assert epoch(5) != epoch(6)
    assert epoch(5, seed=4) != epoch(5)
    assert epoch(None) == sorted(epoch(5))


def test_rows_of_a_window_are_mixed_and_blocks_change_places():
    ours = RowOrder([50] * 20, 4, (0, 0), 0)
    windows = [window // 50 for window in ours.windows("train", epoch=0)]
    assert [len(set(blocks)) for blocks in windows] == [4] * 5
    for blocks in windows:
        assert len(set(blocks[:50])) == 4
    assert set(windows[0]) != {0, 1, 2, 3}


def test_too_few_rows():
    with pytest.raises(ValueError, match=r"enough examples for 3 split.*2 example\(s\)"):
        RowOrder([2], 1, FRACTIONS, 0, "x.npy")
