"""Columns in which nothing varies."""

import numpy as np

from keras_infovae.tables.columns.base import Column, refuse_unknown
from keras_infovae.tables.columns.categorical import declared_categories, series_of
from keras_infovae.utils.serialization import register


@register
class ConstantColumn(Column):
    """A column of one value, or of none: no model needs to know it, and new rows have it too.

    Args:
        name, dtype, has_missing: as for `Column`.
        value: text, a number or a truth value; None where all are missing.
        declared: all categories that the pandas dtype declares; empty for other dtypes.
    """

    kind = "constant"
    width = 0
    family = None

    def __init__(self, name, dtype, has_missing=False, value=None, declared=()):
        super().__init__(name, dtype, has_missing)
        self.value = value
        self.declared = list(declared)

    @classmethod
    def fitted(cls, series):
        """Returns the column of a Series with at most one value."""
        known = series.dropna()
        value = _as_kept(known.astype(object).iloc[0]) if len(known) else None
        has_missing = 0 < len(known) < len(series)
        return cls(series.name, str(series.dtype), has_missing, value, declared_categories(series))

    def others(self, series):
        """Returns which values are other than the one that was seen, and not missing: bool [n]."""
        values = series.astype(object).map(_as_kept, na_action="ignore")
        same = (values == self.value).to_numpy(bool, na_value=False)
        if self.dtype.startswith("datetime"):
            import pandas

            same = (pandas.to_datetime(series) == pandas.Timestamp(self.value)).to_numpy()
        return ~same & series.notna().to_numpy()

    def numbers(self, series, unknown="error"):
        refuse_unknown(self, series, ~self.others(series), unknown)
        return np.zeros([len(series), 0], "float32")

    def raw(self, numbers, within_range=True):
        return series_of(self, [self.value], np.zeros(len(numbers), "int64"))

    def number_names(self):
        return []

    def details(self):
        return "no value" if self.value is None else f"the value {self.value!r}"


def _as_kept(value):
    """Returns a value as JSON has it: a date or time as text."""
    return value.isoformat() if hasattr(value, "isoformat") else value
