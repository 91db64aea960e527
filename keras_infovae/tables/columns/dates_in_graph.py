"""Text of dates and times in a graph, as whole microseconds since 1970, and back.

A form is a format such as "%d.%m.%Y %H:%M"; days and months may lack their leading zero, as pandas
has it. `ISO` takes what ISO 8601 writes: a date, or a date and a time to whatever digit, down to a
microsecond.
"""

import re

import tensorflow as tf

ISO = "ISO 8601"
_FIELDS = "YmdHMS"
_DIGITS = {"Y": r"(\d{4})", **dict.fromkeys("mdHMS", r"(\d{1,2})")}
_ISO_PATTERN = r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6})\d*)?)?)?"
_LATEST = {"m": 12, "H": 23, "M": 59, "S": 59}
_DAY, _SECOND = 86_400_000_000, 1_000_000  # microseconds


def moments_of_text(texts, form):
    """Returns (microseconds since 1970, whether the text says a moment), int64 and bool [n].

    Args:
        texts: strings [n].
        form: a format, or `ISO`.
    """
    if form == ISO:
        pattern, order = _ISO_PATTERN, _FIELDS + "f"
    else:
        pattern = re.sub(r"%(\w)", lambda found: _DIGITS[found[1]], re.escape(form))
        order = "".join(re.findall(r"%(\w)", form))
    matches = tf.strings.regex_full_match(texts, pattern)
    parts = {"H": 0, "M": 0, "S": 0, "f": 0}
    for i, field in enumerate(order):
        digits = tf.strings.regex_replace(texts, f"^{pattern}$", rf"\{i + 1}")
        if field == "f":  # of which zeros at the end are left out
            digits = tf.strings.substr(tf.strings.join([digits, "000000"]), 0, 6)
        digits = tf.where(matches & tf.not_equal(digits, ""), digits, "0")
        parts[field] = tf.strings.to_number(digits, tf.int64)
    fits = matches & (parts["m"] >= 1) & (parts["d"] >= 1) & (parts["Y"] >= 1)
    for field, most in _LATEST.items():
        fits &= parts[field] <= most
    days = _days(parts["Y"], parts["m"], parts["d"])
    fits &= tf.equal(_date(days)[2], parts["d"])  # else the month has no such day
    seconds = (parts["H"] * 60 + parts["M"]) * 60 + parts["S"]
    return days * _DAY + seconds * _SECOND + parts["f"], fits


def text_of_moments(moments, form):
    """Returns text in a format, strings [n], of microseconds since 1970, int64 [n]."""
    year, month, day = _date(moments // _DAY)
    seconds, fraction = moments % _DAY // _SECOND, moments % _SECOND
    parts = {
        "Y": (year, 4),
        "m": (month, 2),
        "d": (day, 2),
        "H": (seconds // 3600, 2),
        "M": (seconds // 60 % 60, 2),
        "S": (seconds % 60, 2),
        "f": (fraction, 6),
    }
    pieces = []
    for field, between in re.findall(r"%(\w)([^%]*)", form):
        number, width = parts[field]
        pieces += [tf.strings.as_string(number, width=width, fill="0"), between]
    return tf.strings.join(pieces)


# The Gregorian calendar repeats after 400 years, of 146,097 days. Years that begin in March have
# their leap day at the end, and months of which five take 153 days (E. G. Richards, Mapping Time,
# Oxford 1998, chapter 25).


def _days(year, month, day):
    """Returns days since 1970-01-01."""
    year = tf.where(month <= 2, year - 1, year)
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return 365 * year + year // 4 - year // 100 + year // 400 + of_year - 719_468


def _date(days):
    """Returns (year, month, day) of days since 1970-01-01."""
    days = days + 719_468
    era, day = days // 146_097, days % 146_097
    year = (day - day // 1460 + day // 36_524 - day // 146_096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153
    day -= (153 * month + 2) // 5 - 1
    month = tf.where(month < 10, month + 3, month - 9)
    return tf.where(month <= 2, year + 1, year) + 400 * era, month, day


def moments_as_text(moments, form):
    """Returns text, objects [n], of NumPy datetime64 [n]; "" where they are missing."""
    import pandas

    series = pandas.Series(moments.astype("M8[us]"))
    return series.dt.strftime(form).where(series.notna(), "").astype(str).to_numpy(object)
