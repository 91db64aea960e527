"""Files of texts, one in each line."""

from __future__ import annotations

import os
from typing import Any

from keras_infovae.datasets.reading import reading, say, source_error
from keras_infovae.datasets.text_file import opened_text
from keras_infovae.typing import Path
from keras_infovae.utils.checks import argument_error

SUFFIXES = (".txt", ".txt.gz")


def is_text_path(source: Any) -> bool:
    """Returns whether the name of a file says that it has a text in each line: `.txt`."""
    return os.fspath(source).lower().endswith(SUFFIXES)


def read_texts(source: Path) -> list[str]:
    """Returns the texts of a file in UTF-8, one in each line, as a list of strings.

    Blanks around a text are not of it. A `DataWarning` says how many lines have none.

    Args:
        source: the path of a `.txt` or `.txt.gz` file.

    Raises:
        ValueError: for other files, damaged ones, and those without a text.
        FileNotFoundError: when there is no such file.

    Example:

    >>> import pathlib, tempfile
    >>> import keras_infovae as ki
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "sentences.txt"
    >>> _ = path.write_text("The cat sleeps.\\nA dog runs.\\n")
    >>> ki.datasets.read_texts(path)
    ['The cat sleeps.', 'A dog runs.']
    """
    texts, notes = texts_and_notes(source)
    say(notes, ())
    return texts


def texts_and_notes(source):
    """Returns what `read_texts` does, and a list of sentences on what was passed over."""
    path = os.path.expanduser(os.fspath(source))
    if not is_text_path(path):
        raise argument_error("source", f"a file of texts, {', '.join(SUFFIXES)}", str(source))
    if not os.path.isfile(path):
        raise FileNotFoundError(f"Argument `source` must be a file. Received: source={source!r}")
    with reading(path, "a file of texts"), opened_text(path) as file:
        lines = [line.strip() for line in file.read().decode("utf-8-sig").split("\n")]
    texts = [line for line in lines if line]
    # Behind the last break there is no line.
    return texts, left_out(path, len(texts), sum(not line for line in lines[:-1]))


def left_out(path, count, empty):
    """Returns a list of sentences on the lines of a file that have no text.

    Args:
        path: of the file.
        count: how many lines have a text.
        empty: how many have none.

    Raises:
        ValueError: where all have none.
    """
    if not count:
        raise source_error(path, "have at least one line with a text")
    lines = "1 line without a text is" if empty == 1 else f"{empty} lines without a text are"
    return [f"{os.path.basename(path)}: {lines} left out"] if empty else []
