"""Words in the pieces that a vocabulary has."""

import re

import tensorflow as tf

from keras_infovae.text.character_classes import written_out
from keras_infovae.text.splitting import UNKNOWN_CHARACTER, Tokenization
from keras_infovae.text.subword_learning import learned
from keras_infovae.text.vocabulary import UNKNOWN, Vocabulary

_BLANK = " "
_MOST_KNOWN = 100_000  # words whose pieces are kept
_PARTS = re.compile(r" ?\w+| ?[^\w ]")


class Subwords(Tokenization):
    """Words in pieces, each as long as the vocabulary has one, from the first character on.

    A piece is what byte-pair encoding joins (`learned`): of letters or of one mark, with the blank
    before it. So texts are put together as they were, but for runs of blanks, and only characters
    that were never seen are unknown.
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
        return [part for word in _words(text) for part in _PARTS.findall(word)]

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

    def split_in_graph(self, texts):
        blank = written_out(r"\s")
        words = tf.strings.split(tf.strings.regex_replace(texts, f"[{blank}]+", _BLANK))
        words = words.with_flat_values(tf.strings.join([_BLANK, words.flat_values]))
        return words.with_flat_values(self._pieces_in_graph(words.flat_values)).merge_dims(1, 2)

    def _pieces_in_graph(self, words):
        """Returns what `_pieces_of` does of each of the words [n], a ragged tensor [n, pieces]."""
        lengths = tf.strings.length(words, unit="UTF8_CHAR")
        sizes = tf.range(1, self._longest + 1)

        def one_more(step, start, pieces):
            at = tf.minimum(start, lengths - 1)  # words that have come to their end wait
            shape = [tf.size(words), self._longest]
            candidates = tf.strings.substr(
                tf.broadcast_to(words[:, None], shape),
                tf.broadcast_to(at[:, None], shape),
                tf.broadcast_to(sizes, shape),
                unit="UTF8_CHAR",
            )
            numbers = self.vocabulary.numbers_in_graph(tf.reshape(candidates, [-1]))
            is_piece = tf.reshape(numbers, shape) != UNKNOWN
            fitting = is_piece & (sizes <= (lengths - at)[:, None])
            size = tf.maximum(tf.reduce_max(tf.where(fitting, sizes, 1), axis=1), 1)
            piece = tf.strings.substr(words, at, size, unit="UTF8_CHAR")
            piece = tf.where(start < lengths, piece, "")
            return step + 1, start + size, pieces.write(step, piece)

        pieces = tf.TensorArray(tf.string, 0, dynamic_size=True, element_shape=[None])
        _, _, pieces = tf.while_loop(
            lambda step, start, pieces: tf.reduce_any(start < lengths),
            one_more,
            (tf.constant(0), tf.zeros_like(lengths), pieces),
        )
        steps = tf.transpose(pieces.stack())
        return tf.ragged.boolean_mask(steps, steps != "")

    @staticmethod
    def join(tokens):
        return "".join(tokens).removeprefix(_BLANK)

    @staticmethod
    def join_in_graph(tokens, is_token):
        text = tf.strings.reduce_join(tf.where(is_token, tokens, ""), axis=1)
        return tf.strings.regex_replace(text, f"^{_BLANK}", "")


def _words(text):
    """Returns what blanks separate in a text, each with one blank before it."""
    return [_BLANK + word for word in re.findall(r"\S+", text)]
