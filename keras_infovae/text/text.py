"""How strings become the numbers of tokens, and back."""

import collections
import itertools
import warnings
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any

import numpy as np
import tensorflow as tf

from keras_infovae import datasets
from keras_infovae.distributions import likelihoods
from keras_infovae.distributions.likelihoods import TokenSequence
from keras_infovae.text.raw_texts import NAME, RawTexts, in_form_of, in_utf8, is_series
from keras_infovae.text.tokenizations import TOKENIZATIONS
from keras_infovae.text.vocabulary import Vocabulary
from keras_infovae.typing import Batches, Path, Series, Tensor, Texts
from keras_infovae.utils.checks import (
    argument_error,
    check_boolean,
    check_choice,
    check_integer,
)
from keras_infovae.utils.pipelines import without_autograph
from keras_infovae.utils.serialization import register


@register
class Text(RawTexts):
    """Strings as sequences of tokens x, [n, length] numbers: `ki.likelihoods.TokenSequence`.

    `Text.infer` makes it of strings, and printing it shows what was concluded. A model that is
    given one as `preprocessor` (or makes its own, by `fit(strings)`) takes and gives strings. A
    text of fewer tokens than `length` is followed by that of the end, 0, to the last place; a
    longer one is cut, and then has no end. Tokens that the vocabulary does not have are 1.

    Args:
        vocabulary: a `Vocabulary`.
        length: how many tokens of a text there is room for, at least 1.
        tokens: "words" (default) for words and marks of punctuation, of which a text is put
            together with single blanks; "characters", which keep it as it is; or "subwords", words
            in the pieces that byte-pair encoding finds, so that none is unknown where the
            vocabulary has room for all characters.
        lowercase: whether capital letters are taken for small ones. Default True.

    Example:

    >>> import keras_infovae as ki
    >>> text = ki.text.Text.infer(["The cat sleeps.", "The dog, too."])
    >>> print(text)
    text of words: up to 6, of a vocabulary of 9: '.', 'the', ',', 'cat', 'dog', 'sleeps', ...
    >>> text.numbers(["The dog barks."])
    array([[3., 6., 1., 2., 0., 0.]], dtype=float32)
    >>> text.raw(text.numbers(["The dog barks."]))
    ['the dog <unknown>.']
    """

    form = "texts"
    samples_by_default = True  # the likeliest text is dull

    def __init__(
        self, vocabulary: Vocabulary, length: int, tokens: str = "words", lowercase: bool = True
    ) -> None:
        if not isinstance(vocabulary, Vocabulary):
            raise argument_error("vocabulary", "a text.Vocabulary", type(vocabulary), TypeError)
        self.vocabulary = vocabulary
        self.length = check_integer("length", length)
        self.tokens = check_choice("tokens", tokens, TOKENIZATIONS)
        self.lowercase = check_boolean("lowercase", lowercase)
        capital = next((t for t in vocabulary.tokens if lowercase and t.lower() != t), None)
        if capital is not None:
            expected = f"False for a vocabulary with {capital!r}, which no text would ever have"
            raise argument_error("lowercase", expected, lowercase)
        self.tokenization = TOKENIZATIONS[tokens](vocabulary)

    @classmethod
    def infer(
        cls,
        texts: Texts | Batches | Iterator[str],
        tokens: str = "words",
        vocabulary_size: int = 10_000,
        minimum_count: int = 1,
        max_length: int = 64,
        lowercase: bool = True,
        condition: Sequence[str] = (),
    ) -> "Text":
        """Returns the `Text` of strings.

        Args:
            texts: a list, a NumPy array or a pandas Series of strings; or what is read once and
                never whole: a generator of strings, or a `tf.data.Dataset` of them, single or in
                batches, alone or first in a tuple. With "subwords" it is read twice, which a
                generator cannot be.
            tokens, lowercase: as for `Text`.
            vocabulary_size: the most tokens that there are to be, with those of the end and of
                unknown ones: the most frequent. Default 10,000.
            minimum_count: how often a token has to be there not to be an unknown one. Default 1.
            max_length: the most tokens of a text there is to be room for. `length` is that of the
                longest text and its end, where that is less. Default 64.
            condition: names of parts that are the condition, of which texts have none.

        Raises:
            TypeError: for what is no string, naming its place; a missing value is none. For a
                generator where texts are read twice.
            ValueError: for no texts, a text without a token, what is not UTF-8, a dataset without
                an end, and no token that is frequent enough.
        """
        if condition:
            raise argument_error("condition", "no names of columns, for texts", list(condition))
        max_length = check_integer("max_length", max_length)
        check_choice("tokens", tokens, TOKENIZATIONS)
        check_boolean("lowercase", lowercase)
        vocabulary_size = check_integer("vocabulary_size", vocabulary_size, 3)
        kind = TOKENIZATIONS[tokens]
        if kind.follows_vocabulary and isinstance(texts, Iterator):
            expected = f"what can be read twice, for {tokens}: a list or a tf.data.Dataset"
            raise argument_error("texts", expected, type(texts), TypeError)
        longest, counts = 0, collections.Counter()
        for parts in _split(texts, kind.parts, tokens, lowercase):
            counts.update(parts)
            longest = max(longest, len(parts))
        vocabulary = kind.vocabulary_of(counts, vocabulary_size, minimum_count)
        if kind.follows_vocabulary:
            split = kind(vocabulary).split
            longest = max(map(len, _split(texts, split, tokens, lowercase)))
        return cls(vocabulary, min(longest + 1, max_length), tokens, lowercase)

    @staticmethod
    def accepts(data: Any) -> bool:
        """Returns whether `data` is strings: a list, a NumPy array or a pandas Series of them.

        Tensors are too, and what a `tf.data.Dataset` says of single strings or batches of them.
        """
        if isinstance(data, tf.data.Dataset):
            data = _texts_of(data).element_spec
        if isinstance(data, (tf.Tensor, tf.TensorSpec)):
            return data.dtype == tf.string and data.shape.rank in (0, 1)
        if isinstance(data, np.ndarray) and data.dtype.kind not in "UO":
            return False
        is_rows = isinstance(data, (list, np.ndarray)) or is_series(data)
        if not is_rows or np.ndim(data[:1]) != 1:
            return False
        return isinstance(next((text for text in data if not _is_missing(text)), None), str)

    @staticmethod
    def reads(path: Path) -> bool:
        """Returns whether a file of this name has a text in each line: `.txt`."""
        return datasets.is_text_path(path)

    @staticmethod
    def read(path: Path) -> list[str]:
        """Returns the lines of a file, as `ki.datasets.read_texts` does."""
        return datasets.read_texts(path)

    def numbers(self, data: Texts | Batches) -> np.ndarray:
        """Returns x, float32 [n, length], of strings.

        A `DataWarning` says how many texts were cut.

        Raises:
            ValueError, TypeError: as `infer`.
        """
        x, cut = numbers_and_cut(self, data)
        if cut is not None:
            warnings.warn(cut, datasets.DataWarning, stacklevel=2)
        return x

    def check(self, data: Texts | Batches) -> None:
        """Raises ValueError or TypeError, as `infer`, for what is no texts; returns None."""
        for _ in _split(data, self.tokenization.split, self.tokens, self.lowercase):
            pass

    def tensor(self, data: Tensor) -> Tensor:
        """Returns `numbers` of a tensor of strings, as a tensor; what is cut is not told."""
        return self.numbers_in_graph({NAME: data})

    def raw(
        self, x: np.ndarray, index: Any = None, condition: np.ndarray | None = None
    ) -> list[str] | Series:
        """Returns the strings of rows x [n, length]: a list, or with `index` a pandas Series."""
        kind = self.tokenization
        x, size = np.asarray(x), len(self.vocabulary)
        if not np.all((x > -0.5) & (x < size - 0.5)):
            raise argument_error("x", f"numbers of tokens, from 0 to {size - 1}", x)
        rows = np.rint(x).astype(int).tolist()
        texts = [kind.join(self.vocabulary.strings(row, kind.unknown)) for row in rows]
        if index is None:
            return texts
        import pandas

        return pandas.Series(texts, index=index)

    def raw_like(self, data: Texts, x: np.ndarray) -> Texts:
        """Returns the strings of x in the form of `data`: a list, an array or a Series."""
        return in_form_of(data, self.raw(x))

    def likelihood(self) -> TokenSequence:
        """Returns the likelihood of x, a `TokenSequence`."""
        return likelihoods.TokenSequence(len(self.vocabulary))

    def __str__(self):
        tokens = self.vocabulary.tokens
        some = ", ".join(map(repr, tokens[:6])) + ", ..." * (len(tokens) > 6)
        size = len(self.vocabulary)
        return f"text of {self.tokens}: up to {self.length}, of a vocabulary of {size}: {some}"


