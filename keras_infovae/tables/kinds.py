"""What kind of column the values of a table are: the rules, in the order in which they are asked.

no value, or one                       constant
two values                             binary
a pandas category, of at most 1,000    ordinal if it is ordered, else categorical
values
dates and times; text or Python dates  date and time
that all say a date in one form
20 or more integers, all different,    left out: an identifier
that fill at least half of their
range
other numbers                          numeric, or integer where all are whole
text of more than 50 values that are   left out: an identifier or free text
more than a fifth of the rows
text or categories of more than 1,000  left out
values
text                                   categorical

Text that is numbers, or dates but for a few, is refused, because it would be learned as categories,
or left out. Of as many values as an identifier has, text of digits alone is one, and so is text in
which some have zeros in front.
"""

import datetime
import decimal
import numbers

import numpy as np

from keras_infovae.tables.columns import (
    BinaryColumn,
    CategoricalColumn,
    ConstantColumn,
    CountColumn,
    DateTimeColumn,
    NumericColumn,
    OrdinalColumn,
)
from keras_infovae.tables.columns.base import column_error
from keras_infovae.tables.columns.date_time import TEXT_FORMS, text_form
from keras_infovae.tables.dtypes import without_exact_numbers
from keras_infovae.utils.checks import argument_error, check_choice

KINDS = ("binary", "categorical", "constant", "count", "datetime", "numeric", "ordinal")
LEFT_OUT = "left_out"
# Of numbers, which can be asked for in the place of a kind.
TRANSFORMS = ("identity", "log", "standardized")

# Of what can be kept in a model's file.
_TRUTH_VALUES = (bool, np.bool_)
_NUMBERS = (int, float, np.integer, np.floating)
_OF_ONE_TYPE = {
    "text": str,
    "truth values": _TRUTH_VALUES,  # before numbers, of which bool is one
    "numbers": _NUMBERS,
    "dates": datetime.date,
}

_MOST_CATEGORIES = 1000
_MANY_CATEGORIES = 50
_LARGEST_SHARE = 0.2  # of rows, that many categories may come to
_SIGNS = r"^[$€£]\s?|\s?[%€£]$"
_MOST_MARKERS = 2  # values beside numbers as text that stand for a missing one
_FEWEST_NUMBERS = 10
_NEARLY_ALL = 0.9
_LOOKED_AT = 50
_IDENTIFIER = 20  # rows from which on what numbers them is taken for an identifier


class LeftOut(Exception):
    """Says why a column is not part of a table."""


def column_for(series, kind=None):
    """Returns the `Column` of a pandas Series, fitted to it.

    Args:
        series: the values.
        kind: one of `KINDS` or `TRANSFORMS` where the user says what it is. Default None: by the
            rules above.

    Raises:
        LeftOut: for a column that no model should learn, saying why.
        ValueError, TypeError: naming the column, for values that have no kind, or not this one.
    """
    series = without_exact_numbers(series)
    if kind == "identity":
        return NumericColumn.fitted(series, kind)
    known = series.dropna()
    _check_values(series, known)
    different = known.nunique()
    if different < 2 or kind == "constant":
        if different > 1:
            raise column_error(series.name, "have one value", f"{different} of them")
        return ConstantColumn.fitted(series)
    if kind is None:
        return _by_the_rules(series, known, different)
    if kind == "binary":
        if different != 2:
            raise column_error(series.name, "have two values", f"{different} of them")
        return BinaryColumn.fitted(series)
    makers = {"categorical": CategoricalColumn, "ordinal": OrdinalColumn, "count": CountColumn}
    if kind in makers:
        return makers[kind].fitted(series)
    if kind == "datetime":
        form = _form_of(series, known)
        if form is None:
            raise column_error(series.name, "hold dates or times in one form", repr(known.iloc[0]))
        return DateTimeColumn.fitted(series, form)
    return NumericColumn.fitted(series, "quantile" if kind == "numeric" else kind)


def check_kinds(kinds, names):
    """Returns {name: kind} of what a user says of columns.

    Raises:
        ValueError, TypeError: for a column that is not there, or a kind that does not exist.
    """
    kinds = {} if kinds is None else kinds
    if not isinstance(kinds, dict):
        raise argument_error(
            "kinds", "a dictionary from a column's name to its kind", kinds, TypeError
        )
    for name, kind in kinds.items():
        if name not in names:
            raise argument_error("kinds", f"of the table's columns, {names[:8]}", name)
        check_choice(f"kinds[{name!r}]", kind, (*KINDS, *TRANSFORMS, LEFT_OUT))
    return kinds


def _by_the_rules(series, known, different):
    import pandas

    types = pandas.api.types
    are_dates = types.is_datetime64_any_dtype(series.dtype) or isinstance(
        known.iloc[0], datetime.date
    )
    if different == 2 and not are_dates:
        return BinaryColumn.fitted(series)
    if isinstance(series.dtype, pandas.CategoricalDtype):
        if different > _MOST_CATEGORIES and not series.cat.ordered:
            raise LeftOut(f"an identifier or free text: {different:,} categories")
        return (OrdinalColumn if series.cat.ordered else CategoricalColumn).fitted(series)
    form = _form_of(series, known)
    if form is not None:
        return DateTimeColumn.fitted(series, form)
    if types.is_numeric_dtype(series.dtype):
        if _numbers_rows(series, known, different):
            raise LeftOut("an identifier: whole numbers, all different, without wide gaps")
        return NumericColumn.fitted(series)
    if all(isinstance(value, numbers.Real) for value in known.head(_IDENTIFIER)):
        return NumericColumn.fitted(series)  # Python numbers in a column of objects
    many = different > _MANY_CATEGORIES and different > _LARGEST_SHARE * len(known)
    many = many or different > _MOST_CATEGORIES
    _refuse_numbers_as_text(series, known, may_be_identifier=many)
    _refuse_dates_but_for_a_few(series, known)
    if many:
        raise LeftOut(f"an identifier or free text: {different:,} values in {len(known):,} rows")
    return CategoricalColumn.fitted(series)


