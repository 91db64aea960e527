"""Posterior predictive checks: exact tail probabilities, and that they see what is wrong."""

import json
import types

import numpy as np
import pandas
import pytest

import keras_infovae as ki
from keras_infovae.evaluation.measured import Measured
from keras_infovae.evaluation.plots import style
from keras_infovae.evaluation.predictive_checks.checks import tail_probability
from keras_infovae.evaluation.predictive_checks.measures import Measure
from keras_infovae.evaluation.predictive_checks.replicas import replicas
from keras_infovae.evaluation.predictive_checks.statistics import GROUPS, correlations
from keras_infovae.evaluation.reporting.predictive import predictive_checks, shown
from tests.evaluation.linear_gaussian import LinearGaussian
from tests.kinds import ColumnNormals
from tests.tables.people import people

SMALL = {"encoder": ki.networks.MLP([4]), "decoder": ki.networks.MLP([4]), "seed": 0}
checks_of = ki.evaluation.posterior_predictive_checks


@pytest.fixture(scope="module")
def normals():
    model = ColumnNormals()
    model.build((None, 3))
    model.mean.assign([0.0, 5.0, -100.0])
    model.deviation.assign([1.0, 2.0, 0.01])
    return model


@pytest.fixture(scope="module")
def tables():
    table = people(120)
    small = {"encoder": ki.networks.MLP([4]), "decoder": ki.networks.MLP([4])}
    model = ki.VAE(1, seed=0, **small)
    model.fit(table, epochs=1, batch_size=60, verbose=0)
    return model, table


def test_the_tail_probability_of_ranks():
    replicas = np.arange(1.0, 20.0)
    assert tail_probability(0.0, replicas) == pytest.approx(2 / 20)
    assert tail_probability(20.0, replicas) == pytest.approx(2 / 20)
    assert tail_probability(1.5, replicas) == pytest.approx(4 / 20)
    assert tail_probability(10.0, replicas) == 1.0
    assert tail_probability(3.0, np.full(19, 3.0)) == 1.0  # a statistic that cannot vary
    assert tail_probability(9.0, np.append(replicas, np.nan)) == tail_probability(9.0, replicas)
    assert np.isnan(tail_probability(np.nan, replicas))
    assert np.isnan(tail_probability(1.0, np.array([np.nan])))


def test_tail_probabilities_of_the_models_own_data_are_uniform(normals):
    # Among 19 replicas the data's rank is one of 20, each as likely: 2 min(rank, 21 - rank) / 20 is
    # one of 0.1, 0.2, ..., 1, each with probability 0.1. Chi-squared of 9 degrees: below 27.9 in
    # 999 of 1,000 cases. A rank is of seeds, so that the test is the same each time.
    repeats, statistics = 100, ["mean", "standard deviation", "correlations"]
    found = []
    for i in range(repeats):
        x = normals.generate(6, seed=10_000 + i)
        found.append(checks_of(normals, x, statistics, 19, seed=i)["tail_probability"])
    found = pandas.concat(found, axis=1)
    assert len(found) == 9
    for _, values in found.iterrows():
        counts = np.bincount(np.rint(10 * values).astype(int), minlength=11)[1:]
        assert np.sum((counts - repeats / 10) ** 2) / (repeats / 10) < 27.9


def test_what_the_model_has_otherwise_is_seen(normals):
    x = normals.generate(200, seed=1)
    assert checks_of(normals, x, seed=2)["tail_probability"].min() > 0.009
    x[:, 1] += 1.0
    x[:, 2] = -100.0 + 0.01 * (x[:, 0] + 0.5 * (x[:, 2] + 100.0) / 0.01)
    checks = checks_of(normals, x, seed=2, num_replicas=99)
    assert set(checks.index[checks["tail_probability"] <= 0.02]) >= {
        "mean of column 1",
        "median of column 1",
        "correlation of column 0 and column 2",
    }
    row = checks.loc["mean of column 1"]
    assert row["data"] == pytest.approx(x[:, 1].mean(), rel=1e-6)
    assert row["replicas"] == pytest.approx(5.0, abs=0.1)
    assert row["deviation"] == pytest.approx(2.0 / np.sqrt(200), rel=0.3)
    assert row["low"] < row["replicas"] < row["high"] < row["data"]
    pandas.testing.assert_frame_equal(
        checks_of(normals, x, seed=2, num_replicas=99, batch_size=7), checks, rtol=1e-5
    )


def test_names_and_functions_come_in_any_form_of_list_and_mapping(normals):
    x = normals.generate(20, seed=0)
    names = pandas.Index(["a", "b", "c"])
    found = checks_of(normals, x, ["mean"], num_replicas=19, feature_names=names)
    assert list(found.index) == ["mean of a", "mean of b", "mean of c"]
    functions = types.MappingProxyType({"largest": np.max})
    assert list(checks_of(normals, x, functions, num_replicas=19).index) == ["largest"]


