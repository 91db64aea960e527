"""What the columns of a table are, and how its rows become numbers and back."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import tensorflow as tf

from keras_infovae import datasets
from keras_infovae.distributions import likelihoods
from keras_infovae.distributions.likelihoods.transformed import LARGEST
from keras_infovae.tables import kinds as rules
from keras_infovae.tables.columns import Column
from keras_infovae.tables.drift import drifts_of, profile_of
from keras_infovae.tables.dtypes import completed_by, with_dtype
from keras_infovae.tables.frames import check_columns, check_frame, is_frame
from keras_infovae.tables.raw_rows import RawRows
from keras_infovae.typing import Frame, Path, Tensor
from keras_infovae.utils.checks import argument_error, check_choice
from keras_infovae.utils.serialization import register

_FAMILIES = ("normal", "bernoulli", "count")  # in this order in x, and then categories
_GRID = 129  # places at which the slopes of transforms are known
_UNKNOWN = ("error", "missing")


class _Part(NamedTuple):
    """Some of the numbers of x: those of a column's values, or that which tells of them."""

    column: Column
    tells_known: bool  # whether it is the number that tells whether a value is known

    @property
    def names(self):
        if self.tells_known:
            return [f"{self.column.name} is known"]
        return self.column.number_names()

    @property
    def width(self):
        return 1 if self.tells_known else self.column.width


