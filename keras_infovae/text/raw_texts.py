"""Texts as a named tensor of strings: what a graph, such as a server's, has."""

import sys
from typing import Any

import numpy as np
import tensorflow as tf

from keras_infovae.distributions.likelihoods.token_sequence import END
from keras_infovae.preprocessors import Preprocessor
from keras_infovae.text.lower_case import lower_in_graph
from keras_infovae.typing import Shape, Tensor, Texts
from keras_infovae.utils.checks import argument_error

NAME = "text"
_REPLACEMENT = 0xFFFD


class RawTexts(Preprocessor):
    """What a `Text` does with strings in a graph; it says what tokens are, and their numbers.

    There a text is a string in UTF-8, taken apart by the patterns that Python has.
    """

    def raw_specs(self, event_shape: Shape | None = None) -> dict[str, Any]:
        """Returns {"text": TensorSpec [n]} of strings."""
        return {NAME: tf.TensorSpec([None], tf.string)}

    def numbers_in_graph(self, tensors: dict[str, Tensor]) -> Tensor:
        """Returns what `numbers` does, x float32 [n, length], of {"text": strings [n]}.

        When it runs, it raises for a text without a token, and for what is not UTF-8.
        """
        texts = _unicode(tensors[NAME])
        kind = self.tokenization
        texts_seen = lower_in_graph(texts) if self.lowercase else texts
        tokens = kind.split_in_graph(texts_seen, self.length)
        empty = tf.equal(tokens.row_lengths(), 0)
        expected = f"a text of at least one of its {self.tokens}"
        with tf.control_dependencies([_refusal(expected, texts, empty)]):
            numbers = self.vocabulary.numbers_in_graph(tokens.flat_values)
        x = tokens.with_flat_values(numbers).to_tensor(END, shape=[None, self.length])
        return tf.cast(x, tf.float32)

    def raw_in_graph(self, x: Tensor) -> dict[str, Tensor]:
        """Returns what `raw` does, {"text": strings [n]}, of a tensor x [n, length]."""
        kind = self.tokenization
        numbers = tf.cast(tf.round(x), tf.int32)
        is_token = tf.cast(tf.math.cumprod(tf.cast(numbers != END, tf.int32), axis=1), tf.bool)
        tokens = self.vocabulary.strings_in_graph(numbers, kind.unknown)
        return {NAME: kind.join_in_graph(tokens, is_token)}

    def can_be_read(self, x: np.ndarray) -> np.ndarray:
        return x[:, 0] != END

    def as_arrays(self, data: Texts) -> dict[str, np.ndarray]:
        """Returns {"text": array [n] of UTF-8} of strings.

        Raises:
            ValueError, TypeError: as `numbers`.
        """
        self.check(data)
        return self.arrays_of(list(data))

    def arrays_of(self, raw: Texts) -> dict[str, np.ndarray]:
        encoded = np.empty(len(raw), object)
        for i, text in enumerate(raw):
            encoded[i] = in_utf8(text, i)
        return {NAME: encoded}

    def of_arrays(
        self,
        arrays: dict[str, np.ndarray],
        like: Texts | None = None,
        condition: np.ndarray | None = None,
    ) -> Texts:
        texts = [text.decode("utf-8") for text in arrays[NAME]]
        return in_form_of(like, texts)


def in_utf8(text: str, i: int) -> bytes:
    """Returns a text, the i-th of all, in UTF-8.

    Raises:
        ValueError: for halves of UTF-16's pairs, which nothing can be written of.
    """
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise argument_error(f"texts[{i}]", "of whole characters", text) from None


def is_series(raw: Any) -> bool:
    """Returns whether raw data are a pandas Series, without importing pandas."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(raw, pandas.Series)


def in_form_of(data: Texts | None, texts: list[str]) -> Texts:
    """Returns a list of strings in the form of `data`: a list, an array or a Series with its index.

    Args:
        data: raw texts; None for a list.
        texts: one for each.
    """
    if is_series(data):
        import pandas

        return pandas.Series(texts, index=data.index)
    return np.array(texts, data.dtype.kind) if isinstance(data, np.ndarray) else texts


def _unicode(texts):
    """Returns strings [n]; when it runs, raises for the first that is not UTF-8."""
    whole = tf.strings.unicode_transcode(
        texts, "UTF-8", "UTF-8", errors="replace", replacement_char=_REPLACEMENT
    )
    with tf.control_dependencies([_refusal("UTF-8", whole, whole != texts)]):
        return tf.identity(texts)


def _refusal(expected, texts, wrong):
    """Returns an op that raises for the first text that is `wrong`, naming its place."""
    last = tf.constant([True])  # a largest one is not to be had of no texts
    place = tf.strings.as_string(tf.argmax(tf.cast(tf.concat([wrong, last], 0), tf.int8)))
    some = tf.strings.substr(tf.boolean_mask(texts, wrong)[:1], 0, 40, unit="UTF8_CHAR")
    message = tf.strings.join(
        [f"Input `{NAME}[", place, f"]` must be {expected}. Received: '"]
        + [tf.strings.reduce_join(some), "'"]
    )
    return tf.debugging.Assert(~tf.reduce_any(wrong), [message])
