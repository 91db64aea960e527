"""The picture of what each value adds to the scores of unusual examples."""

import numpy as np
import pandas
import pytest

import keras_infovae as ki
from keras_infovae import evaluation
from keras_infovae.evaluation.plots import contributions
from tests.evaluation.pictures import check_picture

X = np.random.default_rng(0).random((24, 8, 8, 1)).astype("float32")


@pytest.fixture
def heats(monkeypatch):
    """The heat maps that were drawn."""
    drawn, heat = [], contributions._heat
    monkeypatch.setattr(
        contributions, "_heat", lambda axes, v, *more: drawn.append(v) or heat(axes, v, *more)
    )
    return drawn


def make_model(x, **settings):
    networks = {part: ki.networks.MLP([4]) for part in ("encoder", "decoder")}
    model = ki.VAE(2, seed=0, **networks, **settings)
    model.fit(x, epochs=1, verbose=0)
    return model


def test_images_have_a_map_each(heats, tmp_path):
    model = make_model(X)
    check_picture(evaluation.plot_contributions(model, tmp_path / "c.png", X, count=3))
    values, code = model.contributions(X)
    top = np.argsort(-(values.sum(axis=(1, 2, 3)) + code), kind="stable")[:3]
    np.testing.assert_allclose(heats, (values - values.mean(axis=0))[top, ..., 0], rtol=1e-5)


def test_rows_of_a_table_stand_below_each_other(heats, tmp_path):
    rng = np.random.default_rng(0)
    when = pandas.date_range("2024-01-01", periods=60)
    frame = pandas.DataFrame({"a": rng.normal(size=60), "b": list("xyz") * 20, "when": when})
    frame.loc[7, "a"], frame.loc[8, "b"] = 90.0, None
    model = make_model(frame)
    check_picture(evaluation.plot_contributions(model, tmp_path / "c.png", frame))
    assert heats[0].shape == (8, 4) and heats[0][0].argmax() == 0  # the far value of a, first
    evaluation.plot_contributions(model, tmp_path / "d.png", model.preprocessor.numbers(frame))
    np.testing.assert_allclose(heats[1], heats[0], rtol=1e-4, atol=1e-4)


def test_arrays_that_are_tables_have_names(heats, tmp_path):
    wide = np.random.default_rng(0).normal(size=(24, 50)).astype("float32")
    model = make_model(wide, likelihood="normal")
    names = [f"a rather long name of column $x_{i}$" for i in range(50)]
    path = tmp_path / "c.png"
    check_picture(evaluation.plot_contributions(model, path, wide, feature_names=names))
    assert heats[0].shape == (8, 40)  # of 51, those that vary most


def test_what_cannot_be_drawn(tmp_path):
    model = make_model(X)
    path = tmp_path / "c.png"
    with pytest.raises(ValueError, match="`x` must be at least 2 examples"):
        evaluation.plot_contributions(model, path, X[:1])
    with pytest.raises(ValueError, match="not defined for the score Mahalanobis"):
        evaluation.plot_contributions(model, path, X, score="mahalanobis")
    assert not path.exists()
