"""Columns of categories without an order."""

from collections.abc import Hashable, Sequence
from typing import Literal

import numpy as np
import tensorflow as tf

from keras_infovae.tables.columns.base import Column, column_error, refuse_unknown
from keras_infovae.tables.columns.category_tensors import (
    categories_as_array,
    categories_in_graph,
    category_dtype,
    codes_in_graph,
    codes_of_array,
)
from keras_infovae.tables.columns.raw_tensors import as_numbers
from keras_infovae.tables.dtypes import without_exact_numbers
from keras_infovae.typing import Dtype, Series, Tensor
from keras_infovae.utils.serialization import register


@register
class CategoricalColumn(Column):
    """A column of categories, one-hot, described by a categorical likelihood.

    Args:
        name, dtype, has_missing: as for `Column`.
        categories: those that were seen, text, numbers or truth values, at least 2.
        declared: all that the pandas dtype declares, in its order; empty for other dtypes.
        ordered: whether the pandas dtype says that they have an order. Default False.
    """

    kind = "categorical"
    family = None

    def __init__(
        self,
        name: str | int,
        dtype: str,
        has_missing: bool = False,
        categories: Sequence = (),
        declared: Sequence = (),
        ordered: bool = False,
    ) -> None:
        super().__init__(name, dtype, has_missing)
        self.categories = list(categories)
        self.declared = list(declared)
        self.ordered = bool(ordered)

    @classmethod
    def fitted(cls, series: Series) -> "CategoricalColumn":
        """Returns the column of a Series with at least 2 different values."""
        known = series.dropna()
        return cls(
            series.name,
            str(series.dtype),
            has_missing=len(known) < len(series),
            categories=sorted_values(known),
            **declared_by(series),
        )

    @property
    def width(self) -> int:
        return len(self.categories)

    def numbers(self, series: Series, unknown: Literal["error", "missing"] = "error") -> np.ndarray:
        codes = codes_of(self, series, self.categories, unknown)
        one_hot = np.zeros([len(codes), self.width], "float32")
        known = codes >= 0
        one_hot[np.flatnonzero(known), codes[known]] = 1.0
        one_hot[~known] = np.nan
        return one_hot

    def raw(self, numbers: np.ndarray, within_range: bool = True) -> Series:
        return series_of(self, self.categories, np.argmax(numbers, axis=1))

    def graph_dtype(self) -> Dtype:
        return category_dtype(self, self.categories)

    def numbers_in_graph(
        self, tensor: Tensor, unknown: Literal["error", "missing"] = "error"
    ) -> Tensor:
        codes = codes_in_graph(self, tensor, self.categories, unknown)
        return as_numbers(tf.one_hot(codes, self.width), codes < 0)

    def raw_in_graph(self, numbers: Tensor, within_range: bool = True) -> Tensor:
        return categories_in_graph(self, self.categories, tf.argmax(numbers, axis=1))

    def as_array(
        self, series: Series, unknown: Literal["error", "missing"] = "error"
    ) -> np.ndarray:
        codes = codes_of(self, series, self.categories, unknown)
        return categories_as_array(self, self.categories, codes)

    def of_array(self, array: np.ndarray) -> Series:
        return series_of(self, self.categories, codes_of_array(array, self.categories))

    def number_names(self) -> list[str]:
        return [f"{self.name}={category}" for category in self.categories]

    def measures(self, series: Series) -> dict[str, np.ndarray]:
        columns = self.numbers(series, "missing").astype("float64").T
        return dict(zip(self.number_names(), columns))

    def details(self) -> str:
        return listed(self.categories)


@register
class BinaryColumn(CategoricalColumn):
    """A column of two values, as 0 and 1, described by a Bernoulli likelihood.

    Args:
        name, dtype, has_missing, categories, declared, ordered: as for `CategoricalColumn`; the
            second category is 1.
    """

    kind = "binary"
    family = "bernoulli"

    @property
    def width(self) -> int:
        return 1

    def numbers(self, series: Series, unknown: Literal["error", "missing"] = "error") -> np.ndarray:
        codes = codes_of(self, series, self.categories, unknown)
        return np.where(codes < 0, np.nan, codes).astype("float32")[:, None]

    def raw(self, numbers: np.ndarray, within_range: bool = True) -> Series:
        return series_of(self, self.categories, (numbers[:, 0] >= 0.5).astype("int64"))

    def numbers_in_graph(
        self, tensor: Tensor, unknown: Literal["error", "missing"] = "error"
    ) -> Tensor:
        codes = codes_in_graph(self, tensor, self.categories, unknown)
        return as_numbers(codes[:, None], codes < 0)

    def raw_in_graph(self, numbers: Tensor, within_range: bool = True) -> Tensor:
        codes = tf.cast(numbers[:, 0] >= 0.5, tf.int64)
        return categories_in_graph(self, self.categories, codes)

    def number_names(self) -> list[str]:
        return [f"{self.name}={self.categories[1]}"]


def codes_of(column, series, categories, unknown):
    """Returns the place of each value in `categories`, int64 [n], -1 where it is missing.

    Raises:
        ValueError: for unknown values, unless they are to be missing.
    """
    import pandas

    values = without_exact_numbers(series).astype(object)
    try:
        codes = pandas.Index(categories, dtype=object).get_indexer(values)
    except TypeError:  # lists, dictionaries, arrays
        wrong = next(value for value in values if not isinstance(value, Hashable))
        raise column_error(
            column.name, f"hold {column.details()}", type(wrong).__name__, TypeError
        ) from None
    refuse_unknown(column, series, (codes >= 0) | series.isna().to_numpy(), unknown)
    return codes


def series_of(column, categories, codes):
    """Returns the Series of categories at `codes` [n]."""
    import pandas

    values = np.empty(len(categories), dtype=object)
    values[:] = categories
    if column.declared or column.dtype == "category":
        return pandas.Series(
            pandas.Categorical(values[codes], column.declared, ordered=column.ordered),
            name=column.name,
        )
    return pandas.Series(values[codes], name=column.name, dtype=object)


def declared_by(series):
    """Returns what a pandas category declares, {argument of its column: value}, else nothing."""
    import pandas

    if not isinstance(series.dtype, pandas.CategoricalDtype):
        return {}
    return {"declared": series.cat.categories.tolist(), "ordered": series.cat.ordered}


def sorted_values(known):
    """Returns the different values of a Series without missing ones, sorted where they can be."""
    values = known.astype(object).unique().tolist()
    try:
        return sorted(values)
    except TypeError:
        return sorted(values, key=str)


def listed(values, most=6):
    """Returns `values` as text, the first few of them."""
    text = ", ".join(str(value) for value in values[:most])
    return text if len(values) <= most else f"{text}, ... ({len(values)} values)"
