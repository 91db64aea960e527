"""DataFrames: whether one is a table that a model can have, and codes as one."""

import sys
import warnings

from keras_infovae.utils.checks import argument_error


def is_frame(x):
    """Returns whether `x` is a pandas DataFrame, without importing pandas."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(x, pandas.DataFrame)


def codes_frame(codes, index):
    """Returns codes [n, latent_dim] as a DataFrame of columns z0, z1, ... with an index."""
    import pandas

    return pandas.DataFrame(codes, index=index, columns=[f"z{i}" for i in range(codes.shape[1])])


def beside(frame, name, values, place=None):
    """Returns a DataFrame with one more column, whose name gets _ behind it where it is taken.

    Args:
        frame: a DataFrame.
        name: text.
        values: the column, [n].
        place: how many columns stand before it. Default None: all.
    """
    while name in frame:
        name += "_"
    frame = frame.copy(deep=False)
    frame.insert(frame.shape[1] if place is None else place, name, values)
    return frame


def check_frame(table, name="table"):
    """Raises TypeError or ValueError unless `table` is a DataFrame with rows and clear names."""
    if not is_frame(table):
        raise argument_error(name, "a pandas DataFrame", type(table), TypeError)
    if 0 in table.shape:
        raise ValueError(f"Argument `{name}` must not be empty. Received: shape={table.shape}")
    wrong = [column for column in table.columns if not isinstance(column, (str, int))]
    if wrong or table.columns.nlevels > 1:
        raise argument_error(name, "a DataFrame whose columns have one name each", wrong[:4])
    if not table.columns.is_unique:
        twice = list(table.columns[table.columns.duplicated()])
        raise ValueError(
            f"Argument `{name}` must have a different name for each column. Received: twice "
            f"{twice[:8]}"
        )


def check_columns(table, schema):
    """Raises TypeError or ValueError unless `table` is a DataFrame with the schema's columns.

    Columns that the schema does not know are warned of.
    """
    check_frame(table)
    names = [column.name for column in schema.columns]
    known = {*names, *schema.condition_names, *(name for name, _ in schema.left_out)}
    extra = [name for name in table.columns if name not in known]
    absent = [name for name in names if name not in table.columns]
    if absent:
        raise ValueError(
            f"Argument `table` must have the columns that the model was trained on. Received: "
            f"no {', '.join(map(repr, absent[:8]))}" + (f", but {extra[:8]}" if extra else "")
        )
    if extra:
        warnings.warn(
            f"The columns {extra[:8]} are not among those that the model was trained on, and "
            "are not looked at.",
            stacklevel=3,
        )
