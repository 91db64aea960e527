"""Tables of numbers in `.csv`, `.tsv` and `.parquet` files, read by pandas."""

from __future__ import annotations

import dataclasses
import os
import re
import warnings
from typing import Any

import numpy as np

from keras_infovae.datasets.csv_format import check_format, csv_format
from keras_infovae.datasets.csv_values import MISSING, is_integer
from keras_infovae.datasets.memory import check_fits
from keras_infovae.datasets.raw import RawData
from keras_infovae.datasets.reading import import_optional, reading, some, source_error
from keras_infovae.datasets.table_labels import joined, without_label
from keras_infovae.datasets.table_numbers import NAME_THE_LABEL, to_numbers
from keras_infovae.datasets.text_file import opened_text
from keras_infovae.typing import Frame, Path
from keras_infovae.utils.checks import argument_error

_FLOAT64 = 8
_EXACT = 2.0**53  # below it, each whole number is a float64
_NULLABLE = {"int64": "Int64", "uint64": "UInt64"}  # dtypes of Arrow, and of pandas with missing
TEXT_SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz")
SUFFIXES = (*TEXT_SUFFIXES, ".parquet")
_INDEX = re.compile(r"__index_level_\d+__")  # what pandas calls an index without a name


@dataclasses.dataclass(frozen=True)
class TableSettings:
    """What the user says of a table.

    Args:
        label_column: the name of the column that is the label. It may hold text. Default: None.
        header: "first" or "none", of CSV files. Default: None, as the first rows look.
        separator: of CSV files: a character, "tab" or "space". Default: None, likewise.
        decimal: of CSV files: "." or ",". Default: None, likewise.
        text_column: the name of the column that has texts, which are read as they are: none is a
            number, and only an empty one is missing. Default: None.

    Raises:
        ValueError, TypeError: for anything else.
    """

    label_column: str | None = None
    header: str | None = None
    separator: str | None = None
    decimal: str | None = None
    text_column: str | None = None

    def __post_init__(self):
        if self.label_column is not None and not isinstance(self.label_column, str):
            raise argument_error("label_column", "a column's name", self.label_column, TypeError)
        check_format(self.header, self.separator, self.decimal)

    def check(self, source, suffix=""):
        """Raises ValueError where a setting does not go with `source`, whose name ends so."""
        for name, value in dataclasses.asdict(self).items():
            is_column = name in ("label_column", "text_column")
            allowed = SUFFIXES if is_column else TEXT_SUFFIXES
            kinds = ".csv and .parquet" if is_column else ".csv and .tsv"
            if value is not None and suffix not in allowed:
                raise ValueError(
                    f"Argument `{name}` must be None but for {kinds} files. "
                    f"Received: {name}={value!r}, source={source!r}"
                )


def read_table(paths, settings):
    """Returns the `RawData` of a table: one example per row, one feature per column.

    Args:
        paths: files of one kind with the same columns, which are read as one.
        settings: a `TableSettings`.

    Raises:
        ValueError: when a file is damaged, and for text columns, missing values, columns without
            a name, an unknown `label_column`, and files with other columns.
        ImportError: when pandas (or, for Parquet, pyarrow) is not installed.
    """
    first, tables, labels, found = paths[0], [], [], []
    for path in paths:
        table, sentence = _read_file(path, settings)
        if sentence and sentence not in found:
            found.append(sentence)
        label, table = without_label(path, table, settings.label_column)
        if not len(table.columns):
            raise source_error(path, "have at least one column of data besides the label")
        if tables and list(table.columns) != list(tables[0].columns):
            raise source_error(
                path,
                f"have the columns of {first!r}: {some(tables[0].columns)}",
                some(table.columns),
            )
        tables.append(table)
        labels.append(label)
    if not sum(map(len, tables)):
        raise source_error(first, "have at least one row of values")
    remedy = NAME_THE_LABEL
    if found:
        remedy += f", or say how the table is to be read: it was taken for {found[0]}"
    rows = [to_numbers(path, table, remedy) for path, table in zip(paths, tables) if len(table)]
    return RawData(
        os.path.basename(first),
        x=rows[0] if len(rows) == 1 else np.concatenate(rows),
        y=None if settings.label_column is None else joined(first, labels),
        feature_names=list(tables[0].columns),
        found=[f"{os.path.basename(first)}: {sentence}" for sentence in found],
    )


def is_table_path(source: Any) -> bool:
    """Returns whether the name of a file says that it is a table."""
    return os.fspath(source).lower().endswith(SUFFIXES)


def read_frame(
    source: Path,
    *,
    header: str | None = None,
    separator: str | None = None,
    decimal: str | None = None,
) -> Frame:
    """Returns a table of any columns as a pandas DataFrame: text, numbers, dates, missing values.

    Args:
        source: the path of a `.csv`, `.tsv` or `.parquet` file. Empty fields and the usual words
            for missing values ("NA", "null", ...) are missing. Whole numbers of which some are
            missing have the dtype Int64 (UInt64 where Parquet has such), or where that cannot
            hold them float64.
        header, separator, decimal: of CSV files, as for `load`.

    Raises:
        ValueError: for other files, damaged ones, and names that are there twice.
        FileNotFoundError: when there is no such file.

    Example:

    >>> import pathlib, tempfile
    >>> import keras_infovae as ki
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "people.csv"
    >>> _ = path.write_text("age,city\\n30,Rome\\n41,\\n25,Oslo\\n")
    >>> ki.datasets.read_frame(path).isna().sum().tolist()
    [0, 1]
    """
    return frame_and_notes(source, TableSettings(None, header, separator, decimal))[0]


