"""How alike the columns of two tables are, one by one and in pairs."""

import itertools

import numpy as np

_BINS = 10  # of a number beside a category


def shape_similarity(first, second):
    """Returns how alike the distributions of one column are in two tables, from 0 to 1, or NaN.

        1 - sup_v |F(v) - G(v)|                     for numbers, of distribution functions F and G
        1 - (1/2) sum_c |p(c) - q(c)|               for categories, of shares p and q

    Missing values do not count; NaN where a table has nothing else.

    Args:
        first, second: `Values`.
    """
    a, b = (column.values[column.is_known] for column in (first, second))
    if not len(a) or not len(b):
        return float("nan")
    if not first.is_number:
        return 1.0 - _total_variation(a.astype("int64"), b.astype("int64"))
    a, b = np.sort(a), np.sort(b)
    both = np.concatenate([a, b])
    below = [np.searchsorted(part, both, "right") / len(part) for part in (a, b)]
    return 1.0 - float(np.max(np.abs(below[0] - below[1])))


def pair_similarities(first, second):
    """Returns [(column, column, how alike the trend of the pair is in two tables)].

        1 - |r - s| / 2                             for two numbers, of Pearson correlations r and s
        1 - (1/2) sum_cd |p(c, d) - q(c, d)|        else, of shares; a number is taken in ten bins

    The bins are those of the first table's range, of one width, the outer ones open. A missing
    value is a category; correlations are of the rows in which neither is missing. A correlation
    with a number that does not vary is 0; NaN where fewer than two rows are left.

    Args:
        first, second: {column: `Values`} with the same columns.
    """
    cells = {name: _cells(first[name], second[name]) for name in first}
    found = []
    for one, other in itertools.combinations(first, 2):
        if first[one].is_number and first[other].is_number:
            correlations = [_correlation(table[one], table[other]) for table in (first, second)]
            value = 1.0 - abs(correlations[0] - correlations[1]) / 2.0
        else:
            width = 1 + max(part.max() for part in cells[other])
            pairs = [a * width + b for a, b in zip(cells[one], cells[other])]
            value = 1.0 - _total_variation(*pairs)
        found.append((one, other, value))
    return found


def _cells(first, second):
    """Returns the numbers of the cells that the values of a column are in, in both tables: int64.

    0 is that of missing values.
    """
    values = [first.values, second.values]
    if first.is_number and first.is_known.any():
        edges = np.histogram_bin_edges(first.values[first.is_known], _BINS)[1:-1]
        values = [np.where(np.isnan(part), np.nan, np.digitize(part, edges)) for part in values]
    return [np.where(np.isnan(part), 0.0, part + 1.0).astype("int64") for part in values]


def _total_variation(first, second):
    """Returns it of the shares of integers of at least 0 in two arrays."""
    count = 1 + max(first.max(), second.max())
    shares = [np.bincount(part, minlength=count) / len(part) for part in (first, second)]
    return 0.5 * float(np.sum(np.abs(shares[0] - shares[1])))


def _correlation(one, other):
    known = one.is_known & other.is_known
    if known.sum() < 2:
        return float("nan")
    a, b = one.values[known], other.values[known]
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])
