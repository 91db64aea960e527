"""Synthetic tables are judged as the formulas say, and as SDMetrics judges them."""

import json

import numpy as np
import pandas
import pytest

import keras_infovae as ki
from keras_infovae.evaluation.synthetic_tables.similarity import (
    pair_similarities,
    shape_similarity,
)
from keras_infovae.evaluation.synthetic_tables.values import values_of_table
from tests.tables.people import people

# KSComplement and TVComplement, then CorrelationSimilarity and ContingencySimilarity (with
# continuous_column_names) of sdmetrics 0.32.0 with pandas 2.3.3 and scipy 1.17.1, of the columns
# below of people(200, 0) and people(200, 1).
SDMETRICS_SHAPES = {
    "age": 0.95,
    "income": 0.90625,
    "born": 0.95,
    "visits": 0.942462845,
    "sex": 0.96,
    "city": 0.95021645,
    "size": 0.97,
    "member": 0.975,
}
SDMETRICS_TRENDS = {
    "age": (0.999076635, 0.947419673, 0.904737995, 0.81, 0.735, 0.765, 0.815),
    "income": (0.969418483, 0.96532279, 0.915, 0.88, 0.935, 0.915),
    "born": (0.986514374, 0.82, 0.76, 0.81, 0.85),
    "visits": (0.92, 0.775, 0.83, 0.86),
    "sex": (0.92, 0.95, 0.925),
    "city": (0.92, 0.915),
    "size": (0.925,),
}
# The same of the first 120 rows of people(300, 2) and of the others.
SDMETRICS_SHAPES_2 = {
    "age": 0.847222222,
    "income": 0.838148668,
    "born": 0.883333333,
    "visits": 0.900029709,
    "sex": 0.933333333,
    "city": 0.969490827,
    "size": 0.969444444,
    "member": 0.95,
}
SDMETRICS_TRENDS_2 = {
    "age": (
        0.929372686,
        0.980694329,
        0.910901517,
        0.827777778,
        0.713888889,
        0.802777778,
        0.852777778,
    ),
    "income": (0.974779589, 0.992962528, 0.788888889, 0.805555556, 0.736111111, 0.769444444),
    "born": (0.95761028, 0.738888889, 0.708333333, 0.744444444, 0.772222222),
    "visits": (0.786111111, 0.777777778, 0.780555556, 0.808333333),
    "sex": (0.922222222, 0.925, 0.913888889),
    "city": (0.869444444, 0.919444444),
    "size": (0.902777778,),
}


def quality(real, synthetic, **given):
    return ki.evaluation.table_quality(pandas.DataFrame(real), pandas.DataFrame(synthetic), **given)


def alike(real, synthetic):
    """Returns ({column: shape}, [trend of each pair]), without what has to be learned."""
    tables = [pandas.DataFrame(table) for table in (real, synthetic)]
    schema = ki.tables.Schema.infer(tables[0])
    first, second = (values_of_table(schema, table, "table") for table in tables)
    shapes = {name: shape_similarity(first[name], second[name]) for name in first}
    return shapes, [trend for *_, trend in pair_similarities(first, second)]


@pytest.fixture(scope="module")
def found():
    """Of people, against others who have their ages and against some that repeat them."""
    real, held_out = people(200, 0), people(100, 1)
    synthetic = pandas.concat([people(150, 2), real[:50]], ignore_index=True)
    return ki.evaluation.table_quality(real, synthetic, held_out, target="sex")


@pytest.mark.parametrize(
    "rows, expected",
    [
        ((people(200, 0), people(200, 1)), (SDMETRICS_SHAPES, SDMETRICS_TRENDS)),
        ((people(300, 2)[:120], people(300, 2)[120:]), (SDMETRICS_SHAPES_2, SDMETRICS_TRENDS_2)),
    ],
    ids=["two tables", "two parts of one"],
)
def test_shapes_and_trends_are_those_of_sdmetrics(rows, expected):
    shapes, trends = alike(*(table[list(SDMETRICS_SHAPES)] for table in rows))
    assert shapes == pytest.approx(expected[0], abs=1e-8)
    assert trends == pytest.approx(sum(expected[1].values(), ()), abs=1e-8)


