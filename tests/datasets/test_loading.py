"""`load`: one form for every source."""

import numpy as np
import pytest

from keras_infovae.datasets import Dataset, load
from keras_infovae.preprocessors import Scaling


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.npz"
    np.savez(path, x=np.arange(40.0).reshape(20, 2), y=np.arange(20))
    return path


def _all(data):
    return np.concatenate([data.train, data.validation, data.test])


def test_splits_cover_the_source_and_labels_follow_their_examples(table):
    data = load(table, validation_fraction=0.2, test_fraction=0.15)
    assert (len(data.train), len(data.validation), len(data.test)) == (13, 4, 3)
    np.testing.assert_array_equal(np.sort(_all(data)[:, 0]), np.arange(0.0, 40.0, 2.0))
    for split in ("train", "validation", "test"):
        examples, labels = getattr(data, split), getattr(data, f"{split}_labels")
        assert examples.dtype == np.float32
        np.testing.assert_array_equal(examples[:, 0], 2.0 * labels)


def test_same_seed_same_data(table):
    np.testing.assert_array_equal(load(table, seed=5).train, load(str(table), seed=5).train)
    assert not np.array_equal(load(table, seed=5).train, load(table, seed=6).train)


def test_limit(table):
    data = load(table, limit=10)
    assert (len(data.train), len(data.validation), len(data.test)) == (8, 1, 1)
    assert len(_all(load(table, limit=1000))) == 20


def test_fraction_0_gives_an_empty_split(table):
    data = load(table, validation_fraction=0.0, test_fraction=0)
    assert data.validation.shape == data.test.shape == (0, 2)
    assert len(data.train) == 20
    assert "validation        0 examples" in data.summary()


def test_official_test_split_stays_whole_and_in_order(tmp_path):
    path = tmp_path / "official.npz"
    x_test = np.arange(100.0, 110.0).reshape(5, 2)
    np.savez(path, x_train=np.zeros((20, 2)), x_test=x_test, y_train=["a"] * 20, y_test=["b"] * 5)
    data = load(path, test_fraction=0.5)
    np.testing.assert_array_equal(data.test, x_test)
    assert (len(data.train), len(data.validation)) == (18, 2)
    assert set(data.train_labels) == {"a"}
    assert set(data.test_labels) == {"b"}
    limited = load(path, limit=10)
    assert (len(limited.train), len(limited.validation), len(limited.test)) == (7, 1, 2)


def test_standardize_uses_the_training_split_only(table):
    plain, data = load(table), load(table, standardize=True)
    assert data.scaling == Scaling.standardize(plain.train)
    np.testing.assert_allclose(data.train.mean(axis=0), 0.0, atol=1e-6)
    np.testing.assert_allclose(data.scaling.invert(data.test), plain.test, rtol=1e-5)


@pytest.mark.parametrize(
    ("x", "scaling"),
    [
        (np.full((4, 2, 2), 255, "uint8"), Scaling(0.0, 255.0)),
        (np.full((4, 2, 2, 3), 51, "uint8"), Scaling(0.0, 255.0)),
        (np.ones((4, 2, 2), "uint8"), Scaling()),  # binary images, as dSprites has them
        (np.full((4, 2), 255, "uint8"), Scaling()),  # a table of counts
        (np.full((4, 2, 2), 255.0, "float32"), Scaling()),
        (np.full((4, 2, 2), 255), Scaling()),
        (np.ones((4, 2), bool), Scaling()),
    ],
)
def test_only_images_of_bytes_are_scaled_and_it_is_recorded(x, scaling, tmp_path):
    np.save(tmp_path / "x.npy", x)
    data = load(tmp_path / "x.npy")
    assert data.scaling == scaling
    assert data.event_shape == x.shape[1:]
    np.testing.assert_array_equal(data.train, x[:2] / np.float32(scaling.scale))
    assert data.train_labels is None


def test_a_long_scaling_is_not_spelled_out(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(80.0).reshape(8, 10))
    summary = load(tmp_path / "x.npy", standardize=True).summary()
    assert summary.endswith("scaling: one per feature")


