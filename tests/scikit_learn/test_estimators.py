"""What estimators do beyond scikit-learn's own checks: tables, pipelines, searches, saving."""

import copy
import io
import pickle
import random

import keras
import numpy as np
import pandas
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import keras_infovae as ki
from keras_infovae.scikit_learn.initial_weights import initial_weights_from
from tests.kinds import ColumnNormals, PrincipalComponents
from tests.tables.people import people

SMALL = {"encoder": ki.networks.MLP([4]), "decoder": ki.networks.MLP([4])}
FITTED = ["schema_", "model_", "history_", "n_features_in_"]
X = np.random.default_rng(0).normal(size=(60, 4)) * [1.0, 10.0, 0.1, 1000.0]


class Named(pickle.Unpickler):
    """Notes what it is asked to import."""

    def __init__(self, file):
        super().__init__(file)
        self.names = []

    def find_class(self, module, name):
        self.names.append(f"{module}.{name}")
        return super().find_class(module, name)


@pytest.fixture(scope="module")
def table():
    return people(80)


@pytest.fixture(scope="module")
def detector(table):
    detector = ki.scikit_learn.OutlierDetector(
        "vae",
        latent_dim=2,
        settings=SMALL,
        epochs=2,
        early_stopping=True,
        contamination=0.2,
        kinds={"visits": "left_out"},
        random_state=0,
    )
    return detector.fit(table)


def test_a_detector_takes_a_table_as_it_is(detector, table):
    assert [column.name for column in detector.schema_.columns][:2] == ["age", "income"]
    assert ["visits", "as was asked for"] in detector.schema_.left_out
    assert detector.feature_names_in_.tolist() == list(table.columns)
    labels, scores = detector.predict(table), detector.score_samples(table)
    assert (labels == -1).sum() == 16  # a fifth of 80 rows
    known = detector.anomaly_score_
    assert known.left_out == 9 and len(known.codes) == 80
    np.testing.assert_array_equal(scores, -detector.model_.score(table, known).astype("float64"))
    np.testing.assert_array_equal(detector.decision_function(table), scores - detector.offset_)
    assert "val_loss" in detector.history_ and len(detector.history_["loss"]) == 2
    # A category that was not there counts as missing, a wrong name is an error.
    with pytest.warns(UserWarning, match="'city': 100% are missing or not known"):
        assert np.isfinite(detector.score_samples(table.assign(city="Paris"))).all()
    with pytest.raises(ValueError, match="feature names should match"):
        detector.predict(table.rename(columns={"age": "AGE"}))
    with pytest.raises(ValueError, match="feature names should match"):
        detector.predict(table[table.columns[::-1]])


def test_what_pickles_it_keeps_a_keras_file(detector, table):
    state = detector.__getstate__()
    assert state["model_"][:2] == b"PK" and isinstance(state["settings"], str)
    content = pickle.dumps(detector)
    reader = Named(io.BytesIO(content))
    reader.load()
    ours = [name for name in reader.names if name.startswith("keras")]
    assert ours == ["keras_infovae.scikit_learn.outlier_detector.OutlierDetector"]
    for other in (pickle.loads(content), copy.deepcopy(detector)):
        np.testing.assert_array_equal(other.predict(table), detector.predict(table))
        assert other.settings == SMALL and other.schema_ == detector.schema_


def test_code_within_a_model_is_refused_where_it_is_unpickled(monkeypatch):
    unsafe = ki.VAE(2, encoder=keras.Sequential([keras.layers.Lambda(lambda x: x[:, :4])]))
    unsafe.build((None, 4))
    estimator = ki.scikit_learn.LatentTransformer()
    estimator.model_ = unsafe
    with pytest.raises(Exception, match="[Ll]ambda"):
        pickle.loads(pickle.dumps(estimator))


def test_codes_and_rows_of_a_table(table):
    known = table[["age", "income"]].fillna(1.0)
    codes = ki.scikit_learn.LatentTransformer(
        PrincipalComponents, latent_dim=1, epochs=3, batch_size=80
    ).set_output(transform="pandas")
    z = codes.fit_transform(known)
    assert list(z.columns) == ["z0"] and list(z.index) == list(known.index)
    rows = codes.inverse_transform(z)
    pandas.testing.assert_index_equal(rows.columns, known.columns)
    assert rows["age"].dtype == known["age"].dtype
    density = ki.scikit_learn.DensityEstimator(ColumnNormals, epochs=1, batch_size=80).fit(known)
    new = density.sample(7, random_state=0)
    assert list(new.columns) == ["age", "income"] and len(new) == 7
    assert new["age"].between(known["age"].min(), known["age"].max()).all()
    pandas.testing.assert_frame_equal(density.sample(7, random_state=0), new)
    assert density.score(known) == pytest.approx(density.score_samples(known).mean())
    with pytest.raises(ValueError, match="code of a row"):
        ki.scikit_learn.LatentTransformer(ColumnNormals).fit(known)


