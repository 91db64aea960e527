"""What is exported follows from what a model can do, and all that is said of it from one class."""

import json
import os
import pathlib

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

import keras_infovae as ki
from keras_infovae.cli.export import Export
from keras_infovae.serving import warmup
from keras_infovae.serving.served_model import ServedModel
from keras_infovae.serving.signatures import PARTS, SIGNATURES, Signature, choose
from tests.serving.conftest import raw_examples, small

DOCUMENT = pathlib.Path(__file__).parents[2] / "docs" / "serving.md"


class GradientSteps(ki.inference.Inference):
    """z without an encoder: a few steps up log p(x, z) from a start that follows from the seed."""

    def build(self, event_shape, condition_size, latent_dim):
        self.latent_dim = latent_dim
        self.built = True

    def draw_rows(self, joint, seeds, num_samples=1):
        z = ki.row_random.normal(seeds, [self.latent_dim], num_samples)
        for _ in range(2):
            with tf.GradientTape() as tape:
                tape.watch(z)
                log_prob = joint.log_prob(z)
            z += 0.1 * tape.gradient(log_prob, z)
        return z


class Columns(ki.GenerativeModel):
    """A normal distribution for each column: a model without latents, fitted by moments."""

    trains_by_gradients = False
    term_names = ("negative_log_prob",)

    def build_parts(self, event_shape):
        self.mean = self.add_weight(shape=event_shape, initializer="zeros", trainable=False)
        self.scale = self.add_weight(shape=event_shape, initializer="ones", trainable=False)

    def batch_loss(self, x, condition, seed, training=False):
        loss = -tf.reduce_mean(self.log_prob_rows(x))
        return ki.BatchLoss(loss, {"negative_log_prob": loss})

    def update(self, x, condition, seed):
        result = self.batch_loss(x, condition, seed)
        self.mean.assign(tf.reduce_mean(x, axis=0))
        self.scale.assign(tf.math.reduce_std(x, axis=0))
        return result

    def generate_rows(self, seed, condition=None, sample=None):
        noise = ki.row_random.normal(ki.row_random.row_seeds(seed), self.event_shape)
        return self.mean + self.scale * noise

    def log_prob_rows(self, x, condition=None):
        standardized = (x - self.mean) / self.scale
        terms = 0.5 * standardized**2 + tf.math.log(self.scale) + 0.5 * np.log(2.0 * np.pi)
        return -tf.reduce_sum(terms, axis=-1)


@pytest.fixture
def columns():
    model = Columns(scaling=ki.preprocessors.Scaling(1.0, 4.0))
    model.fit(model.scaling.apply(raw_examples((3,), 16.0)), epochs=1, verbose=0)
    return model


def outputs_of(path):
    with open(os.path.join(path, "signatures.json"), encoding="utf-8") as file:
        described = json.load(file)["signatures"]
    return {name: set(signature["outputs"]) for name, signature in described.items()}


def test_a_model_without_an_encoder(exported, tmp_path):
    model = ki.LatentVariableModel(
        3, inference=GradientSteps(), decoder=ki.networks.MLP([8]), likelihood="normal", seed=0
    )
    model.build((None, 5))
    chosen = [signature.name for signature in choose("all", ServedModel(model))]
    assert chosen == [
        *("serving_default", "encode", "decode", "reconstruct", "generate", "score", "regress")
    ]
    path, differences = exported(model, ["serving_default", "encode", "score"])
    assert max(differences.values()) <= 1e-5
    assert outputs_of(path) == {
        "serving_default": {"reconstruction"},
        "encode": {"mean", "z"},
        "score": {"score", "reconstruction_loss"},
    }
    with pytest.raises(ValueError, match="Part `encoder` cannot be exported: it draws random"):
        ki.serving.export_portable(model, tmp_path / "encoder.onnx", part="encoder")


