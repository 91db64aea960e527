"""Files of texts that stay on disk."""

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_infovae.datasets import Stream
from keras_infovae.datasets.folder_parts import files_of
from keras_infovae.datasets.reading import say
from keras_infovae.datasets.row_order import RowOrder, blocks_of_rows
from keras_infovae.datasets.rows import Rows
from keras_infovae.datasets.splitting import check_fractions
from keras_infovae.datasets.text_rows import SUFFIX, TextRows
from keras_infovae.preprocessors import Scaling
from keras_infovae.text.text import Text, numbers_and_cut
from keras_infovae.typing import Path
from keras_infovae.utils.checks import argument_error, check_boolean, check_integer

_TOGETHER = 4096  # texts that a pass over the file holds at once
_LOOKED_AT = 10_000  # texts, to tell how many are cut


def stream(
    source: Path | Sequence[Path],
    batch_size: int,
    *,
    text: Text | None = None,
    tokens: str = "words",
    vocabulary_size: int = 10_000,
    minimum_count: int = 1,
    max_length: int = 64,
    lowercase: bool = True,
    shuffle: bool = True,
    validation_fraction: float = 0.1,
    test_fraction: float = 0.1,
    seed: int = 0,
) -> Stream:
    """Returns a `Stream` of texts that need not fit in memory, for `fit(stream.train)`.

    Its batches are the numbers of tokens, as a model with `preprocessor=stream.preprocessor` sees
    them. Splits and the `Text` are those of `ki.text.load`; orders are those of
    `ki.datasets.stream`. It takes a pass over the files to find the lines, 8 bytes of memory each,
    and one over the training split to count its tokens, two with "subwords".

    Args:
        source: the path of a `.txt` file, a text in each line, not compressed; a list of such
            paths; or a folder of such files, read in the order of their names.
        batch_size: texts per step. A last batch of a single one is left out of `train`, another one
            each epoch.
        text: the `Text` to go by, such as `model.preprocessor`. Default None: that of the training
            split, by the next five.
        tokens, vocabulary_size, minimum_count, max_length, lowercase: as for `Text.infer`.
        shuffle, validation_fraction, test_fraction, seed: as for `ki.datasets.stream`.

    Returns:
        A `Stream`, whose `preprocessor` is the `Text`.

    Raises:
        ValueError, TypeError: as `Text.infer` and `ki.datasets.stream`; for what is not UTF-8.
        FileNotFoundError: when there is no such file.

    Example:

    >>> import pathlib, tempfile
    >>> import keras_infovae as ki
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "sentences.txt"
    >>> _ = path.write_text("The cat sleeps.\\nA dog runs.\\n" * 20)
    >>> stream = ki.text.stream(path, batch_size=8)
    >>> stream
    Stream(event_shape=(5,), train=32, validation=4, test=4, batch_size=8)
    >>> stream.preprocessor.raw(stream.sample("test", 1))
    ['a dog runs.']
    >>> model = ki.VAE(latent_dim=2, preprocessor=stream.preprocessor)
    >>> model.fit(stream.train, validation_data=stream.validation)  # doctest: +SKIP
    """
    batch_size = check_integer("batch_size", batch_size)
    seed = check_integer("seed", seed, minimum=0)
    check_boolean("shuffle", shuffle)
    fractions = check_fractions(validation_fraction, test_fraction)
    settings: dict[str, Any] = {
        "tokens": tokens,
        "vocabulary_size": vocabulary_size,
        "lowercase": lowercase,
    }
    settings |= {"minimum_count": minimum_count, "max_length": max_length}
    _check_text(text, settings)
    paths, notes = files_of(source, (SUFFIX,))
    files = [TextRows(path) for path in paths]
    blocks, window = blocks_of_rows(sum(file.count for file in files))
    order = RowOrder(blocks, window, fractions, seed, source)
    if text is None:
        text = Text.infer(_TrainingTexts(files, order), **settings)
    _, cut = numbers_and_cut(text, list(_texts(files, order.sample("train", _LOOKED_AT, 0))))
    notes += [note for file in files for note in file.passed_over]
    notes = say([*notes, f"train: {cut}"] if cut else notes, ())
    rows = Rows([_NumberRows(file, text) for file in files])
    return Stream(rows, batch_size, order, Scaling(), shuffle, notes, preprocessor=text)


def _check_text(text, settings):
    """Raises TypeError or ValueError for what is no `Text`, and for settings beside one."""
    if text is None:
        return
    if not isinstance(text, Text):
        raise argument_error("text", "a text.Text, or None", type(text), TypeError)
    defaults = inspect.signature(Text.infer).parameters
    for name, value in settings.items():
        if value != defaults[name].default:
            raise argument_error(name, "left out where `text` is given", value)


class _TrainingTexts:
    """The texts of the training split, read from the files each time that they are gone through."""

    def __init__(self, files, order):
        self._files, self._order = files, order

    def __iter__(self):
        for rows in self._order.batches("train", _TOGETHER):
            yield from _texts(self._files, rows)


def _texts(files, rows):
    """Gives the texts of ascending rows, which are numbered through the files."""
    start = 0
    for file in files:
        first, last = np.searchsorted(rows, [start, start + file.count])
        if first < last:
            yield from file.read(rows[first:last] - start)
        start += file.count


class _NumberRows:
    """The numbers of the tokens of a file's texts, as `Rows` wants files to be."""

    scaling, feature_names = Scaling(), None
    dtype = np.dtype("float32")

    def __init__(self, file, text):
        self._file, self._text = file, text
        self.path, self.count, self.event_shape = file.path, file.count, (text.length,)

    def read(self, rows):
        return numbers_and_cut(self._text, self._file.read(rows))[0]
