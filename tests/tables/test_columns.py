"""The columns of a table: raw values to numbers and back."""

import datetime
import json

import numpy as np
import pandas
import pytest
import tensorflow as tf
from scipy import stats

import keras_infovae as ki
from keras_infovae.tables.columns.quantile_map import MOST_KNOTS, QuantileMap
from keras_infovae.tables.dtypes import with_dtype
from keras_infovae.tables.kinds import LeftOut, column_for

RNG = np.random.default_rng(0)
DAYS = pandas.date_range("2024-01-01", periods=40, freq="D")

# A Series, its kind, how many numbers stand for a value, and a few words of what it holds.
SERIES = {
    "numbers": ([0.5, -1.25, 2.0, 7.5], "numeric", 1, "-1.25 to 7.5"),
    "integers": ([3, 1, 4, 1, 5], "integer", 1, "1 to 5"),
    "whole floats": ([3.0, 1.0, 4.0, None], "integer", 1, "1 to 4"),
    "nullable integers": (pandas.array([3, None, 4, 5], "Int64"), "integer", 1, "3 to 5"),
    "small floats": (np.array([0.5, 1.5, 2.5], "float32"), "numeric", 1, "0.5 to 2.5"),
    "truth values": ([True, False, True], "binary", 1, "False, True"),
    "zeros and ones": ([0, 1, 1, 0], "binary", 1, "0, 1"),
    "two words": (["yes", "no", None, "yes"], "binary", 1, "no, yes"),
    "words": (["red", "green", "blue", None], "categorical", 3, "blue, green, red"),
    "objects": (np.array(["red", "green", None, "blue"], object), "categorical", 3, "blue"),
    "a category": (pandas.Categorical(["a", "c", "b"], ["c", "b", "a", "d"]), "categorical", 3, ""),
    "an order": (
        pandas.Categorical(["S", "L", "M", None], ["S", "M", "L"], ordered=True),
        "ordinal",
        1,
        "S, M, L",
    ),
    "days": (DAYS, "date", 1, "2024-01-01 to 2024-02-09"),
    "times": (DAYS + pandas.Timedelta("90s"), "date and time", 1, "2024-01-01 00:01:30 to"),
    "zoned": (DAYS.tz_localize("Asia/Tokyo"), "date", 1, "in Asia/Tokyo"),
    "text days": (DAYS.strftime("%d.%m.%Y"), "date", 1, "2024-01-01"),
    "Python dates": (np.array([d.date() for d in DAYS], object), "date", 1, "2024-01-01"),
    "one value": ([2.5, 2.5, None], "constant", 0, "2.5"),
    "no value": ([None, None], "constant", 0, "no value"),
}


@pytest.mark.parametrize("name", SERIES)
def test_numbers_lead_back_to_the_values(name):
    values, kind, width, words = SERIES[name]
    series = pandas.Series(values, name="c")
    column = column_for(series)
    assert (column.kind, column.width) == (kind, width)
    assert words in column.details()
    assert column.has_missing == (series.isna().any() and series.notna().any())
    x = column.numbers(series)
    assert x.dtype == np.float32 and x.shape == (len(series), width)
    np.testing.assert_array_equal(
        np.isnan(x).any(axis=1) if width else False, series.isna() & (width > 0)
    )
    known = series.notna().to_numpy()
    raw = column.raw(x[known])
    assert raw.astype(object).tolist() == series[known].astype(object).tolist()
    assert type(column).from_config(column.get_config()) == column
    assert len(column.number_names()) == width


def test_a_quantile_map_makes_numbers_normal():
    values = RNG.lognormal(3.0, 2.0, 4000)
    quantiles = QuantileMap.fitted(values)
    z = quantiles.forward(values)
    # Of 4,000 numbers at the middles of 4,000 equal shares; 512 knots are exact to a share.
    assert stats.kstest(z, "norm").statistic < 1.0 / MOST_KNOTS
    assert np.all(np.diff(quantiles.forward(np.sort(values))) >= 0)
    np.testing.assert_allclose(quantiles.inverse(z), values, rtol=0.02)


