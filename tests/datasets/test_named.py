"""Sources that have a name: bundled, official and TensorFlow Datasets."""

import gzip
import sys
import types

import keras
import numpy as np
import pytest

from keras_infovae.datasets import DataWarning, load, official
from keras_infovae.preprocessors import Scaling

rng = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("name", "shape", "count", "classes"),
    [
        ("digits", (8, 8, 1), 1797, 10),
        ("breast_cancer", (30,), 569, 2),
        ("wine", (13,), 178, 3),
    ],
)
def test_bundled(name, shape, count, classes):
    pytest.importorskip("sklearn")
    data = load(name)
    assert data.name == name
    assert data.event_shape == shape
    assert len(data.train) + len(data.validation) + len(data.test) == count
    assert data.num_classes == classes
    if name == "digits":
        assert data.scaling == Scaling(0.0, 16.0)
        assert data.feature_names is None
        assert (data.train.min(), data.train.max()) == (0.0, 1.0)
    else:
        assert len(data.feature_names) == shape[0]
        assert all(type(feature) is str for feature in data.feature_names)


def _images(*shape):
    return rng.integers(0, 256, shape, "uint8")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty Keras cache, no system folders, and no network."""

    def offline():
        raise Exception("URL fetch failure on https://somewhere")  # as Keras does

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(official, "SYSTEM_FOLDERS", {"fashion_mnist": str(tmp_path / "system")})
    for name in ("mnist", "fashion_mnist", "cifar10"):
        monkeypatch.setattr(getattr(keras.datasets, name), "load_data", offline)
    folder = tmp_path / "datasets"
    folder.mkdir()
    return folder


def test_mnist_from_the_cache(cache):
    arrays = {
        "x_train": _images(20, 28, 28),
        "y_train": _images(20),
        "x_test": _images(5, 28, 28),
        "y_test": _images(5),
    }
    np.savez(cache / "mnist.npz", **arrays)
    data = load("mnist")
    assert (len(data.train), len(data.validation), len(data.test)) == (18, 2, 5)
    assert data.event_shape == (28, 28, 1)
    assert data.scaling == Scaling(0.0, 255.0)
    np.testing.assert_array_equal(data.test_labels, arrays["y_test"])
    np.savez(cache / "mnist.npz", x_train=arrays["x_train"])
    with pytest.raises(ValueError, match=r"be Keras's mnist\.npz.*mnist\.npz"):
        load("mnist")


@pytest.mark.parametrize("folder", ["datasets/fashion-mnist", "system"])
def test_fashion_mnist_from_the_cache_and_the_system(folder, cache):
    folder = cache.parent / folder
    folder.mkdir()
    for part, count in (("train", 20), ("t10k", 5)):
        header = b"\0\0\x08\x03\0\0\0" + bytes([count, 0, 0, 0, 28, 0, 0, 0, 28])
        content = header + _images(count, 28, 28).tobytes()
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(content))
        content = b"\0\0\x08\x01\0\0\0" + bytes([count]) + bytes(range(count))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(content))
    data = load("fashion_mnist")
    assert data.event_shape == (28, 28, 1)
    np.testing.assert_array_equal(data.test_labels, np.arange(5))


@pytest.mark.parametrize(
    ("name", "shape", "labels"), [("mnist", (28, 28), ()), ("cifar10", (32, 32, 3), (1,))]
)
def test_what_keras_loads(name, shape, labels, cache, monkeypatch):
    arrays = [(_images(n, *shape), _images(n, *labels)) for n in (10, 4)]
    monkeypatch.setattr(getattr(keras.datasets, name), "load_data", lambda: arrays)
    data = load(name)
    assert data.event_shape == (shape + (1,))[:3]
    assert data.train_labels.shape == (9,)
    assert data.scaling == Scaling(0.0, 255.0)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("mnist", r"put Keras's mnist\.npz at .*mnist\.npz"),
        ("fashion_mnist", "apt-get install dataset-fashion-mnist"),
        ("cifar10", "from a machine on which Keras has downloaded it"),
    ],
)
def test_without_network(name, advice, cache):
    with pytest.raises(FileNotFoundError, match=f"{name}.*URL fetch failure.*{advice}.*the path"):
        load(name)


class _Builder:
    """What this package uses of a builder of TensorFlow Datasets."""

    def __init__(self, splits, supervised_keys=None):
        self.splits = splits
        features = {
            name: types.SimpleNamespace(
                shape=values if isinstance(values, tuple) else np.shape(values)[1:]
            )
            for name, values in next(iter(splits.values())).items()
        }
        self.info = types.SimpleNamespace(
            splits=splits, features=features, supervised_keys=supervised_keys
        )

    def download_and_prepare(self):
        pass

    def as_dataset(self, split, batch_size):
        assert batch_size == -1
        return self.splits[split]


def _fake_library(monkeypatch, builder):
    library = types.SimpleNamespace(builder=lambda name: builder, as_numpy=dict)
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", library)


@pytest.mark.parametrize(
    ("features", "keys", "labeled"),
    [
        ({"image": _images(10, 2, 2, 1), "label": np.arange(10)}, ("image", "label"), True),
        ({"image": _images(10, 2, 2, 1), "label": np.arange(10)}, None, True),
        ({"image": _images(10, 2, 2, 1), "id": np.arange(10)}, None, False),
        ({"pixels": _images(10, 2, 2, 1)}, None, False),
        ({"image": _images(10, 2, 2, 1)}, ("image", "image"), False),
    ],
)
def test_tensorflow_datasets(features, keys, labeled, monkeypatch):
    builder = _Builder({"train": features, "test": features}, keys)
    _fake_library(monkeypatch, builder)
    data = load("tfds:anything")
    assert data.name == "tfds:anything"
    assert (len(data.train), len(data.validation), len(data.test)) == (9, 1, 10)
    assert data.scaling == Scaling(0.0, 255.0)
    assert (data.train_labels is not None) == labeled


def test_the_splits_of_tensorflow_datasets_are_kept(monkeypatch):
    sizes = {"train": 10, "validation": 4, "test": 5, "unlabeled": 3}
    builder = _Builder({name: {"image": _images(n, 2, 2, 1)} for name, n in sizes.items()})
    _fake_library(monkeypatch, builder)
    with pytest.warns(DataWarning, match="splits passed over: 'unlabeled'"):
        data = load("tfds:anything")
    assert (len(data.train), len(data.validation), len(data.test)) == (10, 4, 5)


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        ({"all": {}}, "have a split 'train'.*it has 'all'"),
        ({"train": {"a": 1, "b": 2}}, "'image' or a single feature.*'a', 'b'"),
        ({"train": {"image": (None, 4, 1)}}, r"of one shape.*'image' has the shape \(None, 4, 1\)"),
    ],
)
def test_tensorflow_datasets_that_cannot_be_used(splits, message, monkeypatch):
    _fake_library(monkeypatch, _Builder(splits))
    with pytest.raises(ValueError, match=message):
        load("tfds:anything")


def test_tensorflow_datasets_has_no_such_set(monkeypatch):
    def builder(name):
        raise ValueError(f"Dataset {name} not found.\nAvailable datasets:\n- mnist")

    library = types.SimpleNamespace(builder=builder)
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", library)
    with pytest.raises(ValueError, match=r"'tfds:mnst' \(Dataset mnst not found\.\)$"):
        load("tfds:mnst")


def test_tensorflow_datasets_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(ImportError, match=r"pip install keras-infovae\[tfds\]"):
        load("tfds:mnist")