def test_a_table_is_like_itself():
    table = people(60)
    numbers = quality(table, table, held_out=table).numbers
    for name in ("quality", "column_shapes", "pair_trends", "exact_copies"):
        assert numbers[name] == numbers[f"{name}_of_held_out"] == pytest.approx(1.0)
    assert numbers["closest_record"] == numbers["closest_record_of_held_out"] == 0.0
    assert numbers["closer_than_held_out"] == 0.5
    assert numbers["detection_auc"] < 0.5  # each row has a copy among the others, which misleads


def test_tables_with_nothing_in_common_are_told():
    rows = np.arange(30)
    real = {"a": rows % 7, "b": np.where(rows % 2, "x", "y")}
    other = {"a": 10 + rows % 7, "b": np.where(rows % 2, "u", "v")}
    numbers = quality(real, other).numbers
    assert numbers["column_shapes"] == numbers["pair_trends"] == numbers["exact_copies"] == 0.0
    assert numbers["detection_auc"] == 1.0


@pytest.mark.parametrize("shift", [0, 3, 10])
def test_the_shape_of_numbers_is_what_kolmogorov_and_smirnov_leave(shift):
    values = np.repeat(np.arange(10.0), 3)
    days = pandas.Timestamp("2024-01-01") + pandas.to_timedelta(values, unit="D")
    real = {"a": values, "b": days}
    shapes, _ = alike(real, {"a": values + shift, "b": days + pandas.Timedelta(days=shift)})
    assert shapes == pytest.approx({"a": 1.0 - shift / 10.0, "b": 1.0 - shift / 10.0})


def test_the_shape_of_categories_is_the_share_that_two_tables_have_in_common():
    shapes, _ = alike({"a": ["x"] * 10 + ["y"] * 10}, {"a": ["x"] * 15 + ["z"] * 5})
    assert shapes == {"a": 0.5}


def test_missing_values_are_no_part_of_a_shape_and_a_category_of_a_pair():
    real = {"a": list("xy") * 10, "b": list("xxyy") * 5}
    shapes, trends = alike(real, {"a": ["x", "y", None, None] * 5, "b": list("xxyy") * 5})
    assert shapes == {"a": 1.0, "b": 1.0}
    assert trends == [0.5]  # of four pairs with a quarter each, (x, x) and (y, x) stay


@pytest.mark.parametrize("slope, trend", [(1.0, 1.0), (-1.0, 0.0), (0.0, 0.5)])
def test_the_trend_of_numbers_goes_by_their_correlation(slope, trend):
    rows = np.arange(20.0)
    _, trends = alike({"a": rows, "b": rows}, {"a": rows, "b": slope * rows})
    assert trends == pytest.approx([trend])


def test_a_number_beside_a_category_goes_by_ten_bins_whose_ends_are_open():
    rows = np.arange(101)  # edges at 10, 20, ...
    real = {"a": rows * 1.0, "b": np.where(rows < 50, "x", "y")}
    for numbers, trend in (
        (rows + 0.4, 1.0),
        (np.where(rows < 90, rows, 1e6), 1.0),
        (np.where(rows < 90, rows, 15.0), 90.0 / 101.0),
    ):
        assert alike(real, {"a": numbers, "b": real["b"]})[1] == pytest.approx([trend])


def test_a_learner_tells_what_the_columns_one_by_one_do_not():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 200))
    real, synthetic = {"a": a, "b": a + 0.1 * b}, {"a": b, "b": rng.permutation(a + 0.1 * b)}
    held_out = pandas.DataFrame({"a": b, "b": b + 0.1 * a})
    numbers = quality(real, synthetic, held_out=held_out, target="b").numbers
    assert numbers["column_shapes"] > 0.9 and numbers["detection_auc"] > 0.8
    assert numbers["target_measure"] == "R2" and numbers["train_on_real"] > 0.9
    assert numbers["train_on_synthetic"] < 0.2
    assert numbers["difference"] < -5 * numbers["difference_standard_error"] < 0
    same = quality(real, held_out, held_out=held_out, target="b").numbers
    assert abs(same["detection_auc"] - 0.5) < 0.06
    assert abs(same["difference"]) < 0.1