def test_the_density_of_independent_columns_is_that_of_the_normals():
    # Columns by quantiles are standard normal, but for the ends of an empirical distribution.
    density = ki.scikit_learn.DensityEstimator(ColumnNormals, epochs=1, batch_size=60).fit(X)
    z = density.schema_.numbers(pandas.DataFrame(X))
    mean, variance = z.mean(axis=0), z.var(axis=0) + 1e-4
    expected = -0.5 * ((z - mean) ** 2 / variance + np.log(2.0 * np.pi * variance)).sum(axis=1)
    np.testing.assert_allclose(density.score_samples(X), expected, rtol=1e-4)


def test_a_detector_leaves_numbers_as_they_are(detector, table):
    transforms = {c.name: c.transform for c in detector.schema_.columns if hasattr(c, "transform")}
    assert set(transforms) == {"age", "income"} and set(transforms.values()) == {"identity"}
    assert {c.name: c.kind for c in detector.schema_.columns}["city"] == "categorical"
    settings = {"settings": SMALL, "epochs": 1}
    of_numbers = ki.scikit_learn.OutlierDetector(**settings, kinds={3: "numeric"}).fit(X)
    found = [column.transform for column in of_numbers.schema_.columns]
    assert found == ["identity"] * 3 + ["quantile"]
    assert of_numbers.model_.latent_dim == 2
    codes = ki.scikit_learn.LatentTransformer(**settings).fit(X)
    assert codes.model_.latent_dim == 8
    assert {column.transform for column in codes.schema_.columns} == {"quantile"}


def test_a_detector_tells_numbers_apart_that_float32_does_not():
    seconds = np.column_stack([X[:, 0], 1.7e9 + 10.0 * X[:, 1]])
    detector = ki.scikit_learn.OutlierDetector(settings=SMALL, epochs=1, random_state=0)
    detector.fit(seconds)
    assert [column.transform for column in detector.schema_.columns] == ["identity", "standardized"]
    x = detector.schema_.numbers(pandas.DataFrame(seconds))
    assert len(np.unique(x[:, 1])) == len(X)


def test_a_detector_shows_its_score_the_training_rows():
    settings = {"settings": SMALL, "epochs": 1, "anomaly_score": "mahalanobis"}
    detector = ki.scikit_learn.OutlierDetector(**settings, random_state=0).fit(X)
    rows = detector.schema_.numbers(pandas.DataFrame(X))
    known = ki.evaluation.fit_anomaly_score(detector.model_, rows)
    np.testing.assert_allclose(
        detector.score_samples(X), -detector.model_.score(rows, known), rtol=1e-5
    )
    assert detector.anomaly_score_ == known
    assert (detector.predict(X) == -1).mean() == pytest.approx(0.1, abs=1 / len(X))


def test_the_default_score_of_a_detector_goes_by_what_is_looked_for():
    settings = {"settings": SMALL, "epochs": 1, "random_state": 0}
    new = ki.scikit_learn.OutlierDetector(novelty=True, **settings).fit(X)
    rows = new.schema_.numbers(pandas.DataFrame(X))
    assert new.anomaly_score_ is None
    np.testing.assert_allclose(new.score_samples(X), -new.model_.score(rows), rtol=1e-5)
    few = ki.scikit_learn.OutlierDetector(**settings).fit(X[:4])
    assert few.anomaly_score_.left_out == 3 and np.isfinite(few.score_samples(X)).all()
    without_codes = ki.scikit_learn.OutlierDetector(ColumnNormals, epochs=1).fit(X)
    assert without_codes.anomaly_score_ is None
    with pytest.raises(TypeError, match="`novelty` must be True or False. Received: novelty=1"):
        ki.scikit_learn.OutlierDetector(novelty=1).fit(X)


def test_a_detector_shows_its_score_tables_too(table):
    mahalanobis = ki.scikit_learn.OutlierDetector(
        "vae", settings=SMALL, epochs=1, anomaly_score="mahalanobis", random_state=0
    ).fit(table)
    rows = mahalanobis.schema_.numbers(table)
    known = ki.evaluation.fit_anomaly_score(mahalanobis.model_, rows)
    assert mahalanobis.anomaly_score_ == known


