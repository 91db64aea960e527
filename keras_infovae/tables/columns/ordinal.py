"""Columns of categories with an order."""

import numpy as np
import tensorflow as tf

from keras_infovae.tables.columns.base import Column
from keras_infovae.tables.columns.categorical import (
    codes_of,
    declared_categories,
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
from keras_infovae.utils.serialization import register


@register
class OrdinalColumn(Column):
    """A column of ordered categories: their places go through a `QuantileMap`, one number each.

    Args:
        name, dtype, has_missing: as for `Column`.
        categories: in their order, at least 2.
        declared: all that the pandas dtype declares, in its order; empty for other dtypes.
        knots, count: of the places, as for `NumericColumn`.
    """

    kind = "ordinal"

    def __init__(
        self, name, dtype, has_missing=False, categories=(), declared=(), knots=(), count=2
    ):
        super().__init__(name, dtype, has_missing)
        self.categories = list(categories)
        self.declared = list(declared)
        self.knots = [float(knot) for knot in knots]
        self.count = count
        self._quantiles = QuantileMap(self.knots, count)

    @classmethod
    def fitted(cls, series):
        """Returns the column of a Series with at least 2 different values."""
        known, declared = series.dropna(), declared_categories(series)
        categories = declared or sorted_values(known)
        column = cls(
            series.name,
            str(series.dtype),
            has_missing=len(known) < len(series),
            categories=categories,
            declared=declared,
            knots=(0.0, 1.0),
        )
        codes = codes_of(column, known, categories, "error")
        return cls(**column.get_config() | {"knots": knots_of(codes), "count": len(codes)})

    def numbers(self, series, unknown="error"):
        codes = codes_of(self, series, self.categories, unknown)
        z = self._quantiles.forward(codes.astype("float64"))
        return np.where(codes < 0, np.nan, z).astype("float32")[:, None]

    def raw(self, numbers, within_range=True):
        places = self._quantiles.inverse(numbers[:, 0].astype("float64"), within_range)
        last = len(self.categories) - 1
        codes = np.clip(np.rint(places), 0, last).astype("int64")
        return series_of(self, self.categories, codes)

    def graph_dtype(self):
        return category_dtype(self, self.categories)

    def numbers_in_graph(self, tensor, unknown="error"):
        codes = codes_in_graph(self, tensor, self.categories, unknown)
        z = self._quantiles.forward_in_graph(tf.cast(codes, tf.float64))
        return as_numbers(z[:, None], codes < 0)

    def raw_in_graph(self, numbers, within_range=True):
        places = self._quantiles.inverse_in_graph(tf.cast(numbers[:, 0], tf.float64), within_range)
        codes = tf.clip_by_value(tf.round(places), 0.0, len(self.categories) - 1.0)
        return categories_in_graph(self, self.categories, tf.cast(codes, tf.int64))

    def as_array(self, series, unknown="error"):
        codes = codes_of(self, series, self.categories, unknown)
        return categories_as_array(self, self.categories, codes)

    def of_array(self, array):
        return series_of(self, self.categories, codes_of_array(array, self.categories))

    def measures(self, series):
        codes = codes_of(self, series, self.categories, "missing")
        return {f"{self.name} (place)": np.where(codes < 0, np.nan, codes)}

    def details(self):
        return listed(self.categories)