def test_a_learner_tells_numbers_apart_that_float32_does_not():
    def rows(seed, spread=30.0):
        rng = np.random.default_rng(seed)
        seconds = 1.7e9 + spread * rng.normal(size=200)
        late = np.where(seconds > 1.7e9, "late", "early")
        return pandas.DataFrame(
            {"seconds": seconds, "far": 1e100 * rng.normal(size=200), "l": late}
        )

    numbers = ki.evaluation.table_quality(rows(0), rows(1), rows(2), "l", seed=2**32).numbers
    assert numbers["train_on_real"] > 0.95
    wide = ki.evaluation.table_quality(rows(0), rows(1, 90.0)).numbers
    assert wide["detection_auc"] > numbers["detection_auc"] + 0.1


def test_copies_are_counted_and_lie_close(found):
    numbers = found.numbers
    assert numbers["exact_copies"] == 0.25 and numbers["exact_copies_of_held_out"] == 0.0
    assert numbers["closer_than_held_out"] > 0.55
    assert numbers["closest_record"] < numbers["closest_record_of_held_out"]
    assert numbers["target_measure"] == "accuracy"
    missing = found.columns.set_index("column")["missing_of_real"]
    assert missing["age"] == 0.0 and missing["city"] == pytest.approx(
        people(200, 0)["city"].isna().mean()
    )
    assert 0.3 < numbers["train_on_real"] < 0.7  # nothing tells the sex of these people


def test_a_person_can_read_it(found):
    lines, numbers = str(found).splitlines(), found.numbers
    assert "200 synthetic rows against the 200 that were trained on" in lines[0]
    cells = [f"{numbers[name]:.3f}" for name in ("quality", "quality_of_held_out")]
    assert lines[2].split()[:3] == ["quality", *cells]
    assert any(line.startswith("accuracy of sex, learned from them") for line in lines)
    assert lines[-1].startswith("least alike in shape: ")
    json.dumps(numbers)


def test_without_held_out_rows_what_needs_them_is_left_out():
    found = ki.evaluation.table_quality(people(30), people(30, 1))
    assert "learned from" not in str(found) and "held-out" not in str(found)
    for name in ("quality_of_held_out", "closer_than_held_out", "target_measure"):
        assert found.numbers[name] is None
    assert list(found.pairs.columns) == ["first", "second", "trend"]


def test_what_is_left_out_is_not_judged(found):
    judged = set(found.columns["column"])
    assert judged == set(people(20)) - {"id", "note", "unit"}
    schema = ki.tables.Schema.infer(people(60), {"sex": "left_out", "visits": "count"})
    other = ki.evaluation.table_quality(people(60), people(60, 1), schema=schema)
    assert set(other.columns["column"]) == judged - {"sex"}
    assert dict(zip(other.columns["column"], other.columns["kind"]))["visits"] == "count"


@pytest.mark.parametrize(
    "change, error, words",
    [
        ({"real": np.zeros([20, 2])}, TypeError, "`real` must be a pandas DataFrame"),
        ({"synthetic": people(5)}, ValueError, "`synthetic` must be a table of at least 10 rows"),
        ({"held_out": people(20).drop(columns="age")}, ValueError, "`held_out` .*columns .'age'"),
        ({"synthetic": people(20).assign(age="old")}, TypeError, "'age' must hold numbers"),
        (
            {"target": "sex", "held_out": None},
            ValueError,
            "`target` must be None without `held_out`",
        ),
        ({"target": "unit"}, ValueError, "`target` must be one of the columns"),
        ({"target": "city", "synthetic": people(20).assign(city=None)}, ValueError, "`synthetic`"),
        (
            {"target": "income", "held_out": people(20).assign(income=1.5)},
            ValueError,
            "`held_out` must be a table in which the target 'income' varies.*1.5 in every row",
        ),
        ({"seed": -1}, ValueError, "`seed` must be an integer of at least 0"),
        ({"schema": "numeric"}, TypeError, "`schema` must be a tables.Schema or None"),
    ],
)
def test_what_cannot_be_judged_is_named(change, error, words):
    given = {"real": people(20), "synthetic": people(20, 1), "held_out": people(20, 2)}
    with pytest.raises(error, match=words):
        ki.evaluation.table_quality(**given | change)
