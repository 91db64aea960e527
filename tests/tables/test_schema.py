"""`Schema`: what the columns of a table are, and rows as numbers and back."""

import json
import warnings

import keras
import numpy as np
import pandas
import pytest

import keras_infovae as ki
from tests.tables.people import people

Schema = ki.tables.Schema


def schema_of(table, **settings):
    return Schema.infer(table, {"visits": "count"}, **settings)


def test_rows_lead_back_to_the_table():
    table = people()
    schema = schema_of(table)
    assert [name for name, _ in schema.left_out] == ["id", "note"]
    x = schema.numbers(table)
    assert x.shape == (len(table), schema.width) and x.dtype == np.float32
    assert len(schema.number_names()) == len(schema.columns_of_numbers()) == schema.width
    frame = schema.raw(np.nan_to_num(x), index=table.index)
    table = table.drop(columns=["id", "note"])
    if table["city"].dtype == object:  # before pandas 3, to which None and NaN are the same
        table["city"], frame["city"] = (each["city"].fillna(np.nan) for each in (table, frame))
    pandas.testing.assert_frame_equal(frame, table)


def test_columns_are_matched_by_name():
    table = people()
    schema = schema_of(table)
    np.testing.assert_array_equal(schema.numbers(table[table.columns[::-1]]), schema.numbers(table))
    with pytest.raises(ValueError, match="`table` must have the columns.*no 'age', but ..AGE"):
        schema.numbers(table.rename(columns={"age": "AGE"}))
    with pytest.warns(UserWarning, match=r"columns \['more'\] are not among"):
        schema.numbers(table.assign(more=1))
    schema.numbers(table.drop(columns=["id", "note"]))  # which are left out anyway


def test_missing_values_are_nan_and_told():
    table = people()
    schema = schema_of(table)
    x = dict(zip(schema.number_names(), schema.numbers(table).T))
    np.testing.assert_array_equal(np.isnan(x["income"]), table["income"].isna())
    np.testing.assert_array_equal(x["income is known"], table["income"].notna())
    np.testing.assert_array_equal(np.isnan(x["city=Oslo"]), table["city"].isna())
    assert "age is known" not in x  # since all ages were known
    partial = schema.numbers(table.assign(age=table["age"].astype("Int64").mask(table.index < 3)))
    assert np.isnan(partial).sum() == np.isnan(schema.numbers(table)).sum() + 3
    complete = schema.raw(np.zeros([2, schema.width]), complete=True)
    assert complete.notna().all(axis=None)


def test_the_likelihood_describes_the_numbers():
    table = people()
    schema = schema_of(table)
    likelihood = schema.likelihood()
    groups = [(type(g).__name__, width) for g, width in likelihood.likelihood.columns]
    assert groups == [
        ("Transformed", 5),  # age, income, size, born, seen
        ("Bernoulli", 5),  # sex, member; whether income, city and visits are known
        ("NegativeBinomial", 1),
        ("Categorical", 3),
    ]
    x = schema.numbers(table)
    likelihood.check_event_shape(x.shape[1:])
    likelihood.check_range("x", x)
    likelihood.check_values("x", x)


def test_a_schema_is_a_setting_of_plain_values():
    schema = schema_of(people(), unknown="missing", within_range=False)
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(schema)))
    restored = keras.saving.deserialize_keras_object(config)
    assert restored == schema
    np.testing.assert_array_equal(restored.numbers(people()), schema.numbers(people()))


def test_a_schema_reads_as_a_table():
    lines = str(schema_of(people())).splitlines()
    assert lines[0].split() == ["column", "kind", "missing", "values"]
    assert lines[1].split() == ["age", "integer", "no", "21", "to", "85"]
    assert "unit      constant     no         the value 'cm'" in lines
    assert lines[-1].startswith("note      left out                an identifier or free text")


def test_new_rows_stay_within_the_range_or_not():
    table = pandas.DataFrame({"a": np.linspace(0.0, 1.0, 50), "b": np.arange(50) % 7})
    far = np.full([1, 2], 9.0)
    assert Schema.infer(table).raw(far)["a"].tolist() == [1.0]
    assert Schema.infer(table, within_range=False).raw(far)["a"].item() > 1.5


