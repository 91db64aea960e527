"""Which tokens have a number."""

import collections
from collections.abc import Iterable, Mapping

import tensorflow as tf

from keras_infovae.distributions.likelihoods.token_sequence import END
from keras_infovae.typing import Tensor
from keras_infovae.utils.checks import argument_error, check_integer
from keras_infovae.utils.serialization import Setting, register

UNKNOWN = END + 1  # the number of all tokens that have none of their own
_FIRST = UNKNOWN + 1
_HASHES = 2**63 - 1  # so many that two tokens of one are not to be expected


@register
class Vocabulary(Setting):
    """Tokens and their numbers: 0 ends a text and fills up what comes after, 1 is any unknown
    token, and from 2 on each number is a token.

    Args:
        tokens: a list of different strings, in the order of their numbers.

    Raises:
        ValueError, TypeError: for no tokens, what is no string, and tokens that are there twice.

    Example:

    >>> import keras_infovae as ki
    >>> vocabulary = ki.text.Vocabulary.infer([["the", "cat"], ["the", "dog"]])
    >>> vocabulary.tokens, len(vocabulary), vocabulary.numbers(["the", "dog", "barks"])
    (['the', 'cat', 'dog'], 5, [2, 4, 1])
    """

    def __init__(self, tokens: Iterable[str]) -> None:
        if isinstance(tokens, str):
            raise argument_error("tokens", "a list of strings", tokens, TypeError)
        self.tokens = list(tokens)
        for i, token in enumerate(self.tokens):
            if not isinstance(token, str):
                raise argument_error(f"tokens[{i}]", "a string", token, TypeError)
        if not self.tokens:
            raise argument_error("tokens", "at least one string", self.tokens)
        self._numbers = {token: i for i, token in enumerate(self.tokens, start=_FIRST)}
        if len(self._numbers) < len(self.tokens):
            counts = collections.Counter(self.tokens)
            repeated = [token for token, count in counts.items() if count > 1]
            raise argument_error("tokens", "different strings", repeated[:8])

    @classmethod
    def infer(
        cls,
        texts: Iterable[Iterable[str]],
        size: int = 10_000,
        minimum_count: int = 1,
        unknown: str | None = None,
    ) -> "Vocabulary":
        """Returns the vocabulary of texts: their most frequent tokens, the most frequent first.

        Args:
            texts: lists of tokens.
            size: the most numbers that there are to be, with those of the end and of unknown
                tokens, at least 3. Default 10,000.
            minimum_count: how often a token has to be there to get a number. Default 1.
            unknown: the string that stands for unknown tokens, which gets no number of its own.
                Default None: there is none.

        Raises:
            ValueError: for no tokens, and where none is there often enough.
            TypeError: for a text that is a string, whose characters are not meant.
        """
        counts: collections.Counter = collections.Counter()
        for i, text in enumerate(texts):
            if isinstance(text, str):
                raise argument_error(f"texts[{i}]", "a list of tokens", text, TypeError)
            counts.update(text)
        return cls.of_counts(counts, size, minimum_count, unknown)

    @classmethod
    def of_counts(
        cls,
        counts: Mapping[str, int],
        size: int = 10_000,
        minimum_count: int = 1,
        unknown: str | None = None,
    ) -> "Vocabulary":
        """Returns what `infer` does, of {token: how often it is there}."""
        size = check_integer("size", size, _FIRST + 1)
        minimum_count = check_integer("minimum_count", minimum_count)
        counts = {token: count for token, count in counts.items() if token != unknown}
        # Of equally frequent tokens the first in the alphabet, whatever the order of the texts.
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        tokens = [token for token, count in ordered if count >= minimum_count][: size - _FIRST]
        if not ordered:
            raise argument_error("texts", "some with a token that is known", counts)
        if not tokens:
            most = ordered[0][1]
            raise argument_error("minimum_count", f"at most {most}, for a token", minimum_count)
        return cls(tokens)

    def __len__(self):
        return len(self.tokens) + _FIRST

    def numbers(self, tokens: Iterable[str]) -> list[int]:
        """Returns the number of each of a list of tokens: a list of integers of at least 1."""
        return [self._numbers.get(token, UNKNOWN) for token in tokens]

    def numbers_in_graph(self, tokens: Tensor) -> Tensor:
        """Returns what `numbers` does, int64 [n], of strings [n] in a graph."""
        with tf.init_scope():  # once, when the graph is made
            hashes = tf.strings.to_hash_bucket_fast(self.tokens, _HASHES)
            order = tf.argsort(hashes)
            sorted_hashes = tf.gather(hashes, order).numpy()
            order = order.numpy()
        # A search needs no table that a server would have to fill.
        places = tf.searchsorted(sorted_hashes, tf.strings.to_hash_bucket_fast(tokens, _HASHES))
        found = tf.gather(order, tf.minimum(places, len(order) - 1))
        known = tf.gather(self.tokens, found) == tokens
        return tf.where(known, tf.cast(found, tf.int64) + _FIRST, tf.constant(UNKNOWN, tf.int64))

    def strings_in_graph(self, numbers: Tensor, unknown: str) -> Tensor:
        """Returns the token of each number, strings in the shape of `numbers`, "" of the end."""
        return tf.gather(tf.constant(["", unknown, *self.tokens]), numbers)

    def strings(self, numbers: Iterable[int], unknown: str) -> list[str]:
        """Returns the tokens of numbers, a list, up to the first 0.

        Args:
            numbers: integers from 0 to len(self) - 1.
            unknown: what stands for an unknown token.
        """
        names = []
        for number in numbers:
            if number == END:
                break
            names.append(unknown if number == UNKNOWN else self.tokens[number - _FIRST])
        return names
