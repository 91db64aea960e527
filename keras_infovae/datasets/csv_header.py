"""Whether the first row of a CSV file names its columns."""

import itertools

from keras_infovae.datasets.csv_values import is_integer, parsed

_FEW, _MANY = 0.2, 5


def has_header(rows, decimal="."):
    """Returns True, False, or None where the first row may be either.

    - A word above numbers is a name; a text that comes again below it is a value.
    - Numbers are names where they are unlike the rows: evenly spaced or rising (wavelengths, years,
      1 to n) when the rows are not, integers above decimals, far beyond every column.
      Two such signs decide, none is taken for values, and one leaves it open.

    Args:
        rows: lists of text, at least one.
        decimal: the decimal mark.
    """
    first, body, columns = _parsed(rows, decimal)
    if not body:
        return not all(isinstance(value, float) for value in first)
    numeric = [_is_numeric(column) for column in columns]
    texts = [
        (value, [below for below in column if isinstance(below, str)])
        for value, column in zip(first, columns)
        if isinstance(value, str)
    ]
    if any(is_numeric and isinstance(value, str) for value, is_numeric in zip(first, numeric)):
        return True
    if any(value in column for value, column in texts):
        return False
    chosen = [i for i, value in enumerate(first) if numeric[i] and isinstance(value, float)]
    if not chosen:
        return True  # there are only texts, which cannot be data anyway
    signs = _signs(
        [first[i] for i in chosen],
        [columns[i] for i in chosen],
        all(is_integer(rows[0][i]) for i in chosen)
        and all(not all(is_integer(row[i]) for row in body) for i in chosen),
    )
    # A text above classes, of which it is none.
    repeated = any(column and len(set(column)) <= len(column) / 2 for _, column in texts)
    if not signs:
        return None if repeated else False
    return True if signs + repeated >= 2 else None


def has_comment(rows, decimal="."):
    """Returns whether a first row that begins with "#" is a comment, if as wide as the names.

    It has blanks, and below it are the names, words above a column of numbers.

    Args:
        rows, decimal: as for `has_header`.
    """
    names, _, columns = _parsed(rows[1:] or rows, decimal)
    has_names = all(isinstance(name, str) for name in names) and any(map(_is_numeric, columns))
    return has_names and any(" " in text for text in rows[0])


def _parsed(rows, decimal):
    """Returns the values of the first row, the rows as wide as it, and the columns of these."""
    first = [parsed(text, decimal) for text in rows[0]]
    body = [row for row in rows[1:] if len(row) == len(first)]
    return first, body, [[parsed(text, decimal) for text in column] for column in zip(*body)]


def _is_numeric(column):
    return _count(column, float) > _count(column, str)


def _signs(first, columns, integers_above_decimals):
    """Returns how many signs there are that the numbers of the first row are names."""
    if len(set(first)) < len(first):
        return 0
    known = [[value for value in column if isinstance(value, float)] for column in columns]
    rows = [row for row in zip(*columns) if all(isinstance(value, float) for value in row)]
    beyond = all(_is_beyond(value, column) for value, column in zip(first, known))
    signs = int(integers_above_decimals) + int(beyond and len(columns[0]) >= _MANY)
    if len(first) > 2 and _is_even(first) and _share(_is_even, rows) < _FEW:
        signs += 1 + (len(first) >= _MANY)
    elif len(first) >= _MANY and _is_rising(first) and _share(_is_rising, rows) < _FEW:
        signs += 1 + (len(first) > _MANY + 1)
    return signs


def _is_beyond(value, column):
    """Whether a number is farther from the others than they are from each other."""
    low, high = min(column), max(column)
    return not low - (high - low) <= value <= high + (high - low)


def _is_rising(row):
    """Whether numbers strictly rise, or strictly fall."""
    steps = [b - a for a, b in itertools.pairwise(row)]
    return all(step > 0 for step in steps) or all(step < 0 for step in steps)


def _is_even(row):
    """Whether numbers follow each other at one distance."""
    steps = [b - a for a, b in itertools.pairwise(row)]
    return steps[0] != 0 and all(abs(step - steps[0]) <= 1e-6 * abs(steps[0]) for step in steps)


def _share(is_so, rows):
    return sum(map(is_so, rows)) / len(rows) if rows else 0.0


def _count(values, kind):
    return sum(isinstance(value, kind) for value in values)
