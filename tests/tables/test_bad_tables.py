"""What odd tables get: an error that names the column, a warning, or what is made of them.

Each case is what is called and what comes of it: an error with a phrase of its message, or for a
table that is taken the kind of its column `a` (or the reason why that is left out).
"""

import datetime
import decimal
import fractions
import json
import re
import warnings

import numpy as np
import pandas
import pyarrow
import pytest

import keras_infovae as ki
from tests.tables.people import NARROW_DATES, people

Schema = ki.tables.Schema
N = 40
NUMBERS = np.random.default_rng(0).normal(size=N)
DAY = datetime.date(2024, 1, 1)
STAMPS = [pandas.Timestamp(f"2024-0{month}-01") for month in (1, 6, 7)]
DECIMALS = pandas.ArrowDtype(pyarrow.decimal128(10, 2))
DICTIONARIES = pandas.ArrowDtype(pyarrow.dictionary(pyarrow.int32(), pyarrow.string()))
DAYS = pandas.ArrowDtype(pyarrow.date32())
PEOPLE = people(60)
COUNTS = Schema.infer(PEOPLE, {"visits": "count", "income": "log"})
SCHEMA = Schema.infer(PEOPLE)
LENIENT = Schema.infer(PEOPLE, unknown="missing")


def column(values):
    return pandas.DataFrame({"a": values, "other": NUMBERS[np.arange(len(values)) % N]})


def alone(values):
    return pandas.DataFrame({"a": values})


# === What no schema is made of, and what one is made of ===