@register
class Schema(RawRows):
    """The columns of a table: which there are, of what kind, and what values they have.

    `Schema.infer` makes it of a pandas DataFrame, and printing it shows what was concluded. A model
    that is given one as `preprocessor` (or makes its own, by `fit(frame)`) takes and gives
    DataFrames.

    x has one number for each number, date and binary value, and one column for each category.
    Columns of one kind stand together, whatever their order is in the table. For each column in
    which values were missing x has, at the end of the binary ones, whether there is one: the model
    learns that too. A missing value is NaN in x.

    Args:
        columns: a list of `Column`s.
        left_out: a list of [name, why], of columns that are not looked at. Default: none.
        unknown: what a category is that was not there when the schema was made. "error" (default)
            refuses it, "missing" takes it for missing.
        within_range: whether numbers and dates of new rows stay within the range of those that the
            schema was made of. Default True.
        condition: the `Schema` of columns that are no part of x, but the condition on which a model
            describes it. Default None: there are none.
        order: the names of all columns, in their order in the table. Default None: that of
            `columns`, and then of the condition's.

    Example:

    >>> import pandas
    >>> import keras_infovae as ki
    >>> table = pandas.DataFrame(
    ...     {"color": ["red", "blue", "green", "red"], "size": [0.5, -0.5, 1.5, None]}
    ... )
    >>> schema = ki.tables.Schema.infer(table)
    >>> print(schema)
    column    kind         missing    values
    color     categorical  no         blue, green, red
    size      numeric      yes        -0.5 to 1.5
    >>> schema.number_names()
    ['size', 'size is known', 'color=blue', 'color=green', 'color=red']
    >>> schema.numbers(table)[2:].round(2)
    array([[0.97, 1.  , 0.  , 1.  , 0.  ],
           [ nan, 0.  , 0.  , 0.  , 1.  ]], dtype=float32)
    """

    form = "tables"
    samples_by_default = True  # a table of means has no spread

    def __init__(
        self,
        columns: Sequence[Column],
        left_out: Sequence = (),
        unknown: Literal["error", "missing"] = "error",
        within_range: bool = True,
        condition: "Schema | None" = None,
        order: Sequence | None = None,
    ) -> None:
        self.columns = list(columns)
        for i, column in enumerate(self.columns):
            if not isinstance(column, Column):
                raise argument_error(f"columns[{i}]", "a Column", column, TypeError)
        self.left_out = [list(pair) for pair in left_out]
        self.unknown = check_choice("unknown", unknown, _UNKNOWN)
        self.within_range = bool(within_range)
        if not any(column.width or column.has_missing for column in self.columns):
            raise argument_error("columns", "some of which one varies", self.columns)
        if condition is not None and not isinstance(condition, Schema):
            raise argument_error("condition", "a Schema or None", condition, TypeError)
        self.condition = condition
        names = [column.name for column in self.columns] + self.condition_names
        self.order = names if order is None else list(order)
        if sorted(map(str, self.order)) != sorted(map(str, names)):
            raise argument_error("order", f"the columns {names}", self.order)
        self._layout = _layout(self.columns)

    @property
    def condition_names(self) -> list:
        """The columns that are no part of x, but the condition."""
        return [] if self.condition is None else [c.name for c in self.condition.columns]

    @property
    def condition_size(self) -> int:
        """How many numbers stand for the condition."""
        return 0 if self.condition is None else self.condition.width

    @staticmethod
    def accepts(data: Any) -> bool:
        """Returns whether `data` is a DataFrame."""
        return is_frame(data)

    @staticmethod
    def reads(path: Path) -> bool:
        """Returns whether a file of this name is a table: `.csv`, `.tsv` or `.parquet`."""
        return datasets.is_table_path(path)

    @staticmethod
    def read(path: Path) -> Frame:
        """Returns the DataFrame in a file, as `ki.datasets.read_frame` does."""
        return datasets.read_frame(path)

    @classmethod
    def infer(
        cls,
        table: Frame,
        kinds: Mapping[str, str] | None = None,
        unknown: Literal["error", "missing"] = "error",
        within_range: bool = True,
        condition: Sequence[str] = (),
    ) -> "Schema":
        """Returns the schema of a pandas DataFrame, by the rules of docs/tables.md.

        Args:
            table: one example per row.
            kinds: {column: kind} where the rules are to be overruled: "numeric", "log" (for
                numbers of at least 0, as log(1 + value)), "standardized" (numbers less their mean
                and over their deviation), "identity" (numbers as they are), "count", "binary",
                "categorical", "ordinal", "datetime", "constant" or "left_out".
            unknown, within_range: as for `Schema`.
            condition: the names of columns that are no part of x, but the condition on which a
                model describes it. Default: none.

        Raises:
            TypeError: for what is no DataFrame, or a column of several types.
            ValueError: for an empty table, a name that is there twice, unknown kinds, and columns
                whose values are not of their kind.
        """
        check_frame(table)
        kinds = rules.check_kinds(kinds, list(table.columns))
        told, order = None, None
        if condition:
            told, table, order = _without_condition(table, condition, kinds, unknown, within_range)
        columns, left_out = [], []
        for name in table.columns:
            if kinds.get(name) == rules.LEFT_OUT:
                left_out.append([name, "as was asked for"])
                continue
            try:
                columns.append(rules.column_for(table[name], kinds.get(name)))
            except rules.LeftOut as reason:
                left_out.append([name, str(reason)])
        if not columns:
            raise ValueError(
                "Argument `table` must have a column that is no identifier. Received: "
                + "; ".join(f"{name!r}, {why}" for name, why in left_out)
            )
        if not any(column.width or column.has_missing for column in columns):
            raise ValueError(
                "Argument `table` must have a column that varies. Received: one value each in "
                f"{[column.name for column in columns][:8]}"
            )
        if told is not None:
            dropped = {name for name, _ in left_out}
            order = [name for name in order if name not in dropped]
        return cls(columns, left_out, unknown, within_range, told, order)

    @classmethod
    def infer_plain(cls, table: Frame, condition: Sequence[str] = ()) -> "Schema":
        """Returns the schema of a DataFrame of numbers, which stay as they are."""
        check_frame(table)
        numbers = [name for name in table.columns if name not in condition]
        return cls.infer(table, dict.fromkeys(numbers, "identity"), condition=condition)

    # === Rows to numbers and back ===

    @property
    def width(self) -> int:
        """How many numbers stand for one row."""
        return sum(part.width for part in self._layout)

    def numbers(self, table: Frame) -> np.ndarray:
        """Returns x, float32 [n, width], of a DataFrame; its columns are matched by name.

        Raises:
            TypeError: for what is no DataFrame.
            ValueError: for missing columns and for values that a column cannot have, naming them.
        """
        check_columns(table, self)
        for column in self.columns:
            if not column.width:  # nothing stands for it, and it must not have changed unseen
                column.numbers(table[column.name], self.unknown)
        x = np.empty([len(table), self.width], "float32")
        ends = np.cumsum([part.width for part in self._layout])
        places = [slice(end - part.width, end) for end, part in zip(ends, self._layout)]
        known = {}
        for part, place in zip(self._layout, places):
            if not part.tells_known:
                x[:, place] = part.column.numbers(table[part.column.name], self.unknown)
                # A category that is taken for missing is not known.
                known[part.column.name] = ~np.isnan(x[:, place.start])
        for part, place in zip(self._layout, places):
            if part.tells_known:
                here = table[part.column.name].notna().to_numpy()
                x[:, place.start] = here & known.get(part.column.name, True)
        return x

    def raw(
        self,
        x: np.ndarray,
        index: Any = None,
        condition: np.ndarray | None = None,
        complete: bool = False,
    ) -> Frame:
        """Returns the DataFrame of rows x: names, order and dtypes are those of the table.

        Args:
            x: [n, width]: numbers, and probabilities of categories, of which the likeliest counts;
                NaN for a missing value.
            index: for the DataFrame. Default None: 0 to n - 1.
            condition: [n, condition_size], for the columns of the condition. Default None: these
                are left out.
            complete: whether there are to be no missing values. Default False: a value is missing
                where x says so.
        """
        import pandas

        x = np.asarray(x)
        if x.ndim != 2 or x.shape[1] != self.width:
            raise argument_error("x", f"of shape [n, {self.width}]", x.shape)
        parts, values = self._parts(x), {}
        for column in self.columns:
            numbers = parts.get((column.name, False), x[:, :0])
            unknown = np.isnan(numbers)
            # NaN is no category, and no integer.
            raw = column.raw(np.where(unknown, 0.0, numbers), self.within_range)
            missing = None if complete else unknown.any(axis=1)
            if column.has_missing and not complete:
                missing |= parts[column.name, True][:, 0] < 0.5
            values[column.name] = with_dtype(raw, missing, column.dtype)
        frame = pandas.DataFrame(values, columns=[column.name for column in self.columns])
        if self.condition is not None and condition is not None:
            frame = self._with_told(frame, self.condition.raw(condition, complete=complete))
        return frame if index is None else frame.set_axis(index, axis=0)

    def _parts(self, x):
        """Returns {(column's name, whether it tells of it): its numbers} of x, NumPy or tensor."""
        parts, start = {}, 0
        for part in self._layout:
            parts[part.column.name, part.tells_known] = x[:, start : start + part.width]
            start += part.width
        return parts

    def _with_told(self, frame, told):
        """Returns `frame` and the condition's columns of `told`, in the order of the table."""
        if self.condition is None:
            return frame
        frame = frame.copy()
        for name in self.condition_names:
            frame[name] = told[name]
        return frame[self.order]

    def raw_like(self, table: Frame, x: np.ndarray) -> Frame:
        """Returns rows x as `raw` does, with the index (and the condition) of a DataFrame."""
        return self._with_told(self.raw(x, table.index), table)

    def completed(self, table: Frame, x: np.ndarray) -> Frame:
        """Returns a DataFrame with rows x in the place of what is missing.

        Args:
            table: a DataFrame, whose known values stay as they are, and so do columns that are no
                part of x.
            x: [n, width], complete.
        """
        filled = self.raw(x, table.index, complete=True)
        table = table.copy()
        for column in self.columns:
            given = table[column.name]
            if given.isna().any():
                table[column.name] = completed_by(column.in_form(given), filled[column.name])
        return table

    def condition_numbers(self, data: Any) -> np.ndarray | None:
        """Returns the numbers of the condition's columns, float32 [n, condition_size], or None.

        A missing value becomes 0, beside the number that tells so.

        Args:
            data: a DataFrame, or {column: value} of one row.
        """
        if self.condition is None:
            return None
        return np.nan_to_num(self.condition.numbers(self.condition_table(data)))

    def condition_table(self, data: Any) -> Frame:
        """Returns the condition's columns of a DataFrame, or of {column: value} of one row."""
        names = self.condition_names
        if isinstance(data, dict):
            import pandas

            if set(data) != set(names):
                raise argument_error("condition", f"a value for each of {names}", data)
            for column in self.condition.columns:
                self.condition._check_told("condition", column, data[column.name])
            data = pandas.DataFrame({name: [data[name]] for name in names})
        absent = [name for name in names if name not in data]
        if absent:
            raise argument_error(
                "x", f"a table with the columns of the condition {names}", f"no {absent}"
            )
        return data[names]

    def measures(self, table: Frame) -> dict[str | int, dict[str, np.ndarray]]:
        """Returns {column: {name: float64 [n]}}, what of the raw values of each can be averaged.

        Args:
            table: a DataFrame with the columns of the schema.
        """
        return {column.name: column.measures(table[column.name]) for column in self.columns}

    def number_names(self) -> list[str]:
        """Returns a name for each of the numbers of x."""
        return [name for part in self._layout for name in part.names]

    def columns_of_numbers(self) -> list:
        """Returns, for each of the numbers of x, the name of the column that it is of."""
        return [part.column.name for part in self._layout for _ in range(part.width)]

    def sums_of_parts(self, table: Frame, values: np.ndarray) -> Frame:
        """Returns a DataFrame [n, columns] of the sums of numbers [n, width] over each column's.

        Args:
            table: the DataFrame that x was made of, which gives the index.
            values: [n, width], such as what each number of x adds to a score.
        """
        import pandas

        of_numbers = np.array(self.columns_of_numbers(), dtype=object)
        names = [column.name for column in self.columns]
        sums = [values[:, of_numbers == name].sum(axis=1) for name in names]
        return pandas.DataFrame(dict(zip(names, sums)), index=table.index)

    def known_numbers(self) -> np.ndarray:
        """Returns which numbers tell whether a value is known: NumPy bool [width]."""
        return np.array([part.tells_known for part in self._layout for _ in range(part.width)])

    def shares(self) -> np.ndarray:
        """Returns which numbers are 0 or 1, of categories and of what is known: bool [width]."""
        return np.array(
            [
                part.tells_known or part.column.family in ("bernoulli", None)
                for part in self._layout
                for _ in range(part.width)
            ]
        )

    def profile(self, x: np.ndarray) -> Any:
        """Returns what `drift` goes by, of the numbers x [n, width] of training rows."""
        return profile_of(x, self.shares())

    def drift(self, table: Frame, x: np.ndarray, seen: Any) -> dict[str, str]:
        """Returns {column: in what new rows differ from those of the training} (tables/drift.py).

        Args:
            table: a DataFrame of new rows.
            x: the numbers that stand for them.
            seen: what `profile` gave of the training rows.
        """
        return drifts_of(self, table, x, seen)

    def without_unknown(self, x: Tensor) -> Tensor:
        """Returns the tensor x [n, width], NaN where another number says that it is unknown."""
        names, known = self.columns_of_numbers(), self.known_numbers()
        tellers = {names[i]: i for i in np.flatnonzero(known)}
        told = np.array([name in tellers for name in names]) & ~known
        teller = tf.gather(x, [tellers.get(name, 0) for name in names], axis=1)
        return tf.where(told & (teller < 0.5), float("nan"), x)

    def partial_numbers(self, given: Mapping, count: int) -> np.ndarray:
        """Returns x [count, width] of rows of which only some columns are known, NaN elsewhere.

        Args:
            given: {column: value}, the same for each row; None for a missing value.
            count: how many rows.

        Raises:
            ValueError, TypeError: for unknown columns, and for values that a column cannot have, or
                that new rows cannot: outside of the seen range, or missing where none was.
        """
        import pandas

        if not isinstance(given, dict):
            raise argument_error("given", "a dictionary from columns to values", given, TypeError)
        columns = {column.name: column for column in self.columns}
        for name, value in given.items():
            if name not in columns:
                raise argument_error("given", f"of the columns {list(columns)[:12]}", name)
            self._check_told("given", columns[name], value)
        parts = []
        for part in self._layout:
            number, name = np.full([1, part.width], np.nan, "float32"), part.column.name
            if name in given:
                series = pandas.Series([given[name]], name=name)
                is_known = bool(series.notna()[0])
                if part.tells_known:
                    number[:] = is_known
                elif is_known:
                    number = part.column.numbers(series)
            parts.append(number)
        return np.repeat(np.concatenate(parts, axis=1), count, axis=0)

    def _check_told(self, argument, column, value):
        """Raises ValueError or TypeError for a value of a column that new rows would not have."""
        import pandas

        series = pandas.Series([value], name=column.name)
        name = f"{argument}[{column.name!r}]"
        if series.isna()[0]:
            if not column.may_be_missing:
                raise argument_error(name, "a value, as none was missing in training", value)
            return
        column.numbers(series)
        expectation = column.refusal(series, self.within_range)
        if expectation is not None:
            raise argument_error(name, expectation, value)

    def likelihood(self) -> Any:
        """Returns the likelihood of x, a `PartlyObserved` of `MixedColumns`.

        Numbers and dates are normal, each with a scale of its own, once they are transformed; their
        densities are those of the raw values in units of their deviations
        (`likelihoods.Transformed`). Binary values and whether a value is known are Bernoulli
        variables, counts negative binomial, categories categorical.
        """
        widths = dict.fromkeys(_FAMILIES, 0)
        categorical = []
        for column, tells_known in self._layout:
            if tells_known:
                widths["bernoulli"] += 1
            elif column.family is None:
                categorical.append((likelihoods.Categorical(), column.width))
            else:
                widths[column.family] += column.width
        makers = {
            "normal": self._normal,
            "bernoulli": likelihoods.Bernoulli,
            "count": likelihoods.NegativeBinomial,
        }
        blocks = [(makers[family](), width) for family, width in widths.items() if width]
        mixed = likelihoods.MixedColumns(blocks + categorical)
        return likelihoods.PartlyObserved(mixed, mask=False)

    def _normal(self):
        grid = np.linspace(-LARGEST, LARGEST, _GRID)
        slopes = [
            column.log_slopes(grid).tolist()
            for column, tells_known in self._layout
            if column.family == "normal" and not tells_known
        ]
        return likelihoods.Transformed(likelihoods.Normal(scale="per_column"), slopes)

    # === For a person ===

    def __str__(self):
        rows = [("column", "kind", "missing", "values")]
        rows += [
            (str(c.name), c.kind, "yes" if c.has_missing else "no", c.details())
            for c in self.columns
        ]
        if self.condition is not None:
            rows += [
                (str(c.name), c.kind, "yes" if c.has_missing else "no", f"condition: {c.details()}")
                for c in self.condition.columns
            ]
        rows += [(str(name), "left out", "", why) for name, why in self.left_out]
        widths = [max(len(row[i]) for row in rows) + 2 for i in range(3)]
        widths = [max(widths[0], 10), max(widths[1], 13), max(widths[2], 11)]
        return "\n".join(
            "".join(text.ljust(width) for text, width in zip(row, [*widths, 0])).rstrip()
            for row in rows
        )


