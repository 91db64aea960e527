"""The chart autoencoder: codes in charts, the start, unused charts, draws."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.models.chart_codes import ChartCodes
from keras_infovae.models.chart_start import farthest
from keras_infovae.networks.stacked import StackedMLP
from keras_infovae.utils.row_random import seeds_of_rows
from tests import contracts

DATA = ki.datasets.load("circle", limit=1000, test_fraction=0.2)
MLP = ki.networks.MLP([32], "silu")


@pytest.fixture(scope="module")
def charts():
    """Four charts, trained on the circle."""
    keras.utils.set_random_seed(0)
    model = ki.ChartAutoencoder(1, charts=4, encoder=MLP, start_steps=200, seed=0)
    model.compile(keras.optimizers.Adam(0.003), jit_compile=False)
    model.fit(DATA.train, epochs=15, batch_size=50, verbose=0)
    return model


def test_the_circle_is_covered_and_no_reconstruction_is_as_bad_as_a_single_maps(charts):
    metrics = ki.evaluation.measure(charts, DATA)
    assert "The fit of the codes to the prior" in metrics["left_out"][-3]
    found = metrics["manifold"]
    assert found["samples"]["on_share"] > 0.9 and found["samples"]["coverage"] > 0.95
    assert found["reconstruction"]["worst"] < 0.6  # one code of one number: at least 1
    assert found["reconstruction"]["lower_bound"] is None
    assert found["between_codes"]["interpolation"] < 0.2
    z = charts.encode(DATA.test)
    assert z.shape == (200, 2) and set(z[:, 0]) <= {0.0, 1.0, 2.0, 3.0}
    assert z[:, 1].min() >= 0 and z[:, 1].max() <= 1
    np.testing.assert_allclose(charts.decode(z), charts.reconstruct(DATA.test), atol=1e-5)
    np.testing.assert_allclose(charts.encode_beside(DATA.test, z), z, atol=1e-5)
    moved = z.copy()
    moved[:, 0] = (z[:, 0] + 1) % 4
    assert np.all(charts.encode_beside(DATA.test, moved)[:, 0] == moved[:, 0])


def test_draws_are_in_the_chart_that_the_predictor_names(charts):
    new = charts.generate(300, seed=0)
    used = charts.codes.used().numpy()
    assert np.all(used[charts.encode(new)[:, 0].astype(int)])
    np.testing.assert_allclose(charts.generate(300, seed=0, batch_size=70), new, atol=1e-5)
    assert charts.codes.shares().numpy().sum() == pytest.approx(1.0)


def test_it_is_saved_with_the_codes_and_says_what_it_cannot_do(charts, tmp_path):
    charts.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    new = charts.generate(9, seed=0)
    with contracts.eager_functions():
        np.testing.assert_allclose(restored.generate(9, seed=0), new, atol=1e-5)
    can = {"reconstruct", "encode", "decode", "generate"}
    assert set(charts.capabilities) == can
    for call in (charts.elbo, charts.score, charts.log_prob):
        with pytest.raises(ValueError, match="is not defined for ChartAutoencoder"):
            call(DATA.test)


def test_one_chart_is_an_autoencoder():
    keras.utils.set_random_seed(0)
    model = ki.ChartAutoencoder(1, charts=1, encoder=MLP, start_steps=0, seed=0)
    model.compile("adam", run_eagerly=True)
    values = model.fit(DATA.train[:64], epochs=1, verbose=0).history
    assert values["prediction_loss"] == [0.0]
    x = DATA.train[:64]
    error = np.mean(
        np.square(
            model.units.standardized(x)
            - model.units.standardized(tf.constant(model.reconstruct(x)))
        )
    )
    assert model.evaluate(x, verbose=0)["chart_error"] == pytest.approx(error, rel=1e-4)


def test_the_start_puts_far_points_in_charts_of_their_own():
    keras.utils.set_random_seed(0)
    model = ki.ChartAutoencoder(1, charts=3, encoder=MLP, start_steps=150, seed=0)
    model.compile("adam", run_eagerly=True)
    model.build((None, 3))
    model.adapt(DATA.train, 800)
    points = farthest(DATA.train, 3)
    gaps = np.linalg.norm(points[:, None] - points[None], axis=-1)
    assert gaps[np.triu_indices(3, 1)].min() > 1.0  # a triangle
    assert model.encode(points)[:, 0].tolist() == [0.0, 1.0, 2.0]
    assert np.linalg.norm(model.reconstruct(points) - points, axis=1).max() < 0.3


def test_codes_that_are_remembered_are_the_last():
    codes = ChartCodes(3, 1, capacity=10)
    codes.build()
    assert codes.used().numpy().tolist() == [True] * 3
    first = np.array([[0.0, 0.1 * i] for i in range(8)], "float32")
    codes.remember(tf.constant(first))
    assert codes.shares().numpy().tolist() == [1.0, 0.0, 0.0]
    codes.remember(tf.constant([[2.0, 0.3]] * 7, tf.float32))
    assert codes.shares().numpy() == pytest.approx([0.3, 0.0, 0.7])
    assert codes.used().numpy().tolist() == [True, False, True]
    drawn = codes.draw(seeds_of_rows(0, 0, 2000)).numpy()
    assert set(drawn[:, 0]) == {0.0, 2.0}
    assert np.mean(drawn[:, 0] == 2.0) == pytest.approx(0.7, abs=4 * np.sqrt(0.21 / 2000))
    np.testing.assert_allclose(drawn[drawn[:, 0] == 2.0, 1], 0.3, atol=1e-6)  # no spread, no kernel
    inside = drawn[drawn[:, 0] == 0.0, 1]
    assert inside.min() >= 0.5 - 1e-6 and inside.max() <= 0.7 + 1e-6  # within the chart's range


def test_however_many_charts_there_are_even_shares_are_used():
    codes = ChartCodes(300, 1)
    codes.build()
    assert np.all(codes.used())
    codes.remember(tf.constant(np.arange(8192)[:, None] % [[150, 1]], tf.float32))
    assert codes.used().numpy().tolist() == [True] * 150 + [False] * 150
    assert np.all(codes.draw(seeds_of_rows(0, 0, 100))[:, 0] < 150)


def test_stacked_networks_are_those_of_each():
    keras.utils.set_random_seed(0)
    layer = StackedMLP(3, (4,), 2, "tanh")
    x = np.random.default_rng(0).normal(size=(5, 6)).astype("float32")
    found = layer(x).numpy()
    for k in range(3):
        first, second = (w.numpy()[k] for w in layer.kernels)
        np.testing.assert_allclose(found[:, k], np.tanh(x @ first) @ second, atol=1e-5)
    apart = layer(np.repeat(x[:, None], 3, axis=1)).numpy()
    np.testing.assert_allclose(apart, found, atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"chart_dim": 0}, "`chart_dim` must be an integer of at least 1"),
        ({"charts": 0}, "`charts` must be an integer of at least 1"),
        ({"decoder_units": []}, "`decoder_units` must be a sequence of at least one"),
        ({"start_steps": -1}, "`start_steps` must be an integer of at least 0"),
    ],
)
def test_what_cannot_be_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        ki.ChartAutoencoder(**arguments)


@pytest.mark.slow
def test_two_replicas_are_one_device():
    def trained():
        keras.utils.set_random_seed(0)
        model = ki.ChartAutoencoder(1, charts=2, encoder=MLP, start_steps=2, seed=0)
        model.compile("adam", jit_compile=False)
        given = {"epochs": 1, "batch_size": 17, "shuffle": False, "verbose": 0}
        return model.fit(DATA.train[:34], **given).history, model.get_weights()

    expected = trained()
    with ki.training.get_strategy("mirrored").scope():
        found = trained()
    for term, values in expected[0].items():
        np.testing.assert_allclose(found[0][term], values, rtol=1e-4)
    for one, other in zip(found[1], expected[1], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)
