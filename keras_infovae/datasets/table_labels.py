"""The column of a table that is the label."""

import numpy as np

from keras_infovae.datasets.csv_values import MISSING
from keras_infovae.datasets.reading import import_optional, source_error
from keras_infovae.utils.checks import check_choice


def without_label(path, table, label_column):
    """Returns the labels of a table as an array, or None, and the table without them.

    Args:
        path: where the table is from, for errors.
        table: a DataFrame, in whose label column only an empty text is missing.
        label_column: its name, or None.

    Raises:
        ValueError: when there is no such column, or a row without a label. Among texts, None, NA
            and null are classes; among numbers they are missing.
    """
    if label_column is None:
        return None, table
    pandas = import_optional("pandas", "pandas", "Reading a table")
    check_choice("label_column", label_column, table.columns)
    column = table.pop(label_column)
    if isinstance(column.dtype, pandas.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    if not pandas.api.types.is_numeric_dtype(column.dtype):
        texts = column.dropna().astype(str).str.strip()
        known = texts[~texts.isin(MISSING)]
        if len(known) < len(texts) and len(known):  # among numbers, NA is no class
            numbers = pandas.to_numeric(known, errors="coerce")
            if numbers.notna().all():
                column = pandas.to_numeric(column, errors="coerce")
    if column.isna().any():
        found = f"{int(column.isna().sum())} missing in {label_column!r}"
        raise source_error(path, "have a label in every row", found)
    if pandas.api.types.is_integer_dtype(column.dtype) or column.dtype == bool:
        return column.to_numpy(dtype=np.int64), table
    if pandas.api.types.is_float_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64), table
    return np.array([str(value).strip() for value in column]), table


def joined(path, labels):
    """Returns the labels of several files as one array."""
    if len({part.dtype.kind == "U" for part in labels if len(part)}) > 1:
        raise source_error(path, "have labels that are all numbers or all text, as its siblings")
    return np.concatenate([part for part in labels if len(part)])
