"""How a CSV file is written: what separates its values, its decimal mark, its header.

`csv.Sniffer` is not used: it takes letters for separators and knows no decimal commas.
"""

import codecs
import collections
import csv
import dataclasses
import io
import itertools
import re

from keras_infovae.datasets.csv_header import has_comment, has_header
from keras_infovae.datasets.csv_values import decimal_of, parsed, unguarded
from keras_infovae.datasets.reading import reading, some, source_error
from keras_infovae.datasets.text_file import opened_text
from keras_infovae.utils.checks import argument_error, check_choice

HEADERS = ("first", "none")
DECIMALS = (".", ",")
SPACES = r"\s+"
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", SPACES: "spaces"}
_NAMED = {"tab": "\t", r"\t": "\t", "space": SPACES, " ": SPACES}
_SAMPLE, _ROWS = 2**18, 500  # bytes and rows that are looked at
_WIDTH = "a character, 'tab' or 'space'"


@dataclasses.dataclass(frozen=True)
class CsvFormat:
    """How a CSV file is written.

    Args:
        encoding: of its text.
        separator: a character, or `SPACES`, which stands for any run of blanks.
        decimal: "." or ",".
        has_header: whether the first row names the columns.
        skipped: the number of lines before the first row.
        names: of the columns.
        trailing: whether each row, but for the names, ends in a separator, so that the last column
            is none.
    """

    encoding: str
    separator: str
    decimal: str
    has_header: bool
    skipped: int
    names: list
    trailing: bool

    def sentence(self):
        """Returns what is not the usual, in words; empty where all is."""
        found = []
        if self.separator != ",":
            kind = _SEPARATORS.get(self.separator, repr(self.separator))
            found.append(f"separated by {kind}")
        if self.decimal == ",":
            found.append("decimal commas")
        if not self.has_header:
            found.append(f"no header (columns are called {self.names[0]} and so on)")
        elif any(isinstance(parsed(name), float) for name in self.names):
            found.append(f"columns are called {some(self.names)}")
        return "; ".join(found)


def csv_format(path, header=None, separator=None, decimal=None):
    """Returns the `CsvFormat` of a file by its first rows, but for what is given.

    Args:
        path: a file of text, or one with `.gz` at the end of its name.
        header: "first", "none" or None.
        separator: a character, "tab", "space" (any run of blanks), or None.
        decimal: ".", "," or None.

    Raises:
        ValueError: for a damaged or empty file, columns without a name or of one name, and where
            the first row may be names or values.
    """
    encoding, lines = _sample(path)
    mark = re.fullmatch(r'"?sep=(.)"?\s*', lines[0]) if lines else None
    skipped = int(bool(mark))
    if mark:  # a line that spreadsheets write
        separator, lines = separator or mark[1], lines[1:]
    separator = _NAMED.get(separator, separator) or _separator(lines)
    rows = _rows(lines, separator)
    if decimal is None:  # between commas, "1,234" may be a thousand
        values = itertools.chain(*rows[1:] or rows)
        decimal = "." if separator == "," else decimal_of(values)
    width = collections.Counter(map(len, rows)).most_common(1)
    while rows and lines[0].startswith("#"):
        if len(rows[0]) == width[0][0] and not has_comment(rows, decimal):
            break  # the names
        lines, rows, skipped = lines[1:], rows[1:], skipped + 1
    if not rows:
        raise source_error(path, "have at least one row", "it is empty")
    rows = _with_trailing(rows)
    named = header == "first" if header else has_header(rows, decimal)
    if named is None:
        raise source_error(
            path,
            "have a first row that is plainly names or plainly values; say which it is by "
            "`header`, 'first' or 'none'",
            f"the first row is {some(rows[0])}",
        )
    trailing = len(rows[0]) > 1 and len(rows) > 1 and not any(row[-1].strip() for row in rows)
    names = [name.strip() for name in rows[0]]
    if named:
        _check_names(path, names[:-1] if trailing else names)
    else:
        names = [f"column_{i}" for i in range(max(map(len, rows)))]
    names = [unguarded(name) for name in names]
    return CsvFormat(encoding, separator, decimal, named, skipped, names, trailing)


def check_format(header, separator, decimal):
    """Raises ValueError or TypeError unless all are what `csv_format` takes."""
    if header is not None:
        check_choice("header", header, HEADERS)
    if separator is not None and separator not in _NAMED:
        if not isinstance(separator, str):
            raise argument_error("separator", _WIDTH, separator, TypeError)
        if len(separator) != 1 or separator.isalnum() or separator in "\"'.+-_\r\n\0":
            raise argument_error("separator", _WIDTH, separator)
    if decimal is not None:
        check_choice("decimal", decimal, DECIMALS)


def _sample(path):
    """Returns the encoding of a file and its first lines, all of them whole."""
    with reading(path, "a CSV file"), opened_text(path) as file:
        start = file.read(_SAMPLE + 1)
        encoding = "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        is_all = len(start) <= _SAMPLE
        text = codecs.getincrementaldecoder(encoding)().decode(start, final=is_all)
    lines = list(io.StringIO(text, newline=""))
    return encoding, lines if is_all or len(lines) == 1 else lines[:-1]


def _rows(lines, separator):
    """Returns the first rows as lists of text."""
    if separator == SPACES:
        return [line.split() for line in lines if line.strip()][:_ROWS]
    rows = []
    try:
        for row in itertools.islice(csv.reader(lines, delimiter=separator), _ROWS):
            rows += [row] if row else []
    except csv.Error:  # such as a field of more than 131,072 characters, which pandas judges
        pass
    return rows


def _separator(lines):
    """Returns what makes most rows equally wide and most of their values numbers."""
    best, most = ",", 0.0
    for separator in _SEPARATORS:
        rows = _rows(lines, separator)
        widths = collections.Counter(map(len, rows)).most_common(1)
        if not widths or widths[0][0] < 2:
            continue
        width, count = widths[0]
        values = [value for row in rows[1:] or rows if len(row) == width for value in row]
        decimal = "." if separator == "," else decimal_of(values)
        numbers = sum(not isinstance(parsed(value, decimal), str) for value in values)
        share = count / len(rows) * (0.1 + numbers / max(1, len(values)))
        if separator == SPACES and numbers < len(values):  # texts have blanks
            continue
        if share > most:
            best, most = separator, share
    return best


def _with_trailing(rows):
    """Returns rows of which the first ends in a separator too, where all others do."""
    width = len(rows[0]) + 1
    if len(rows) > 1 and all(len(row) == width and not row[-1].strip() for row in rows[1:]):
        return [[*rows[0], ""], *rows[1:]]
    return rows


def _check_names(path, names):
    """Raises ValueError unless every column has a name of its own."""
    unnamed = [f"Unnamed: {i}" for i, name in enumerate(names) if not name]
    unnamed += [name for name in names if name.startswith("Unnamed: ")]
    if unnamed:
        raise source_error(
            path,
            "have a name for every column (write tables with `to_csv(path, index=False)`)",
            f"no name for {some(unnamed)}",
        )
    repeated = [name for name, count in collections.Counter(names).items() if count > 1]
    if repeated:
        raise source_error(path, "have a different name for each column", some(repeated))
