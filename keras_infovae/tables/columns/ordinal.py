"""Columns of categories with an order."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import tensorflow as tf

from keras_infovae.tables.columns.base import Column, outside
from keras_infovae.tables.columns.categorical import (
    codes_of,
    declared_by,
    listed,
    series_of,
    sorted_values,
)
from keras_infovae.tables.columns.category_tensors import (
    categories_as_array,
    categories_in_graph,
    category_dtype,
    codes_in_graph,
    codes_of_array,
)
from keras_infovae.tables.columns.quantile_map import QuantileMap, knots_of
from keras_infovae.tables.columns.raw_tensors import as_numbers
from keras_infovae.typing import Dtype, Series, Tensor
from keras_infovae.utils.serialization import register


@register
class OrdinalColumn(Column):
    """A column of ordered categories: their places go through a `QuantileMap`, one number each.

    Args:
        name, dtype, has_missing: as for `Column`.
        categories: in their order, at least 2.
        declared, ordered: as for `CategoricalColumn`.
        knots, count: of the places, as for `NumericColumn`.
    """

    kind = "ordinal"

    def __init__(
        self,
        name: str | int,
        dtype: str,
        has_missing: bool = False,
        categories: Sequence = (),
        declared: Sequence = (),
        ordered: bool = False,
        knots: Sequence[float] = (),
        count: int = 2,
    ) -> None:
        super().__init__(name, dtype, has_missing)
        self.categories = list(categories)
        self.declared = list(declared)
        self.ordered = bool(ordered)
        self.knots = [float(knot) for knot in knots]
        self.count = count
        self._quantiles = QuantileMap(self.knots, count)

    @classmethod
    def fitted(cls, series: Series) -> "OrdinalColumn":
        """Returns the column of a Series with at least 2 different values."""
        known, declares = series.dropna(), declared_by(series)
        categories = declares.get("declared") or sorted_values(known)
        column = cls(
            series.name,
            str(series.dtype),
            has_missing=len(known) < len(series),
            categories=categories,
            **declares,
            knots=(0.0, 1.0),
        )
        codes = codes_of(column, known, categories, "error")
        return cls(**column.get_config() | {"knots": knots_of(codes), "count": len(codes)})

    def numbers(self, series: Series, unknown: Literal["error", "missing"] = "error") -> np.ndarray:
        codes = codes_of(self, series, self.categories, unknown)
        z = self._quantiles.forward(codes.astype("float64"))
        return np.where(codes < 0, np.nan, z).astype("float32")[:, None]

    def raw(self, numbers: np.ndarray, within_range: bool = True) -> Series:
        places = self._quantiles.inverse(numbers[:, 0].astype("float64"), within_range)
        last = len(self.categories) - 1
        codes = np.clip(np.rint(places), 0, last).astype("int64")
        return series_of(self, self.categories, codes)

    def graph_dtype(self) -> Dtype:
        return category_dtype(self, self.categories)

    def numbers_in_graph(
        self, tensor: Tensor, unknown: Literal["error", "missing"] = "error"
    ) -> Tensor:
        codes = codes_in_graph(self, tensor, self.categories, unknown)
        z = self._quantiles.forward_in_graph(tf.cast(codes, tf.float64))
        return as_numbers(z[:, None], codes < 0)

    def raw_in_graph(self, numbers: Tensor, within_range: bool = True) -> Tensor:
        places = self._quantiles.inverse_in_graph(tf.cast(numbers[:, 0], tf.float64), within_range)
        codes = tf.clip_by_value(tf.round(places), 0.0, len(self.categories) - 1.0)
        return categories_in_graph(self, self.categories, tf.cast(codes, tf.int64))

    def as_array(
        self, series: Series, unknown: Literal["error", "missing"] = "error"
    ) -> np.ndarray:
        codes = codes_of(self, series, self.categories, unknown)
        return categories_as_array(self, self.categories, codes)

    def of_array(self, array: np.ndarray) -> Series:
        return series_of(self, self.categories, codes_of_array(array, self.categories))

    def refusal(self, series: Series, within_range: bool = True) -> str | None:
        if not within_range:
            return None
        (code,) = codes_of(self, series, self.categories, "error")
        first, last = int(self.knots[0]), int(self.knots[-1])
        return outside(code, first, last, f"{self.categories[first]} to {self.categories[last]}")

    def measures(self, series: Series) -> dict[str, np.ndarray]:
        codes = codes_of(self, series, self.categories, "missing")
        return {f"{self.name} (place)": np.where(codes < 0, np.nan, codes)}

    def details(self) -> str:
        return listed(self.categories)
