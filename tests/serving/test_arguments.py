"""What cannot be exported is refused by name, and nothing is left behind."""

import os
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.serving import parity, warmup
from keras_infovae.serving.exporting import export
from keras_infovae.serving.graph_loader import GraphLoader
from tests.serving.conftest import small

STAMPS = ki.preprocessors.Scaling(
    [1.7e9, 0.0], [10.0, 2.0]
)  # of a time stamp, and of another column


def refuse(error, message, *arguments, **settings):
    with pytest.raises(error, match=re.escape(message)):
        ki.serving.export_for_serving(*arguments, **settings)


@pytest.fixture(autouse=True)
def no_process(monkeypatch):
    """Arguments are judged before a process is started."""
    monkeypatch.setattr(GraphLoader, "start", lambda _: pytest.fail("a process is started"))


@pytest.fixture
def running(no_process, monkeypatch, loader):
    monkeypatch.undo()
    return loader


def test_models(tmp_path):
    refuse(TypeError, "`model` must be a model of this package", keras.Sequential(), tmp_path)
    refuse(ValueError, "`model` must be built", ki.VAE(2), tmp_path)
    assert os.listdir(tmp_path) == []


def test_classes(tmp_path):
    refuse(ValueError, "`classes` must be None for a", small(), tmp_path, classes=["a", "b"])
    model = small(ki.InfoVAE, condition=ki.conditions.Classes(2))
    for classes in (["a"], ["a", "a"], ["a", 1], "ab", np.zeros((2, 2)), 3):
        words = "`classes` must be 2 different labels, text or numbers"
        refuse(ValueError, words, model, tmp_path, classes=classes)
    assert os.listdir(tmp_path) == []


def test_directories(tmp_path):
    model = small()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "target").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "target")
    refuse(TypeError, "`directory` must be a path", model, 3)
    refuse(ValueError, "without '..'", model, f"{tmp_path}/a/../b")
    refuse(ValueError, "not a symbolic link", model, tmp_path / "link")
    refuse(ValueError, f"which {tmp_path}/file is not", model, tmp_path / "file" / "model")
    refuse(TypeError, "`version` must be an integer", model, tmp_path, version="1")
    refuse(ValueError, "`version` must be an integer of at least 1", model, tmp_path, version=0)
    refuse(ValueError, "`version` must be at most", model, tmp_path, version=2**63)
    assert os.listdir(tmp_path / "target") == []
    assert sorted(os.listdir(tmp_path)) == ["file", "link", "target"]


