"""Classes of characters as this Python has them, written out for engines of other Unicodes."""

import functools
import re
import unicodedata
from collections.abc import Sequence

import numpy as np

_NUMBERS = (range(0xD800), range(0xE000, 0x110000))  # without the halves of UTF-16's pairs
_JOINERS = range(0x200C, 0x200E)
_SKIN_TONES = range(0x1F3FB, 0x1F400)


def characters() -> list[str]:
    """Returns all characters that a text may have, in their order."""
    return [chr(number) for numbers in _NUMBERS for number in numbers]


@functools.cache
def written_out(pattern: str) -> str:
    r"""Returns what stands within the brackets of a class of all characters of a pattern.

    Args:
        pattern: of a single character, such as r"\w".
    """
    matches = re.compile(pattern).match
    return ranges([c for c in characters() if matches(c)])


@functools.cache
def combining() -> str:
    """Returns what stands within the brackets of a class of what belongs to the character before.

    Accents and vowel signs, the joiners within words and signs, and the tones of a sign's skin. It
    is written as it is, which all engines read.
    """
    joining = (*_JOINERS, *_SKIN_TONES)
    some = [c for c in characters() if unicodedata.category(c)[0] == "M" or ord(c) in joining]
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in _runs(some))


def ranges(some: Sequence[str]) -> str:
    r"""Returns characters, in their order, as ranges of neighbors, such as r"\x{61}-\x{7a}"."""
    return "".join(f"\\x{{{first:x}}}-\\x{{{last:x}}}" for first, last in _runs(some))


def _runs(some):
    """Returns the numbers of the first and the last of each run of neighbors among characters."""
    numbers = np.array([ord(c) for c in some])
    runs = np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1)
    return [(run[0], run[-1]) for run in runs]
