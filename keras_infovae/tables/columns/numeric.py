"""Columns of numbers."""

import warnings
from collections.abc import Sequence
from typing import Literal

import numpy as np
import tensorflow as tf

from keras_infovae.datasets.reading import DataWarning
from keras_infovae.tables.columns.base import Column, column_error, outside
from keras_infovae.tables.columns.quantile_map import QuantileMap, knots_of, mean_and_deviation
from keras_infovae.tables.columns.raw_tensors import (
    as_numbers,
    checked,
    checked_numbers,
    integer_limits,
    is_integer,
    missing_values,
)
from keras_infovae.typing import Series, Tensor
from keras_infovae.utils.checks import check_choice
from keras_infovae.utils.serialization import register

_TRANSFORMS = ("quantile", "log", "standardized", "identity")
_MOST_DECIMALS = 6
_LARGEST_WHOLE = 2.0**53
_COARSEST = 1e-3  # of a deviation, what may lie between two numbers of float32
_LOOKED_AT = 100_000  # values, to see how many decimals they have


@register
class NumericColumn(Column):
    """A column of real numbers or integers, described by a normal likelihood.

    Args:
        name, dtype, has_missing: as for `Column`.
        transform: how raw values become numbers. "quantile" (default): by `QuantileMap`, to a
            standard normal distribution, whatever distribution the column has. "log":
            log(1 + value), for values of at least 0. "standardized": less their mean and over their
            deviation. "identity": as they are, for a likelihood that was chosen for them.
        knots: the values at evenly spaced probabilities; the first and last are the seen range.
        count: how many values it was fitted to.
        moments: the mean and the standard deviation of these values. Default None: of the knots,
            which are the values where there are no more than 512.
        decimals: how many decimals raw values have, 0 for integers; None for any.
    """

    def __init__(
        self,
        name: str | int,
        dtype: str,
        has_missing: bool = False,
        transform: str = "quantile",
        knots: Sequence[float] = (),
        count: int = 2,
        moments: Sequence[float] | None = None,
        decimals: int | None = None,
    ) -> None:
        super().__init__(name, dtype, has_missing)
        self.transform = check_choice("transform", transform, _TRANSFORMS)
        self.knots = [float(knot) for knot in knots]
        self.count = count
        self.decimals = decimals
        moments = moments or (mean_and_deviation(self.knots) if self.knots else (0.0, 1.0))
        self.moments = [float(m) for m in moments]
        by_quantiles, standardized = transform == "quantile", transform == "standardized"
        self._quantiles = QuantileMap(self.knots, count, self.moments) if by_quantiles else None
        self._mean, self._deviation = self.moments if standardized else (0.0, 1.0)

    @classmethod
    def fitted(cls, series: Series, transform: str = "quantile") -> "NumericColumn":
        """Returns the column of a Series of finite numbers, of which two differ."""
        values = values_of(series.name, series)
        known = values[~np.isnan(values)]
        with np.errstate(over="ignore"):
            spans = np.isfinite(known.max() - known.min()) if len(known) else True
        if not spans:
            shown = f"{known.min():g} to {known.max():g}"
            raise column_error(series.name, "span a range that a number can hold", shown)
        if transform == "log" and known.min() < 0:
            raise column_error(series.name, "be at least 0 for transform='log'", f"{known.min():g}")
        if transform == "identity" and not float32_tells_apart(known):
            warnings.warn(
                f"Column {series.name!r}: as they are, its values, {known.min():.15g} to "
                f"{known.max():.15g}, are nearly the same to a float32. Kind 'standardized' takes "
                "them less their mean and over their deviation.",
                DataWarning,
                stacklevel=2,
            )
        return cls(
            series.name,
            str(series.dtype),
            has_missing=len(known) < len(values),
            transform=transform,
            knots=knots_of(known),
            count=len(known),
            moments=mean_and_deviation(known) if len(known) else None,
            decimals=decimals_of(known),
        )

    @property
    def kind(self) -> str:
        """Either "integer", where all are whole numbers, or "numeric"."""
        return "integer" if self.decimals == 0 else "numeric"

    def numbers(self, series: Series, unknown: Literal["error", "missing"] = "error") -> np.ndarray:
        values = values_of(self.name, series)
        if self.transform == "log":
            low = np.nanmin(values, initial=0.0)
            if low < 0:
                raise column_error(self.name, "be at least 0", f"{low:g}")
            values = np.log1p(values)
        elif self._quantiles is not None:
            values = self._quantiles.forward(values)
        return ((values - self._mean) / self._deviation).astype("float32")[:, None]

    def raw(self, numbers: np.ndarray, within_range: bool = True) -> Series:
        import pandas

        values = self._mean + self._deviation * numbers[:, 0].astype("float64")
        if self._quantiles is not None:
            values = self._quantiles.inverse(values, within_range)
        elif self.transform == "log":
            values = np.expm1(values)
        values = np.clip(values, *self._limits(within_range))
        if self._rounded is not None:
            values = np.round(values, self._rounded)
        return pandas.Series(values.astype(self._raw_dtype), name=self.name)

    @property
    def _rounded(self):
        """To how many decimals raw values are rounded, or None."""
        as_they_are = self.transform == "identity" and not is_integer(self.dtype)
        return None if as_they_are else self.decimals

    @property
    def _raw_dtype(self):
        return "int64" if self._rounded == 0 else "float64"

    def _limits(self, within_range):
        """Returns the least and the largest of raw values."""
        if within_range and self.transform != "identity":
            return self.knots[0], self.knots[-1]
        return integer_limits(self.dtype, self._raw_dtype)

    def numbers_in_graph(
        self, tensor: Tensor, unknown: Literal["error", "missing"] = "error"
    ) -> Tensor:
        missing = missing_values(tensor)
        values = checked_numbers(self, tensor)
        if self.transform == "log":
            values = tf.math.log1p(checked(self, values, missing | (values >= 0), "be at least 0"))
        elif self._quantiles is not None:
            values = self._quantiles.forward_in_graph(values)
        return as_numbers(((values - self._mean) / self._deviation)[:, None], missing)

    def raw_in_graph(self, numbers: Tensor, within_range: bool = True) -> Tensor:
        values = self._mean + self._deviation * tf.cast(numbers[:, 0], tf.float64)
        if self._quantiles is not None:
            values = self._quantiles.inverse_in_graph(values, within_range)
        elif self.transform == "log":
            values = tf.math.expm1(values)
        values = tf.clip_by_value(values, *self._limits(within_range))
        if self._rounded is not None:
            values = tf.round(values * 10.0**self._rounded) / 10.0**self._rounded
        return tf.cast(values, self._raw_dtype)

    @property
    def is_linear(self) -> bool:
        return self.transform in ("identity", "standardized")

    def linear_in_graph(self, numbers: Tensor, within_range: bool = True) -> Tensor:
        if self._quantiles is not None:
            return self._quantiles.linear_in_graph(numbers, within_range)
        return tf.cast(tf.math.expm1(tf.cast(numbers, tf.float64)), tf.float32)

    def of_linear_in_graph(self, linear: Tensor) -> Tensor:
        if self._quantiles is not None:
            return self._quantiles.of_linear_in_graph(linear)
        return tf.cast(tf.math.log1p(tf.cast(linear, tf.float64)), tf.float32)

    def as_array(
        self, series: Series, unknown: Literal["error", "missing"] = "error"
    ) -> np.ndarray:
        return values_of(self.name, series)

    def of_array(self, array: np.ndarray) -> Series:
        import pandas

        return pandas.Series(np.nan_to_num(array).astype(self._raw_dtype), name=self.name)

    def refusal(self, series: Series, within_range: bool = True) -> str | None:
        # A float32 may lie beyond the number that was asked for.
        is_float = self.dtype.lower().startswith("float")
        (value,) = values_of(self.name, series.astype(self.dtype) if is_float else series)
        if self._rounded == 0 and value != np.rint(value):
            return "a whole number"
        least, largest = self._limits(within_range)
        return outside(value, least, largest, f"{least:.15g} to {largest:.15g}")

    def in_form(self, series: Series) -> Series:
        return without_text(self.name, series)

    def measures(self, series: Series) -> dict[str, np.ndarray]:
        return {str(self.name): values_of(self.name, series)}

    def log_slopes(self, x: np.ndarray) -> np.ndarray:
        if self._quantiles is not None:
            return self._quantiles.log_slopes(x)
        if self.transform == "standardized":
            return np.zeros(len(x))
        return np.log(self.moments[1] or 1.0) - (x if self.transform == "log" else np.zeros(len(x)))

    def details(self) -> str:
        return f"{self.knots[0]:.6g} to {self.knots[-1]:.6g}" if self.knots else ""


