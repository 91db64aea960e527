"""Words in the pieces that a vocabulary has."""

import functools
import re

import tensorflow as tf

from keras_infovae.text.character_classes import written_out
from keras_infovae.text.splitting import UNKNOWN_CHARACTER, Tokenization, letters, mark
from keras_infovae.text.subword_learning import learned
from keras_infovae.text.vocabulary import UNKNOWN, Vocabulary

_BLANK = " "
_MOST_KNOWN = 100_000  # words whose pieces are kept


class Subwords(Tokenization):
    """Words in pieces, each as long as the vocabulary has one, from the first character on.

    A piece is what byte-pair encoding joins (`learned`): of letters or of one mark, with the blank
    before it. So texts are put together as they were, but for runs of blanks, and only characters
    that the vocabulary has no room for, or that were never seen, are unknown.
    """

    unknown = UNKNOWN_CHARACTER
    follows_vocabulary = True

    def __init__(self, vocabulary):
        super().__init__(vocabulary)
        self._pieces = set(vocabulary.tokens)
        self._longest = max(map(len, self._pieces))
        self._known = {}  # the pieces of words that were there before

    @staticmethod
    def parts(text):
        return [part for word in _words(text) for part in _parts().findall(word)]

    @classmethod
    def vocabulary_of(cls, counts, size, minimum_count):
        counts = {part: count for part, count in counts.items() if cls.unknown not in part}
        return Vocabulary(learned(counts, size - UNKNOWN - 1, minimum_count))

    def split(self, text):
        return [piece for word in _words(text) for piece in self._pieces_of(word)]

    def _pieces_of(self, word):
        if word not in self._known:
            if len(self._known) == _MOST_KNOWN:
                self._known.clear()
            pieces, start = [], 0
            while start < len(word):
                sizes = range(min(self._longest, len(word) - start), 1, -1)
                size = next((n for n in sizes if word[start : start + n] in self._pieces), 1)
                pieces.append(word[start : start + size])
                start += size
            self._known[word] = pieces
        return self._known[word]

    def split_in_graph(self, texts, most):
        blank = written_out(r"\s")
        words = tf.strings.split(tf.strings.regex_replace(texts, f"[{blank}]+", _BLANK))
        words = words.with_flat_values(tf.strings.join([_BLANK, words.flat_values]))
        pieces = self._pieces_in_graph(words.flat_values, most)
        return words.with_flat_values(pieces).merge_dims(1, 2)

    def _pieces_in_graph(self, words, most):
        """Returns what `_pieces_of` does of words [n], up to `most` of each, ragged [n, pieces]."""
        lengths = tf.strings.length(words, unit="UTF8_CHAR")
        sizes = tf.range(1, self._longest + 1)

        def one_more(step, active, start, owners, pieces):
            """Takes the next piece of the words that are `active`: that go on."""
            shape = [tf.size(active), self._longest]
            of_active, left = tf.gather(words, active), tf.gather(lengths, active) - start
            candidates = tf.strings.substr(
                tf.broadcast_to(of_active[:, None], shape),
                tf.broadcast_to(start[:, None], shape),
                tf.broadcast_to(sizes, shape),
                unit="UTF8_CHAR",
            )
            numbers = self.vocabulary.numbers_in_graph(tf.reshape(candidates, [-1]))
            fitting = (tf.reshape(numbers, shape) != UNKNOWN) & (sizes <= left[:, None])
            size = tf.reduce_max(tf.where(fitting, sizes, 1), axis=1)
            piece = tf.strings.substr(of_active, start, size, unit="UTF8_CHAR")
            owners, pieces = tf.concat([owners, active], 0), tf.concat([pieces, piece], 0)
            goes_on = size < left
            start = tf.boolean_mask(start + size, goes_on)
            return step + 1, tf.boolean_mask(active, goes_on), start, owners, pieces

        count = tf.size(words)
        none = tf.zeros([0], tf.int32)
        state = (
            tf.constant(0),
            tf.range(count),
            tf.zeros_like(lengths),
            none,
            tf.constant([], tf.string),
        )
        _, _, _, owners, pieces = tf.while_loop(
            lambda step, active, *_: (step < most) & (tf.size(active) > 0),
            one_more,
            state,
            shape_invariants=(tf.TensorShape([]), *[tf.TensorShape([None])] * 4),
        )
        order = tf.argsort(owners, stable=True)
        return tf.RaggedTensor.from_value_rowids(
            tf.gather(pieces, order),
            tf.cast(tf.gather(owners, order), tf.int64),
            nrows=tf.cast(count, tf.int64),
            validate=False,
        )

    @staticmethod
    def join(tokens):
        return "".join(tokens).removeprefix(_BLANK)

    @staticmethod
    def join_in_graph(tokens, is_token):
        text = tf.strings.reduce_join(tf.where(is_token, tokens, ""), axis=1)
        return tf.strings.regex_replace(text, f"^{_BLANK}", "")


@functools.cache
def _parts():
    """Returns the pattern of what no piece goes beyond: letters or a mark, and a blank before."""
    letter = r"\w"
    return re.compile(f"{_BLANK}?(?:{letters(letter)}|{mark(letter, _BLANK)})")


def _words(text):
    """Returns what blanks separate in a text, each with one blank before it."""
    return [_BLANK + word for word in re.findall(r"\S+", text)]