def frame_and_notes(source, settings):
    """Returns what `read_frame` does, and a list of sentences on how the file was read.

    Args:
        source: the path.
        settings: a `TableSettings`.
    """
    path = os.path.expanduser(os.fspath(source))
    if not is_table_path(path):
        raise argument_error("source", f"a table, {', '.join(SUFFIXES)}", str(source))
    if not os.path.isfile(path):
        raise FileNotFoundError(f"Argument `source` must be a file. Received: source={source!r}")
    settings.check(path, next(end for end in SUFFIXES if path.lower().endswith(end)))
    frame, sentence = _read_file(path, settings)
    if not len(frame):
        raise source_error(path, "have at least one row of values")
    for name in frame.columns:
        if 0 <= _largest_whole(frame[name]) < _EXACT:
            frame[name] = frame[name].astype("Int64")
    return frame, [f"{os.path.basename(path)}: {sentence}"] if sentence else []


def _largest_whole(column):
    """Returns the largest size of whole float64 values of which some are missing; else -1."""
    if column.dtype != np.float64:
        return -1.0
    known = column.dropna()
    if len(known) in (0, len(column)) or np.any(known != np.rint(known)):
        return -1.0
    return known.abs().max()


def _read_file(path, settings):
    """Returns the DataFrame of a file, and a sentence on how it was read or an empty text."""
    if path.lower().endswith(".parquet"):
        return _read_parquet(path)
    return _read_csv(path, settings)


def frame_of(table):
    """Returns the DataFrame of a `pyarrow.Table`, and a sentence on it or an empty text.

    The levels of an index that have names are columns; one without a name is left out.
    """
    pandas = import_optional("pandas", "pandas", "Reading a table")
    frame = table.to_pandas(ignore_metadata=True)
    for i, column in enumerate(table.columns):
        dtype = _NULLABLE.get(str(column.type))
        if dtype and column.null_count:  # of which pandas would make float64
            dtype = pandas.api.types.pandas_dtype(dtype)
            frame.isetitem(i, column.to_pandas(types_mapper=lambda _, dtype=dtype: dtype))
    frame.columns = [str(column) for column in frame.columns]
    index = [name for name in frame.columns if _INDEX.fullmatch(name)]
    return frame.drop(columns=index), "the index without a name is left out" if index else ""


def check_names(path, table):
    """Makes the names of a DataFrame's columns text; raises ValueError when two are the same."""
    table.columns = [str(column) for column in table.columns]
    if not table.columns.is_unique:
        repeated = list(table.columns[table.columns.duplicated()])
        raise source_error(path, "have a different name for each column", some(repeated))


def _read_parquet(path):
    """Returns what `frame_of` does of a Parquet file."""
    parquet = import_optional("pyarrow.parquet", "pyarrow", "Reading a Parquet file")
    import_optional("pandas", "pandas", "Reading a Parquet file")
    with reading(path, "a Parquet file"), parquet.ParquetFile(path) as file:
        # Of equal values, billions take a few bytes.
        check_fits(path, (file.metadata.num_rows, len(file.schema_arrow)), _FLOAT64)
        table, sentence = frame_of(file.read())
    check_names(path, table)
    return table, sentence


def _read_csv(path, settings):
    """Returns the DataFrame of a CSV file, and what was concluded from its first rows."""
    form = csv_format(path, settings.header, settings.separator, settings.decimal)
    table = _parsed(path, form, settings)
    # Where a value is missing, pandas reads whole numbers as float64, and loses their last digits.
    inexact = [name for name in table if _EXACT <= _largest_whole(table[name]) <= 2.0**63]
    if inexact:
        texts = _parsed(path, form, settings, inexact)
        for name in inexact:
            table[name] = _whole_numbers(texts[name], table[name])
    if form.trailing:
        last = table.iloc[:, -1]
        if last.notna().any():
            found = f"{last.dropna().iloc[0]} in row {last.first_valid_index()}"
            raise source_error(path, "have nothing behind the last separator of a row", found)
        table = table.iloc[:, :-1]
    return table, form.sentence()


def _parsed(path, form, settings, texts=()):
    """Returns what pandas makes of a CSV file.

    Args:
        path: the file.
        form: its `CsvFormat`.
        settings: a `TableSettings`.
        texts: names of columns that are read as text, besides that of the settings.
    """
    pandas = import_optional("pandas", "pandas", "Reading a table")
    missing = {name: MISSING for name in form.names}
    for name in (settings.label_column, settings.text_column):
        if name in missing:  # in which None, NA and null may be classes, or texts
            missing[name] = ("",)
    with reading(path, "a CSV file"), opened_text(path) as file, warnings.catch_warnings():
        # It warns where it drops the values at the end of rows that are wider than the names.
        warnings.simplefilter("error", pandas.errors.ParserWarning)
        try:
            return pandas.read_csv(
                file,
                sep=form.separator,
                decimal=form.decimal,
                header=0 if form.has_header else None,
                names=form.names,
                index_col=False,
                skiprows=form.skipped,
                encoding=form.encoding,
                skipinitialspace=True,
                keep_default_na=False,
                na_values=missing,
                dtype={name: str for name in (settings.text_column, *texts) if name in missing},
                low_memory=False,
            )
        except pandas.errors.ParserWarning as error:
            expectation = "have as many names in its first row as values in the others"
            raise source_error(path, expectation) from error


def _whole_numbers(texts, otherwise):
    """Returns a column of digits as Int64, or `otherwise` where it is of others or too large."""
    pandas = import_optional("pandas", "pandas", "Reading a table")
    known = texts.dropna()
    if not all(map(is_integer, known)):
        return otherwise
    numbers = np.array(list(map(int, known)))
    if numbers.dtype != np.int64:
        return otherwise
    return pandas.Series(numbers, known.index, "Int64").reindex(texts.index)