def values_of(name, series):
    """Returns a Series of numbers as float64 [n], NaN where they are missing.

    Raises:
        ValueError, TypeError: for what is no number, and for infinite ones.
    """
    import pandas

    types = pandas.api.types
    if types.is_bool_dtype(series.dtype):
        raise column_error(name, "hold numbers", "truth values", TypeError)
    # NumPy would take nanoseconds for these, or the real parts.
    is_time = types.is_datetime64_any_dtype(series.dtype) or types.is_timedelta64_dtype(
        series.dtype
    )
    if is_time or types.is_complex_dtype(series.dtype):
        raise column_error(name, "hold numbers", str(series.dtype), TypeError)
    try:
        values = series.to_numpy("float64", na_value=np.nan)
    except (TypeError, ValueError):
        numbers = pandas.to_numeric(series, errors="coerce")
        wrong = series[numbers.isna() & series.notna()]
        shown = repr(wrong.iloc[0]) if len(wrong) else str(series.dtype)
        raise column_error(name, "hold numbers", shown, TypeError) from None
    if np.any(np.isinf(values)):
        raise column_error(name, "be finite", f"{int(np.isinf(values).sum())} infinite values")
    return values


def float32_tells_apart(values):
    """Returns whether finite `values` [n] that differ do so in float32 as well."""
    _, deviation = mean_and_deviation(values) if len(values) else (0.0, 0.0)
    if not deviation:
        return True
    with np.errstate(over="ignore"):  # what float32 does not hold at all is refused later
        largest = np.float32(np.abs(values).max())
    return not np.isfinite(largest) or np.spacing(largest) <= _COARSEST * deviation


def without_text(name, series):
    """Returns a Series of numbers as it is, but of numbers as text as float64."""
    import pandas

    if not pandas.api.types.is_string_dtype(series.dropna()):
        return series
    return pandas.Series(values_of(name, series), series.index, name=name)


def decimals_of(values):
    """Returns with how many decimals, at most 6, all of `values` can be written, or None.

    None too for whole numbers beyond those that a float tells apart, which int64 may not hold.
    """
    if np.all(values == np.rint(values)):
        return 0 if np.all(np.abs(values) < _LARGEST_WHOLE) else None
    some = values[:: max(1, len(values) // _LOOKED_AT)]
    for decimals in range(1, _MOST_DECIMALS + 1):
        if np.all(np.abs(some - np.round(some, decimals)) <= 1e-9 * np.abs(some)):
            return decimals
    return None
