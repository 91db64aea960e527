"""The base of the columns of a table: how raw values become numbers, and back."""

from typing import Literal

import numpy as np
import tensorflow as tf

from keras_infovae.typing import Dtype, Series, Tensor
from keras_infovae.utils.serialization import Setting


class Column(Setting):
    """One column of a table, fitted to data: raw values to numbers for a model, and back.

    A member says in `numbers` and `raw` how; a missing value is NaN in all of its numbers.

    Args:
        name: the column's name, text or an integer.
        dtype: the pandas dtype of its values, as text.
        has_missing: whether values were missing where it was fitted. New rows then have missing
            values too. Default False.

    Attributes:
        kind: what a person calls it.
        width: how many numbers stand for one value.
        family: which columns share a likelihood with others.
        is_linear: whether its numbers are raw values but for an offset and a scale, so that the
            mean of numbers stands for the mean of values; of categories, for their probabilities.
    """

    kind = None
    width = 1
    family = "normal"
    is_linear = True

    def __init__(self, name: str | int, dtype: str, has_missing: bool = False) -> None:
        self.name = name
        self.dtype = dtype
        self.has_missing = bool(has_missing)

    def numbers(self, series: Series, unknown: Literal["error", "missing"] = "error") -> np.ndarray:
        """Returns float32 [n, width] of a pandas Series, NaN where a value is missing.

        Args:
            series: the raw values.
            unknown: "error" or "missing", what a value is that was not there when the column was
                fitted and that it has no number for.

        Raises:
            ValueError, TypeError: for values that the column cannot have, naming it.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `numbers`")

    def raw(self, numbers: np.ndarray, within_range: bool = True) -> Series:
        """Returns a pandas Series of raw values for numbers [n, width], none of them missing.

        Args:
            numbers: NumPy, finite; those that are not exact (probabilities of categories) stand for
                the likeliest value.
            within_range: whether numbers stay within the range that the column was fitted to.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `raw`")

    @property
    def may_be_missing(self) -> bool:
        """Whether new rows can have missing values."""
        return self.has_missing

    def refusal(self, series: Series, within_range: bool = True) -> str | None:
        """Returns what a value must be that `raw` would not lead back to, in words, else None.

        Args:
            series: one value, not missing, that `numbers` takes.
            within_range: as for `raw`.
        """
        return None

    def in_form(self, series: Series) -> Series:
        """Returns raw values, such as dates as text, in the form that those of `raw` have.

        Here they are as they are.
        """
        return series

    # === The same in a graph, such as a server's (`raw_tensors`) ===

    def graph_dtype(self) -> Dtype:
        """Returns the type of raw values in a graph: tf.string, tf.float64 (default) or tf.bool.

        Raises:
            ValueError: naming the column, for values that a graph cannot have.
        """
        return tf.float64

    def numbers_in_graph(
        self, tensor: Tensor, unknown: Literal["error", "missing"] = "error"
    ) -> Tensor:
        """Returns what `numbers` does, of a tensor of raw values [n]; it raises when it runs."""
        raise NotImplementedError(f"{type(self).__name__} does not define `numbers_in_graph`")

    def raw_in_graph(self, numbers: Tensor, within_range: bool = True) -> Tensor:
        """Returns what `raw` does, a tensor [n], of a tensor of numbers [n, width].

        Whole numbers are int64, others of `graph_dtype`.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `raw_in_graph`")

    def linear_in_graph(self, numbers: Tensor, within_range: bool = True) -> Tensor:
        """Returns tensors of the shape of `numbers` [n, 1] that are linear in raw values.

        Only a column that is not `is_linear` is asked, and must define it with its inverse.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `linear_in_graph`")

    def of_linear_in_graph(self, linear: Tensor) -> Tensor:
        """Returns the numbers of what `linear_in_graph` gave, or of means of it."""
        raise NotImplementedError(f"{type(self).__name__} does not define `of_linear_in_graph`")

    def as_array(
        self, series: Series, unknown: Literal["error", "missing"] = "error"
    ) -> np.ndarray:
        """Returns a pandas Series as an array [n] of `graph_dtype`, text as objects.

        Arguments and errors are those of `numbers`.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `as_array`")

    def of_array(self, array: np.ndarray) -> Series:
        """Returns raw values as `raw` does, of an array that `raw_in_graph` gave, text as bytes.

        Where they are missing there, some value or none stands.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `of_array`")

    def measures(self, series: Series) -> dict[str, np.ndarray]:
        """Returns {name: float64 [n]}, what of raw values can be averaged, NaN where it is missing.

        Numbers are as they are, dates in days since 1970, categories 0 or 1 for each of them (their
        places where they have an order). Empty (here) for a column in which nothing varies.

        Args:
            series: raw values; those that the column was not fitted to count as missing.
        """
        return {}

    def log_slopes(self, x: np.ndarray) -> np.ndarray:
        """Returns log dx/dv, for the raw value v that each of `x` [k] stands for: float64 [k].

        Only columns of the family "normal" are asked. Default 0, of values that have no unit.
        """
        return np.zeros(len(x))

    def number_names(self) -> list[str]:
        """Returns a name for each of the `width` numbers."""
        return [str(self.name)]

    def details(self) -> str:
        """Returns in a few words what values it has."""
        return ""


def column_error(name, expectation, received, error=ValueError):
    """Returns (does not raise) the error of a column whose values are not as expected."""
    return error(f"Column {name!r} must {expectation}. Received: {received}")


def outside(value, first, last, words):
    """Returns what a value must be that is not from `first` to `last`, which `words` name."""
    return None if first <= value <= last else f"in the range of new rows, {words}"


def refuse_unknown(column, series, known, unknown):
    """Raises ValueError, listing them, for values of `series` that are not `known`.

    Args:
        column: the `Column`.
        series: its raw values.
        known: bool [n], which of them have a number; missing values count as known.
        unknown: "error" or "missing"; the latter lets them pass.
    """
    if unknown == "missing" or np.all(known):
        return
    values = list(dict.fromkeys(series[~known].tolist()))
    more = "" if len(values) <= 8 else f" and {len(values) - 8} more"
    raise column_error(
        column.name,
        f"hold {column.details()} (or let unknown='missing' take other values for missing)",
        f"{', '.join(map(repr, values[:8]))}{more}",
    )
