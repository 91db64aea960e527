"""Which rows of a large source belong to a split, and their order in each epoch."""

import itertools

import numpy as np

from keras_infovae.datasets.splitting import split_sizes
from keras_infovae.utils.splits import SPLITS

EXACT_ROWS = 2**24  # up to here, all rows are shuffled at once; the order takes 8 bytes a row
_PART_ROWS = 2**20  # beyond, this many at a time


class RowOrder:
    """Splits rows at random and puts each split into the batches of an epoch.

    All of it follows from the arguments. In memory are one byte per row and, in a pass, the
    numbers of the rows of one window. Up to `EXACT_ROWS` rows, the splits are those of
    `split_indices`; beyond, each stretch of a million rows is split alike.

    Args:
        blocks: int64 [num_blocks], the number of rows of each block, in their order. Rows of one
            block are cheap to read together.
        window: the number of blocks whose rows are shuffled together. The order of the blocks is
            drawn anew in each epoch; one window of all blocks is an exact shuffle of all rows.
        fractions: shares of validation and test.
        seed: an integer of at least 0.
        source: what the user gave, for the error.
        ready: for each row, the place of its split in `SPLITS`, where the source has splits: those
            of "train" are split further, but for the splits that are there. Default: None.

    Raises:
        ValueError: when there are too few rows to give every split one.
    """

    def __init__(self, blocks, window, fractions, seed, source=None, ready=None):
        self._edges = np.concatenate([[0], np.cumsum(blocks, dtype=np.int64)])
        self._window = window
        self._seed = seed
        self._split_of_row = np.zeros(int(self._edges[-1]), np.uint8)
        pool, count = None, len(self._split_of_row)
        if ready is not None:
            self._split_of_row[:] = ready
            pool = np.flatnonzero(self._split_of_row == 0)
            count = len(pool)
            there = [bool((self._split_of_row == i).any()) for i in range(1, len(SPLITS))]
            fractions = [0.0 if is_there else f for f, is_there in zip(fractions, there)]
        sizes = split_sizes(count, fractions, source)
        ends = list(itertools.accumulate(sizes[:-1]))
        parts = 1 if count <= EXACT_ROWS else count // _PART_ROWS
        for part in range(parts):
            start, stop = count * part // parts, count * (part + 1) // parts
            # A seed of [s, 0] is a seed of s to NumPy: the first part splits as `split_indices`.
            order = start + np.random.default_rng([seed, part]).permutation(stop - start)
            cuts = [stop * end // count - start * end // count for end in ends]
            for split, rows in enumerate(np.split(order, cuts)):
                self._split_of_row[rows if pool is None else pool[rows]] = split

    def size(self, split):
        """Returns the number of rows of `split`, one of `SPLITS`."""
        return int(np.count_nonzero(self._split_of_row == SPLITS.index(split)))

    def rows(self, split, block):
        """Returns the rows of `split` in a block, ascending int64."""
        start, stop = self._edges[block : block + 2]
        return start + np.flatnonzero(self._split_of_row[start:stop] == SPLITS.index(split))

    def sample(self, split, count, seed):
        """Returns `count` rows of `split`, or all that it has, drawn by `seed`; ascending."""
        size = self.size(split)
        draws = np.random.default_rng([self._seed, seed, 2])
        numbers = np.sort(draws.choice(size, min(count, size), replace=False, shuffle=False))
        parts, start = [], 0
        for block in range(len(self._edges) - 1):
            rows = self.rows(split, block)
            first, last = np.searchsorted(numbers, [start, start + len(rows)])
            parts.append(rows[numbers[first:last] - start])
            start += len(rows)
        return np.concatenate(parts)

    def windows(self, split, epoch=None):
        """Yields the rows of `split`, window by window, int64.

        Args:
            split: one of `SPLITS`.
            epoch: the number that the order follows from, or None for the order of the source.
        """
        blocks = np.arange(len(self._edges) - 1)
        if epoch is not None:
            draws = np.random.default_rng([self._seed, epoch, 1])
            draws.shuffle(blocks)
        for start in range(0, len(blocks), self._window):
            window = blocks[start : start + self._window]
            parts = [self.rows(split, block) for block in window]
            rows = parts[0] if len(parts) == 1 else np.concatenate(parts)
            if epoch is not None:
                draws.shuffle(rows)
            yield rows

    def batches(self, split, batch_size, epoch=None):
        """Yields the rows of each batch of `split`; the last batch has what is left."""
        rest = np.empty(0, np.int64)
        for rows in self.windows(split, epoch):
            if len(rest):
                taken = batch_size - len(rest)
                rest, rows = np.concatenate([rest, rows[:taken]]), rows[taken:]
                if len(rest) < batch_size:
                    continue
                yield rest
            whole = len(rows) // batch_size * batch_size
            for start in range(0, whole, batch_size):
                yield rows[start : start + batch_size]
            rest = rows[whole:].copy()
        if len(rest):
            yield rest


def blocks_of_rows(count):
    """Returns (blocks, window) of `count` rows that can be read in any order."""
    if count <= EXACT_ROWS:
        return np.array([count]), 1
    edges = np.append(np.arange(0, count, _PART_ROWS), count)
    return np.diff(edges), EXACT_ROWS // _PART_ROWS
