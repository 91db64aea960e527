"""The pandas dtype of a column, put on again."""

import numpy as np


def with_dtype(series, missing, dtype):
    """Returns a Series of `dtype` with missing values where `missing` says.

    Args:
        series: raw values, none missing.
        missing: bool [n], or None for none.
        dtype: the name of the dtype that the column had. Of integers and truth values that cannot
            be missing in it, pandas makes floats and objects.

    Returns:
        A Series of the same name.
    """
    import pandas

    if missing is not None and np.any(missing):
        if isinstance(series.dtype, pandas.CategoricalDtype) or series.dtype == object:
            series = series.where(~missing)
        elif pandas.api.types.is_integer_dtype(series.dtype) and dtype[:1] in "IU":
            series = series.astype(dtype).mask(missing)
        elif pandas.api.types.is_numeric_dtype(series.dtype):
            series = series.astype("float64").mask(missing)
        else:
            series = series.mask(missing)
    if dtype == "category" or str(series.dtype) == dtype:
        return series
    return series.astype(dtype)
