"""Statistics of a set of examples, by name: those of each column, and of pairs."""

import numpy as np

_QUANTILES = {"5 % quantile": 0.05, "median": 0.5, "95 % quantile": 0.95}
_LEAST_SPREAD = 1e-12  # of the second moment, below which a column does not vary
_MOST_CORRELATED = 20  # columns, of which all pairs are looked at


def means(measures):
    """Returns {name: mean} of numbers."""
    return {f"mean of {m.name}": _of_known(np.mean, m.values) for m in _numbers(measures)}


def deviations(measures):
    """Returns {name: standard deviation} of numbers."""
    found = _numbers(measures)
    return {f"standard deviation of {m.name}": _of_known(np.std, m.values) for m in found}


def quantiles(measures):
    """Returns {name: quantile} of numbers, at 5, 50 and 95 %."""
    return {
        f"{name} of {m.name}": _of_known(np.quantile, m.values, level)
        for m in _numbers(measures)
        for name, level in _QUANTILES.items()
    }


def zeros(measures):
    """Returns {name: share of zeros} of numbers."""

    def share(known):
        return np.mean(known == 0)

    return {f"zeros of {m.name}": _of_known(share, m.values) for m in _numbers(measures)}


def shares(measures):
    """Returns {name: share} of categories."""
    return {f"share of {m.name}": _of_known(np.mean, m.values) for m in measures if m.is_share}


def missing(measures):
    """Returns {name: share of missing values} of each column."""
    of_columns = {m.column: m.values for m in measures}
    return {f"missing of {name}": float(np.mean(np.isnan(v))) for name, v in of_columns.items()}


def correlations(measures):
    """Returns {name: correlation} of pairs of columns, from the rows that have both.

    Columns of more than two categories are left out, and so are all after the first 20.
    """
    several = [m.column for m in measures]
    chosen = [m for m in measures if not m.is_share or several.count(m.column) == 1]
    chosen = chosen[:_MOST_CORRELATED]
    if len(chosen) < 2:
        return {}
    values = np.stack([m.values for m in chosen], axis=1)
    known = ~np.isnan(values)
    counts = known.T.astype("float64") @ known
    # Centered first, so that large values with small spreads keep their digits.
    center = np.where(known.any(axis=0), np.sum(np.where(known, values, 0.0), axis=0), 0.0)
    center /= np.maximum(known.sum(axis=0), 1)
    values, one = np.where(known, values - center, 0.0), known.astype("float64")
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = values.T @ one / counts  # of the first, where the second is known
        moment = np.square(values).T @ one / counts
        square = moment - np.square(mean)
        square = np.where(square > _LEAST_SPREAD * moment, square, np.nan)  # else it is rounding
        matrix = (values.T @ values / counts - mean * mean.T) / np.sqrt(square * square.T)
    return {
        f"correlation of {chosen[i].name} and {chosen[j].name}": float(matrix[i, j])
        for i in range(len(chosen))
        for j in range(i + 1, len(chosen))
    }


GROUPS = {
    "mean": means,
    "standard deviation": deviations,
    "quantiles": quantiles,
    "zeros": zeros,
    "shares": shares,
    "missing": missing,
    "correlations": correlations,
}


def _numbers(measures):
    return [m for m in measures if not m.is_share]


def _of_known(function, values, *arguments):
    """Returns `function` of the values that are not missing, NaN where there is none."""
    known = values[~np.isnan(values)]
    return float(function(known, *arguments)) if len(known) else float("nan")
