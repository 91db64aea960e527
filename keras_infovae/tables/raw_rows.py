"""Rows of a table as named tensors, one for each column: what a graph, such as a server's, has."""

from typing import Any

import numpy as np
import tensorflow as tf

from keras_infovae.preprocessors import Preprocessor
from keras_infovae.tables.columns.base import column_error
from keras_infovae.tables.columns.raw_tensors import missing_values, with_missing
from keras_infovae.tables.dtypes import with_dtype
from keras_infovae.tables.frames import check_columns, codes_frame
from keras_infovae.typing import Array, Frame, Shape, Tensor


class RawRows(Preprocessor):
    """What a `Schema` does with rows in a graph; it says what the columns are, and their order.

    Text, categories, dates and times are strings, numbers float64, truth values bool. A missing
    value is "" or NaN. Truth values of a column in which some were missing are 1, 0 and NaN.
    """

    has_missing_values = True

    def raw_specs(self, event_shape: Shape | None = None) -> dict[str, Any]:
        """Returns {column: TensorSpec [n]} of raw rows in a graph.

        Raises:
            ValueError: naming the column, for values that a graph cannot have, and for two columns
                of one name once a number is text.
        """
        names = [str(name) for name in self.order]
        for name in names:
            if names.count(name) > 1:
                raise column_error(name, "have a name of its own, as text", "two of them")
        return {
            str(column.name): tf.TensorSpec([None], column.graph_dtype()) for column in self.columns
        }

    def codes_like(self, table: Frame, codes: Array) -> Any:
        return codes_frame(codes, table.index)

    def condition_specs(self) -> dict[str, Any]:
        return {} if self.condition is None else self.condition.raw_specs()

    def numbers_in_graph(self, tensors: dict[str, Tensor]) -> Tensor:
        """Returns what `numbers` does, x float32 [n, width], of {column: tensor} of `raw_specs`.

        When it runs, it raises for values that a column cannot have, naming it.
        """
        parts, values = [], {}
        for column, tells_known in self._layout:
            if not tells_known:
                tensor = tensors[str(column.name)]
                values[column.name] = column.numbers_in_graph(tensor, self.unknown)
        for column, tells_known in self._layout:
            if tells_known:
                missing = missing_values(tensors[str(column.name)])
                if column.name in values:
                    missing |= tf.math.is_nan(values[column.name][:, 0])
                parts.append(tf.cast(~missing, tf.float32)[:, None])
            else:
                parts.append(values[column.name])
        return tf.concat(parts, axis=1)

    def condition_in_graph(self, tensors: dict[str, Tensor]) -> Tensor:
        x = self.condition.numbers_in_graph(tensors)
        return tf.where(tf.math.is_nan(x), 0.0, x)

    def raw_in_graph(self, x: Tensor, complete: bool = False) -> dict[str, Tensor]:
        """Returns what `raw` does, {column: tensor [n]}, of a tensor x [n, width].

        Whole numbers are int64, but float64 in a column in which values may be missing.
        """
        tensors = {}
        parts = self._parts(x)
        for column in self.columns:
            numbers = parts.get((column.name, False), x[:, :0])
            unknown = tf.math.is_nan(numbers)
            known = tf.where(unknown, tf.zeros_like(numbers), numbers)
            tensor = column.raw_in_graph(known, self.within_range)
            if column.has_missing and not complete:
                missing = parts[column.name, True][:, 0] < 0.5
                tensor = with_missing(tensor, missing | tf.reduce_any(unknown, axis=1))
            tensors[str(column.name)] = tensor
        return tensors

    def to_average(self, mean: Tensor, drawn: Tensor) -> Tensor:
        means, draws = self._parts(mean), self._parts(drawn)
        parts = [
            means[column.name, tells_known]
            if tells_known or column.is_linear
            else column.linear_in_graph(draws[column.name, False], self.within_range)
            for column, tells_known in self._layout
        ]
        return tf.concat(parts, axis=1)

    def of_average(self, average: Tensor) -> Tensor:
        averages = self._parts(average)
        parts = [
            averages[column.name, tells_known]
            if tells_known or column.is_linear
            else column.of_linear_in_graph(averages[column.name, False])
            for column, tells_known in self._layout
        ]
        return tf.concat(parts, axis=1)

    def as_arrays(self, table: Frame) -> dict[str, np.ndarray]:
        """Returns {column: array [n]} for a graph, of a DataFrame, whose columns go by name.

        Raises:
            TypeError, ValueError: as `numbers`.
        """
        check_columns(table, self)
        return {
            str(column.name): _as_bytes(column.as_array(table[column.name], self.unknown))
            for column in self.columns
        }

    def condition_arrays(self, data: Any) -> dict[str, np.ndarray]:
        if self.condition is None:
            return {}
        return self.condition.as_arrays(self.condition_table(data))

    def of_arrays(
        self, arrays: dict[str, np.ndarray], like: Any = None, condition: Array | None = None
    ) -> Frame:
        """Returns the DataFrame of {column: array [n]} that `raw_in_graph` gave, as `raw` does.

        Args:
            arrays: text as bytes.
            like: a DataFrame that has the index and the condition's columns. Default None: 0 to
                n - 1, and those of `condition`.
            condition: as for `raw`. Default None.
        """
        import pandas

        values = {}
        for column in self.columns:
            array = np.asarray(arrays[str(column.name)])
            missing = array == b"" if array.dtype.kind == "O" else array != array
            raw = column.of_array(array)
            missing = missing if column.has_missing else None
            values[column.name] = with_dtype(raw, missing, column.dtype)
        frame = pandas.DataFrame(values, columns=[column.name for column in self.columns])
        if like is not None:
            return self._with_told(frame.set_axis(like.index, axis=0), like)
        if self.condition is None or condition is None:
            return frame
        return self._with_told(frame, self.condition.raw(condition))


def _as_bytes(array):
    """Returns an array of text in UTF-8, another as it is."""
    if array.dtype.kind != "O":
        return array
    encoded = np.empty(len(array), object)
    encoded[:] = [text.encode("utf-8") for text in array]
    return encoded
