"""Columns in which nothing varies."""

import datetime
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import tensorflow as tf

from keras_infovae.tables.columns.base import Column, refuse_unknown
from keras_infovae.tables.columns.categorical import declared_by, series_of
from keras_infovae.tables.columns.category_tensors import (
    categories_as_array,
    categories_in_graph,
    category_dtype,
    codes_in_graph,
)
from keras_infovae.tables.columns.date_time import STORED
from keras_infovae.tables.columns.raw_tensors import checked, missing_values
from keras_infovae.tables.dtypes import without_exact_numbers
from keras_infovae.typing import Dtype, Series, Tensor
from keras_infovae.utils.checks import check_choice
from keras_infovae.utils.serialization import register

_TEXT = ("object", "str", "string", "category")  # dtypes
_NOTHING = {tf.string: [""], tf.float64: np.array([np.nan])}


@register
class ConstantColumn(Column):
    """A column of one value, or of none: no model needs to know it, and new rows have it too.

    Args:
        name, dtype, has_missing: as for `Column`.
        value: text, a number or a truth value; None where all are missing.
        declared, ordered: as for `CategoricalColumn`.
        form: how a date or time, as text in `value`, is stored: "datetime" (pandas) or "date"
            (Python's). Default None, for other values.
    """

    kind = "constant"
    width = 0
    family = None

    def __init__(
        self,
        name: str | int,
        dtype: str,
        has_missing: bool = False,
        value: Any = None,
        declared: Sequence = (),
        ordered: bool = False,
        form: str | None = None,
    ) -> None:
        super().__init__(name, dtype, has_missing)
        self.value = value
        self.declared = list(declared)
        self.ordered = bool(ordered)
        self.form = form if form is None else check_choice("form", form, STORED)

    @classmethod
    def fitted(cls, series: Series) -> "ConstantColumn":
        """Returns the column of a Series with at most one value."""
        known = series.dropna()
        value = known.astype(object).iloc[0] if len(known) else None
        form = None
        if isinstance(value, datetime.date):
            form = "datetime" if isinstance(value, datetime.datetime) else "date"
        return cls(
            series.name,
            str(series.dtype),
            has_missing=0 < len(known) < len(series),
            value=_as_kept(value),
            **declared_by(series),
            form=form,
        )

    @property
    def may_be_missing(self) -> bool:
        return self.has_missing or self.value is None

    def others(self, series: Series) -> np.ndarray:
        """Returns which values are other than the one that was seen, and not missing: bool [n]."""
        values = without_exact_numbers(series).astype(object).map(_as_kept, na_action="ignore")
        same = (values == self.value).to_numpy(bool, na_value=False)
        if self.dtype.startswith("datetime"):
            import pandas

            same = (pandas.to_datetime(series) == pandas.Timestamp(self.value)).to_numpy()
        return ~same & series.notna().to_numpy()

    def numbers(self, series: Series, unknown: Literal["error", "missing"] = "error") -> np.ndarray:
        refuse_unknown(self, series, ~self.others(series), unknown)
        return np.zeros([len(series), 0], "float32")

    def raw(self, numbers: np.ndarray, within_range: bool = True) -> Series:
        return self._repeated(len(numbers))

    def _repeated(self, count):
        import pandas

        value = self.value
        if self.form is not None:
            moment = pandas.Timestamp(value)
            value = moment.date() if self.form == "date" else moment
        return series_of(self, [value], np.zeros(count, "int64"))

    # In a graph a date is text, as `value` has it; a column without values is text or numbers.

    def graph_dtype(self) -> Dtype:
        if self.value is None:
            return tf.string if self.dtype in _TEXT else tf.float64
        return category_dtype(self, [self.value])

    def numbers_in_graph(
        self, tensor: Tensor, unknown: Literal["error", "missing"] = "error"
    ) -> Tensor:
        if self.value is None:
            right = missing_values(tensor) | (unknown == "missing")
            tensor = checked(self, tensor, right, f"hold {self.details()}")
        else:
            tensor = codes_in_graph(self, tensor, [self.value], unknown)
        return tf.zeros([tf.size(tensor), 0])

    def raw_in_graph(self, numbers: Tensor, within_range: bool = True) -> Tensor:
        codes = tf.zeros([tf.shape(numbers)[0]], tf.int64)
        if self.value is None:
            return tf.gather(tf.constant(_NOTHING[self.graph_dtype()]), codes)
        return categories_in_graph(self, [self.value], codes)

    def as_array(
        self, series: Series, unknown: Literal["error", "missing"] = "error"
    ) -> np.ndarray:
        if self.value is None:
            dtype = self.graph_dtype()
            return np.full(len(series), _NOTHING[dtype][0], dtype.as_numpy_dtype)
        # As in `Schema.numbers`, which values there are is not looked at.
        codes = np.where(series.isna(), -1, 0)
        return categories_as_array(self, [self.value], codes)

    def of_array(self, array: np.ndarray) -> Series:
        return self._repeated(len(array))

    def number_names(self) -> list[str]:
        return []

    def details(self) -> str:
        return "no value" if self.value is None else f"the value {self.value!r}"


def _as_kept(value):
    """Returns a value as JSON has it: a date or time as text."""
    return value.isoformat() if hasattr(value, "isoformat") else value
