"""The transforms of tables in a graph: the numbers and raw values that NumPy and pandas give."""

import numpy as np
import pandas
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.tables.columns.dates_in_graph import ISO, moments_of_text, text_of_moments
from keras_infovae.tables.columns.numeric import NumericColumn
from keras_infovae.tables.dtypes import with_dtype
from keras_infovae.tables.kinds import column_for
from tests.tables.people import NARROW_DATES, people
from tests.tables.test_columns import SERIES

RNG = np.random.default_rng(0)
TIMES = pandas.Timestamp("1987-01-01") + pandas.to_timedelta(RNG.integers(0, 2e15, 30), unit="us")

# Beside those of `test_columns`: a Series, and the kind that is asked for.
MORE = {
    "logarithms": (RNG.lognormal(0, 3, 50), "log"),
    "as they are": (np.array([1.5, -2.5, 1e30], "float32"), "identity"),
    "integers as they are": ([7, 8, -9], "identity"),
    "seconds since 1970": (1.7e9 + RNG.integers(0, 40, 50), "standardized"),
    "standardized, of any size": ([1e200, 3e200, -1e200, None], "standardized"),
    "large integers": ([2**40 + 1, 2**40 + 2, 2**40 + 5], None),
    "counts": ([3, 0, 7, 0, None], "count"),
    "repeated numbers": ([0.0] * 40 + [1.25, 2.5, 1e6], None),
    "microseconds": (TIMES, None),
    "hours of a zone": (TIMES.floor("h").tz_localize("UTC").tz_convert("Europe/Berlin"), None),
    "American days": (TIMES.strftime("%m/%d/%Y"), None),
    "minutes as text": (TIMES.strftime("%Y-%m-%d %H:%M"), None),
    "numbers of an order": (pandas.Categorical([3, 1, 2, 1], [1, 2, 3], ordered=True), None),
    "categories of numbers": (pandas.Categorical([2.5, 1.0, None, 4.0]), None),
    "truth values, some missing": (np.array([True, None, False], object), None),
}
CASES = {name: (case[0], None) for name, case in SERIES.items()} | MORE


@pytest.mark.parametrize("name", CASES)
def test_a_column_in_a_graph_is_the_column(name):
    values, kind = CASES[name]
    series = pandas.Series(values, name="c")
    column = column_for(series, kind)
    tensor = tf.constant(column.as_array(series), column.graph_dtype())
    x = column.numbers(series)
    np.testing.assert_array_max_ulp(column.numbers_in_graph(tensor).numpy(), x, 2)
    # Numbers of new rows, far beyond what was seen too.
    new = (3.0 * RNG.normal(size=[200, column.width])).astype("float32")
    for within_range in (True, False):
        raw = column.raw_in_graph(tf.constant(new), within_range).numpy()
        both = column.of_array(raw), column.raw(new, within_range)
        received, expected = (with_dtype(each, None, column.dtype) for each in both)
        if name == "microseconds":  # of which float64 has 0.25
            assert (received - expected).abs().max() <= pandas.Timedelta("1us")
        else:
            pandas.testing.assert_series_equal(received, expected, rtol=1e-12)


@pytest.fixture(scope="module")
def table():
    table = people(200)
    return table.assign(score=table["income"] / 7, flag=np.arange(200) % 3 > 0)


@pytest.fixture(scope="module")
def schema(table):
    return ki.tables.Schema.infer(table, {"visits": "count"})


def test_a_table_in_a_graph_is_the_table(table, schema):
    arrays = schema.as_arrays(table)
    specs = schema.raw_specs()
    assert list(arrays) == list(specs) == [column.name for column in schema.columns]
    tensors = {name: tf.constant(arrays[name], spec.dtype) for name, spec in specs.items()}
    x = schema.numbers_in_graph(tensors).numpy()
    np.testing.assert_array_max_ulp(x, schema.numbers(table), 2)
    drawn = RNG.normal(size=[300, schema.width]).astype("float32")
    for complete in (False, True):
        raw = schema.raw_in_graph(tf.constant(drawn), complete)
        frame = schema.of_arrays({name: tensor.numpy() for name, tensor in raw.items()})
        pandas.testing.assert_frame_equal(frame, schema.raw(drawn, complete=complete), rtol=1e-12)
    # Also where x is NaN, as of missing values, in columns that may lack one.
    holes = schema.numbers(table)
    raw = schema.raw_in_graph(tf.constant(holes))
    frame = schema.of_arrays({name: tensor.numpy() for name, tensor in raw.items()})
    pandas.testing.assert_frame_equal(frame, schema.raw(holes), rtol=1e-12)
    raw = schema.raw_in_graph(tf.constant(drawn), complete=True)
    assert {name: tensor.dtype.name for name, tensor in raw.items()} == {
        **{name: spec.dtype.name for name, spec in specs.items()},
        **dict.fromkeys(["age", "visits"], "int64"),
    }


def test_an_unknown_category_is_an_error_or_missing(table, schema):
    given = schema.as_arrays(table.head(3))
    given["city"] = np.array(["Oslo", "Paris", ""], object)
    tensors = {name: tf.constant(value) for name, value in given.items()}
    with pytest.raises(tf.errors.InvalidArgumentError, match="`city` must hold Bonn.*: Paris"):
        schema.numbers_in_graph(tensors)
    lenient = ki.tables.Schema.infer(table, {"visits": "count"}, unknown="missing")
    x = dict(zip(lenient.number_names(), lenient.numbers_in_graph(tensors).numpy().T))
    np.testing.assert_array_equal(x["city=Oslo"], [1, np.nan, np.nan])
    np.testing.assert_array_equal(x["city is known"], [1, 0, 0])
    frame = table.head(3).assign(city=["Oslo", "Paris", None])
    np.testing.assert_array_max_ulp(lenient.numbers(frame), np.stack(list(x.values()), 1), 2)
    np.testing.assert_array_equal(lenient.as_arrays(frame)["city"], [b"Oslo", b"", b""])