@pytest.mark.parametrize("dtype", ["Int8", "Int16", "Int32", "Int64", "UInt8", "UInt32", "object"])
def test_missing_numbers_come_back_missing(dtype):
    values = pandas.Series([3, pandas.NA, 5, 9] * 5, dtype=dtype)
    table = pandas.DataFrame({"a": values, "b": np.arange(20) / 7})
    schema = Schema.infer(table)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame = schema.raw(schema.numbers(table))
    assert frame["a"].dtype == dtype
    np.testing.assert_array_equal(frame["a"].isna(), values.isna())
    assert frame["a"].dropna().tolist() == values.dropna().tolist()


def test_what_was_never_missing_in_training_comes_back_missing():
    table = people()[["age", "sex", "member", "born", "size"]]
    schema = Schema.infer(table)
    rows = table.head(3).astype(object)
    rows.loc[0] = None
    frame = schema.raw(schema.numbers(rows))
    assert frame.loc[0].isna().all()
    assert frame[1:].astype(object).equals(rows[1:])
    assert (frame["age"].dtype, frame["member"].dtype) == ("float64", object)


STAMPS = pandas.date_range("2024-01-01", periods=9)
SIZES = pandas.CategoricalDtype(["S", "M", "L"], ordered=True)


def category(values, categories=None):
    return pandas.Series(pandas.Categorical(values, categories))


# Values of the training, rows that lack one, and the filled in rows with their dtype.
COMPLETED = {
    "decimals in integers": (
        [0.25, 1.5, 2.75],
        pandas.array([1, None, 2], "Int64"),
        [1.0, 1.5, 2.0],
        "Float64",
    ),
    "fewer categories": (
        category(list("cab") * 3),
        category(["a", None, "a"]),
        ["a", "b", "a"],
        pandas.CategoricalDtype(["a", "b", "c"]),
    ),
    "more categories": (
        category(list("cab") * 3),
        category(["a", None, "c"], list("dcba")),
        ["a", "b", "c"],
        pandas.CategoricalDtype(["a", "b", "c", "d"]),
    ),
    "two of an order": (
        pandas.Series(["S", "M"] * 4, dtype=SIZES),
        pandas.Series(["S", None, "M"], dtype=SIZES),
        ["S", "M", "M"],
        SIZES,
    ),
    "categories of text": (
        list("cab") * 3,
        category(["a", None, "a"]),
        ["a", "b", "a"],
        pandas.CategoricalDtype(["a", "b"]),
    ),
    "text of dates": (STAMPS, ["2024-01-02", None, "2024-01-09"], [*STAMPS[[1, 4, 8]]], None),
    "dates of text": (
        STAMPS.strftime("%d.%m.%Y"),
        [STAMPS[1], None, STAMPS[8]],
        ["02.01.2024", "05.01.2024", "09.01.2024"],
        None,
    ),
    "text of numbers": ([0.25, 1.5, 2.75], ["1", None, "2.5"], [1.0, 1.5, 2.5], "float64"),
}


@pytest.mark.parametrize("name", COMPLETED)
def test_known_and_filled_in_values_are_of_one_dtype(name):
    trained, rows, expected, dtype = COMPLETED[name]
    schema = Schema.infer(pandas.DataFrame({"a": trained, "b": np.arange(len(trained)) / 7}))
    rows = pandas.DataFrame({"a": rows, "b": [0.0, 0.1, 0.2]}).set_axis([4, 4, 2], axis=0)
    x = np.zeros([3, schema.width])
    x[:, [name == "a=b" for name in schema.number_names()]] = 1.0
    filled = schema.completed(rows, x)
    assert filled["a"].tolist() == expected and filled.index.equals(rows.index)
    assert dtype is None or filled["a"].dtype == dtype


def test_columns_that_are_left_out_stay_beside_those_that_are_filled_in():
    trained = pandas.DataFrame({"id": np.arange(30), "a": np.arange(30) / 7, 5: np.arange(30) % 4})
    schema = Schema.infer(trained, {"id": "left_out"})
    rows = trained[3:6].assign(a=[None, 1.5, 2.0], id=[7, 8, 9])[[5, "a", "id"]]
    filled = schema.completed(rows, np.zeros([3, schema.width]))
    assert list(filled) == [5, "a", "id"] and filled["id"].tolist() == [7, 8, 9]
    assert filled.notna().all(axis=None) and rows["a"].isna().any()


