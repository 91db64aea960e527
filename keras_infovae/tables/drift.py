"""Whether the columns of new rows are far from those of the training.

What is remembered of the training rows is of the numbers that stand for them: how many are known,
their range and middle 90 %, and of categories how often each was there. A column is named where
new rows differ by much and by more than chance: if new rows came from where the training rows came
from, each rule would speak in at most one of 1,000 calls, over all columns together (the exact
probability, of rows that can be exchanged).
"""

import numpy as np

from keras_infovae.tables.columns import ConstantColumn

_LEVEL = 1e-3
_FEWEST = 3  # rows that have to be unusual: fewer are anomalies
# By how much shares of rows must differ.
_OUTSIDE = 0.05  # of values beyond the seen range
_BEYOND = 0.5  # of values beyond the middle 90 %, of which a tenth are to be expected
_MISSING = 0.1
_CATEGORY = 0.25
_MOST_ROWS = 100_000  # of which quantiles are taken
_BLOCK = 65_536  # rows that are looked at at a time


def profile_of(x, are_shares):
    """Returns what is remembered of the numbers x [n, width] of training rows, fit for JSON.

    Args:
        x: float32, NaN where a value is missing.
        are_shares: bool [width], which numbers are 0 or 1.
    """
    known, ones = np.zeros(x.shape[1], "int64"), np.zeros(x.shape[1])
    for start in range(0, len(x), _BLOCK):  # x may fill a good part of the memory
        rows = x[start : start + _BLOCK]
        known += np.sum(~np.isnan(rows), axis=0)
        ones += np.nansum(rows, axis=0, dtype="float64")
    some = x[:: -(-len(x) // _MOST_ROWS)]
    quantiles = [[0.0] * 4 for _ in range(x.shape[1])]
    for i in np.flatnonzero(~are_shares & (known > 0)):
        middle = np.nanquantile(some[:, i], [0.05, 0.95]).tolist()
        quantiles[i] = [float(np.nanmin(x[:, i])), *middle, float(np.nanmax(x[:, i]))]
    return {
        "rows": len(x),
        "known": known.tolist(),
        "ones": np.where(are_shares, ones, 0.0).tolist(),
        "quantiles": quantiles,
    }


def drifts_of(schema, table, x, seen):
    """Returns {column: in what new rows differ from those of the training}, in words.

    Args:
        schema: the `Schema`.
        table: a DataFrame of new rows.
        x: the numbers that stand for them, [n, width].
        seen: what `profile_of` gave of the training rows.
    """
    level = _LEVEL / max(schema.width, len(schema.columns))
    of_numbers, are_shares = schema.columns_of_numbers(), schema.shares()
    found = {}
    for column in schema.columns:
        tellers = schema.known_numbers()
        places = [i for i, name in enumerate(of_numbers) if name == column.name and not tellers[i]]
        if isinstance(column, ConstantColumn):
            reason = _other_values(column, table[column.name], seen["rows"], level)
        else:
            reason = _missing(x[:, places[0]], seen, places[0], level)
        for i in places if reason is None else []:
            rule = _other_share if are_shares[i] else _out_of_range
            reason = reason or rule(schema, column, i, x[:, i], seen, level)
        if reason is not None:
            found[column.name] = reason
    return found


def _other_values(column, series, rows, level):
    """A column of one value has another one."""
    others = int(column.others(series).sum())
    if _differ(others, len(series), 0, rows, _OUTSIDE, level):
        return f"{_percent(others, len(series))} are other than {column.details()}"
    return None


def _missing(values, seen, i, level):
    """More or fewer values are missing, or are no category that was there."""
    missing, before = int(np.isnan(values).sum()), seen["rows"] - seen["known"][i]
    if not _differ(missing, len(values), before, seen["rows"], _MISSING, level):
        return None
    return (
        f"{_percent(missing, len(values))} are missing or not known, "
        f"{_percent(before, seen['rows'])} in the training"
    )


def _out_of_range(schema, column, i, values, seen, level):
    """Numbers lie beyond those that were seen, or most of them at the ends of these."""
    from scipy import stats

    values, count = values[~np.isnan(values)], seen["known"][i]
    if not len(values) or count < 2:
        return None
    low, first, last, high = np.float32(seen["quantiles"][i])
    outside = int(np.sum((values < low) | (values > high)))
    beyond = int(np.sum((values < first) | (values > last)))
    places = outer_shares(count)

    def by_chance(k, where):
        return stats.betabinom.sf(k - 1, len(values), *places[where])

    if outside >= _least(_OUTSIDE, values) and by_chance(outside, "outside") < level:
        return f"{_percent(outside, len(values))} lie outside of {column.details()}"
    if beyond >= _least(_BEYOND, values) and by_chance(beyond, "beyond") < level:
        return f"{_percent(beyond, len(values))} lie beyond the middle 90 % of the training"
    return None


def outer_shares(count):
    """Returns {where: (a, b)}: that share of all values has a Beta distribution of a and b.

    A new value may have n + 1 places among n seen ones, as likely each: two of them are "outside"
    of these, and "beyond" their middle 90 % all but 0.9 (n - 1).

    Args:
        count: n, at least 2.
    """
    middle = 0.9 * (count - 1)
    return {"outside": (2, count - 1), "beyond": (count + 1 - middle, middle)}


def _least(share, values):
    return max(_FEWEST, share * len(values))


def _other_share(schema, column, i, values, seen, level):
    """A category is more or less frequent."""
    values, count = values[~np.isnan(values)], seen["known"][i]
    ones, before = int(values.sum()), int(seen["ones"][i])
    if not _differ(ones, len(values), before, count, _CATEGORY, level):
        return None
    return (
        f"{schema.number_names()[i]} in {_percent(ones, len(values))}, "
        f"{_percent(before, count)} in the training"
    )


def _differ(new, rows, old, old_rows, least, level):
    """Returns whether shares new / rows and old / old_rows differ by `least`, and not by chance.

    The probability is that of Fisher's exact test.
    """
    from scipy import stats

    if not rows or not old_rows or abs(new / rows - old / old_rows) < least:
        return False
    more = new / rows > old / old_rows
    if (new if more else rows - new) < _FEWEST:
        return False
    # Of as many rows in all, how many of those that have it are among the new ones.
    chance = stats.hypergeom(rows + old_rows, new + old, rows)
    return (chance.sf(new - 1) if more else chance.cdf(new)) < level / 2


def _percent(count, total):
    return f"{count / total:.0%}"