def test_columns_of_arrays_are_numbers():
    x = np.column_stack([np.arange(30), np.arange(30) % 2, np.arange(30) % 3])
    density = ki.scikit_learn.DensityEstimator(ColumnNormals, epochs=1).fit(x)
    assert [column.kind for column in density.schema_.columns] == ["integer", "binary", "integer"]
    new = density.sample(20, random_state=np.random.RandomState(0))
    assert new.shape == (20, 3) and new.dtype == x.dtype
    assert set(new[:, 1]) == {0, 1} and new[:, 0].min() >= 0 and new[:, 0].max() <= 29


def test_weights_follow_from_the_random_state_and_leave_the_process_alone():
    random.seed(1)
    np.random.seed(1)
    estimator = ki.scikit_learn.LatentTransformer(PrincipalComponents, epochs=1, random_state=3)
    first = estimator.fit_transform(X)
    after = random.random(), np.random.random()
    random.seed(1)
    np.random.seed(1)
    assert after == (random.random(), np.random.random())
    np.testing.assert_array_equal(clone(estimator).fit_transform(X), first)

    def weights(seed):
        with initial_weights_from(seed):
            layer = keras.layers.Dense(3)
            layer.build((None, 4))
        return layer.kernel.numpy()

    np.testing.assert_array_equal(weights(0), weights(0))
    assert not np.array_equal(weights(0), weights(1))


def test_pipelines_and_searches():
    y = X[:, 1] > 0
    pipeline = make_pipeline(
        ki.scikit_learn.LatentTransformer(PrincipalComponents, epochs=3, random_state=0),
        LogisticRegression(),
    )
    grid = {"latenttransformer__latent_dim": [1, 3]}
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(X, y)
    assert search.best_params_["latenttransformer__latent_dim"] in (1, 3)
    assert search.predict(X).shape == (60,)
    best = search.best_estimator_[0]
    assert best.get_feature_names_out().tolist() == [f"z{i}" for i in range(best.latent_dim)]


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"model": "vea"}, ValueError, "`model`.*Did you mean 'vae'"),
        ({"model": 3}, TypeError, "`model` must be a registered model"),
        ({"epochs": 0}, ValueError, "`epochs` must be an integer of at least 1"),
        ({"batch_size": 1}, ValueError, "`batch_size` must be an integer of at least 2"),
        ({"patience": 1.5}, TypeError, "`patience`"),
        ({"learning_rate": 0.0}, ValueError, "`learning_rate` must be greater than 0"),
        ({"validation_fraction": 1}, ValueError, "`validation_fraction` must be between 0 and 1"),
        ({"settings": [1]}, TypeError, "`settings` must be a dictionary"),
        ({"settings": {"seed": 1}}, ValueError, "`settings` must be without 'seed'"),
        ({"settings": {"alpha": 2.0}}, ValueError, "`alpha` must be at most 1"),
        ({"latent_dim": 0}, ValueError, "`latent_dim`"),
        ({"kinds": {9: "count"}}, ValueError, "`kinds` must be of the table's columns"),
        ({"kinds": ["count"]}, TypeError, "`kinds` must be a dictionary"),
        ({"unknown": "ignore"}, ValueError, "`unknown` must be one of"),
        ({"contamination": 0.0}, ValueError, "`contamination` must be greater than 0"),
        ({"contamination": 0.7}, ValueError, "`contamination` must be at most 0.5"),
        ({"anomaly_score": "elbow"}, ValueError, "`score` must be one of"),
        (
            {
                "early_stopping": True,
                "model": "beta_vae",
                "settings": SMALL | {"beta": ki.schedules.Linear(0.1, 1.0, duration=9)},
            },
            ValueError,
            "`early_stopping` must be False for a model with a critic or a weight on a schedule",
        ),
        (
            {"early_stopping": True, "validation_fraction": 0.99},
            ValueError,
            "`validation_fraction` must be one that leaves 2 of 60 rows",
        ),
    ],
)
def test_bad_arguments_are_named_before_anything_is_trained(given, error, message):
    estimator = ki.scikit_learn.OutlierDetector(**{"settings": SMALL} | given)
    with pytest.raises(error, match=message):
        estimator.fit(X)
    assert not any(hasattr(estimator, name) for name in FITTED[:2])


@pytest.mark.parametrize("model", ["wasserstein_autoencoder", "denoising_diffusion", "short_run"])
def test_models_without_a_density_are_refused_before_they_are_trained(model):
    estimator = ki.scikit_learn.DensityEstimator(model, epochs=10_000)
    with pytest.raises(ValueError, match="The density of rows"):
        estimator.fit(X)


def test_arrays_go_by_position_whatever_the_names_of_columns_are():
    frame = pandas.DataFrame(X[:, :3])[[2, 0, 1]]
    codes = ki.scikit_learn.LatentTransformer(settings=SMALL, epochs=1, random_state=0).fit(frame)
    np.testing.assert_array_equal(codes.transform(frame), codes.transform(frame.to_numpy()))