def numbers_and_cut(text, data):
    """Returns what `numbers` does, and a sentence on how many texts were cut, or None."""
    rows, cut = [], 0  # not the tokens: those of many texts would not fit in memory
    for tokens in _split(data, text.tokenization.split, text.tokens, text.lowercase):
        rows.append(np.array(text.vocabulary.numbers(tokens[: text.length]), "int32"))
        cut += len(tokens) > text.length
    x = np.zeros([len(rows), text.length], "float32")
    for row, numbers in zip(x, rows):
        row[: len(numbers)] = numbers
    if not cut:
        return x, None
    return x, (
        f"{cut} of {len(rows)} texts have more than {text.length} {text.tokens} and are cut "
        "there. ki.text.Text.infer(texts, max_length=...) makes room for more."
    )


def _split(texts, split, tokens, lowercase):
    """Gives what `split` makes of each of the texts, which is checked: `tokens`, or their parts."""
    count = 0
    for i, text in enumerate(_checked(texts)):
        if not isinstance(text, str):
            raise argument_error(f"texts[{i}]", "a string", text, TypeError)
        in_utf8(text, i)
        parts = split(text.lower() if lowercase else text)
        if not parts:
            raise argument_error(f"texts[{i}]", f"a text of at least one of its {tokens}", text)
        count += 1
        yield parts
    if not count:
        raise argument_error("texts", "at least one string", texts)


