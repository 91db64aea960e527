"""What is measured of each example: the columns of a table, or of an array."""

from typing import NamedTuple

import numpy as np

from keras_infovae.evaluation.plots import views
from keras_infovae.tables.schema import schema_of
from keras_infovae.utils.checks import argument_error

_WIDEST = 30  # columns of an array that are looked at one by one, where they have no names


class Measure(NamedTuple):
    """One number for each example.

    Args:
        name: what it is.
        column: the column that it is of.
        is_share: whether it is 0 or 1, as a category is.
        values: float64 [n], NaN where it is missing.
    """

    name: str
    column: str
    is_share: bool
    values: np.ndarray


def measures_of(model, rows, feature_names=None):
    """Returns a list of `Measure`s of rows, the same ones for the data and for each replica.

    Args:
        model: a model; of tables, it says what the columns are.
        rows: a DataFrame for a model of tables, else an array [n, ...], of which raw values are
            measured where the model knows its scaling. Of examples of more than 30
            values without names: their mean, standard deviation and share of zeros.
        feature_names: a name for each column of an array. Default None: their numbers.
    """
    schema = schema_of(model)
    if schema is not None:
        shares = {c.name for c in schema.columns if c.kind in ("binary", "categorical")}
        return [
            Measure(name, str(column), column in shares, values)
            for column, found in schema.measures(rows).items()
            for name, values in found.items()
        ]
    values = views.rows_of(model, rows)
    if feature_names is None and values.shape[1] > _WIDEST:
        columns = {
            "mean of an example": values.mean(axis=1),
            "spread within an example": values.std(axis=1),
            "zeros of an example": np.mean(values == 0, axis=1),
        }
    else:
        names = [f"column {i}" for i in range(values.shape[1])]
        if feature_names is not None:
            names = [str(name) for name in feature_names]
        if len(set(names)) != values.shape[1] or len(names) != values.shape[1]:
            expected = f"{values.shape[1]} different names or None"
            raise argument_error("feature_names", expected, names)
        columns = dict(zip(names, values.T, strict=True))
    return [Measure(name, name, False, column) for name, column in columns.items()]
