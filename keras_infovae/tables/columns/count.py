"""Columns of counts."""

from typing import Literal

import numpy as np
import tensorflow as tf

from keras_infovae.tables.columns.base import Column, column_error, outside
from keras_infovae.tables.columns.numeric import values_of, without_text
from keras_infovae.tables.columns.raw_tensors import (
    as_numbers,
    checked,
    checked_numbers,
    integer_limits,
    missing_values,
)
from keras_infovae.typing import Series, Tensor
from keras_infovae.utils.serialization import register

_COUNTS = "hold counts, whole numbers of at least 0"


@register
class CountColumn(Column):
    """A column of whole numbers of at least 0, as they are, by a negative binomial likelihood.

    Args:
        name, dtype, has_missing: as for `Column`.
        largest: the largest that it was fitted to.
    """

    kind = "count"
    family = "count"

    def __init__(
        self, name: str | int, dtype: str, has_missing: bool = False, largest: int = 0
    ) -> None:
        super().__init__(name, dtype, has_missing)
        self.largest = int(largest)

    @classmethod
    def fitted(cls, series: Series) -> "CountColumn":
        """Returns the column of a Series of counts."""
        values = _counts(series.name, series)
        missing = np.isnan(values)
        return cls(series.name, str(series.dtype), bool(missing.any()), np.nanmax(values))

    def numbers(self, series: Series, unknown: Literal["error", "missing"] = "error") -> np.ndarray:
        return _counts(self.name, series).astype("float32")[:, None]

    def raw(self, numbers: np.ndarray, within_range: bool = True) -> Series:
        import pandas

        values = np.rint(numbers[:, 0].astype("float64"))
        values = np.clip(values, 0.0, self._most(within_range))
        return pandas.Series(values.astype("int64"), name=self.name)

    def _most(self, within_range):
        """Returns the largest of raw values."""
        return float(self.largest) if within_range else integer_limits(self.dtype, "int64")[1]

    def numbers_in_graph(
        self, tensor: Tensor, unknown: Literal["error", "missing"] = "error"
    ) -> Tensor:
        missing = missing_values(tensor)
        right = missing | ((tensor >= 0) & tf.equal(tensor, tf.round(tensor)))
        values = checked(self, checked_numbers(self, tensor), right, _COUNTS)
        return as_numbers(values[:, None], missing)

    def raw_in_graph(self, numbers: Tensor, within_range: bool = True) -> Tensor:
        values = tf.round(tf.cast(numbers[:, 0], tf.float64))
        return tf.cast(tf.clip_by_value(values, 0.0, self._most(within_range)), tf.int64)

    def as_array(
        self, series: Series, unknown: Literal["error", "missing"] = "error"
    ) -> np.ndarray:
        return _counts(self.name, series)

    def of_array(self, array: np.ndarray) -> Series:
        import pandas

        return pandas.Series(np.nan_to_num(array).astype("int64"), name=self.name)

    def refusal(self, series: Series, within_range: bool = True) -> str | None:
        most = self._most(within_range)
        return outside(_counts(self.name, series)[0], 0.0, most, f"0 to {most:.15g}")

    def in_form(self, series: Series) -> Series:
        return without_text(self.name, series)

    def measures(self, series: Series) -> dict[str, np.ndarray]:
        return {str(self.name): values_of(self.name, series)}

    def details(self) -> str:
        return f"counts up to {self.largest}"


def _counts(name, series):
    values = values_of(name, series)
    known = values[~np.isnan(values)]
    wrong = known[(known < 0) | (known != np.rint(known))]
    if len(wrong):
        raise column_error(name, _COUNTS, f"{wrong[0]:g}")
    return values