@pytest.mark.parametrize(
    ("name", "wrong", "message"),
    [
        ("age", np.inf, "Column `age` must be finite. Received: inf"),
        ("visits", 0.5, "`visits` must hold counts, whole numbers of at least 0. Received: 0.5"),
        ("visits", -1.0, "`visits` must hold counts.*Received: -1"),
        ("size", "XXL", "`size` must hold S, M, L, XL. Received: XXL"),
        ("born", "2024-02-30", "`born` must hold dates or times as ISO 8601. Received: 2024-02-30"),
        ("born", "01.02.2024", "`born` must hold dates or times as ISO 8601"),
        ("seen", "2024-13-01", "`seen` must hold dates or times as %Y-%m-%d. Received: 2024-13"),
    ],
)
def test_what_a_column_cannot_have_is_named(table, schema, name, wrong, message):
    given = schema.as_arrays(table.head(2))
    given[name] = np.array([wrong, given[name][1]], given[name].dtype)
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        schema.numbers_in_graph({key: tf.constant(value) for key, value in given.items()})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["", "a", "b"], "'c' must have a word for its category ''"),
        (pandas.Categorical([1, "a", 1]), "'c' must have text, numbers or truth values.*int, str"),
        (pandas.Categorical([2**60 + 1, 2, 3]), "'c' must have integers that float64 holds"),
    ],
)
def test_categories_that_a_graph_has_no_value_for_are_refused(values, message):
    schema = ki.tables.Schema.infer(pandas.DataFrame({"c": values, "d": [1.0, 2.0, 4.0]}))
    with pytest.raises(ValueError, match=message):
        schema.raw_specs()
    twice = ki.tables.Schema.infer(pandas.DataFrame({1: [1.0, 2.0, 4.0], "1": [1.0, 2.0, 4.0]}))
    with pytest.raises(ValueError, match="Column '1' must have a name of its own"):
        twice.raw_specs()


def test_truth_values_that_were_never_missing_have_no_missing_value_in_a_graph(table, schema):
    frame = table.head(3).assign(flag=[True, None, False])
    schema.numbers(frame)
    with pytest.raises(ValueError, match="Column 'flag' must have all of its truth values.*1 miss"):
        schema.as_arrays(frame)


FORMS = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%Y-%m-%dT%H:%M:%S")


@pytest.mark.parametrize("form", FORMS)
def test_dates_are_those_of_pandas(form):
    first, last = ("1678-01-01", "2262-01-01") if NARROW_DATES else ("1599-01-01", "2401-01-01")
    days = pandas.Series(pandas.date_range(first, last, freq="17D18h59min1s"))
    texts = [
        *days.dt.strftime(form),
        "2024-02-29",
        "2023-02-29",
        "1.2.2024",
        "31/4/2024",
        "9/9/1999",
    ]
    texts += ["", "2024", "x", "2024-1-1 1:1:1", "2024-01-01 24:00:00", "1900/2/29"]
    moments, right = moments_of_text(tf.constant(texts), form)
    expected = pandas.to_datetime(pandas.Series(texts), format=form, errors="coerce")
    np.testing.assert_array_equal(right, expected.notna())
    whole = expected.dropna().to_numpy("M8[us]")
    np.testing.assert_array_equal(moments[right].numpy().view("M8[us]"), whole)
    written = text_of_moments(moments[right], form).numpy().astype(str)
    np.testing.assert_array_equal(written, expected.dropna().dt.strftime(form))


def test_iso_8601_is_read_to_a_microsecond():
    texts = ["2024-03-01", "2024-03-01T10:20", "2024-03-01 10:20:30", "1969-12-31T23:59:59.25"]
    texts += ["2024-03-01T10:20:30.123456789", "2024-03-01T10:20:30Z", "2024-03-01T25:00"]
    moments, right = moments_of_text(tf.constant(texts), ISO)
    assert right.numpy().tolist() == [True] * 5 + [False] * 2
    expected = pandas.to_datetime(pandas.Series(texts[:5]), format="ISO8601").to_numpy("M8[us]")
    np.testing.assert_array_equal(moments[:5].numpy().view("M8[us]"), expected)
    back = text_of_moments(moments[3:4], "%Y-%m-%dT%H:%M:%S.%f").numpy()
    assert back.tolist() == [b"1969-12-31T23:59:59.250000"]


@pytest.mark.parametrize("transform", ["quantile", "log"])
def test_means_are_taken_of_numbers_that_are_linear_in_raw_values(transform):
    raw = pandas.Series(np.random.default_rng(0).lognormal(3, 1, 300), name="v")
    column = NumericColumn.fitted(raw, transform)
    numbers = tf.constant(column.numbers(raw))
    linear = column.linear_in_graph(numbers)
    np.testing.assert_allclose(np.corrcoef(linear.numpy()[:, 0], raw)[0, 1], 1.0, rtol=1e-6)
    np.testing.assert_allclose(column.of_linear_in_graph(linear), numbers, atol=1e-4)
    mean = column.of_linear_in_graph(tf.reduce_mean(linear, axis=0, keepdims=True))
    np.testing.assert_allclose(column.raw(mean.numpy()), [raw.mean()], rtol=1e-4)
