"""Data and likelihood of a table with columns of several kinds."""

import numpy as np

from keras_infovae.distributions.likelihoods.bernoulli import Bernoulli
from keras_infovae.distributions.likelihoods.categorical import Categorical
from keras_infovae.distributions.likelihoods.mixed_columns import MixedColumns
from keras_infovae.distributions.likelihoods.normal import Normal
from keras_infovae.utils.checks import argument_error

_SEPARATOR = "="


def from_table(table):
    """Returns what trains a model on a pandas DataFrame: x, and the likelihood of its columns.

    Columns of text or categories become one-hot columns, after all others, described by
    `Categorical`; columns of 0 and 1 (or truth values) are described by `Bernoulli`, other numbers
    by `Normal` with a scale per column. Numbers are taken as they are: bring them to a mean of 0
    and a deviation of 1 before. For other likelihoods, such as counts, make a `MixedColumns`.

    Args:
        table: a DataFrame without missing values, one example per row.

    Returns:
        (x, likelihood): a float32 DataFrame, whose one-hot columns are named "column=category"
        (`pandas.from_dummies` turns them back), and a `MixedColumns`.

    Raises:
        TypeError: when `table` is not a DataFrame.
        ValueError: for an empty table, missing values, or a category that never changes.

    Example:

    >>> import keras_infovae as ki
    >>> import pandas
    >>> table = pandas.DataFrame({"color": ["red", "blue"], "size": [0.5, -0.5]})
    >>> x, likelihood = ki.likelihoods.from_table(table)
    >>> list(x.columns), [width for _, width in likelihood.columns]
    (['size', 'color=blue', 'color=red'], [1, 2])
    """
    import pandas

    if not isinstance(table, pandas.DataFrame):
        raise argument_error("table", "a pandas DataFrame", table, TypeError)
    if 0 in table.shape:
        raise ValueError(f"Argument `table` must not be empty. Received: shape={table.shape}")
    missing = [str(name) for name in table.columns[table.isna().any()]]
    if missing:
        raise ValueError(
            "Argument `table` must have no missing values; fill them or drop the rows. Received: "
            f"missing in {missing[:8]}"
        )
    is_number = [pandas.api.types.is_numeric_dtype(dtype) for dtype in table.dtypes]
    numbers = table.loc[:, is_number].astype("float32")
    groups = []
    for _, values in numbers.items():
        kind = Bernoulli if np.all(np.isin(values, (0.0, 1.0))) else Normal
        if groups and groups[-1][0] is kind:
            groups[-1][1] += 1
        else:
            groups.append([kind, 1])
    columns = [
        (Normal(scale="per_column") if kind is Normal else kind(), width) for kind, width in groups
    ]
    parts = [numbers]
    for name, values in table.loc[:, [not number for number in is_number]].items():
        one_hot = pandas.get_dummies(values, prefix=name, prefix_sep=_SEPARATOR, dtype="float32")
        if one_hot.shape[1] < 2:
            raise ValueError(
                "Argument `table` must have categories that differ from row to row. Received: "
                f"one value in {name!r}"
            )
        parts.append(one_hot)
        columns.append((Categorical(), one_hot.shape[1]))
    return pandas.concat(parts, axis=1), MixedColumns(columns)
