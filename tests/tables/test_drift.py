"""The warning of new rows whose columns are far from those of the training."""

import re
import warnings

import keras
import numpy as np
import pandas
import pytest
from scipy import stats

import keras_infovae as ki
from keras_infovae.tables.drift import drifts_of, outer_shares, profile_of
from tests.tables.people import people

TABLE = people(300)
SCHEMA = ki.tables.Schema.infer(TABLE, unknown="missing")
X = SCHEMA.numbers(TABLE)
SEEN = SCHEMA.profile(X)


def drift(table):
    return SCHEMA.drift(table, SCHEMA.numbers(table), SEEN)


@pytest.fixture(scope="module")
def model():
    small = {"encoder": ki.networks.MLP([4]), "decoder": ki.networks.MLP([4])}
    model = ki.VAE(1, preprocessor=SCHEMA, seed=0, **small)
    model.fit(TABLE, epochs=1, batch_size=100, verbose=0)
    return model


def test_rows_from_where_the_training_rows_are_from_say_nothing():
    # 1 call in 1,000 for each of four rules, at most, so that of 100 one or more in a third of all
    # cases if the probabilities were met; with what has to differ by much besides, none does.
    fresh = people(10_000, seed=1)
    assert [drift(fresh[start : start + 100]) for start in range(0, 10_000, 100)] == [{}] * 100
    assert [drift(fresh[start : start + 5]) for start in range(0, 500, 5)] == [{}] * 100
    small = TABLE[:25]
    schema = ki.tables.Schema.infer(small, {"note": "left_out"}, unknown="missing")
    seen = schema.profile(schema.numbers(small))
    others = [fresh[start : start + 50] for start in range(0, 2500, 50)]
    assert [schema.drift(other, schema.numbers(other), seen) for other in others] == [{}] * 50


@pytest.mark.parametrize(
    ("change", "column", "words"),
    [
        (lambda t: t.assign(age=t["age"] * 12), "age", "% lie outside of 18 to 89"),
        (lambda t: t.assign(age=t["age"] / 100), "age", "100% lie outside of 18 to 89"),
        (lambda t: t.assign(age=18), "age", "100% lie beyond the middle 90 %"),
        (lambda t: t.assign(income=t["income"] / 1e6), "income", "100% lie outside"),
        (
            lambda t: t.assign(age=t["age"].where(t["age"] > 40)),
            "age",
            "missing.* 0% in",
        ),
        (lambda t: t.assign(income=50.0), "income", "% are missing or not known|lie"),
        (lambda t: t.assign(city="Paris"), "city", "100% are missing or not known"),
        (lambda t: t.assign(city=t["city"].fillna("Rome")), "city", "0% are missing"),
        (lambda t: t.assign(sex="F"), "sex", "sex=M in 0%"),
        (lambda t: t.assign(city="Rome"), "city", "0% are missing"),
        (
            lambda t: t.assign(born=t["born"] + pandas.Timedelta(days=900)),
            "born",
            "outside of 2024",
        ),
        (lambda t: t.assign(unit="in"), "unit", "100% are other than the value 'cm'"),
        (lambda t: t.assign(member=True), "member", "member=True in 100%"),
    ],
)
def test_what_is_far_is_named(change, column, words):
    found = drift(change(people(80, seed=2)))
    assert list(found) == [column]
    assert re.search(words, found[column])


@pytest.mark.parametrize("count", [21, 61])
def test_shares_beyond_what_was_seen_have_the_distribution_that_is_said(count):
    # Of 21 and 61 values, the quantiles of 5 and 95 % are some of them.
    seen = np.random.default_rng(0).random((20_000, count))  # a share of uniform numbers is a span
    ends = {"outside": (0.0, 1.0), "beyond": (0.05, 0.95)}
    for where, (a, b) in outer_shares(count).items():
        low, high = np.quantile(seen, ends[where], axis=1)
        # Kolmogorov: at most 0.0138 with probability 0.999.
        assert stats.kstest(1.0 - (high - low), stats.beta(a, b).cdf).statistic < 0.0138


def test_a_few_odd_rows_are_anomalies_and_no_drift():
    rows = people(80, seed=2)
    rows.loc[:1, "age"] = 1000
    rows.loc[:1, "unit"] = "in"
    assert drift(rows) == {}
    assert drift(rows[:2]) == {} and drift(rows[:1]) == {}


def test_a_profile_is_of_what_is_known():
    x = np.array([[1.0, 0.0, np.nan], [2.0, 1.0, np.nan], [np.nan, 1.0, np.nan]], "float32")
    seen = profile_of(x, np.array([False, True, False]))
    assert seen["rows"] == 3 and seen["known"] == [2, 3, 0] and seen["ones"][1] == 2.0
    assert seen["quantiles"][0] == pytest.approx([1.0, 1.05, 1.95, 2.0])
    assert seen["quantiles"][2] == [0.0] * 4


def others(caught):
    """Returns the warnings but those of gast, which Python 3.13 gives for each graph."""
    return [warning for warning in caught if warning.category is not DeprecationWarning]


def test_score_warns_once_and_names_the_columns(model, tmp_path):
    far = people(80, seed=2).assign(unit="in", city="Paris")
    with pytest.warns(UserWarning, match="unlike those of the training.*'city'.*'unit'") as caught:
        scores = model.score(far)
    assert len(others(caught)) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="gast")
        model.score(people(80, seed=2))
        # Numbers are taken as they are, and other methods do not judge.
        np.testing.assert_array_equal(model.score(SCHEMA.numbers(far)), scores)
        model.encode(far)
    for method in (model.contributions, model.score):
        with pytest.warns(UserWarning, match="'city'") as caught:
            method(far)
        assert len(others(caught)) == 1
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    assert restored.example_spec.seen == model.example_spec.seen == SEEN
    with pytest.warns(UserWarning, match="'city'"):
        restored.score(far)


def test_there_is_nothing_to_compare_with_before_a_training():
    model = ki.VAE(1, preprocessor=SCHEMA)
    model.build((None, SCHEMA.width))
    assert model.example_spec.seen is None
    assert drifts_of(SCHEMA, TABLE, X, SEEN) == {}
