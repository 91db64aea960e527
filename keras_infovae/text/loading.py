"""A file of texts, or a column of a table, as a `Dataset`."""

import dataclasses
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_infovae import datasets
from keras_infovae.datasets import Dataset
from keras_infovae.datasets.reading import source_error
from keras_infovae.datasets.splitting import split_rows
from keras_infovae.datasets.table_labels import without_label
from keras_infovae.datasets.tables import TableSettings, frame_and_notes
from keras_infovae.datasets.texts import texts_and_notes
from keras_infovae.text.text import Text, numbers_and_cut
from keras_infovae.typing import Frame, Path
from keras_infovae.utils.checks import argument_error, check_choice

NAMED = ("grammar",)
_SENTENCES = 5000


def load(
    source: Path,
    *,
    text_column: str | None = None,
    tokens: str = "words",
    vocabulary_size: int = 10_000,
    minimum_count: int = 1,
    max_length: int = 64,
    lowercase: bool = True,
    validation_fraction: float = 0.1,
    test_fraction: float = 0.1,
    seed: int = 0,
    limit: int | None = None,
    label_column: str | None = None,
    header: str | None = None,
    separator: str | None = None,
    decimal: str | None = None,
) -> Dataset:
    """Returns texts as a `Dataset`, shuffled and split by `seed`.

    The `Text` is that of the training split, so that nothing of the other splits reaches the model.
    Its arrays are the numbers of tokens, as a model with `preprocessor=data.preprocessor` sees
    them.

    Args:
        source: the path of a `.txt` file, a text in each line; of a `.csv`, `.tsv` or `.parquet`
            table; or `"grammar"`, 5,000 sentences of `ki.datasets.grammar()` with their topics as
            labels.
        text_column: the column of a table that has the texts. Default None, of a `.txt` file.
        tokens, vocabulary_size, minimum_count, max_length, lowercase: as for `Text.infer`.
        validation_fraction, test_fraction, seed, limit, label_column, header, separator, decimal:
            as for `ki.datasets.load`.

    Returns:
        A `Dataset`, whose `preprocessor` is the `Text`.

    Raises:
        ValueError, TypeError: as `Text.infer` and `ki.datasets.load`; for a missing text, by its
            row.

    Example:

    >>> import pathlib, tempfile
    >>> import keras_infovae as ki
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "sentences.txt"
    >>> _ = path.write_text("The cat sleeps.\\nA dog runs.\\n" * 20)
    >>> data = ki.text.load(path)
    >>> data.train.shape, data.preprocessor.raw(data.train[:1])
    ((32, 5), ['a dog runs.'])
    """
    settings = TableSettings(label_column, header, separator, decimal)
    texts, labels, notes = read(source, text_column, settings)
    infer = {"tokens": tokens, "vocabulary_size": vocabulary_size, "lowercase": lowercase}
    infer |= {"minimum_count": minimum_count, "max_length": max_length}
    fractions = validation_fraction, test_fraction
    return of_texts(texts, source, labels, fractions, seed, limit, notes=notes, infer=infer)


def read(
    source: Path, text_column: str | None, settings: TableSettings
) -> tuple[list[str], np.ndarray | None, list[str]]:
    """Returns (texts, labels or None, sentences on how they were read) of a source of `load`.

    Args:
        source, text_column: as for `load`.
        settings: a `TableSettings`.
    """
    if source in NAMED:
        settings.check(source)
        sentences = datasets.grammar().sample(_SENTENCES)
        return sentences.texts, sentences.topics, []
    if datasets.is_text_path(source):
        settings.check(source)
        if text_column is not None:
            raise argument_error("text_column", "left out for a file of texts", text_column)
        texts, notes = texts_and_notes(source)
        return texts, None, notes
    settings = dataclasses.replace(settings, text_column=text_column)
    frame, notes = frame_and_notes(source, settings)
    return of_column(frame, source, text_column, settings.label_column, notes)


def of_column(
    frame: Frame,
    source: Path,
    text_column: str | None,
    label_column: str | None,
    notes: Sequence[str],
) -> tuple[list[str], np.ndarray | None, list[str]]:
    """Returns what `read` does, of a table that was read.

    Args:
        frame: the rows.
        source, text_column, label_column: as for `load`.
        notes: sentences on how it was read.
    """
    labels, frame = without_label(os.fspath(source), frame, label_column)
    name = check_choice("text_column", text_column, frame.columns)
    notes = [*notes, *_checked_column(source, name, frame[name])]
    return frame[name].tolist(), labels, notes


def _checked_column(source, name, column):
    """Gives sentences on the texts of a column, of which each row must have one."""
    for row, text in enumerate(column):
        if not isinstance(text, str) or not text.strip():
            raise source_error(
                source, f"have a text in each row of {name!r}", f"{text!r} in row {row}"
            )
    # Where a quotation mark is the first sign of a text, the rows up to the next one are one text.
    if several := sum("\n" in text for text in column):
        texts = "1 text goes" if several == 1 else f"{several} texts go"
        yield f"{texts} over several lines of {name!r}, by quotation marks"


def of_texts(
    texts: Sequence[str],
    source: Path,
    labels: np.ndarray | None,
    fractions: tuple[float, float],
    seed: int,
    limit: int | None = None,
    *,
    notes: Sequence[str] = (),
    infer: dict[str, Any] | None = None,
    text: Text | None = None,
) -> Dataset:
    """Returns the `Dataset` of texts, split as `load` does.

    Args:
        texts: a list of strings.
        source: where they are from, for its name and for errors.
        labels: one for each, or None.
        fractions: (validation_fraction, test_fraction).
        seed, limit: as for `load`.
        notes: sentences on how they were read. Default: none.
        infer: settings of `Text.infer`. Default None: its own.
        text: the `Text` to go by, such as that of a trained model. Default None: made of the
            training split.
    """
    numbers = split_rows(len(texts), fractions, seed, limit, source)
    rows = {split: [texts[i] for i in chosen] for split, chosen in numbers.items()}
    text = text or Text.infer(rows["train"], **(infer or {}))
    empty, cut = np.zeros([0, text.length], "float32"), []
    arrays: dict[str, Any] = {}
    for split, part in rows.items():
        arrays[split], told = numbers_and_cut(text, part) if part else (empty, None)
        cut += [f"{split}: {told}"] if told else []
    if labels is not None:
        arrays |= {f"{split}_labels": labels[chosen] for split, chosen in numbers.items()}
    name = os.path.basename(os.fspath(source))
    return datasets.Dataset(name=name, notes=(*notes, *cut), preprocessor=text, **arrays)
