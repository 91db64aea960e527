"""Which pieces of words are worth a number of their own."""

import collections
import heapq
import itertools
from collections.abc import Mapping

from keras_infovae.utils.checks import argument_error, check_integer


def learned(counts: Mapping[str, int], size: int, minimum_count: int = 1) -> list[str]:
    """Returns pieces of words by byte-pair encoding, over characters.

    The first pieces are the characters, the most frequent first. Then the two pieces that stand
    next to each other most often become one, and so on. Of pairs that are as frequent, the first
    in the alphabet.

    Args:
        counts: {word: how often it is there}; no piece goes beyond a word.
        size: the most pieces that there are to be, at least 1.
        minimum_count: how often a piece has to be there; two pieces become one from twice on.
            Default 1.

    Raises:
        ValueError: where no character is there often enough.

    References:
        Sennrich, Haddow, Birch, Neural Machine Translation of Rare Words with Subword Units,
        arXiv:1508.07909, section 3.2, algorithm 1.
    """
    size = check_integer("vocabulary_size", size)
    minimum_count = check_integer("minimum_count", minimum_count)
    characters = collections.Counter()
    for word, count in counts.items():
        for character in word:
            characters[character] += count
    ordered = sorted(characters.items(), key=lambda item: (-item[1], item[0]))
    pieces = [character for character, count in ordered if count >= minimum_count][:size]
    if not pieces:
        most = ordered[0][1] if ordered else 0
        raise argument_error("minimum_count", f"at most {most}, for a character", minimum_count)
    known, pairs = set(pieces), _Pairs(counts, set(pieces))
    while len(pieces) < size:
        pair = pairs.most_frequent(max(minimum_count, 2))
        if pair is None:
            break
        pairs.join(pair)
        piece = "".join(pair)
        if piece not in known:  # it may have come of two others before
            known.add(piece)
            pieces.append(piece)
    return pieces


class _Pairs:
    """How often which pieces stand next to each other, as pieces are joined.

    Args:
        counts: {word: how often it is there}.
        known: the characters that are pieces. Nothing is joined with others.
    """

    def __init__(self, counts, known):
        self._known = known
        self._words = [list(word) for word in counts]
        self._counts = list(counts.values())
        self._of_pairs = collections.Counter()
        self._where = collections.defaultdict(set)  # the words that have or had a pair
        for i in range(len(self._words)):
            self._count(i, 1)
        self._heap = [(-count, pair) for pair, count in self._of_pairs.items()]
        heapq.heapify(self._heap)

    def _pairs_of(self, i):
        word = self._words[i]
        return [
            pair
            for pair in itertools.pairwise(word)
            if all(len(p) > 1 or p in self._known for p in pair)
        ]

    def _count(self, i, sign):
        """Adds the pairs of a word to the counts, or takes them away; returns them."""
        pairs = self._pairs_of(i)
        for pair in pairs:
            self._of_pairs[pair] += sign * self._counts[i]
            self._where[pair].add(i)
        return pairs

    def most_frequent(self, minimum_count):
        """Returns the most frequent pair, or None where none is there so often."""
        while self._heap:
            count, pair = self._heap[0]
            if self._of_pairs[pair] == -count:
                return pair if -count >= minimum_count else None
            heapq.heappop(self._heap)  # what it was before: a newer entry says what it is
        return None

    def join(self, pair):
        """Makes one piece of the two wherever they stand next to each other."""
        changed = set()
        for i in self._where.pop(pair):
            changed.update(self._count(i, -1))
            self._words[i] = _joined(self._words[i], pair)
            changed.update(self._count(i, 1))
        for other in changed:
            if self._of_pairs[other] > 0:
                heapq.heappush(self._heap, (-self._of_pairs[other], other))


def _joined(word, pair):
    """Returns the pieces of a word in which the two are one, from the left."""
    pieces, i = [], 0
    while i < len(word):
        size = 2 if (*word[i : i + 2],) == pair else 1
        pieces.append("".join(word[i : i + size]))
        i += size
    return pieces
