"""The report on models that take a condition."""

import copy
import json

import keras
import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.evaluation import diagnose, report
from keras_infovae.evaluation.measured import Measured
from keras_infovae.evaluation.plots import style
from keras_infovae.evaluation.reporting import code_matters, codes, measurements
from tests.evaluation.pictures import not_rendered
from tests.evaluation.reporting.test_report import METRICS

NETWORKS = {name: ki.networks.MLP([8]) for name in ("encoder", "decoder")}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    keras.utils.set_random_seed(0)
    data = ki.datasets.load("digits", limit=200)
    model = ki.InfoVAE(2, condition=ki.conditions.Classes(10), seed=0, **NETWORKS)
    model.build((None, *data.event_shape))
    given = {"condition": data.validation_labels}
    ki.evaluation.calibrate_anomaly_threshold(model, data.validation, 0.2, **given)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(style, "write", not_rendered)
        path = report(model, data, tmp_path_factory.mktemp("report"), condition="labels")
    with open(path.replace("report.html", "metrics.json"), encoding="utf-8") as file:
        return model, data, path, json.load(file)


def test_all_is_measured_under_the_condition(written):
    model, data, _, metrics = written
    given = {"condition": data.test_labels}
    assert metrics["held_out"] == ki.evaluation.summarize(model, data.test, **given)
    assert metrics["code_matters"] == code_matters(model, data.test, **given)
    parts = metrics["latents"]["decomposition"]
    assert parts == ki.evaluation.elbo_decomposition(model, data.test, **given)
    flagged = model.is_anomaly(data.test, **given).mean()
    assert metrics["anomaly_threshold"] == {
        **model.anomaly_threshold.summary(),
        "flagged_of_held_out": flagged,
    }
    q = metrics["aggregated_posterior"]
    for split in ("train", "test"):
        given = {"condition": getattr(data, f"{split}_labels")}
        expected = ki.evaluation.log_det_covariance(model, getattr(data, split), **given)
        assert q[split]["log_det_covariance"] == expected
    assert 0.0 <= metrics["samples"]["class_agreement"] <= 1.0


def test_the_page_says_what_the_condition_is(written):
    _, _, path, metrics = written
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for words in (
        "conditioned on 10 classes",
        "What draws of z tell of the condition",
        "Do the codes leave the class to the condition?",
        "Are the samples of the class asked for?",
    ):
        assert words in text
    assert len(metrics["diagnoses"]) == 11


def test_features_are_a_condition_too():
    rng = np.random.default_rng(0)
    x, features = rng.normal(size=(60, 5)).astype("float32"), rng.normal(size=(60, 2))
    data = ki.datasets.Dataset("made", x[:30], x[:0], x[30:])
    model = ki.InfoVAE(2, condition=ki.conditions.Features(2), likelihood="normal", **NETWORKS)
    model.build((None, 5))
    rows = {"train": features[:30], "test": features[30:]}
    metrics = measurements.measure(model, data, condition=rows)
    assert metrics["model"]["condition"] == "2 features"
    assert metrics["label_use"] is None and set(metrics["samples"]) == {
        "memorization",
        "memorization_z_score",
    }
    assert len(diagnose(metrics)) == 9


@pytest.mark.parametrize(
    ("error", "agreement", "found"),
    [(0.8, 0.9, "good good"), (0.6, 0.8, "fair fair"), (0.2, 0.5, "poor poor")],
)
def test_the_condition_is_judged_by_its_rules(error, agreement, found):
    metrics = copy.deepcopy(METRICS)
    use = {"semi_supervised_error": error, "error_of_the_most_frequent_class": 0.8}
    metrics["label_use"] = {"of": "condition", **use}
    metrics["samples"] |= {"class_agreement": agreement, "classifier_accuracy": 0.9}
    judged = diagnose(metrics)
    assert " ".join(d.level for d in judged[7:9]) == found
    assert {d.level for d in judged[:7] + judged[9:]} == {"good"}
    assert f"z repeats {1 - error / 0.8:.0%}" in judged[7].sentence
    metrics["label_use"]["of"] = "labels"
    assert len(diagnose(metrics)) == 10


class Codes(ki.GenerativeModel):
    """Codes that are the class, or have nothing to do with it."""

    def __init__(self, tells):
        super().__init__(condition=ki.conditions.Classes(3))
        self._tells = tells

    def encode_rows(self, x, seed=None, condition=None):
        raise NotImplementedError

    def encode(self, x, sample=False, seed=None, batch_size=256, condition=None):
        assert sample
        noise = np.random.default_rng(seed).normal(size=(len(x), 2))
        return noise + 100.0 * self._tells * np.asarray(condition)[:, None]


def test_a_condition_in_the_codes_is_seen():
    x, classes = np.zeros((300, 4), "float32"), np.arange(300) % 3
    data = ki.datasets.Dataset("made", x, x[:0], x[:150])
    given = {"train": classes, "test": classes[:150]}
    told = codes.label_use(Codes(tells=True), data, given, 0, 256)
    assert (told["of"], told["semi_supervised_error"]) == ("condition", 0.0)
    untold = codes.label_use(Codes(tells=False), data, given, 0, 256)
    # Of 150 answers at chance: a standard deviation of sqrt(2/9/150) = 0.038.
    assert untold["semi_supervised_error"] == pytest.approx(2 / 3, abs=3 * 0.038)


def test_exchanged_codes_keep_their_condition():
    # p(x|z, c) = N(c, 1): the code says nothing, so that exchanging it costs nothing.
    model = ki.InfoVAE(1, condition=ki.conditions.Features(1), likelihood="normal", **NETWORKS)
    model.build((None, 1))
    x = np.linspace(-2, 2, 20, dtype="float32")[:, None]
    for weight in model.decoder.weights[:1]:
        weight.assign(weight.numpy() * [[0.0], [1.0]])  # of z and c
    assert code_matters(model, x, condition=x) == 0.0


@pytest.mark.parametrize(
    ("posterior", "parts"),
    [
        ("diagonal_normal", {"information", "decomposition", "kl_per_dimension"}),
        ("full_covariance_normal", {"information", "decomposition"}),
        ("householder", {"information", "decomposition"}),
    ],
)
def test_posteriors_have_the_parts_that_are_known(posterior, parts):
    model = ki.VAE(2, posterior=posterior, **NETWORKS)
    model.build((None, 4))
    x = np.random.default_rng(0).random((6, 4)).astype("float32")
    assert set(measurements._latents(Measured(model, x))) == parts


def test_a_split_without_its_condition_is_named(written, tmp_path):
    model, data, _, _ = written
    rows = {"train": data.train_labels, "test": data.test_labels}
    with pytest.raises(ValueError, match="examples of the validation split"):
        report(model, data, tmp_path / "new", condition=rows)
    assert not (tmp_path / "new").exists()