def _checked(texts):
    """Returns what gives the texts, of what may be such."""
    if isinstance(texts, str):
        raise argument_error("texts", "a list of strings, one for each example", texts, TypeError)
    if isinstance(texts, tf.data.Dataset):
        if texts.cardinality() == tf.data.INFINITE_CARDINALITY:
            expected = (
                "a dataset with an end, as it is gone through once to learn the tokens (a model "
                "is given them by preprocessor=ki.text.Text.infer(...))"
            )
            raise argument_error("texts", expected, texts)
        batches = (np.ravel(batch) for batch in _texts_of(texts).as_numpy_iterator())
        return _decoded(itertools.chain.from_iterable(batches))
    if isinstance(texts, tf.Tensor):
        return _decoded(np.ravel(texts.numpy()))
    if isinstance(texts, Iterable) and not isinstance(texts, Sized):  # never whole
        return texts
    is_rows = isinstance(texts, (list, tuple, np.ndarray)) or is_series(texts)
    if not is_rows or getattr(texts, "ndim", 1) != 1:  # of a list, each text is looked at alone
        raise argument_error("texts", "a list of strings", type(texts), TypeError)
    return texts


def _decoded(texts):
    """Gives strings of bytes in UTF-8."""
    for i, text in enumerate(texts):
        try:
            yield text.decode("utf-8")
        except UnicodeDecodeError:
            raise argument_error(f"texts[{i}]", "UTF-8", text) from None


def _is_missing(value):
    """Returns whether a value is None or not a number, as pandas has missing texts."""
    return value is None or (isinstance(value, float) and value != value)


def _texts_of(dataset):
    """Returns a `tf.data.Dataset` without what comes beside x in its tuples."""
    while isinstance(dataset.element_spec, tuple) and dataset.element_spec:
        dataset = dataset.map(without_autograph(lambda x, *_: x))
    return dataset