def test_a_model_without_latents(exported, loader, columns):
    path, differences = exported(columns)
    assert max(differences.values()) <= 1e-5
    scores = {"score", "negative_log_prob"}
    assert outputs_of(path) == {
        "serving_default": scores,
        "generate": {"x"},
        "log_prob": {"log_prob"},
        "score": scores,
        "regress": {"outputs"},
    }
    raw = raw_examples((3,), 16.0)
    answer, default = loader.run(path, [("log_prob", {"x": raw}), ("serving_default", {"x": raw})])
    x = columns.scaling.apply(raw)
    np.testing.assert_allclose(answer["log_prob"], columns.log_prob(x), rtol=1e-5)
    np.testing.assert_allclose(default["score"], columns.score(x), rtol=1e-5)
    with open(os.path.join(path, "README.md"), encoding="utf-8") as file:
        assert "z has" not in file.read()


def test_a_posterior_without_a_density(exported):
    model = small(posterior="deterministic", alpha=1.0, lambda_=2.0)
    path, differences = exported(model, ["encode", "score", "regress"])
    assert max(differences.values()) <= 1e-5
    assert outputs_of(path) == {
        "encode": {"mean", "z"},
        "score": {"score", "reconstruction_loss"},
        "regress": {"outputs"},
    }


def test_what_a_model_cannot_have_is_refused_with_the_reason(tmp_path, columns):
    deterministic = small(posterior="deterministic", alpha=1.0, lambda_=2.0)
    for model, name, reason in (
        (columns, "encode", "is not defined for Columns"),
        (columns, "decode", "is not defined for Columns"),
        (columns, "elbo", "is not defined for Columns"),
        (deterministic, "elbo", "density"),
        (small(), "log_prob", "marginal_log_likelihood"),
    ):
        with pytest.raises(ValueError, match=f"Signature `{name}` .*{reason}"):
            ki.serving.export_for_serving(model, tmp_path / "model", signatures=[name])
    for part in PARTS:
        with pytest.raises(ValueError, match=f"Part `{part}` is not defined for Columns"):
            ki.serving.export_portable(columns, tmp_path / "part.onnx", part=part)
    assert os.listdir(tmp_path) == []


def test_examples_of_a_model_that_draws_none_have_to_be_given(exported, columns, monkeypatch):
    monkeypatch.delattr(Columns, "generate_rows")
    with pytest.raises(ValueError, match="`warmup` must be given"):
        exported(columns)
    monkeypatch.setattr(warmup, "check_available", lambda: None)
    _, differences = exported(columns, warmup=raw_examples((3,)))
    assert set(differences) == {"serving_default", "log_prob", "score", "regress"}


# === One class says it all ===


class Norm(Signature):
    name = "norm"
    about = "how far a code is from 0"
    needs = "decode"
    takes = ("z",)
    outputs = ("norm",)

    def compute(self, served, z, condition=None):
        return {"norm": tf.norm(z, axis=-1)}

    def answers(self, samples, x):
        return {"norm": (np.linalg.norm(samples.z, axis=-1), 1.0)}


def test_another_signature_is_one_class_and_its_place(exported, monkeypatch):
    monkeypatch.setitem(SIGNATURES, "norm", Norm())
    path, differences = exported(small(), ["decode", "norm"], warmup=raw_examples((5,)))
    assert differences["norm"] <= 1e-5
    with open(os.path.join(path, "README.md"), encoding="utf-8") as file:
        assert (
            f"| `norm` | `z` float32 [-1, 3] | `norm` float32 [-1] | {Norm.about} |" in file.read()
        )
    records = tf.data.TFRecordDataset(os.path.join(path, warmup.FILE)).as_numpy_iterator()
    logs = [prediction_log_pb2.PredictionLog.FromString(record) for record in records]
    named = [log.predict_log.request.model_spec.signature_name for log in logs]
    assert named == ["decode", "decode", "norm", "norm"]
    (entry,) = (e for e in Export().flag_set().entries if e.name == "signatures")
    assert ", norm." in entry.text


def test_the_documentation_has_each_signature():
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    for name, signature in SIGNATURES.items():
        inputs, outputs = (
            ", ".join(f"`{key}`" for key in keys) or "as there"
            for keys in (signature.takes, signature.outputs)
        )
        about = signature.about.replace("|", "\\|")  # which would end the cell
        assert f"| `{name}` | {inputs} | {outputs} | {about} |" in lines


def test_what_is_declared_is_what_is_exported(images):
    _, path, _ = images
    for name, outputs in outputs_of(path).items():
        declared = SIGNATURES["reconstruct" if name == "serving_default" else name].outputs
        assert outputs <= set(declared)
