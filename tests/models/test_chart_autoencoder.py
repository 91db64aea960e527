"""The chart autoencoder: codes in charts, the start, unused charts, draws."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.models import chart_autoencoder
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


def test_the_start_is_from_all_over_sorted_data(monkeypatch):
    # Ten thousand points of a circle in the order of their angles, of which 2,000 are looked at.
    angles = np.linspace(0, 2 * np.pi, 10_000, endpoint=False)
    x = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype("float32")
    starts = []
    monkeypatch.setattr(chart_autoencoder, "take_steps", lambda model, loss, steps: None)
    monkeypatch.setattr(
        chart_autoencoder, "farthest", lambda *given: starts.append(farthest(*given)) or starts[-1]
    )
    model = ki.ChartAutoencoder(1, charts=8, encoder=MLP)
    model.build((None, 2))
    model.adapt(x, len(x))
    found = np.sort(np.degrees(np.arctan2(starts[0][:, 1], starts[0][:, 0])) % 360)
    gaps = np.diff(np.append(found, found[0] + 360))
    assert gaps.max() < 90  # so that they span more than 270 degrees


# === Conditions ===


def halves(count, seed):
    """Returns points of a circle, and which half of it they are in."""
    angles = np.random.default_rng(seed).uniform(0, 2 * np.pi, count)
    x = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype("float32")
    return x, (angles > np.pi).astype(int)


def test_draws_for_a_class_are_on_the_data_of_that_class(tmp_path):
    x, labels = halves(1200, seed=0)
    keras.utils.set_random_seed(0)
    told = {"condition": ki.conditions.Classes(2)}
    model = ki.ChartAutoencoder(1, charts=8, encoder=MLP, start_steps=100, seed=0, **told)
    model.compile(keras.optimizers.Adam(0.003), jit_compile=False)
    model.fit(x, condition=labels, epochs=15, batch_size=50, verbose=0)
    for label in (0, 1):
        new = model.generate(500, seed=0, condition=label)
        on = np.abs(np.linalg.norm(new, axis=1) - 1) < 0.1
        half = (new[:, 1] < 0) == label
        assert np.mean(on & half) > 0.9
    given = {"seed": 1, "condition": np.arange(40) % 2}
    new = model.generate(40, **given)
    np.testing.assert_allclose(model.generate(40, batch_size=7, **given), new, atol=1e-5)
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(restored.codes.told, model.codes.told)
    with contracts.eager_functions():
        np.testing.assert_allclose(restored.generate(40, **given), new, atol=1e-5)


def test_what_codes_were_told_is_remembered_with_them():
    x, labels = halves(120, seed=1)
    model = ki.ChartAutoencoder(
        1, charts=2, encoder=MLP, start_steps=0, condition=ki.conditions.Classes(2)
    )
    model.compile(run_eagerly=True)
    model.fit(x, condition=labels, epochs=1, batch_size=40, shuffle=False, verbose=0)
    np.testing.assert_array_equal(model.codes.told[:120], np.eye(2)[labels])
    assert np.all(np.asarray(model.codes.told[120:]) == 0)
    without = ChartCodes(2, 1)
    without.build()
    assert without.told is None and len(without.weights) == 2


def codes_that_were_told(told, seed=0):
    """Returns `ChartCodes` of three charts, of which the last is not used, and its codes."""
    rng = np.random.default_rng(seed)
    told = np.asarray(told, "float32").reshape(len(told), -1)
    codes = np.stack([rng.integers(0, 2, len(told)), rng.random(len(told))], axis=1)
    codes[0, 0] = 2.0
    layer = ChartCodes(3, 1, capacity=len(told))
    layer.build(told.shape)
    layer.remember(tf.constant(codes, tf.float32), tf.constant(told))
    return layer, codes.astype("float32")


def drawn_from(codes, seeds):
    """Returns draws of `ChartCodes` that hold these codes alone."""
    layer = ChartCodes(3, 1, capacity=len(codes))
    layer.build()
    layer.remember(tf.constant(codes))
    return layer.draw(seeds)


def test_draws_for_a_class_are_those_of_its_codes_alone():
    labels = np.random.default_rng(0).integers(0, 3, 900)
    layer, codes = codes_that_were_told(np.eye(3)[labels])
    assert layer.used().numpy().tolist() == [True, True, False]
    asked, seeds = np.arange(600) % 3, seeds_of_rows(0, 0, 600)
    drawn = layer.draw(seeds, layer.kernels(tf.constant(np.eye(3)[asked], tf.float32))).numpy()
    for label in range(3):
        rows = np.flatnonzero(asked == label)
        own = codes[(labels == label) & (codes[:, 0] < 2)]
        expected = drawn_from(own, tf.gather(seeds, rows))
        np.testing.assert_allclose(drawn[rows], expected, atol=1e-6)


def test_draws_for_features_go_by_the_same_or_the_nearest():
    # Ages that many have, 40, that four have, 60, and that none has, 64.
    ages = np.repeat([20.0, 40.0, 58.0, 60.0, 62.0, 90.0], [400, 300, 40, 4, 50, 106])
    layer, codes = codes_that_were_told(np.stack([ages, np.full(900, 2000.1)], axis=1))
    used, seeds = codes[:, 0] < 2, seeds_of_rows(0, 0, 900)
    asked = np.repeat([40.0, 60.0, 64.0], 300)
    asked = tf.constant(np.stack([asked, np.full(900, 2000.1)], axis=1), tf.float32)
    drawn = layer.draw(seeds, layer.kernels(asked, fewest=8)).numpy()
    # 58 and 62 are as far from 60: all of both. From 64: those of 62, of 60, and all of 58.
    near = (ages == 40), (ages >= 58) & (ages <= 62), (ages >= 58) & (ages <= 62)
    for part, own in enumerate(near):
        rows = slice(300 * part, 300 * (part + 1))
        np.testing.assert_allclose(
            drawn[rows], drawn_from(codes[own & used], seeds[rows]), atol=1e-6
        )


def test_a_class_without_codes_takes_any():
    layer, _ = codes_that_were_told(np.eye(3)[np.arange(900) % 2])
    asked = tf.constant(np.eye(3)[[2, 2]], tf.float32)
    drawn = layer.draw(seeds_of_rows(0, 0, 2), layer.kernels(asked)).numpy()
    assert np.all((drawn[:, 0] < 2) & (drawn[:, 1] >= 0) & (drawn[:, 1] <= 1))


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
    ("z", "words"),
    [
        (np.zeros((5, 2), "float32"), "`z` must have a row for each of the 200 examples of x"),
        (np.zeros((200, 3), "float32"), r"`z` must have shape \[examples, 2\]"),
        (np.full((200, 2), np.nan, "float32"), "`z` must be finite"),
        (np.zeros(200, "float32"), "`z` must have shape"),
        ([["a", "b"]], "`z` must be numeric"),
    ],
)
def test_codes_to_encode_beside_are_checked(charts, z, words):
    with pytest.raises((ValueError, TypeError), match=words):
        charts.encode_beside(DATA.test, z)


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
@pytest.mark.parametrize("labels", [None, np.arange(34) % 2])
def test_two_replicas_are_one_device(labels):
    told = {} if labels is None else {"condition": ki.conditions.Classes(2)}

    def trained():
        keras.utils.set_random_seed(0)
        model = ki.ChartAutoencoder(1, charts=2, encoder=MLP, start_steps=2, seed=0, **told)
        model.compile("adam", jit_compile=False)
        given = {"epochs": 1, "batch_size": 17, "shuffle": False, "verbose": 0}
        history = model.fit(DATA.train[:34], condition=labels, **given).history
        return history, model.get_weights()

    expected = trained()
    with ki.training.get_strategy("mirrored").scope():
        found = trained()
    for term, values in expected[0].items():
        np.testing.assert_allclose(found[0][term], values, rtol=1e-4)
    for one, other in zip(found[1], expected[1], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)