def test_replicas_of_large_examples_are_made_a_few_at_a_time(normals, monkeypatch):
    x, asked = normals.generate(10, seed=0), []
    make = normals.generate

    def generate(count, *arguments, **options):
        asked.append(count)
        return make(count, *arguments, **options)

    monkeypatch.setattr(normals, "generate", generate)
    whole = checks_of(normals, x, ["mean"], num_replicas=20)
    assert asked == [200]
    monkeypatch.setattr("keras_infovae.evaluation.predictive_checks.replicas._VALUES_AT_A_TIME", 99)
    assert asked[0] * x[0].size > 99
    parts = checks_of(normals, x, ["mean"], num_replicas=20)
    assert asked[1:] == [30] * 6 + [20]  # 30 rows of 3 values
    np.testing.assert_array_equal(parts["data"], whole["data"])


def test_functions_of_ones_own(normals):
    x = normals.generate(50, seed=1)
    given = {"largest": lambda rows: rows.max(), "whole": lambda rows: np.shape(rows) == (50, 3)}
    checks = checks_of(normals, x, given, num_replicas=19)
    assert list(checks.index) == ["largest", "whole"]
    assert checks.loc["whole", "tail_probability"] == 1.0 and checks.loc["whole", "replicas"] == 1.0


@pytest.mark.parametrize("codes", ["prior", "posterior"])
def test_tables_are_measured_in_their_own_units(tables, codes):
    model, table = tables
    checks = checks_of(model, table, num_replicas=19, codes=codes)
    data = checks["data"]
    assert data["mean of age"] == pytest.approx(table["age"].mean())
    assert data["95 % quantile of income"] == pytest.approx(table["income"].quantile(0.95))
    assert data["standard deviation of income"] == pytest.approx(table["income"].std(ddof=0))
    assert data["missing of city"] == pytest.approx(table["city"].isna().mean())
    assert data["share of city=Rome"] == pytest.approx((table["city"].dropna() == "Rome").mean())
    assert data["zeros of visits"] == pytest.approx((table["visits"].dropna() == 0).mean())
    assert data["mean of size (place)"] == pytest.approx(table["size"].cat.codes.mean())
    days = (table["born"] - pandas.Timestamp("1970-01-01")).dt.days
    assert data["median of born (days since 1970)"] == pytest.approx(days.median())
    expected = table["age"].corr(table["income"])
    assert data["correlation of age and income"] == pytest.approx(expected)
    assert checks["tail_probability"].between(0.0, 1.0).mean() > 0.9
    # The same rows as the networks see them; users' functions see a DataFrame.
    numbers = model.preprocessor.numbers(table)
    again = checks_of(model, numbers, ["mean"], 19, codes=codes)
    assert again.loc["mean of age", "data"] == pytest.approx(data["mean of age"])
    own = {"oldest": lambda rows: rows["age"].max()}
    assert checks_of(model, table, own, 19, codes=codes).loc["oldest", "high"] <= 90


@pytest.mark.parametrize("codes", ["prior", "posterior"])
def test_replicas_have_the_mean_and_spread_that_are_known(codes):
    # x = W z + b + s noise: a replica's mean is normal, about b for new z, for z ~ q(z|x_i) about
    # that of W E[z|x_i] + b. Tolerances are 4 standard errors of 400 replicas.
    known, count, k = LinearGaussian(1, 2, norms=2.0), 40, 400
    x = known.sample(count) + np.float32(1.0)
    if codes == "prior":
        means, spread = known.b, known.w @ known.w.T
    else:
        means = ((x - known.b) @ known.gain @ known.w.T + known.b).mean(axis=0)
        spread = (known.w * known.variance) @ known.w.T
    deviations = np.sqrt((np.diag(spread) + known.scale**2) / count)
    checks = checks_of(known.model(), x, ["mean"], k, codes=codes)
    errors = np.abs(checks["replicas"] - means) / deviations
    assert np.all(errors < 4.0 / np.sqrt(k))
    np.testing.assert_allclose(checks["deviation"], deviations, rtol=4.0 / np.sqrt(2 * k))


def test_statistics_in_closed_form():
    a = np.array([0.0, 1.0, 2.0, np.nan])
    b = np.array([1.0, 3.0, 5.0, 7.0])
    share = np.array([0.0, 1.0, 1.0, 1.0])
    nothing = np.full(4, np.nan)
    measures = [
        Measure("a", "a", False, a),
        Measure("b", "b", False, b),
        Measure("c=x", "c", True, share),
        Measure("d", "d", False, nothing),
    ]
    found = {name: v for group in GROUPS.values() for name, v in group(measures).items()}
    assert found["mean of a"] == 1.0 and found["zeros of a"] == pytest.approx(1 / 3)
    assert found["standard deviation of b"] == pytest.approx(np.sqrt(5.0))
    assert found["missing of a"] == 0.25 and found["share of c=x"] == 0.75
    assert found["correlation of a and b"] == pytest.approx(1.0)
    assert found["correlation of b and c=x"] == pytest.approx(np.corrcoef(b, share)[0, 1])
    assert np.isnan(found["mean of d"]) and np.isnan(found["correlation of a and d"])
    assert correlations(measures[:1]) == {}
    large = [Measure("a", "a", False, a[:3] + 1e9), Measure("b", "b", False, b[:3])]
    assert correlations(large)["correlation of a and b"] == pytest.approx(1.0)


