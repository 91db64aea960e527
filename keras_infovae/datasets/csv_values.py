"""Single values and names of columns in CSV files, as text."""

import re

# What pandas takes for a missing value, and "?", as the UCI repository writes it.
MISSING = ("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND")
MISSING += ("1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null", "?")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?inf(inity)?", re.IGNORECASE)
_COMMA_NUMBER = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
_FORMULA = tuple("=+-@\t\r")


def is_integer(text):
    """Returns whether `text` is digits alone, with a sign or without.

    >>> is_integer("-12"), is_integer("1.0")
    (True, False)
    """
    return text.strip().lstrip("+-").isdecimal()


def decimal_of(texts):
    """Returns "," if more of the texts are numbers with a comma than with a point, else "."."""
    texts = [text.strip() for text in texts]
    commas = sum(bool(_COMMA_NUMBER.fullmatch(text)) for text in texts)
    points = sum("." in text and bool(_NUMBER.fullmatch(text)) for text in texts)
    return "," if commas > points else "."


def parsed(text, decimal="."):
    """Returns a number as a float, a missing value as None and all else as text without padding.

    >>> parsed(" 1.5"), parsed("NA"), parsed("a "), parsed("1,5", ",")
    (1.5, None, 'a', 1.5)
    """
    text = text.strip()
    if text in MISSING:
        return None
    if decimal == "," and _COMMA_NUMBER.fullmatch(text):
        return float(text.replace(",", "."))
    return float(text) if _NUMBER.fullmatch(text) else text


def guarded(name):
    """Returns a column's name so that spreadsheets do not take it for a formula, and compute it.

    >>> guarded("=1+1"), guarded("height"), guarded("-3.5")
    ("'=1+1", 'height', '-3.5')
    """
    is_formula = name.lstrip(" ")[:1] in _FORMULA and not _NUMBER.fullmatch(name.strip())
    return f"'{name}" if is_formula and name.strip(" ") else name


def unguarded(name):
    """Returns the name that `guarded` was given.

    >>> unguarded("'=1+1"), unguarded("'height")
    ('=1+1', "'height")
    """
    return name[1:] if name[:1] == "'" and guarded(name[1:]) == name else name
