"""The columns of tables that are compared, as numbers and as places in a list of categories."""

from typing import NamedTuple

import numpy as np

from keras_infovae.tables import columns as kinds
from keras_infovae.tables.columns.categorical import codes_of
from keras_infovae.tables.columns.numeric import values_of
from keras_infovae.tables.columns.quantile_map import mean_and_deviation
from keras_infovae.utils.checks import argument_error

_MOST = float(np.finfo("float32").max)


class Values(NamedTuple):
    """One column of a table.

    Args:
        values: float64 [n]: numbers (of dates, seconds), or places of categories, of which one
            past the last stands for every value that is not known. NaN where one is missing.
        categories: how many there are; None for numbers.
    """

    values: np.ndarray
    categories: int | None

    @property
    def is_number(self):
        """Whether the values are numbers, not categories."""
        return self.categories is None

    @property
    def is_known(self):
        """Which values are not missing, bool [n]."""
        return ~np.isnan(self.values)

    def standardized_as(self, other):
        """Returns `Values` in units of another's deviation from its mean; categories as they are.

        They lie within what a float32 holds.
        """
        if not self.is_number:
            return self
        known = other.values[other.is_known]
        mean, deviation = mean_and_deviation(known) if len(known) else (0.0, 1.0)
        values = (self.values - mean) / (deviation or 1.0)
        return Values(np.clip(values, -_MOST, _MOST), None)


def values_of_table(schema, table, argument):
    """Returns {column: `Values`} of a DataFrame, by a `Schema` that says what its columns are.

    Args:
        schema: the `tables.Schema`, without columns of one value.
        table: a DataFrame with its columns.
        argument: the argument's name, for errors.

    Raises:
        ValueError, TypeError: for missing columns and values that a column cannot have.
    """
    names = [column.name for column in schema.columns]
    absent = [name for name in names if name not in table.columns]
    if absent:
        others = [name for name in table.columns if name not in names]
        raise argument_error(argument, f"a table with the columns {absent[:8]}", others[:8])
    return {column.name: _values(column, table[column.name]) for column in schema.columns}


def as_matrix(columns):
    """Returns the values of {column: `Values`} beside each other, float64 [n, columns]."""
    return np.stack([column.values for column in columns.values()], axis=1) + 0.0  # no -0


def _values(column, series):
    if isinstance(column, kinds.DateTimeColumn):
        return Values(column.seconds(series), None)
    if isinstance(column, (kinds.NumericColumn, kinds.CountColumn)):
        return Values(values_of(column.name, series), None)
    categories = column.categories
    codes = codes_of(column, series, categories, "missing")
    codes = np.where((codes < 0) & series.notna().to_numpy(), len(categories), codes)
    return Values(np.where(codes < 0, np.nan, codes).astype("float64"), len(categories))
