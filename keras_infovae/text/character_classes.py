"""Classes of characters as this Python has them, written out for engines of other Unicodes."""

import functools
import re
from collections.abc import Sequence

import numpy as np

_NUMBERS = (range(0xD800), range(0xE000, 0x110000))  # without the halves of UTF-16's pairs


@functools.cache
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


def ranges(some: Sequence[str]) -> str:
    r"""Returns characters, in their order, as ranges of neighbors, such as r"\x{61}-\x{7a}"."""
    numbers = np.array([ord(c) for c in some])
    runs = np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1)
    return "".join(f"\\x{{{run[0]:x}}}-\\x{{{run[-1]:x}}}" for run in runs)
