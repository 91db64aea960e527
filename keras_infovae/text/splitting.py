"""Texts taken apart into tokens, and put together."""

import re

KINDS = ("words", "characters")
UNKNOWN_WORD = "<unknown>"
UNKNOWN_CHARACTER = "\ufffd"  # Unicode's own sign for it

# A word with what is within it (don't, well-known), or a mark by itself.
_WORD = re.compile(rf"{UNKNOWN_WORD}|\w+(?:['\u2019-]\w+)*|[^\w\s]")
_BEFORE = re.compile(r" (?=[.,;:!?%)\]}\u201d\u2026])")  # the blanks that print does not have
_AFTER = re.compile(r"(?<=[(\[{\u201c]) ")


class Words:
    """Words and marks of punctuation; blanks are not kept, and put back by rule."""

    unknown = UNKNOWN_WORD
    plural = "words"

    @staticmethod
    def split(text):
        """Returns the tokens of a text, a list of strings."""
        return _WORD.findall(text)

    @staticmethod
    def join(tokens):
        """Returns the text of a list of tokens."""
        return _AFTER.sub("", _BEFORE.sub("", " ".join(tokens)))


class Characters:
    """Single characters; a text is exactly what its characters say."""

    unknown = UNKNOWN_CHARACTER
    plural = "characters"

    @staticmethod
    def split(text):
        """Returns the tokens of a text, a list of strings."""
        return list(text)

    @staticmethod
    def join(tokens):
        """Returns the text of a list of tokens."""
        return "".join(tokens)


TOKENIZATIONS = dict(zip(KINDS, (Words, Characters)))
