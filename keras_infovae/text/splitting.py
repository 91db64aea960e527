"""Texts taken apart into tokens, and put together: in Python, and in graphs alike."""

import functools
import re
from collections.abc import Mapping, Sequence

import tensorflow as tf

from keras_infovae.text.character_classes import combining, written_out
from keras_infovae.text.vocabulary import Vocabulary
from keras_infovae.typing import Tensor

KINDS = ("words", "characters", "subwords")
UNKNOWN_WORD = "<unknown>"
UNKNOWN_CHARACTER = "\ufffd"  # Unicode's own sign for it
_FLAG = "[\U0001f1e6-\U0001f1ff]{2}"
_JOINER = "\u200d"
_BEFORE = " ([.,;:!?%)\\]}\u201d\u2026])"  # the blanks that print does not have
_AFTER = "([(\\[{\u201c]) "
_KEPT = r"\1"


def letters(letter: str) -> str:
    r"""Returns the pattern of letters with their accents and vowel signs; `letter` as in r"\w"."""
    return f"[{letter}{combining()}]+"


def mark(letter: str, blank: str) -> str:
    """Returns the pattern of a single mark or sign: one of several characters, or a flag, too."""
    sign, more = f"[^{letter}{combining()}{blank}]", f"[{combining()}]*"
    return f"{_FLAG}|{sign}(?:{more}{_JOINER}{sign})*{more}"


def _word_pattern(letter, blank):
    """Returns the pattern of a word with what is within it (don't, well-known), or of a mark."""
    word = letters(letter)
    return f"{UNKNOWN_WORD}|{word}(?:['\u2019-]{word})*|{mark(letter, blank)}"


@functools.cache
def _word():
    return re.compile(_word_pattern(r"\w", r"\s"))


class Tokenization:
    """What tokens are: how texts are taken apart into them, and put together again.

    A member says what a token that the vocabulary does not have is written as, `unknown`.

    Args:
        vocabulary: the `Vocabulary`.
    """

    unknown = ""
    follows_vocabulary = False  # whether the tokens of a text depend on which ones there are

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary

    @staticmethod
    def parts(text: str) -> list[str]:
        """Returns what is counted of a text to find a vocabulary, a list of strings."""
        raise NotImplementedError

    @classmethod
    def vocabulary_of(cls, counts: Mapping[str, int], size: int, minimum_count: int) -> Vocabulary:
        """Returns the vocabulary of {part: how often it is there}; `Text.infer` has the others."""
        return Vocabulary.of_counts(counts, size, minimum_count, cls.unknown)

    def split(self, text: str) -> list[str]:
        """Returns the tokens of a text, a list of strings. Default: its parts."""
        return self.parts(text)

    def split_in_graph(self, texts: Tensor, most: int) -> Tensor:
        """Returns what `split` does of each of the texts [n], UTF-8, a ragged tensor.

        Args:
            texts: strings.
            most: how many tokens of each are asked for; there may be more.
        """
        raise NotImplementedError

    @staticmethod
    def join(tokens: Sequence[str]) -> str:
        """Returns the text of a list of tokens."""
        raise NotImplementedError

    @staticmethod
    def join_in_graph(tokens: Tensor, is_token: Tensor) -> Tensor:
        """Returns what `join` does, [n], of tokens [n, length] where `is_token`, from the first."""
        raise NotImplementedError


class Words(Tokenization):
    """Words and marks of punctuation; blanks are not kept, and put back by rule."""

    unknown = UNKNOWN_WORD

    @staticmethod
    def parts(text):
        return _word().findall(text)

    def split_in_graph(self, texts, most):
        letter, blank = written_out(r"\w"), written_out(r"\s")
        apart = tf.strings.regex_replace(texts, f"[{blank}]+", " ")
        apart = tf.strings.regex_replace(apart, f"({_word_pattern(letter, blank)})", rf"{_KEPT} ")
        return tf.strings.split(apart)

    @staticmethod
    def join(tokens):
        return re.sub(_AFTER, _KEPT, re.sub(_BEFORE, _KEPT, " ".join(tokens)))

    @staticmethod
    def join_in_graph(tokens, is_token):
        spaced = tf.concat([tokens[:, :1], tf.strings.join([" ", tokens[:, 1:]])], axis=1)
        text = tf.strings.reduce_join(tf.where(is_token, spaced, ""), axis=1)
        for pattern in (_BEFORE, _AFTER):
            text = tf.strings.regex_replace(text, pattern, _KEPT)
        return text


class Characters(Tokenization):
    """Single characters; a text is exactly what its characters say."""

    unknown = UNKNOWN_CHARACTER

    @staticmethod
    def parts(text):
        return list(text)

    def split_in_graph(self, texts, most):
        return tf.strings.unicode_split(texts, "UTF-8")

    @staticmethod
    def join(tokens):
        return "".join(tokens)

    @staticmethod
    def join_in_graph(tokens, is_token):
        return tf.strings.reduce_join(tf.where(is_token, tokens, ""), axis=1)
