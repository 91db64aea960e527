"""Models of tables: DataFrames in, DataFrames out."""

import dataclasses

import keras
import numpy as np
import pandas
import pytest

import keras_infovae as ki
from keras_infovae.evaluation.plots import interpolation
from keras_infovae.evaluation.reporting.tables import new_rows
from keras_infovae.tables.frames import beside
from tests.tables.people import people


@pytest.fixture(scope="module")
def table():
    return people(120)


@pytest.fixture(scope="module")
def model(table):
    keras.utils.set_random_seed(0)
    model = ki.InfoVAE(2, encoder=ki.networks.MLP((8,)), decoder=ki.networks.MLP((8,)), seed=0)
    model.fit(table, epochs=2, batch_size=40, validation_data=table[:40], verbose=0)
    return model


def test_new_rows_have_the_form_of_the_table(model, table):
    new = model.generate(300, seed=0)
    expected = table.drop(columns=["id", "note"])
    assert new.shape == (300, 10) and list(new.columns) == list(expected.columns)
    for name in expected:
        assert new[name].dtype == expected[name].dtype
    assert (
        0 < new["income"].isna().sum() < 300
    )  # where the table has missing values, and only there
    assert new["age"].notna().all()
    assert set(new["city"].dropna()) <= {"Rome", "Oslo", "Bonn"}
    assert new["age"].between(18, 90).all() and new["unit"].eq("cm").all()
    assert new["visits"].dropna().ge(0).all()


def test_what_is_given_as_a_table_comes_back_as_one(model, table):
    rows = table.set_axis([f"row {i}" for i in range(len(table))], axis=0)[:5]
    for result in (model.reconstruct(rows), model.predict(rows, verbose=0)):
        assert list(result.index) == list(rows.index)
        assert result["born"].dtype == table["born"].dtype
    codes = model.encode(rows)
    assert list(codes.columns) == ["z0", "z1"] and list(codes.index) == list(rows.index)
    decoded = model.decode(codes)
    pandas.testing.assert_frame_equal(decoded, model.reconstruct(rows))
    x = model.preprocessor.numbers(rows)
    assert isinstance(model.reconstruct(x), np.ndarray)
    assert isinstance(model.generate(2, prepared=True), np.ndarray)
    np.testing.assert_array_equal(model.decode(codes, prepared=True), model.reconstruct(x))


def test_columns_are_matched_by_name(model, table):
    scores = model.score(table)
    assert scores.shape == (len(table),) and np.all(np.isfinite(scores))
    np.testing.assert_array_equal(model.score(table[table.columns[::-1]]), scores)
    with pytest.raises(ValueError, match="no 'age'"):
        model.elbo(table.drop(columns="age"))
    with pytest.raises(ValueError, match="Column 'city' must hold.*'Paris'"):
        model.encode(table.assign(city="Paris"))


def test_a_model_keeps_its_table(model, table, tmp_path):
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    assert restored.preprocessor == model.preprocessor
    pandas.testing.assert_frame_equal(restored.generate(20, seed=1), model.generate(20, seed=1))
    np.testing.assert_array_equal(restored.score(table), model.score(table))


def test_a_schema_can_be_given(table):
    schema = ki.tables.Schema.infer(table, {"visits": "count"}, unknown="missing")
    model = ki.VAE(2, preprocessor=schema, seed=0)
    model.fit(table, epochs=1, verbose=0)
    assert model.preprocessor is schema
    assert np.all(np.isfinite(model.elbo(table.assign(city="Paris"))))
    with pytest.raises(TypeError, match="`preprocessor` must be a Preprocessor"):
        ki.VAE(2, preprocessor=table)


def test_a_likelihood_of_ones_own_takes_numbers_as_they_are():
    table = pandas.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [1, 1, 1, 1]})
    model = ki.VAE(1, likelihood=ki.likelihoods.Normal(scale=1.0), seed=0)
    model.fit(table, epochs=1, verbose=0)
    np.testing.assert_array_equal(model.preprocessor.numbers(table), table)
    assert model.generate(3).columns.tolist() == ["a", "b"]
    mixed = table.assign(c=["x", "y", "x", "y"])
    with pytest.raises(TypeError, match="'c' must hold numbers"):
        ki.VAE(1, likelihood="normal").fit(mixed)