def test_a_directory_without_permission(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    refuse(ValueError, f"writable, which {tmp_path} is not", small(), tmp_path / "model")


def test_signatures(tmp_path):
    model = small()
    hint = "must be one of"
    refuse(ValueError, hint, model, tmp_path, signatures=["encoed"])
    refuse(TypeError, "'all' or a list of names", model, tmp_path, signatures="encode")
    refuse(TypeError, "'all' or a list of names", model, tmp_path, signatures=[])
    refuse(
        ValueError,
        "`score_image_bytes` needs a model of images with 1 or 3 channels",
        model,
        tmp_path,
        signatures=["score_image_bytes"],
    )
    assert os.listdir(tmp_path) == []


def test_examples_that_would_lose_digits(tmp_path):
    stamps = small(shape=(2,), likelihood="normal", scaling=STAMPS)
    refuse(ValueError, "`regress` reads tf.train.Example", stamps, tmp_path, signatures=["regress"])
    network = keras.Sequential([keras.Input((5,), dtype="float64"), keras.layers.Dense(5)])
    refuse(
        ValueError,
        "needs float64",
        small(likelihood="normal"),
        tmp_path,
        signatures=["score", "regress"],
        preprocessing=network,
    )
    assert os.listdir(tmp_path) == []


def test_preprocessing(tmp_path):
    model = small()
    refuse(TypeError, "`preprocessing` must be", model, tmp_path, preprocessing=3)
    unbuilt = keras.Sequential([keras.layers.Dense(5)])
    refuse(ValueError, "a built Keras model", model, tmp_path, preprocessing=unbuilt)
    refuse(
        ValueError,
        "must give x of shape (None, 5)",
        model,
        tmp_path,
        preprocessing=lambda x: x[:, :2],
    )
    refuse(ValueError, "`warmup` must be given", model, tmp_path, preprocessing=tf.identity)


def test_warmup(tmp_path, monkeypatch):
    monkeypatch.setattr(warmup, "check_available", lambda: None)
    model = small()
    for wrong in (np.ones(5), "a", 3):
        refuse(ValueError, "`warmup` must be a numeric array", model, tmp_path, warmup=wrong)
    refuse(ValueError, "`warmup` must have shape", model, tmp_path, warmup=np.ones((2, 4)))
    refuse(ValueError, "`warmup` cannot be used", model, tmp_path, warmup=np.full((2, 5), 7.0))
    assert os.listdir(tmp_path) == []


@keras.saving.register_keras_serializable("tests")
class _RunsPython(keras.layers.Layer):
    def call(self, inputs):
        return tf.ensure_shape(tf.numpy_function(np.tanh, [inputs], tf.float32), inputs.shape)

    def compute_output_shape(self, input_shape):
        return input_shape


@keras.saving.register_keras_serializable("tests")
class _ReadsValues(keras.layers.Layer):
    def call(self, inputs):
        if isinstance(inputs, tf.Tensor):
            inputs.numpy()
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape


@pytest.mark.parametrize(
    ("layer", "message"),
    [(_RunsPython, "runs Python code"), (_ReadsValues, "cannot be traced as a graph")],
)
def test_layers_that_a_server_cannot_run(tmp_path, running, layer, message):
    inputs = keras.Input((5,))
    outputs = keras.layers.Dense(6)(layer()(inputs))
    model = small(encoder=keras.Model(inputs, outputs))
    with pytest.raises(ValueError, match=message) as caught:
        export(model, tmp_path / "model", None, ["score"], None, None, running)
    assert "Signature `score` cannot be exported" in str(caught.value)
    assert os.listdir(tmp_path) == []


@keras.saving.register_keras_serializable("tests")
class _AddsNoise(keras.layers.Layer):
    def call(self, inputs):
        return inputs + tf.random.normal(tf.shape(inputs))


def test_a_model_that_answers_otherwise_is_not_exported(tmp_path, running):
    inputs = keras.Input((5,))
    outputs = keras.layers.Dense(6)(_AddsNoise()(inputs))
    model = small(encoder=keras.Model(inputs, outputs))
    with pytest.raises(RuntimeError, match="output `(z|mean|log_variance)` of signature"):
        export(model, tmp_path / "model", None, ["encode"], None, None, running)
    assert os.listdir(tmp_path / "model") == []


def test_a_process_that_ends_is_noticed(tmp_path, running):
    with GraphLoader() as other:
        other.start()
        other._process.kill()
        with pytest.raises(RuntimeError, match="its process ended"):
            other.run(tmp_path, [])


def test_the_difference_is_relative_to_the_larger_of_value_and_unit():
    rows = np.array([0, 1, 0])
    expected = np.array([[1.0], [2000.0]])
    received = expected[rows] + np.array([[0.0], [2.0], [0.003]])
    assert parity._difference(received, expected, 1.0, rows) == pytest.approx(0.003)
    assert parity._difference(received, expected, 1000.0, rows) == pytest.approx(0.001)
    assert parity._difference(received[:2], expected, 1.0, rows) == float("inf")
    received[0] = np.nan
    assert not parity._difference(received, expected, 1.0, rows) <= 1e9


def test_a_preprocessing_network(tmp_path, running, monkeypatch):
    monkeypatch.setattr(warmup, "check_available", lambda: None)
    monkeypatch.setattr(warmup, "write", lambda *_: None)
    inputs = keras.Input((3,), dtype="int64")
    outputs = keras.layers.Dense(5, activation="sigmoid")(keras.ops.cast(inputs, "float32"))
    network = keras.Model(inputs, outputs)
    raw = np.arange(12).reshape(4, 3)
    model = small()
    path, differences = export(
        model, tmp_path / "model", None, ["encode", "regress"], raw, network, running
    )
    assert max(differences.values()) <= 1e-5
    (codes,) = running.run(path, [("encode", {"x": raw, "seed": np.zeros(4, "int64")})])
    np.testing.assert_allclose(codes["mean"], model.encode(network(raw).numpy()), atol=1e-6)


def test_a_preprocessing_function_is_traced_with_autograph_and_signatures_without(
    tmp_path, running, monkeypatch, rewritten
):
    monkeypatch.setattr(warmup, "check_available", lambda: None)
    monkeypatch.setattr(warmup, "write", lambda *_: None)

    def preprocessing(x):
        if tf.reduce_max(x) > 1.0:  # Python's, of a tensor
            x = x / 255.0
        return x

    raw = np.random.default_rng(0).uniform(0, 255, (4, 5)).astype("float32")
    model = small()
    path, _ = export(
        model, tmp_path / "model", None, ["encode", "score"], raw, preprocessing, running
    )
    ours = [name for name in rewritten if name.startswith("keras_infovae")]
    assert [name for name in ours if "served_model._traced" not in name] == []  # calls the user's
    (codes,) = running.run(path, [("encode", {"x": raw, "seed": np.zeros(4, "int64")})])
    np.testing.assert_allclose(codes["mean"], model.encode(raw / 255.0), atol=1e-6)