def test_wide_examples_are_measured_as_wholes():
    model = ColumnNormals()
    model.build((None, 6, 6))
    checks = checks_of(model, model.generate(20, seed=5), num_replicas=19)
    assert "mean of mean of an example" in checks.index and len(checks) < 30


def test_the_picture_and_the_report_of_a_table(tables, tmp_path, monkeypatch):
    model, table = tables
    drawn = []
    monkeypatch.setattr(style, "write", lambda figure, path: drawn.append(figure) or path)
    path = ki.evaluation.plot_predictive_checks(model, tmp_path / "a.png", table, num_replicas=19)
    panels = drawn[0].axes
    assert path == str(tmp_path / "a.png")
    assert [axes.get_title(loc="left") for axes in panels] == [
        *("age", "income", "sex", "city", "size (place)", "born", "seen", "member", "visits"),
    ]
    notes = [axes.texts[0].get_text() for axes in panels if axes.texts]
    assert len(notes) == 3 and notes[0].startswith(f"missing {table['income'].isna().mean():.0%}")
    heights = [bar.get_height() for bar in panels[3].patches[:3]]
    assert heights == pytest.approx(table["city"].value_counts(normalize=True).tolist())

    measured = Measured(model, model.preprocessor.numbers(table))
    found = predictive_checks(measured, model.preprocessor.number_names())
    tails = [row["tail_probability"] for row in found.values() if row["tail_probability"]]
    assert tails == sorted(tails) and json.dumps(found, allow_nan=False)
    assert len(shown(found)) == 13 and shown({}) == {}
    images = ColumnNormals()
    images.build((None, 8, 8, 1))
    assert predictive_checks(Measured(images, np.zeros([4, 8, 8, 1], "float32")), None) is None


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"codes": "data"}, ValueError, "`codes` must be one of 'posterior', 'prior'"),
        ({"codes": "posterior"}, ValueError, "replica of the data"),
        ({"num_replicas": 5}, ValueError, "`num_replicas` must be an integer of at least 19"),
        ({"statistics": ["means"]}, ValueError, "`statistics` must be one of.*'mean'"),
        ({"statistics": "mean"}, TypeError, "`statistics` must be a list of names"),
        ({"statistics": {"a": 3}}, TypeError, r"`statistics\['a'\]` must be a function"),
        (
            {"statistics": {"a": lambda rows: rows}},
            TypeError,
            r"`statistics\['a'\]` must be a function to a number",
        ),
        ({"seed": -1}, ValueError, "`seed`"),
        ({"x": np.zeros([1, 3], "float32")}, ValueError, "`x` must be of at least 2 examples"),
        ({"x": np.zeros([5, 2], "float32")}, ValueError, "`x` must have shape"),
        ({"feature_names": ["a", "b"]}, ValueError, "`feature_names` must be 3 different names"),
        ({"feature_names": ["a", "b", "a"]}, ValueError, "`feature_names` must be 3 different"),
    ],
)
def test_bad_arguments(normals, given, error, message):
    with pytest.raises(error, match=message):
        checks_of(normals, **{"x": np.zeros([4, 3], "float32")} | given)


@pytest.mark.slow
@pytest.mark.parametrize("codes", ["prior", "posterior"])
def test_replicas_are_told_and_miss_what_the_data_do(codes):
    x = np.random.default_rng(0).normal(size=(60, 3)).astype("float32")
    x = np.where(np.random.default_rng(1).random(x.shape) < 0.5, np.float32(np.nan), x)
    model = ki.VAE(1, likelihood=ki.likelihoods.PartlyObserved("normal"), **SMALL)
    model.build((None, 3))
    for replica in replicas(model, x, 2, codes):
        np.testing.assert_array_equal(np.isnan(replica), np.isnan(x))
    # Totals of 10 and of 1,000: a replica of a row has about as many, sqrt(1,000) = 32.
    counts = np.tile([[5.0, 5.0], [500.0, 500.0]], [40, 1]).astype("float32")
    model = ki.VAE(1, likelihood=ki.likelihoods.Poisson(library_size="observed"), **SMALL)
    model.build((None, 2))
    for replica in replicas(model, counts, 2, codes):
        totals = replica.sum(axis=1)
        assert totals[::2].max() < 40 and np.abs(totals[1::2] - 1_000).max() < 5 * 32