def test_a_file_of_a_table_is_one(tmp_path):
    path = tmp_path / "people.csv"
    people(40).to_csv(path, index=False)
    model = ki.VAE(1, seed=0)
    model.fit(path, epochs=1, verbose=0)
    kinds = {column.name: column.kind for column in model.preprocessor.columns}
    assert kinds["born"] == "date" and kinds["city"] == "categorical"
    with pytest.raises(TypeError, match="`x` must be an array or a dataset"):
        ki.VAE(1).fit(tmp_path / "people.xlsx")
    with pytest.raises(ValueError, match="`source` must be a table, .csv"):
        ki.datasets.read_frame(tmp_path / "people.xlsx")
    with pytest.raises(FileNotFoundError, match="nowhere.csv"):
        ki.VAE(1).fit(tmp_path / "nowhere.csv")


def test_arrays_are_taken_as_they_are():
    model = ki.VAE(1, seed=0)
    model.build((None, 2))
    assert model.preprocessor is None and isinstance(model.generate(2), np.ndarray)
    config = model.get_config()
    assert config["likelihood"] == "auto" and config["preprocessor"] is None


def test_missing_values_are_filled_in(model, table):
    rows = table[:30].assign(age=table["age"].astype("Int64").mask(table.index % 2 == 0))
    filled = model.impute(rows)
    assert filled.notna().all(axis=None) and list(filled.index) == list(rows.index)
    known = rows["age"].notna()
    assert (filled["age"][known] == rows["age"][known]).all()
    assert (filled["city"][rows["city"].notna()] == rows["city"].dropna()).all()
    first, second = model.impute(rows, num_samples=2)
    assert not first.equals(second) and first.notna().all(axis=None)
    pandas.testing.assert_frame_equal(model.impute(rows, num_samples=1, batch_size=7)[0], first)


def test_what_is_filled_in_is_the_mean_in_the_unit_of_the_column(model, table):
    """Incomes are log-normal, where the mean is 1.6 times the median, which x's mean stands for."""
    hidden = table[:1].assign(income=np.nan, seen=None)
    rows = hidden.loc[np.repeat(0, 200)].set_axis(range(200), axis=0)
    filled = model.impute(rows)
    # 200 chains of 75 means each, and of 5 draws each.
    draws = pandas.concat(model.impute(rows, num_samples=5))
    for name in ("income", "seen"):
        mean, drawn = (_numbers(values[name]) for values in (filled, draws))
        error = np.hypot(mean.std() / np.sqrt(200), drawn.std() / np.sqrt(1000))
        assert abs(mean.mean() - drawn.mean()) < 4 * error
    incomes = draws["income"]
    assert incomes.mean() > 1.3 * incomes.median()
    assert filled["income"].median() > 1.2 * incomes.median()


def _numbers(values):
    if values.dtype.kind == "f":
        return values.to_numpy()
    return pandas.to_datetime(values).astype("int64").to_numpy() / 8.64e13


def test_a_column_beside_others_takes_no_name_of_theirs():
    frame = pandas.DataFrame({"code": [1, 2], "code_": [3, 4]}, index=[7, 8])
    found = beside(frame, "code", np.array([5, 6]))
    assert found.to_dict("list") == {"code": [1, 2], "code_": [3, 4], "code__": [5, 6]}
    assert list(found.index) == [7, 8]


