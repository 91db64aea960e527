"""Strings in a graph without capital letters, as `str.lower` makes them, whatever the machine."""

import functools
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_infovae.text.character_classes import characters, ranges
from keras_infovae.typing import Tensor

_CAPITAL_SIGMA, _FINAL_SIGMA = "\u03a3", "\u03c2"


class _Rules(NamedTuple):
    """What `str.lower` does.

    Attributes:
        capitals: the characters that change, sorted, int32.
        small: what each becomes, int32.
        longer: {character: what it becomes} of those that become several.
        final_sigma: a pattern of a capital sigma at the end of a word, with what is before and
            after it as groups 1 and 2.
    """

    capitals: np.ndarray
    small: np.ndarray
    longer: dict
    final_sigma: str


def lower_in_graph(texts: Tensor) -> Tensor:
    """Returns texts [n], UTF-8, as `str.lower` makes them.

    `tf.strings.lower` has an older Unicode, and goes by the language of the machine it runs on.
    """
    rules = _rules()
    texts = tf.strings.regex_replace(texts, rules.final_sigma, rf"\1{_FINAL_SIGMA}\2")
    for capital, small in rules.longer.items():
        texts = tf.strings.regex_replace(texts, capital, small)
    decoded = tf.strings.unicode_decode(texts, "UTF-8")
    numbers = decoded.flat_values
    places = tf.minimum(tf.searchsorted(rules.capitals, numbers), len(rules.capitals) - 1)
    is_capital = tf.gather(rules.capitals, places) == numbers
    numbers = tf.where(is_capital, tf.gather(rules.small, places), numbers)
    return tf.strings.unicode_encode(decoded.with_flat_values(numbers), "UTF-8")


@functools.cache
def _rules():
    """Returns the rules of this Python, by what it makes of all characters."""
    every, sigma = characters(), _CAPITAL_SIGMA
    changed = {c: c.lower() for c in every if c.lower() != c}
    single = {c: small for c, small in changed.items() if len(small) == 1}
    # Sigma ends a word after a letter with a case, and before none; some marks do not count.
    cased = [c for c in every if (c + sigma).lower()[-1] == _FINAL_SIGMA]
    both = [c for c in every if (f"A{c}{sigma}").lower()[-1] == _FINAL_SIGMA]
    letters, ignored = ranges(cased), ranges(sorted(set(both) - set(cased)))
    return _Rules(
        np.array([ord(c) for c in single], "int32"),
        np.array([ord(c) for c in single.values()], "int32"),
        {c: small for c, small in changed.items() if c not in single},
        f"([{letters}][{ignored}]*){sigma}([{ignored}]*(?:[^{letters}{ignored}]|$))",
    )