def schema_of(model):
    """Returns the `Schema` of a model of tables, or None for another model."""
    preprocessor = model.preprocessor
    return preprocessor if isinstance(preprocessor, Schema) else None


def _without_condition(table, condition, kinds, unknown, within_range):
    """Returns (the schema of the condition's columns, the other columns, the names of all)."""
    names = list(condition)
    absent = [name for name in names if name not in table.columns]
    if absent or len(names) == len(table.columns):
        allowed = f"some of the columns {list(table.columns)[:12]}"
        raise argument_error("condition", allowed, absent or names)
    own = {name: kind for name, kind in kinds.items() if name in names}
    told = Schema.infer(table[names], own, unknown, within_range)
    if told.left_out:
        reasons = "; ".join(f"{name}: {why}" for name, why in told.left_out)
        raise argument_error("condition", "columns of values that repeat", reasons)
    return told, table.drop(columns=names), list(table.columns)


def _layout(columns):
    """Returns the order of x, a list of `_Part`s."""
    values = [_Part(column, False) for column in columns if column.width]
    known = [_Part(column, True) for column in columns if column.has_missing]
    layout = []
    for family in _FAMILIES:
        layout += [part for part in values if part.column.family == family]
        layout += known if family == "bernoulli" else []
    return layout + [part for part in values if part.column.family is None]