@pytest.fixture(scope="module")
def told():
    table = people().assign(day=lambda rows: rows["born"].dt.date, real=np.arange(60) / 7)
    return Schema.infer(table, {"visits": "count", "real": "identity"})


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("age", 90, "in the range of new rows, 21 to 85"),
        ("age", 40.5, "a whole number"),
        ("age", None, "a value, as none was missing"),
        ("income", 1e9, r"in the range of new rows, \d+"),
        ("visits", 400, "in the range of new rows, 0 to "),
        ("size", "XL", "in the range of new rows, S to L"),
        ("born", "2031-05-05", "in the range of new rows, 2024-01-"),
        ("seen", "2031-05-05", "in the range of new rows, 2024-01-"),
        ("day", pandas.NaT, "a value, as none was missing"),
        ("unit", None, "a value, as none was missing"),
    ],
)
def test_what_new_rows_cannot_have_is_refused(told, name, value, message):
    with pytest.raises(
        ValueError, match=rf"`given\['{name}'\]` must be {message}.*Received: given"
    ):
        told.partial_numbers({name: value}, 2)


def test_what_new_rows_can_have_is_taken(told):
    given = {"age": 85, "income": None, "size": "L", "unit": "cm", "visits": 1.0, "real": 1e9}
    x = dict(zip(told.number_names(), told.partial_numbers(given, 1)[0]))
    assert x["visits"] == 1.0 and x["income is known"] == 0.0 and x["real"] == 1e9
    with pytest.raises(ValueError, match="Column 'unit' must hold the value 'cm'.*'inch'"):
        told.partial_numbers({"unit": "inch"}, 1)
    table = people(30).assign(empty=None, small=np.linspace(0.1, 0.7, 30).astype("float32"))
    free = Schema.infer(table, within_range=False)
    free.partial_numbers({"age": 300, "born": "2031-05-05", "size": "XL", "empty": None}, 1)
    Schema.infer(table).partial_numbers({"small": 0.1}, 1)  # which as a float32 is more


def test_the_user_has_the_last_word():
    table = people()
    kinds = {"id": "numeric", "age": "categorical", "income": "log", "note": "left_out"}
    schema = Schema.infer(table, kinds)
    found = {column.name: column.kind for column in schema.columns}
    assert found["id"] == "integer" and found["age"] == "categorical"
    assert schema.left_out == [["note", "as was asked for"]]


BAD = {
    "no frame": (np.zeros((2, 2)), {}, TypeError, "`table` must be a pandas DataFrame"),
    "no rows": (people()[:0], {}, ValueError, "`table` must not be empty.*0, 12"),
    "no columns": (people()[[]], {}, ValueError, "`table` must not be empty"),
    "a name twice": (
        pandas.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]),
        {},
        ValueError,
        r"different name for each column.*\['a'\]",
    ),
    "a name that is no text": (
        pandas.DataFrame({("a", "b"): [1, 2]}),
        {},
        ValueError,
        "columns have one name each",
    ),
    "identifiers only": (people()[["id", "note"]], {}, ValueError, "that is no identifier.*'note'"),
    "nothing varies": (
        people()[["unit"]],
        {},
        ValueError,
        "`table` must have a column that varies",
    ),
    "kinds of no column": (people(), {"kinds": {"x": "count"}}, ValueError, "`kinds`.*'x'"),
    "an unknown kind": (people(), {"kinds": {"age": "number"}}, ValueError, r"`kinds\['age'\]`"),
    "kinds as a list": (people(), {"kinds": ["age"]}, TypeError, "`kinds` must be a dictionary"),
    "an unknown policy": (people(), {"unknown": "ignore"}, ValueError, "`unknown` must be one of"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_table(name):
    table, settings, error, message = BAD[name]
    with pytest.raises(error, match=message):
        Schema.infer(table, **settings)


def test_x_of_another_width_is_refused():
    schema = schema_of(people())
    with pytest.raises(ValueError, match=r"`x` must be of shape \[n, 14\].*\(2, 3\)"):
        schema.raw(np.zeros([2, 3]))
