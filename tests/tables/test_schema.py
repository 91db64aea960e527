"""`Schema`: what the columns of a table are, and rows as numbers and back."""

import json

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
