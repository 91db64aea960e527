"""Tables of numbers in `.csv` and `.parquet` files, read by pandas."""

import contextlib
import os

import numpy as np

from keras_infovae.datasets.raw import RawData
from keras_infovae.datasets.reading import import_optional, reading, source_error
from keras_infovae.utils.checks import argument_error, check_choice

SUFFIXES = (".csv", ".csv.gz", ".parquet")
_SHOWN = 8  # columns that an error names


def read_table(path, label_column=None):
    """Returns the `RawData` of a table: one example per row, one feature per column.

    Args:
        path: a `.csv` (with a header row, compressed or not) or `.parquet` file.
        label_column: the name of the column that is the label, or None. It may hold text.

    Raises:
        ValueError: when the file is damaged, and for text columns, missing values, columns without
            a name and an unknown `label_column`.
        ImportError: when pandas (or, for Parquet, pyarrow) is not installed.
    """
    pandas = import_optional("pandas", "pandas", "Reading a table")
    if path.lower().endswith(".parquet"):
        with reading(path, "a Parquet file"):
            table = pandas.read_parquet(path)
    else:
        with reading(path, "a CSV file"):
            table = pandas.read_csv(path, low_memory=False)
        _check_header(path, table, pandas)
    check_names(path, table)
    if not len(table):
        raise source_error(path, "have at least one row of values")
    labels = None
    if label_column is not None:
        if not isinstance(label_column, str):
            raise argument_error("label_column", "a column's name", label_column, TypeError)
        check_choice("label_column", label_column, table.columns)
        labels = _labels(path, table.pop(label_column), pandas)
    if not len(table.columns):
        raise source_error(path, "have at least one column of data besides the label")
    return RawData(
        os.path.basename(path),
        x=to_numbers(path, table),
        y=labels,
        feature_names=list(table.columns),
    )


def check_names(path, table):
    """Makes the names of a DataFrame's columns text; raises ValueError when two are the same."""
    table.columns = [str(column) for column in table.columns]
    if not table.columns.is_unique:
        repeated = list(table.columns[table.columns.duplicated()])
        raise source_error(path, "have a different name for each column", _some(repeated))


def to_numbers(path, table, remedy="name the label with `label_column`"):
    """Returns a DataFrame as one array [n, num_features], float32 or, where needed, float64.

    Args:
        path: where it is from, for errors.
        table: a DataFrame.
        remedy: what else can be done about columns of text, for the error.

    Raises:
        ValueError: for columns that are not of numbers, and for missing values.
    """
    _check_numeric(path, table, remedy)
    _check_missing(path, table)
    exact = all(column.dtype in (np.float32, np.bool_) for _, column in table.items())
    return table.to_numpy(dtype=np.float32 if exact else np.float64)


def _check_header(path, table, pandas):
    """Raises unless the first row of a CSV file names its columns."""
    if not isinstance(table.index, pandas.RangeIndex):
        raise source_error(path, "have as many names in its first row as values in the others")
    unnamed = [column for column in table.columns if column.startswith("Unnamed: ")]
    if unnamed:
        raise source_error(
            path,
            "have a name for every column (write tables with `to_csv(path, index=False)`)",
            f"no name for {_some(unnamed)}",
        )
    numbered = [str(i) for i in range(len(table.columns))]
    if list(table.columns) != numbered and all(map(_is_number, table.columns)):
        raise source_error(
            path,
            "have a first row with the columns' names",
            f"the first row holds numbers, {_some(table.columns)}",
        )


def _is_number(column):
    """Whether a column's name is a number, or a repeated one that pandas numbered ("0.5.1")."""
    name, _, repetition = column.rpartition(".")
    for text in (column, name if repetition.isdigit() else column):
        with contextlib.suppress(ValueError):
            float(text)
            return True
    return False


def _check_numeric(path, table, remedy):
    pandas = import_optional("pandas", "pandas", "Reading a table")
    text = [
        name
        for name, column in table.items()
        if not pandas.api.types.is_numeric_dtype(column.dtype)
        or pandas.api.types.is_complex_dtype(column.dtype)
    ]
    if text:
        raise source_error(
            path,
            f"have only columns of numbers; drop or encode the others, or {remedy}",
            f"not numbers: {_some(text)}",
        )


def _check_missing(path, table):
    missing = table.isna().sum()
    missing = [f"{name} ({count})" for name, count in missing.items() if count]
    if missing:
        raise source_error(
            path,
            "have no missing values; fill them or drop the rows",
            f"missing, by column: {_some(missing, str)}",
        )


def _labels(path, column, pandas):
    """Returns the label column as an array of numbers or of strings."""
    if column.isna().any():
        found = f"{int(column.isna().sum())} missing in {column.name!r}"
        raise source_error(path, "have a label in every row", found)
    if isinstance(column.dtype, pandas.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    if pandas.api.types.is_integer_dtype(column.dtype) or column.dtype == bool:
        return column.to_numpy(dtype=np.int64)
    if pandas.api.types.is_float_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64)
    return np.array([str(value) for value in column])


def _some(names, form=repr):
    names = list(names)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(form(name) for name in names[:_SHOWN]) + more