def _form_of(series, known):
    """Returns the form of a column of dates and times as `DateTimeColumn` has it, or None."""
    import pandas

    if pandas.api.types.is_datetime64_any_dtype(series.dtype):
        return "datetime"
    first = known.iloc[0]
    if isinstance(first, datetime.datetime):
        return "datetime"
    if isinstance(first, datetime.date):
        return "date"
    return text_form(known.astype(str)) if isinstance(first, str) else None


def _numbers_rows(series, known, different):
    import pandas

    return (
        pandas.api.types.is_integer_dtype(series.dtype)
        and different == len(series) >= _IDENTIFIER
        and int(known.max()) - int(known.min()) < 2 * different
    )


def _check_values(series, known):
    """Raises TypeError for a column of several types, or of none that a table can have."""
    import pandas

    _check_dtype(series)
    are_objects = pandas.api.types.is_object_dtype(series.dtype)
    if isinstance(series.dtype, pandas.CategoricalDtype):
        values, allowed = series.dtype.categories.tolist(), (str, *_TRUTH_VALUES, *_NUMBERS)
    else:
        values = known if are_objects else known.head(1)
        allowed = tuple(_OF_ONE_TYPE.values())
    found = set(map(type, values)) if len(known) else set()
    for kind in found:
        if not issubclass(kind, allowed):
            dtype = "float64" if issubclass(kind, (numbers.Real, decimal.Decimal)) else "str"
            raise column_error(
                series.name,
                "hold numbers, text, truth values or dates",
                f"{kind.__name__} values; .astype({dtype!r}) takes them for some",
                TypeError,
            )
    kinds = {
        next(name for name, types in _OF_ONE_TYPE.items() if issubclass(kind, types))
        for kind in found
    }
    if are_objects and len(kinds) > 1:
        raise column_error(
            series.name,
            "hold values of one type: numbers, text, truth values or dates",
            " and ".join(sorted(kinds)),
            TypeError,
        )


def _check_dtype(series):
    """Raises TypeError for a dtype that its name does not tell, which is what a model keeps."""
    import pandas

    try:
        pandas.api.types.pandas_dtype(str(series.dtype))
    except (TypeError, ValueError, KeyError, NotImplementedError):
        raise column_error(
            series.name,
            "have a dtype that its name tells",
            f"{series.dtype}; .astype of 'float64', 'category', 'str' or 'datetime64[us, UTC]' "
            "makes one of it",
            TypeError,
        ) from None


def _refuse_numbers_as_text(series, known, may_be_identifier):
    """Raises ValueError for text that is numbers, with signs and separators, but for one or two."""
    texts = known.drop_duplicates().astype(str)
    if _numbers_in(texts.head(_LOOKED_AT)).isna().sum() > _MOST_MARKERS:
        return
    plain = _numbers_in(texts)
    are_numbers = plain.notna()
    others = texts[~are_numbers].tolist()
    if others and (len(others) > _MOST_MARKERS or are_numbers.sum() < _FEWEST_NUMBERS):
        return
    if may_be_identifier and _are_identifiers(texts, plain[are_numbers]):
        return
    beside = f" and {others[0]!r}" if others else ""
    raise column_error(
        series.name,
        "hold numbers as numbers (or be named categorical, by `kinds`)",
        f"text such as {texts[are_numbers].iloc[0]!r}{beside}; once .str.replace has taken signs "
        "and separators away, pandas.to_numeric(..., errors='coerce') makes numbers of it",
    )


def _are_identifiers(texts, plain):
    """Returns whether text is digits alone, or has numbers, `plain`, with zeros in front."""
    return texts.str.fullmatch(r"\d+").all() or plain.str.fullmatch(r"0\d+").any()


def _numbers_in(texts):
    """Returns text without the signs and separators of numbers, and none where it is no number."""
    import pandas

    plain = texts.str.replace(_SIGNS, "", regex=True)
    plain = plain.str.replace(r"(?<=\d)[ ,'](?=\d{3}\b)", "", regex=True)
    plain = plain.str.replace(r"^([+-]?\d+),(\d+)$", r"\1.\2", regex=True)
    return plain.where(pandas.to_numeric(plain, errors="coerce").notna())


def _refuse_dates_but_for_a_few(series, known):
    """Raises ValueError for text of which nearly all says dates in one form."""
    import pandas

    texts = pandas.Series(known.astype(str).unique())
    if not texts.head(_LOOKED_AT).str.contains(r"\d[-/.]\d").mean() >= _NEARLY_ALL:
        return
    for form in TEXT_FORMS:
        are_dates = pandas.to_datetime(texts, format=form, errors="coerce").notna()
        if _NEARLY_ALL <= are_dates.mean() < 1.0:
            raise column_error(
                series.name,
                f"hold dates as {form} in all rows (or be named categorical, by `kinds`)",
                repr(texts[~are_dates].iloc[0]),
            )
