"""`Scaling`: apply and invert undo each other; statistics; config round trip."""

import json

import keras
import numpy as np
import pytest

from keras_infovae.preprocessors import Scaling

rng = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("scaling", "raw"),
    [
        (Scaling(), rng.normal(size=(5, 3))),
        (Scaling(0.0, 255.0), rng.integers(0, 256, (4, 2, 2, 1), "uint8")),
        (Scaling(-3.0, 0.5), rng.normal(size=(5, 3)).astype("float32")),
        (Scaling([1.0, -2.0, 0.0], [1.0, 10.0, 0.1]), rng.normal(size=(5, 3))),
        (Scaling([1.0, -2.0, 0.0], 4.0), rng.normal(size=(5, 3))),
        (Scaling(1.0, [1.0, 2.0, 3.0]), rng.integers(0, 9, (5, 3))),
    ],
)
def test_invert_undoes_apply_and_apply_is_the_formula(scaling, raw):
    scaled = scaling.apply(raw)
    assert scaled.dtype == np.float32
    expected = (raw.astype("float64") - np.array(scaling.offset)) / np.array(scaling.scale)
    np.testing.assert_allclose(scaled, expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(scaling.invert(scaled), raw, rtol=1e-5, atol=1e-5)


def test_every_byte_survives_the_round_trip():
    raw = np.arange(256, dtype="uint8")
    scaling = Scaling(0, 255)
    assert scaling.apply(raw).min() == 0.0
    assert scaling.apply(raw).max() == 1.0
    np.testing.assert_array_equal(np.rint(scaling.invert(scaling.apply(raw))), raw)


def test_apply_leaves_its_argument_alone():
    raw = np.ones((2, 2), "float32")
    Scaling(1.0, 2.0).apply(raw)
    np.testing.assert_array_equal(raw, 1.0)


def test_large_integers_keep_their_differences():
    raw = np.array([[1_700_000_000], [1_700_000_001]])
    np.testing.assert_array_equal(Scaling(1.7e9, 1.0).apply(raw), [[0.0], [1.0]])


def test_standardize_gives_mean_0_and_deviation_1_and_constants_scale_1():
    train = np.column_stack([rng.normal(5.0, 3.0, 50), np.full(50, 0.1), np.arange(50.0)])
    scaling = Scaling.standardize(train)
    scaled = scaling.apply(train)
    np.testing.assert_allclose(scaled.mean(axis=0), 0.0, atol=1e-6)
    np.testing.assert_allclose(scaled.std(axis=0), [1.0, 0.0, 1.0], atol=1e-6)
    assert scaling.scale[1] == 1.0
    assert scaling.offset[2] == 24.5


@pytest.mark.parametrize("scaling", [Scaling(), Scaling(0, 255), Scaling([1, 2], [3.0, 4.0])])
def test_config_round_trip(scaling):
    assert Scaling.from_config(json.loads(json.dumps(scaling.get_config()))) == scaling
    config = keras.saving.serialize_keras_object(scaling)
    assert config["registered_name"] == "keras_infovae>Scaling"
    assert keras.saving.deserialize_keras_object(json.loads(json.dumps(config))) == scaling
    assert scaling != Scaling(7.0, 7.0)


def test_arrays_become_lists():
    scaling = Scaling(np.zeros(2, "float32"), np.array([1, 2]))
    assert (scaling.offset, scaling.scale) == ([0.0, 0.0], [1.0, 2.0])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Scaling(0.0, 0.0), ValueError, "Argument `scale` must be greater than 0"),
        (lambda: Scaling(0.0, [1.0, -1.0]), ValueError, r"Argument `scale\[1\]` must be greater"),
        (lambda: Scaling(float("nan")), ValueError, "Argument `offset` must be finite"),
        (lambda: Scaling("0"), TypeError, "Argument `offset` must be a sequence of numbers"),
        (lambda: Scaling(None), TypeError, "Argument `offset` must be a number"),
        (lambda: Scaling([]), ValueError, "at least one number"),
        (lambda: Scaling([1.0, 2.0], [1.0]), ValueError, "must be equally long.*2 offsets and 1"),
        (lambda: Scaling([1.0, 2.0]).apply(np.ones((3, 4))), ValueError, "`raw` must have 2 feat"),
        (lambda: Scaling([1.0]).invert(np.ones(())), ValueError, "`scaled` must have 1 features"),
        (lambda: Scaling.standardize(np.ones((2, 2, 2))), ValueError, r"a table.*\(2, 2, 2\)"),
        (lambda: Scaling.standardize(np.ones((0, 2))), ValueError, "at least one row"),
        (lambda: Scaling.standardize([[1.0], [np.nan]]), ValueError, "`train` must be finite"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