def test_dataset_says_what_it_is(table):
    data = load(table)
    assert repr(data) == (
        "Dataset('table.npz', event_shape=(2,), train=16, validation=2, test=2, labels=16)"
    )
    assert "train            16 examples, values" in data.summary()
    assert "Scaling(offset=0.0, scale=1.0)" in data.summary()
    with pytest.raises(AttributeError):
        data.name = "other"
    assert Dataset("a", data.train, data.train, data.train).num_classes is None


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"source": "digit"},
            ValueError,
            "one of 'blobs', 'breast_cancer'.*Did you mean 'digits'.*path",
        ),
        ({"source": "gone.npz"}, FileNotFoundError, "must be a path that exists.*'gone.npz'"),
        ({"source": "no/folder"}, FileNotFoundError, "must be a path that exists"),
        ({"source": np.ones(3)}, TypeError, "`source` must be a name or a path"),
        ({"seed": -1}, ValueError, "`seed` must be an integer of at least 0"),
        ({"seed": 0.5}, TypeError, "`seed` must be an integer"),
        ({"limit": 0}, ValueError, "`limit` must be an integer of at least 1"),
        ({"limit": 2}, ValueError, r"enough examples for 3 split.*\(2 example"),
        ({"standardize": 1}, TypeError, "`standardize` must be True or False"),
        ({"source": "digits", "standardize": True}, ValueError, "must be False.*(8, 8, 1)"),
        ({"test_fraction": 1.5}, ValueError, "`test_fraction` must be at least 0 and less than 1"),
        ({"label_column": "y"}, ValueError, "`label_column` must be None but for"),
        ({"source": "digits", "label_column": "y"}, ValueError, "`label_column` must be None"),
    ],
)
def test_errors(arguments, error, message, table):
    with pytest.raises(error, match=message):
        load(**{"source": table, **arguments})


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.ones((1, 2))}, "enough examples for 3 split"),
        ({"x": np.ones(5)}, r"rank 2 or more.*\(5,\)"),
        ({"x": np.ones((0, 2))}, "at least one example"),
        ({"x": np.ones((4, 0))}, "at least one example and one value"),
        ({"x": np.array([["a"], ["b"]])}, "real numbers.*dtype <U1"),
        ({"x": np.ones((4, 2), complex)}, "real numbers.*complex128"),
        (
            {"x": [[1.0], [np.nan], [np.inf]]},
            r"1 NaN and 1 Inf values, the first at index \(1, 0\)",
        ),
        ({"x": np.full((4, 1), 1e300)}, "`source as float32, its train split` must be finite"),
        ({"x": np.ones((4, 2)), "y": [1, 2, 3]}, "one label per example.*4 examples"),
        ({"x": np.ones((2, 2)), "y": [1.0, np.nan]}, r"`source\['y'\]` must be finite"),
        ({"x_train": np.ones((4, 2)), "x_test": np.ones((4, 3))}, "one shape of example"),
        (
            {"x_train": np.ones((4, 2)), "x_test": [[1.0, np.inf]]},
            r"`source\['x_test'\]` must be finite",
        ),
        (
            {"x_train": np.ones((4, 2)), "x_test": np.ones((4, 2)), "y_train": np.ones(4)},
            "labels in both train and test or in neither",
        ),
    ],
)
def test_data_that_cannot_be_used(arrays, message, tmp_path):
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(ValueError, match=message):
        load(tmp_path / "bad.npz")


def test_other_data_in_the_unit_of_the_first_keep_their_digits(tmp_path):
    """A float32 holds the seconds since 1970 to 128."""
    x = np.c_[1.7e9 + np.arange(100.0), np.arange(100.0)]
    np.save(tmp_path / "x.npy", x)
    data = load(tmp_path / "x.npy", standardize=True)
    again = load(tmp_path / "x.npy", standardize=data.scaling)
    np.testing.assert_array_equal(again.train, data.train)
    assert again.scaling == data.scaling and len(np.unique(again.train[:, 0])) == 80
    np.save(tmp_path / "wide.npy", np.ones((40, 3)))
    with pytest.raises(ValueError, match="`standardize` must be a Scaling of 3 features.*one of 2"):
        load(tmp_path / "wide.npy", standardize=data.scaling)
