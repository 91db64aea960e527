"""The columns of a table as one array of numbers."""

import numpy as np

from keras_infovae.datasets.reading import import_optional, some, source_error

NAME_THE_LABEL = "name the label with `label_column`"


def to_numbers(path, table, remedy=NAME_THE_LABEL):
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
            f"not numbers: {some(text)}{_first_text(table[text[0]], pandas)}",
        )


def _first_text(column, pandas):
    """Returns the first value of a column that is no number, and its row, as text or nothing."""
    if not pandas.api.types.is_object_dtype(column) and not pandas.api.types.is_string_dtype(
        column
    ):
        return ""
    try:
        numbers = pandas.to_numeric(column, errors="coerce")
    except TypeError:  # of lists, say
        return ""
    texts = column[numbers.isna() & column.notna()]
    if not len(texts):
        return ""
    return f"; {column.name!r} has {str(texts.iloc[0])[:40]!r} in row {texts.index[0]}"


def _check_missing(path, table):
    missing = table.isna().sum()
    missing = [f"{name} ({count})" for name, count in missing.items() if count]
    if missing:
        raise source_error(
            path,
            "have no missing values; fill them or drop the rows",
            f"missing, by column: {some(missing, str)}",
        )