def test_contributions_of_columns_add_up_to_the_score(model, table):
    rows = table[:20]
    for score in (None, "reconstruction_loss"):
        parts = model.contributions(rows, score)
        assert list(parts.index) == list(rows.index) and parts.columns[-1] == "code"
        np.testing.assert_allclose(parts.sum(axis=1), model.score(rows, score), rtol=1e-4)
    np.testing.assert_allclose(parts["code"], 0.0, atol=1e-4)  # of the reconstruction loss
    np.testing.assert_array_equal(parts["unit"], 0.0)
    # A value far from all that were seen: it is what is unusual about the first row, although the
    # code that it leads to describes other columns badly too.
    odd = rows.assign(age=[1000] + list(rows["age"][1:]))
    drops = ki.evaluation.score_drops(model, odd)
    assert list(drops.columns) == list(parts.columns[:-1]) and list(drops.index) == list(rows.index)
    assert drops.iloc[0].idxmax() == "age"
    np.testing.assert_array_equal(drops["unit"], 0.0)
    with pytest.raises(ValueError, match="`contributions` are not defined for.*Mahalanobis"):
        model.contributions(rows, ki.anomaly_scores.Mahalanobis([0.0, 0.0], [[1.0, 0], [0, 1.0]]))


def test_drops_are_of_the_own_score_of_a_model_without_an_elbo(model, table):
    rows, schema = table[:3], model.preprocessor
    own = ki.MMDVAE(2, posterior="deterministic", preprocessor=schema)
    own.build((None, schema.width))
    numbers = schema.numbers(rows)
    of_age = (np.array(schema.columns_of_numbers()) == "age") & ~schema.known_numbers()
    unknown = np.where(of_age, np.float32(np.nan), numbers)
    expected = own.score(numbers) - own.score(unknown)
    np.testing.assert_allclose(ki.evaluation.score_drops(own, rows)["age"], expected, rtol=1e-5)
    whole = ki.WassersteinAutoencoder(2, preprocessor=schema)
    with pytest.raises(
        ValueError, match="`model` must be one whose likelihood takes missing.*Norm"
    ):
        ki.evaluation.score_drops(whole, rows)


def test_rows_with_given_values(model, table):
    given = {"sex": "F", "age": 40, "city": None}
    rows = model.generate(60, seed=0, given=given)
    assert rows["sex"].eq("F").all() and rows["age"].eq(40).all() and rows["city"].isna().all()
    assert rows["income"].nunique() > 20 and 0 < rows["visits"].isna().sum() < 60
    pandas.testing.assert_frame_equal(
        model.generate(60, seed=0, given=given, batch_size=7), rows, rtol=1e-4
    )
    with pytest.raises(ValueError, match="`given` must be of the columns.*'AGE'"):
        model.generate(2, given={"AGE": 3})
    with pytest.raises(ValueError, match="Column 'sex' must hold.*'X'"):
        model.generate(2, given={"sex": "X"})
    with pytest.raises(TypeError, match="`given` must be a dictionary"):
        model.generate(2, given=["age"])


def test_a_picture_of_interpolation_goes_by_what_is_known(model, table, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(interpolation, "_maps", lambda *arguments: drawn.append(arguments[:2]))
    x = model.preprocessor.numbers(table)
    ki.evaluation.plot_interpolation(model, tmp_path / "a.png", x)
    ((lines, (mean, deviation)),) = drawn
    assert np.all(np.isfinite(lines)) and np.isnan(x).any()
    np.testing.assert_allclose(mean, np.nanmean(x, axis=0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(deviation, np.nanstd(x, axis=0), rtol=1e-5)


def test_the_report_compares_new_rows_with_held_out_ones(model, table):
    x = model.preprocessor.numbers(table)
    data = ki.datasets.Dataset("people", x[:70], x[:0], x[70:], preprocessor=model.preprocessor)
    found = new_rows(model, data, {"train": None}, seed=0, batch_size=256)
    rows = [found[name] for name in ("rows", "synthetic_rows", "held_out_rows")]
    assert rows == [70, 1000, 50]
    assert 0.3 < found["quality"] < found["quality_of_held_out"] < 1.0
    assert set(found["shapes"]) == set(table) - {"id", "note", "unit"}
    few = dataclasses.replace(data, test=x[70:80])
    assert new_rows(model, few, {"train": None}, seed=0, batch_size=256) is None