def test_values_that_rows_share_have_the_middle_of_their_probabilities():
    values = np.array([0.0] * 60 + list(np.linspace(1.0, 2.0, 40)))
    quantiles = QuantileMap.fitted(values)
    np.testing.assert_allclose(quantiles.forward(np.array([0.0])), stats.norm.ppf(0.3), atol=0.02)
    drawn = quantiles.inverse(stats.norm.ppf((np.arange(1000) + 0.5) / 1000), within_range=True)
    assert abs(np.mean(drawn == 0.0) - 0.6) < 0.011  # one of 100 probabilities


def test_what_lies_outside_of_the_range_goes_on_as_a_line():
    quantiles = QuantileMap.fitted(np.arange(101.0))
    z = quantiles.forward(np.array([100.0, 200.0, 300.0, -100.0]))
    assert z[1] > z[0] + 1 and z[3] < -z[0] - 1
    np.testing.assert_allclose(z[2] - z[1], z[1] - z[0])
    np.testing.assert_allclose(quantiles.inverse(z), [100.0, 200.0, 300.0, -100.0])
    np.testing.assert_allclose(quantiles.inverse(z, within_range=True), [100, 100, 100, 0])


def test_numbers_as_logarithms_and_as_they_are():
    series = pandas.Series([0.0, 9.0, 99.0], name="c")
    column = column_for(series, "log")
    np.testing.assert_allclose(column.numbers(series)[:, 0], np.log1p(series), rtol=1e-6)
    assert column.raw(column.numbers(series)).tolist() == [0, 9, 99]
    plain = column_for(pandas.Series([1, 2, 3], name="c"), "identity")
    assert plain.numbers(pandas.Series([7, 8])).tolist() == [[7.0], [8.0]]


def test_what_float32_does_not_tell_apart_is_standardized():
    seconds = pandas.Series(1.7e9 + np.arange(-10.0, 11.0), name="c")
    column = column_for(seconds, "standardized")
    x = column.numbers(seconds)[:, 0]
    np.testing.assert_allclose([x.mean(), x.std()], [0.0, 1.0], atol=1e-6)
    assert column.raw(x[:, None]).tolist() == seconds.tolist()
    far = column.numbers(pandas.Series([1.7e9 + 1e4], name="c"))
    assert column.raw(far, within_range=False).tolist() == [1.7e9 + 1e4]
    with pytest.warns(ki.datasets.DataWarning, match="'c': .* 1699999990 to 1700000010.*'standard"):
        same = column_for(seconds, "identity")
    assert len(np.unique(same.numbers(seconds))) == 1  # which is what the warning is about


@pytest.mark.parametrize("values", [[5.0, 5.0], [], [1.0, 2.0], [1e8, 1e10], [3e38, 1e300]])
def test_other_numbers_are_taken_as_they_are_without_a_warning(values):
    column_for(pandas.Series(values, name="c", dtype="float64"), "identity")


def test_integers_as_they_are_are_rounded():
    column = column_for(pandas.Series([1, 2, 3], name="c"), "identity")
    numbers = np.array([[0.6], [-1.6], [7.4]], "float32")
    assert column.raw(numbers).tolist() == [1, -2, 7]
    assert column.raw_in_graph(tf.constant(numbers)).numpy().tolist() == [1, -2, 7]


@pytest.mark.parametrize(
    ("kind", "dtype", "least", "largest"),
    [
        ("numeric", "uint8", 0, 255),
        ("numeric", "Int8", -128, 127),
        ("identity", "int16", -(2**15), 2**15 - 1),
        ("count", "uint8", 0, 255),
        ("count", "Int64", 0, 2**63 - 1024),  # the largest that a float64 holds
    ],
)
def test_numbers_beyond_the_seen_range_stay_within_their_dtype(kind, dtype, least, largest):
    column = column_for(pandas.Series([0, 60, 120, 30], name="c", dtype=dtype), kind)
    numbers = np.array([[-1e30], [1e30]], "float32")
    raw = with_dtype(column.raw(numbers, within_range=False), None, dtype)
    assert raw.dtype == dtype and raw.tolist() == [least, largest]
    in_graph = column.raw_in_graph(tf.constant(numbers), within_range=False)
    assert in_graph.numpy().tolist() == [least, largest]