TABLES = {
    # No table
    "a list": ([[1, 2]], TypeError, "`table` must be a pandas DataFrame"),
    "an array": (np.zeros([3, 2]), TypeError, "`table` must be a pandas DataFrame"),
    "a Series": (PEOPLE["age"], TypeError, "`table` must be a pandas DataFrame"),
    "a dictionary": ({"a": [1, 2]}, TypeError, "`table` must be a pandas DataFrame"),
    "nothing at all": (pandas.DataFrame(), ValueError, r"must not be empty.*\(0, 0\)"),
    "no rows": (PEOPLE[:0], ValueError, r"must not be empty.*\(0, 12\)"),
    "no columns": (PEOPLE[[]], ValueError, r"must not be empty.*\(60, 0\)"),
    "one row": (PEOPLE[:1], ValueError, "a column that varies"),
    # Names
    "a name twice": (PEOPLE[["age", "age"]], ValueError, r"different name.*twice \['age'\]"),
    "names of two levels": (
        pandas.DataFrame(np.eye(3), columns=pandas.MultiIndex.from_product([["x"], [1, 2, 3]])),
        ValueError,
        "one name each",
    ),
    "a number with a point for a name": (
        pandas.DataFrame({0.5: NUMBERS}),
        ValueError,
        "one name each",
    ),
    "None for a name": (pandas.DataFrame({None: NUMBERS}), ValueError, "one name each"),
    "a date for a name": (pandas.DataFrame({DAY: NUMBERS}), ValueError, "one name each"),
    "the index as a column": (
        pandas.DataFrame({"a": range(N), "b": NUMBERS}),
        "left out: an identifier: whole numbers, all different",
    ),
    # Nothing to learn
    "all values missing": (alone([np.nan] * N), ValueError, "a column that varies"),
    "one value in each column": (alone([1] * N), ValueError, "a column that varies"),
    "only identifiers": (alone(range(N)), ValueError, "no identifier.*'a', an identifier"),
    "only free text": (
        alone([f"t{i}" for i in range(200)]),
        ValueError,
        "free text: 200 values in 200 rows",
    ),
    "a column without a value": (column([np.nan] * N), "constant"),
    "a column without a date": (column(pandas.to_datetime([None] * N)), "constant"),
    "one value, or missing": (alone([1.0, None] * 20), "constant"),
    "10,000 texts": (column([f"c{i % 10000}" for i in range(60000)]), "left out: .*10,000 values"),
    "10,000 categories": (
        column(pandas.Categorical([f"c{i % 10000}" for i in range(30000)])),
        "left out: .*10,000 categories",
    ),
    # Numbers
    "infinity": (column([np.inf, *NUMBERS]), ValueError, "Column 'a' must be finite"),
    "minus infinity": (column([-np.inf, *NUMBERS]), ValueError, "'a' must be finite.*1 infinite"),
    "numbers near the largest": (column(NUMBERS * 1e300), "numeric"),
    "a range beyond the largest": (
        column(np.where(NUMBERS > 0, 1.7e308, -1.7e308) * np.linspace(0.5, 1, N)),
        ValueError,
        "'a' must span a range that a number can hold",
    ),
    "numbers near the smallest": (column(NUMBERS * 1e-310), "numeric"),
    "whole numbers beyond 2^53": (column([2**62 + i * 10**15 for i in range(N)]), "numeric"),
    "whole numbers beyond int64": (
        column(np.array([2**63 + i * 10**16 for i in range(N)], "uint64")),
        "numeric",
    ),
    "whole numbers beyond uint64": (column([10**30 + i * 10**28 for i in range(N)]), "numeric"),
    "complex numbers": (column(NUMBERS + 1j), TypeError, "'a' must hold numbers.*complex"),
    "Decimal": (column([None, *(decimal.Decimal(i) / 7 for i in range(1, N))]), "numeric"),
    "two of Decimal": (column([decimal.Decimal("0.1"), decimal.Decimal(3)] * 20), "binary"),
    "one of Decimal": (column([decimal.Decimal("0.1")] * N), "constant"),
    "Arrow's decimals": (
        column(pandas.array([decimal.Decimal(i) / 4 for i in range(N)], DECIMALS)),
        "numeric",
    ),
    "fractions": (column([fractions.Fraction(i, 7) for i in range(N)]), "numeric"),
    "categories of fractions": (
        column(pandas.Categorical([fractions.Fraction(i % 3, 7) for i in range(N)])),
        TypeError,
        "'a' must hold numbers.*Fraction values; .astype.'float64'",
    ),
    "half precision": (column(NUMBERS.astype("float16")), "numeric"),
    "extended precision": (column(NUMBERS.astype("longdouble")), "numeric"),
    "sparse numbers": (column(pandas.arrays.SparseArray(np.maximum(NUMBERS, 0))), "numeric"),
    "Arrow's numbers": (
        column(pandas.array([1.5, None, 2.5, 3.5] * 10, dtype="double[pyarrow]")),
        "numeric",
    ),
    "pandas.NA among Python's numbers": (column([1, pandas.NA, 3, 4] * 10), "integer"),
    # Numbers as text
    "separators of thousands": (
        column([f"{i},{i:03d}" for i in range(1, N)]),
        ValueError,
        "'a' must hold numbers as numbers.*'1,001'",
    ),
    "spaces of thousands": (
        column([f"{i} {i:03d}" for i in range(1, N)]),
        ValueError,
        "'a' must hold numbers as numbers.*'1 001'",
    ),
    "decimal commas": (
        column([f"{i},5" for i in range(1, N)]),
        ValueError,
        "'a' must hold numbers as numbers.*'1,5'",
    ),
    "numbers as text": (
        column([str(i * 1.5) for i in range(N)]),
        ValueError,
        "'a' must hold numbers as numbers.*to_numeric",
    ),
    "amounts of money": (
        column([f"${i}.50" for i in range(N)]),
        ValueError,
        r"'a' must hold numbers as numbers.*'\$0.50'",
    ),
    "percentages": (
        column([f"{i % 7} %" for i in range(N)]),
        ValueError,
        "'a' must hold numbers as numbers.*'0 %'",
    ),
    "numbers as text, and n/a": (
        column([str(i) if i % 5 else "n/a" for i in range(N)]),
        ValueError,
        "'a' must hold numbers as numbers.*'1' and 'n/a'",
    ),
    "many amounts of money": (
        column([f"${i}.50" for i in range(300)]),
        ValueError,
        r"'a' must hold numbers as numbers.*'\$0.50'",
    ),
    "many decimal commas": (
        column([f"{i},25" for i in range(300)]),
        ValueError,
        "'a' must hold numbers as numbers.*'0,25'",
    ),
    "many numbers as text, and unknown": (
        column([str(i) if i % 9 else "unknown" for i in range(300)]),
        ValueError,
        "'a' must hold numbers as numbers.*'1' and 'unknown'",
    ),
    "codes that are no numbers": (column(["1", "2", "3+"] * 10), "categorical"),
    # Truth values and categories
    "truth values as text": (column(["True", "False"] * 20), "binary"),
    "yes, no and missing": (column(["yes", "no", None, "no"] * 10), "binary"),
    "truth values, some missing": (
        column(pandas.array([True, None, False] * 10, dtype="boolean")),
        "binary",
    ),
    "categories that never occur": (
        column(pandas.Categorical(["x", "y"] * 20, categories=list("wxyz"))),
        "binary",
    ),
    "categories of numbers": (column(pandas.Categorical([1, 2, 3, 1] * 10)), "categorical"),
    "categories of truth values": (column(pandas.Categorical([True, False] * 10)), "binary"),
    "empty text": (column(["", "x", "y"] * 10), "categorical"),
    "text that differs in spaces": (column(["x", "x ", "X"] * 10), "categorical"),
    "Arrow's text": (
        column(pandas.array(["x", None, "y", "z"] * 10, dtype="string[pyarrow]")),
        "categorical",
    ),
    "Arrow's dictionaries": (
        column(pandas.array(["x", "y", "z"] * 10, DICTIONARIES)),
        TypeError,
        "'a' must have a dtype that its name tells.*dictionary",
    ),
    "categories of days": (
        column(pandas.Categorical([DAY, DAY + datetime.timedelta(1), None] * 10)),
        TypeError,
        "'a' must hold numbers, text.*date values; .astype.'str'",
    ),
    # Several types, and those that no column has
    "numbers and text": (column([1, "x"] * 20), TypeError, "one type.*numbers and text"),
    "truth values and numbers": (
        column([True, 2, 3] * 10),
        TypeError,
        "one type.*numbers and truth values",
    ),
    "dates and text": (column([DAY, "x"] * 20), TypeError, "one type.*dates and text"),
    "lists": (column([[1], [2]] * 20), TypeError, "'a' must hold numbers.*list values"),
    "dictionaries": (column([{"x": 1}] * 20), TypeError, "'a' must hold numbers.*dict values"),
    "arrays": (column([np.zeros(2)] * 20), TypeError, "'a' must hold numbers.*ndarray values"),
    "bytes": (column([b"x", b"y", b"z"] * 10), TypeError, "'a' must hold numbers.*bytes values"),
    "intervals": (column(pandas.cut(NUMBERS, 5)), TypeError, "'a'.*Interval values.*astype.'str'"),
    "periods": (
        column(pandas.period_range("2024-01", periods=N, freq="M")),
        TypeError,
        "'a' must hold numbers, text.*Period values",
    ),
    # Dates and times
    "durations": (
        column(pandas.to_timedelta(np.arange(N), unit="h")),
        TypeError,
        "'a' must hold numbers, text.*Timedelta",
    ),
    "times of day": (
        column([datetime.time(i % 24) for i in range(N)]),
        TypeError,
        "'a' must hold numbers.*time values",
    ),
    "two time zones": (
        column([STAMPS[0].tz_localize("UTC"), STAMPS[1].tz_localize("Europe/Rome")] * 20),
        ValueError,
        "'a' must hold dates or times.*Europe/Rome",
    ),
    "a time zone in some rows": (
        column([STAMPS[0].tz_localize("UTC"), *STAMPS[1:]] * 10),
        ValueError,
        "'a' must hold dates or times.*2024-06-01",
    ),
    "the year 3000": (
        column([f"{3000 + i}-01-01" for i in range(N)]),
        "categorical" if NARROW_DATES else "date",
    ),
    "the year 1": (
        column([datetime.date(1, 1, 1) + datetime.timedelta(9999 * i) for i in range(N)]),
        *((ValueError, "'a' must hold dates or times.*1, 1, 1") if NARROW_DATES else ("date",)),
    ),
    "two dates": (column([DAY, datetime.date(2024, 1, 2)] * 20), "date"),
    "one date": (column([DAY] * N), "constant"),
    "February 31": (
        column(["2024-02-31", *(f"2024-01-{1 + i % 28:02d}" for i in range(N))]),
        ValueError,
        "'a' must hold dates as %Y-%m-%d in all rows.*'2024-02-31'",
    ),
    "Arrow's days, some missing": (
        column(pandas.array([DAY, None, *(DAY + datetime.timedelta(i) for i in range(9))], DAYS)),
        "date",
    ),
    "February 31 among many": (
        column([*pandas.date_range("2020-01-01", periods=299).astype(str), "2024-02-31"]),
        ValueError,
        "'a' must hold dates as %Y-%m-%d in all rows.*'2024-02-31'",
    ),
    "days and months in an open order": (
        column([f"0{1 + i % 9}/0{1 + i % 7}/2024" for i in range(N)]),
        "categorical",
    ),
    "categories of dates": (
        column(pandas.Categorical(STAMPS * 10)),
        TypeError,
        "'a' must hold numbers, text.*Timestamp values",
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_schema_of_an_odd_table(name):
    table, *expected = TABLES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if len(expected) == 2:
            with pytest.raises(expected[0], match=expected[1]):
                Schema.infer(table)
            return
        schema = Schema.infer(table)
        kinds = {c.name: c.kind for c in schema.columns}
        kinds |= {left: f"left out: {why}" for left, why in schema.left_out}
        assert re.match(expected[0], kinds["a"])
        # What is taken comes back in its form, from a file as well.
        restored = Schema.from_config(json.loads(json.dumps(schema.get_config())))
        x = restored.numbers(table)
        back = restored.raw(np.nan_to_num(x))
        assert list(back.columns) == [c.name for c in schema.columns] and len(back) == len(table)


# === What rows of another form get from the schema of people ===

ROWS = {
    "an array": (np.zeros([3, 12]), TypeError, "`table` must be a pandas DataFrame"),
    "no rows": (PEOPLE[:0], ValueError, "must not be empty"),
    "one row": (PEOPLE[:1], "same"),
    "a column missing": (PEOPLE.drop(columns="age"), ValueError, "no 'age'$"),
    "a misspelled column": (PEOPLE.rename(columns={"age": "Age"}), ValueError, "no 'age', but"),
    "a column in the index": (PEOPLE.set_index("age"), ValueError, "no 'age'$"),
    "no names": (PEOPLE.set_axis(range(12), axis=1), ValueError, r"no 'age', 'income'.*but \[0"),
    "a name twice": (
        pandas.concat([PEOPLE, PEOPLE["age"]], axis=1),
        ValueError,
        r"twice \['age'\]",
    ),
    "columns in another order": (PEOPLE[PEOPLE.columns[::-1]], "same"),
    "without what is left out": (PEOPLE.drop(columns=["id", "note"]), "same"),
    "a column too many": (PEOPLE.assign(more=1), UserWarning, r"columns \['more'\] are not among"),
}
# Of the same rows with one column changed.
CHANGED = {
    "a new category": ("city", "Paris", ValueError, "hold Bonn, Oslo, Rome.*'Paris'"),
    "another case": ("city", PEOPLE["city"].str.lower(), ValueError, "'rome', 'oslo', 'bonn'"),
    "numbers for categories": ("city", 1, ValueError, "hold Bonn.*Received: 1"),
    "lists for categories": ("city", [["Rome"]] * 60, TypeError, "hold Bonn.*list"),
    "another dtype": ("city", PEOPLE["city"].astype("category"), "same"),
    "no category": ("city", None, "missing"),
    "a third of two": ("sex", "X", ValueError, "hold F, M.*'X'"),
    "text for numbers": ("age", [1, "x"] * 30, TypeError, "hold numbers.*'x'"),
    "numbers as text": ("age", PEOPLE["age"].astype(str), "same"),
    "thousands as text": ("income", "1,234.5", TypeError, "hold numbers.*'1,234.5'"),
    "truth values for numbers": ("age", True, TypeError, "hold numbers.*truth values"),
    "dates for numbers": ("age", PEOPLE["born"], TypeError, "hold numbers.*datetime64"),
    "complex for real numbers": ("age", 1j, TypeError, "hold numbers.*complex128"),
    "lists for numbers": ("age", [[1]] * 60, TypeError, r"hold numbers.*\[1\]"),
    "infinity": ("income", np.inf, ValueError, "be finite.*60 infinite"),
    "floats for integers": ("age", PEOPLE["age"].astype("float64"), "same"),
    "Decimal for numbers": ("age", PEOPLE["age"].map(decimal.Decimal), "same"),
    "no number": ("age", np.nan, "missing"),
    "truth values as text": ("member", "True", ValueError, "hold False, True.*'True'"),
    "truth values as 0 and 1": ("member", PEOPLE["member"].astype("int64"), "same"),
    "no truth value": ("member", None, "missing"),
    "another constant": ("unit", "in", ValueError, "hold the value 'cm'.*'in'"),
    "no constant": ("unit", None, "same"),
    "dates as text": ("born", PEOPLE["born"].astype(str), "same"),
    "no date": ("born", pandas.NaT, "missing"),
    "text for dates": ("born", "yesterday", ValueError, "hold dates or times.*'yesterday'"),
    "numbers for dates": ("born", 2024, TypeError, "hold dates or times.*numbers"),
    "a time zone": ("born", PEOPLE["born"].dt.tz_localize("UTC"), ValueError, "no time zone.*UTC"),
    "dates in another form": (
        "seen",
        PEOPLE["born"].dt.strftime("%d.%m.%Y"),
        ValueError,
        "hold dates or times as %Y-%m-%d",
    ),
    "dates that were text": ("seen", pandas.to_datetime(PEOPLE["seen"]), "same"),
    "an order that is not there": ("size", PEOPLE["size"].astype(str), "same"),
    "a new ordered category": ("size", "XXL", ValueError, "hold S, M, L, XL.*'XXL'"),
    "a negative count": ("visits", -1, ValueError, "hold counts.*-1"),
    "half a count": ("visits", 1.5, ValueError, "hold counts.*1.5"),
    "a number below 0 of a logarithm": ("income", -1.0, ValueError, "at least 0.*-1"),
}


@pytest.mark.parametrize("name", ROWS)
def test_rows_of_another_form(name):
    rows, *expected = ROWS[name]
    check_rows(SCHEMA, rows, expected)


@pytest.mark.parametrize("name", CHANGED)
def test_rows_with_a_changed_column(name):
    changed, values, *expected = CHANGED[name]
    schema = COUNTS if expected[-1].startswith(("hold counts", "at least 0")) else SCHEMA
    if len(expected) == 2:
        expected[1] = f"Column '{changed}' must .*{expected[1]}"
    check_rows(schema, PEOPLE.assign(**{changed: values}), expected, changed)


def check_rows(schema, rows, expected, changed=None):
    if len(expected) == 2:
        context = pytest.warns if issubclass(expected[0], Warning) else pytest.raises
        with context(expected[0], match=expected[1]):
            schema.numbers(rows)
        return
    x, same = schema.numbers(rows), schema.numbers(PEOPLE[: len(rows)])
    if expected == ["missing"]:
        of_changed = np.array(schema.columns_of_numbers()) == changed
        values = of_changed & ~schema.known_numbers()
        assert np.all(np.isnan(x[:, values])) and values.any()
        x, same = x[:, ~of_changed], same[:, ~of_changed]
    np.testing.assert_array_equal(x, same)


def test_what_is_unknown_can_be_missing():
    rows = PEOPLE.assign(city="Paris", sex="X", size="XXL", unit="in")
    x, same = LENIENT.numbers(rows), SCHEMA.numbers(PEOPLE)
    changed = np.isin(SCHEMA.columns_of_numbers(), ["city", "sex", "size"])
    assert np.all(np.isnan(x[:, changed & ~SCHEMA.known_numbers()]))
    np.testing.assert_array_equal(x[:, ~changed], same[:, ~changed])
    nothing = PEOPLE.assign(**dict.fromkeys(PEOPLE.columns, None)).assign(born=pandas.NaT)
    x, known = LENIENT.numbers(nothing), SCHEMA.known_numbers()
    assert np.all(np.isnan(x[:, ~known])) and np.all(x[:, known] == 0)


def test_there_are_as_many_cases_as_are_claimed():
    assert len(TABLES) + len(ROWS) + len(CHANGED) >= 60
