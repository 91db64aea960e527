"""Columns of dates and times."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import tensorflow as tf

from keras_infovae.tables.columns.base import Column, column_error, outside
from keras_infovae.tables.columns.dates_in_graph import (
    ISO,
    moments_as_text,
    moments_of_text,
    text_of_moments,
)
from keras_infovae.tables.columns.quantile_map import QuantileMap, knots_of, mean_and_deviation
from keras_infovae.tables.columns.raw_tensors import as_numbers, checked, missing_values
from keras_infovae.typing import Dtype, Series, Tensor
from keras_infovae.utils.checks import check_choice
from keras_infovae.utils.serialization import register

# How text says when, if it is the same for all rows. Of days and months in figures only the order
# that the values leave open to no doubt is taken.
TEXT_FORMS = (
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
)
DAYS = " (days since 1970)"  # how a name tells that values are measured in these
STORED = ("datetime", "date")
_STEPS = (86400.0, 3600.0, 60.0, 1.0)


@register
class DateTimeColumn(Column):
    """A column of dates or times: seconds since 1970, which go through a `QuantileMap`.

    Args:
        name, dtype, has_missing: as for `Column`.
        form: how values are stored: "datetime" (pandas), "date" (Python's), or the format of text,
            such as "%Y-%m-%d".
        step: seconds that times are whole multiples of: 86400 for dates; 0 for any.
        zone: the name of the time zone, in whose local time values are taken; None for none.
        knots, count, moments: of the seconds, as for `NumericColumn`.
    """

    is_linear = False

    def __init__(
        self,
        name: str | int,
        dtype: str,
        has_missing: bool = False,
        form: str = "datetime",
        step: float = 0.0,
        zone: str | None = None,
        knots: Sequence[float] = (),
        count: int = 2,
        moments: Sequence[float] | None = None,
    ) -> None:
        super().__init__(name, dtype, has_missing)
        self.form = check_choice("form", form, (*STORED, *TEXT_FORMS))
        self.step = float(step)
        self.zone = zone
        self.knots = [float(knot) for knot in knots]
        self.count = count
        self.moments = [float(m) for m in moments or mean_and_deviation(self.knots)]
        self._quantiles = QuantileMap(self.knots, count, self.moments)

    @classmethod
    def fitted(cls, series: Series, form: str) -> "DateTimeColumn":
        """Returns the column of a Series of which two values differ, stored in `form`."""
        zone = getattr(series.dtype, "tz", None)
        zone = None if zone is None else str(zone)
        seconds = _seconds(series.name, series, form, zone)
        known = seconds[~np.isnan(seconds)]
        step = next((step for step in _STEPS if np.all(known % step == 0)), 0.0)
        return cls(
            series.name,
            str(series.dtype),
            has_missing=len(known) < len(seconds),
            form=form,
            step=step,
            zone=zone,
            knots=knots_of(known),
            count=len(known),
            moments=mean_and_deviation(known),
        )

    @property
    def kind(self) -> str:
        """Either "date", where all are whole days, or "date and time"."""
        return "date" if self.step == _STEPS[0] else "date and time"

    def seconds(self, series: Series) -> np.ndarray:
        """Returns seconds since 1970 (in local time, of a zone), float64 [n], NaN where missing."""
        return _seconds(self.name, series, self.form, self.zone)

    def numbers(self, series: Series, unknown: Literal["error", "missing"] = "error") -> np.ndarray:
        seconds = self.seconds(series)
        return self._quantiles.forward(seconds).astype("float32")[:, None]

    def raw(self, numbers: np.ndarray, within_range: bool = True) -> Series:
        seconds = self._quantiles.inverse(numbers[:, 0].astype("float64"), within_range)
        if self.step:
            seconds = np.rint(seconds / self.step) * self.step
        return self._stored(np.rint(seconds * 1e6).astype("int64").view("M8[us]"))

    def refusal(self, series: Series, within_range: bool = True) -> str | None:
        if not within_range:
            return None
        return outside(self.seconds(series)[0], self.knots[0], self.knots[-1], self.details())

    def in_form(self, series: Series) -> Series:
        times = _times(self.name, series, self.form, self.zone)
        return times if self.form == "datetime" else self._stored(times)

    def _stored(self, moments):
        """Returns a Series, in the form in which values are stored, of datetime64 [n]."""
        import pandas

        moments = pandas.Series(moments, name=self.name)
        if self.form == "date":
            return moments.dt.date
        if self.form != "datetime":
            return moments.dt.strftime(self.form)
        if self.zone is not None:
            return moments.dt.tz_localize(
                self.zone, ambiguous=np.ones(len(moments), bool), nonexistent="shift_forward"
            )
        return moments

    # In a graph values are text: in their format, or else as ISO 8601, of a zone its local time.

    def graph_dtype(self) -> Dtype:
        return tf.string

    @property
    def _graph_form(self):
        """The format that text in a graph has."""
        if self.form not in STORED:
            return self.form
        if self.step == _STEPS[0]:
            return "%Y-%m-%d"
        return "%Y-%m-%dT%H:%M:%S" if self.step else "%Y-%m-%dT%H:%M:%S.%f"

    def numbers_in_graph(
        self, tensor: Tensor, unknown: Literal["error", "missing"] = "error"
    ) -> Tensor:
        missing = missing_values(tensor)
        form = ISO if self.form in STORED else self.form
        moments, right = moments_of_text(tensor, form)
        expectation = f"hold dates or times as {form}"
        if self.zone is not None:
            expectation += f", without an offset: local time in {self.zone}"
        with tf.control_dependencies([checked(self, tensor, right | missing, expectation)]):
            seconds = tf.cast(moments, tf.float64) / 1e6
        return as_numbers(self._quantiles.forward_in_graph(seconds)[:, None], missing)

    def raw_in_graph(self, numbers: Tensor, within_range: bool = True) -> Tensor:
        z = tf.cast(numbers[:, 0], tf.float64)
        seconds = self._quantiles.inverse_in_graph(z, within_range)
        if self.step:
            seconds = tf.round(seconds / self.step) * self.step
        moments = tf.cast(tf.round(seconds * 1e6), tf.int64)
        return text_of_moments(moments, self._graph_form)

    def linear_in_graph(self, numbers: Tensor, within_range: bool = True) -> Tensor:
        return self._quantiles.linear_in_graph(numbers, within_range)

    def of_linear_in_graph(self, linear: Tensor) -> Tensor:
        return self._quantiles.of_linear_in_graph(linear)

    def as_array(
        self, series: Series, unknown: Literal["error", "missing"] = "error"
    ) -> np.ndarray:
        seconds = _seconds(self.name, series, self.form, self.zone)
        moments = np.full(len(seconds), "NaT", "M8[us]")
        known = ~np.isnan(seconds)
        moments[known] = np.rint(seconds[known] * 1e6).astype("int64").view("M8[us]")
        return moments_as_text(moments, self._graph_form)

    def of_array(self, array: np.ndarray) -> Series:
        import pandas

        texts = [value.decode("ascii") for value in array]
        if self.form in STORED:
            return self._stored(np.array(texts, "M8[us]"))
        series = pandas.Series(texts, name=self.name)
        return series.where(series != "")

    def measures(self, series: Series) -> dict[str, np.ndarray]:
        seconds = _seconds(self.name, series, self.form, self.zone)
        return {f"{self.name}{DAYS}": seconds / 86400.0}

    def log_slopes(self, x: np.ndarray) -> np.ndarray:
        return self._quantiles.log_slopes(x)

    def details(self) -> str:
        import pandas

        first, last = (
            pandas.Timestamp(round(k * 1e6), unit="us") for k in self.knots[:: len(self.knots) - 1]
        )
        form = "%Y-%m-%d" if self.step == _STEPS[0] else "%Y-%m-%d %H:%M:%S"
        zone = "" if self.zone is None else f" in {self.zone}"
        return f"{first.strftime(form)} to {last.strftime(form)}{zone}"


def text_form(texts):
    """Returns the form in which all `texts`, a Series of text, say a date or time, or None.

    Where the order of day and month is open, so that two forms fit, None.
    """
    import pandas

    found = TEXT_FORMS
    for some in (texts.head(50), texts):
        found = [
            form
            for form in found
            if pandas.to_datetime(some, format=form, errors="coerce").notna().all()
        ]
    return found[0] if len(found) == 1 else None


def _seconds(name, series, form, zone):
    """Returns seconds since 1970 (in local time, of a zone), float64 [n], NaN where missing."""
    series = _times(name, series, form, zone)
    if zone is not None:
        series = series.dt.tz_localize(None)
    moments = series.astype("datetime64[us]").to_numpy()
    seconds = moments.astype("int64").astype("float64") / 1e6
    return np.where(np.isnat(moments), np.nan, seconds)


def _times(name, series, form, zone):
    """Returns a Series as one of pandas' dates and times, in the zone."""
    import pandas

    if not pandas.api.types.is_datetime64_any_dtype(series.dtype):
        series = _parsed(name, series, None if form in STORED else form)
    found = getattr(series.dtype, "tz", None)
    if (found is None) != (zone is None):
        expected = "have no time zone" if zone is None else f"have a time zone, as {zone}"
        raise column_error(name, expected, str(series.dtype))
    return series if zone is None else series.dt.tz_convert(zone)


def _parsed(name, series, form):
    import pandas

    if pandas.api.types.is_numeric_dtype(series.dtype) and series.notna().any():
        raise column_error(name, "hold dates or times", f"numbers ({series.dtype})", TypeError)
    try:
        return pandas.to_datetime(series, format=form)
    except (ValueError, TypeError, OverflowError):
        parsed = pandas.to_datetime(series, format=form, errors="coerce")
        wrong = series[parsed.isna() & series.notna()]
        how = "dates or times" if form is None else f"dates or times as {form}"
        shown = repr(wrong.iloc[0]) if len(wrong) else str(series.dtype)
        raise column_error(name, f"hold {how}", shown) from None