ORDERED = pandas.CategoricalDtype(["S", "M", "L"], ordered=True)


@pytest.mark.parametrize(
    ("values", "dtype", "kind", "expected"),
    [
        (["S", "M", "L"], ORDERED, None, "ordinal"),
        (["S", "M", None], ORDERED, None, "binary"),
        (["S", "S", "S"], ORDERED, None, "constant"),
        (["S", "M", "L"], ORDERED, "categorical", "categorical"),
        (["S", "M", "L"], pandas.CategoricalDtype(["S", "M", "L"]), "ordinal", "ordinal"),
    ],
)
def test_a_category_keeps_its_order_whatever_its_kind(values, dtype, kind, expected):
    series = pandas.Series(values, name="c", dtype=dtype)
    column = column_for(series, kind)
    column = type(column).from_config(json.loads(json.dumps(column.get_config())))
    assert column.kind == expected
    assert column.raw(column.numbers(series.dropna())).dtype == dtype


@pytest.mark.parametrize(
    "value",
    [
        datetime.date(2024, 1, 1),
        datetime.datetime(2024, 1, 1, 10, 30),
        datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc),
    ],
)
def test_one_date_stays_a_date(value):
    series = pandas.Series([value, None, value], name="c", dtype=object)
    column = column_for(series)
    restored = type(column).from_config(json.loads(json.dumps(column.get_config())))
    raw = restored.raw(column.numbers(series))
    assert raw.tolist() == [value] * 3 and all(isinstance(each, type(value)) for each in raw)
    array = restored.raw_in_graph(tf.zeros([3, 0])).numpy()
    assert restored.of_array(array).tolist() == [value] * 3


def test_counts_stay_whole():
    series = pandas.Series([0, 3, 1, 0, 12], name="c")
    column = column_for(series, "count")
    np.testing.assert_array_equal(column.numbers(series)[:, 0], series)
    assert column.raw(np.array([[-0.4], [2.6], [99.0]])).tolist() == [0, 3, 12]
    assert column.raw(np.array([[99.0]]), within_range=False).tolist() == [99]


def test_the_same_moment_in_another_zone_is_the_same_number():
    tokyo = pandas.Series(DAYS.tz_localize("Asia/Tokyo"), name="c")
    column = column_for(tokyo)
    np.testing.assert_array_equal(column.numbers(tokyo.dt.tz_convert("UTC")), column.numbers(tokyo))


def test_a_day_that_two_orders_fit_is_no_date():
    open_order = pandas.Series(["01/02/2024", "03/04/2024", "05/06/2023"])
    assert column_for(open_order).kind == "categorical"
    settled = pandas.Series(["01/02/2024", "13/04/2024", "05/06/2023"])
    assert column_for(settled).form == "%d/%m/%Y"


@pytest.mark.parametrize(
    ("values", "kind", "why"),
    [
        (np.arange(50), None, "whole numbers, all different"),
        ([f"p{i}" for i in range(60)], None, "60 values in 60 rows"),
        ([f"p{i % 1100}" for i in range(10_000)], None, "1,100 values in 10,000 rows"),
        ([f"{i}" for i in range(300)], None, "300 values in 300 rows"),
        ([f"{i:05d}" for i in range(300)] + ["n/a"], None, "301 values in 301 rows"),
    ],
)
def test_identifiers_and_free_text_are_left_out(values, kind, why):
    with pytest.raises(LeftOut, match=why):
        column_for(pandas.Series(values, name="c"), kind)


