"""The pandas dtype of a column: one that a model keeps by its name, and how it is put on again."""

import decimal
import fractions

import numpy as np

_EXACT = (decimal.Decimal, fractions.Fraction)


def without_exact_numbers(series):
    """Returns a Series of decimals or fractions, as databases give, as float64.

    Any other, and one with text among them, comes back as it is.
    """
    import pandas

    if series.dtype != object and not isinstance(series.dtype, pandas.ArrowDtype):
        return series
    known = series.dropna()
    are_exact = len(known) and isinstance(known.iloc[0], _EXACT)
    if are_exact and all(isinstance(value, (*_EXACT, int, float)) for value in known):
        return series.astype("float64")
    return series


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
    index = series.index
    if missing is not None and np.any(missing):
        series = series[~missing]
    if dtype not in ("category", str(series.dtype)):
        series = series.astype(dtype)
    return series.reindex(index)


def completed_by(series, others):
    """Returns a Series with the values of another where it has none.

    Args:
        series: raw values, some of them missing.
        others: raw values of as many rows, none missing, as the training had them.

    Returns:
        A Series of the dtype of `series` if that holds all values, or of one that does.
    """
    missing = series.isna()
    if missing.all():
        return others
    dtype = _dtype_of_both(series, others)
    return series.astype(dtype).where(~missing, others.astype(dtype))


def _dtype_of_both(series, others):
    import pandas

    if isinstance(series.dtype, pandas.CategoricalDtype):
        # Those of the training come first, since their order may matter.
        first = others if isinstance(others.dtype, pandas.CategoricalDtype) else series
        values = [*first.cat.categories, *series.cat.categories, *others.astype(object).unique()]
        return pandas.CategoricalDtype(list(dict.fromkeys(values)), first.cat.ordered)
    if isinstance(others.dtype, pandas.CategoricalDtype):
        others = others.astype(others.cat.categories.dtype)
    return pandas.concat([series, others]).dtype