@pytest.mark.parametrize(
    ("fitted", "kind", "new", "error", "message"),
    [
        ([1.0, 2.0, 3.0], None, ["x", "y"], TypeError, "'c' must hold numbers.*'x'"),
        ([1.0, 2.0, 3.0], None, [True, False], TypeError, "'c' must hold numbers.*truth values"),
        ([1.0, 2.0, 3.0], None, [np.inf, 1.0], ValueError, "'c' must be finite.*1 infinite"),
        ([1.0, 2.0, 3.0], None, ["1,000", "2"], TypeError, "'c' must hold numbers.*'1,000'"),
        ([1.0, 2.0, 3.0], "log", [-1.0, 1.0], ValueError, "'c' must be at least 0.*-1"),
        ([0, 1, 2], "count", [0.5, 1.0], ValueError, "'c' must hold counts.*0.5"),
        ([0, 1, 2], "count", [-1, 1], ValueError, "'c' must hold counts.*-1"),
        (["a", "b", "c"], None, ["a", "d"], ValueError, "'c' must hold a, b, c.*'missing'.*'d'"),
        (["a", "b"], None, ["a", 3], ValueError, "'c' must hold a, b.*3"),
        (
            [True, False],
            None,
            ["True", "no"],
            ValueError,
            "'c' must hold False, True.*'True', 'no'",
        ),
        ([5.0, 5.0], None, [5.0, 6.0], ValueError, "'c' must hold the value 5.0.*6.0"),
        (DAYS, None, ["2024-01-01", "soon"], ValueError, "'c' must hold dates or times.*'soon'"),
        (DAYS, None, [3, 4], TypeError, "'c' must hold dates or times.*numbers"),
        (DAYS, None, DAYS.tz_localize("UTC"), ValueError, "'c' must have no time zone"),
        (DAYS.tz_localize("UTC"), None, DAYS, ValueError, "'c' must have a time zone, as UTC"),
        (DAYS.strftime("%Y-%m-%d"), None, ["01.02.2024"], ValueError, "as %Y-%m-%d.*'01.02.2024'"),
    ],
)
def test_new_values_that_a_column_cannot_have(fitted, kind, new, error, message):
    column = column_for(pandas.Series(fitted, name="c"), kind)
    with pytest.raises(error, match=message):
        column.numbers(pandas.Series(new, name="c"))


def test_unknown_categories_can_be_missing():
    column = column_for(pandas.Series(["a", "b", "c"], name="c"))
    x = column.numbers(pandas.Series(["a", "z"]), unknown="missing")
    assert x[0].tolist() == [1.0, 0.0, 0.0] and np.all(np.isnan(x[1]))


@pytest.mark.parametrize(
    ("values", "kind", "error", "message"),
    [
        ([1, "a", 2.0], None, TypeError, "'c' must hold values of one type.*numbers and text"),
        ([[1], [2]], None, TypeError, "'c' must hold numbers.*list values"),
        ([1 + 2j, 2j], None, TypeError, "'c' must hold numbers, text.*complex"),
        (
            pandas.to_timedelta([1, 2], unit="s"),
            None,
            TypeError,
            "'c' must hold numbers.*Timedelta",
        ),
        (["1,234", "2,345", "1,200"], None, ValueError, "'c' must hold numbers as numbers.*1,234"),
        (["1", "2", "3"], None, ValueError, "'c' must hold numbers as numbers.*'1'"),
        ([1.0, np.inf, 2.0], None, ValueError, "'c' must be finite"),
        ([1.5, 2.5, 3.5], "count", ValueError, "'c' must hold counts.*1.5"),
        ([1.5, 2.5, 3.5], "binary", ValueError, "'c' must have two values.*3"),
        ([1.5, 2.5, 3.5], "constant", ValueError, "'c' must have one value.*3"),
        (["x", "y", "z"], "datetime", ValueError, "'c' must hold dates or times in one form.*'x'"),
        (["x", "y", "z"], "numeric", TypeError, "'c' must hold numbers.*'x'"),
        ([-1.0, 2.0, 3.0], "log", ValueError, "'c' must be at least 0.*-1"),
    ],
)
def test_values_that_no_column_can_have(values, kind, error, message):
    with pytest.raises(error, match=message):
        column_for(pandas.Series(values, name="c"), kind)


def test_times_of_an_hour_that_a_clock_skips_or_repeats_are_times():
    zone = "Europe/Oslo"
    times = pandas.Series(pandas.date_range("2024-03-30", "2024-11-01", freq="7min", tz=zone))
    column = column_for(times.rename("c"))
    raw = column.raw(np.linspace(-3, 3, 2001)[:, None].astype("float32"))
    assert raw.notna().all() and str(raw.dt.tz) == zone
    assert datetime.timedelta(0) <= raw.max() - raw.min() <= times.max() - times.min()


def test_the_slope_of_a_quantile_map_is_its_derivative():
    """Of a normal column the map is standardization: log dz/dx = 0 in units of the deviation."""
    normal = QuantileMap.fitted(5.0 + 3.0 * stats.norm.ppf((np.arange(2000) + 0.5) / 2000))
    z = np.linspace(-2.0, 2.0, 9)
    # The kernel widens the density by 1 + width^2 / 2, here by 3 %.
    np.testing.assert_allclose(normal.log_slopes(z), 0.0, atol=0.1)
    skewed = QuantileMap.fitted(np.exp(stats.norm.ppf((np.arange(2000) + 0.5) / 2000)))
    # x = exp(z) has dz/dx = exp(-z); the deviation is that of the knots.
    slopes = skewed.log_slopes(np.array([0.0, 1.5]))
    np.testing.assert_allclose(slopes[0] - slopes[1], 1.5, atol=0.25)
    assert skewed.log_slopes(np.array([9.0])) < slopes[1]


def test_the_slope_stays_moderate_in_a_gap():
    """The kernel at a distance of d widths is 2 / (pi d^4): log slopes fall by 4 log d, not d^2."""
    crowd = stats.norm.ppf((np.arange(399) + 0.5) / 399)
    gap = QuantileMap.fitted(np.append(crowd, 1e6))
    z = np.linspace(-5.0, 5.0, 1001)
    slopes = gap.log_slopes(z)
    widths = 1e6 / (0.9 * 400**-0.2)
    deviation = np.std(np.append(crowd, 1e6))
    lowest = np.log(2.0 / np.pi) - 4.0 * np.log(widths / 2.0) + np.log(deviation)
    assert slopes.min() > lowest - 5.0 and slopes.max() < 15.0


@pytest.mark.parametrize("transform", ["quantile", "standardized", "log", "identity"])
def test_densities_are_in_units_of_the_deviation_of_all_values(transform):
    # Of 20,000 lognormal values the 512 knots have twice the deviation: the largest is one of them.
    v = np.random.default_rng(0).lognormal(0.0, 1.5, 20_000)
    series = pandas.Series(v, name="v")
    column = column_for(series, {"quantile": "numeric"}.get(transform, transform))
    again = type(column)(**json.loads(json.dumps(column.get_config())))
    x = again.numbers(series)[:, 0].astype("float64")
    if transform == "standardized":
        assert x.mean() == pytest.approx(0.0, abs=1e-6) and x.std() == pytest.approx(1.0, rel=1e-6)
    # dx/dv between neighboring quantiles, in the middle half: there are kernels of quantiles wide.
    places = np.sort(v)[5_000:15_000:500]
    at = again.numbers(pandas.Series(places, name="v"))[:, 0].astype("float64")
    slopes = np.diff(at) / np.diff(places) * v.std()
    middle = again.log_slopes(0.5 * (at[1:] + at[:-1]))
    if transform != "quantile":  # whose slopes are smoothed
        np.testing.assert_allclose(middle, np.log(slopes), atol=0.01)
    assert np.mean(middle - np.log(slopes)) == pytest.approx(0.0, abs=0.1)


def test_the_density_of_a_log_column_is_lognormal_however_large_its_values():
    """x = log(1 + v): log p(v) = log N(x; m, s) - x, here in units of the deviation of v."""
    v = np.random.default_rng(0).lognormal(9.0, 1.0, 1_000) - 1.0  # x is 6 to 12
    frame = pandas.DataFrame({"income": v})
    likelihood = ki.tables.Schema.infer(frame, {"income": "log"}).likelihood()
    x = np.log1p(v)[:, None].astype("float32")
    likelihood.build((1,))
    likelihood.adapt(x)
    densities = likelihood.distribution(tf.zeros([1_000, *likelihood.parameter_shape((1,))]))
    x, unit = x[:, 0].astype("float64"), np.log(v.std())
    expected = stats.norm(x.mean(), x.std()).logpdf(x) - x + unit
    np.testing.assert_allclose(densities.log_prob(x[:, None]), expected, atol=1e-3)
