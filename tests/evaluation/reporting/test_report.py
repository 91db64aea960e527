"""The report: its rules on numbers chosen by hand, its files, and that it needs nothing else."""

import copy
import dataclasses
import html.parser
import json
import re

import keras
import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.evaluation import diagnose, report
from keras_infovae.evaluation.plots import style
from keras_infovae.evaluation.reporting import code_matters
from keras_infovae.evaluation.reporting.page import render, verdict
from tests.evaluation.pictures import not_rendered

# A healthy model.
METRICS = {
    "model": {
        "latent_dim": 4,
        "capabilities": ["encode", "prior", "likelihood", "posterior", "generate", "score"],
    },
    "data": {"measured_split": "test"},
    "held_out": {
        "active_units": 3,
        "latent_dim": 4,
        "elbo": -100.0,
        "reconstruction_loss": 90.0,
        "importance_weighted_bound": -98.0,
        "inference_gap": 2.0,
        "kl_divergence": 20.0,
    },
    "fit_per_example": {
        "name": "ELBO",
        "train": -97.0,
        "held_out": -100.0,
        "train_examples": 1000,
        "held_out_examples": 1000,
        "held_out_standard_deviation": 20.0,
    },
    "aggregated_posterior": {
        "train": {"log_det_covariance": 0.1},
        "test": {
            "log_det_covariance": 0.2,
            "mmd": 0.001,
            "mmd_null_high": 0.002,
            "mmd_p_value": 0.4,
        },
    },
    "latents": {"information": {"mutual_information": 3.2, "log_examples": 6.9}},
    "log_det_covariance_of_prior": 0.0,
    "code_matters": 12.0,
    "label_use": None,
    "samples": {
        "memorization": 0.45,
        "memorization_z_score": -1.0,
        "coverage": 0.9,
        "precision": 0.8,
        "class_cross_entropy": 0.02,
    },
    "history": {"loss": [110 - 10 * (1 - 0.5**i) for i in range(20)]},
    "weights_epoch": None,
    "losses_compare": True,
}


def changed(path, value):
    metrics = copy.deepcopy(METRICS)
    *folders, name = path.split("/")
    place = metrics
    for folder in folders:
        place = place[folder]
    place[name] = value
    return metrics


def levels(metrics):
    return [diagnosis.level for diagnosis in diagnose(metrics)]


def test_a_healthy_model_is_good_throughout():
    assert set(levels(METRICS)) == {"good"}
    assert all(d.sentence.endswith(".") and d.rule for d in diagnose(METRICS))
    assert verdict(diagnose(METRICS)) == "9 good."


@pytest.mark.parametrize(
    ("path", "value", "index", "level", "words"),
    [
        ("history/loss", [110 - i for i in range(20)], 0, "poor", "10.5% of all it fell"),
        ("history/loss", [*range(100, 80, -1), 81], 0, "fair", "7.9% of all it fell"),
        ("history", None, 0, "unknown", "at least 10 epochs"),
        ("history/loss", [*range(100, 80, -1), *range(80, 90)], 0, "poor", "over-fitted: epoch 21"),
        ("losses_compare", False, 0, "unknown", "A weight followed a schedule or a critic"),
        ("fit_per_example/train", -90.0, 1, "fair", "ELBO: -90.00 nats on training and -100.00"),
        ("fit_per_example/train", -80.0, 1, "poor", "a gap of 1.00 +- 0.04 standard"),
        ("data/measured_split", "train", 1, "unknown", "no held-out"),
        ("held_out/active_units", 1, 2, "fair", "1 of 4"),
        ("held_out/active_units", 0, 2, "poor", "0 of 4"),
        ("code_matters", 0.5, 3, "fair", "falls by 0.50 nats"),
        ("code_matters", 0.01, 3, "poor", "falls by 0.01 nats"),
        ("aggregated_posterior/test/log_det_covariance", -1.0, 4, "fair", "a part of the prior"),
        ("aggregated_posterior/test/log_det_covariance", 8.0, 4, "poor", "a factor of 2.72"),
        ("aggregated_posterior/test/log_det_covariance", None, 4, "unknown", "no inverse"),
        ("aggregated_posterior/test/mmd", 0.02, 5, "fair", "0.02"),
        ("aggregated_posterior/test/mmd", 0.021, 5, "poor", "0.021"),
        ("log_det_covariance_of_prior", -8.0, 4, "poor", "past the prior"),
        ("held_out/inference_gap", 10.0, 6, "fair", "at least 10.00 nats, 50% of the 20.00"),
        ("held_out/inference_gap", 10.1, 6, "poor", "the ELBO is -108.10"),
        ("held_out/kl_divergence", 0.05, 6, "unknown", "tells nothing"),
        ("held_out/inference_gap", None, 6, "unknown", "without a density"),
        ("history/loss", [None, *range(20, 10, -1), None], 0, "poor", "of 10 epochs"),
        ("samples/coverage", 0.6, 7, "fair", "60%"),
        ("samples/class_cross_entropy", None, 7, "good", "a class never comes"),
        ("samples/coverage", 0.4, 7, "poor", "40%"),
        ("samples/memorization_z_score", 4.0, 8, "fair", "z = +4.0"),
        ("samples/memorization_z_score", 40.0, 8, "poor", "copies"),
    ],
)
def test_each_number_is_judged_by_its_rule(path, value, index, level, words):
    metrics = changed(path, value)
    diagnosis = diagnose(metrics)[index]
    assert diagnosis.level == level and words in diagnosis.sentence
    others = [x for i, x in enumerate(levels(metrics)) if i != index]
    assert set(others) == {"good"}
    assert (diagnosis.question.rstrip("?") in verdict(diagnose(metrics))) == (level == "poor")


@pytest.mark.parametrize(
    ("kept", "level", "words"),
    [
        (21, "good", "Of 30 epochs the weights of epoch 21 were kept"),
        (23, "fair", "lowest at epoch 21, 10.0% below"),
        (28, "poor", "lowest at epoch 21, 35.0% below"),
        (30, "poor", "over-fitted"),
    ],
)
def test_a_training_is_judged_by_the_epoch_whose_weights_were_kept(kept, level, words):
    metrics = changed("history/loss", [*range(100, 80, -1), *range(80, 90)])
    diagnosis = diagnose(metrics | {"weights_epoch": kept})[0]
    assert diagnosis.level == level and words in diagnosis.sentence


def test_epochs_are_counted_where_validation_came_every_few():
    losses = {"loss": [1.0] * 60, "val_loss": [*range(100, 90, -1), 91.0, 92.0]}
    metrics = METRICS | {"history": losses, "weights_epoch": 50}
    diagnosis = diagnose(metrics)[0]
    assert diagnosis.level == "good"
    assert "Of 60 epochs the weights of epoch 50 were kept" in diagnosis.sentence
    assert "lowest at epoch 50" in diagnosis.sentence


@pytest.mark.parametrize(
    ("quality", "level"), [(0.96, "good"), (0.93, "good"), (0.90, "fair"), (0.80, "poor")]
)
def test_new_rows_have_to_look_like_those_of_the_table(quality, level):
    found = {"quality": quality, "quality_of_held_out": 0.955, "shapes": {"a": 0.9, "b": 0.8}}
    found["shapes"]["missing"] = None  # of which nothing can be said
    found |= {"detection_auc": 0.6, "exact_copies": 0.01, "exact_copies_of_held_out": 0.02}
    judged = diagnose(changed("new_rows", found))
    assert (
        len(judged) == 10
        and [d.level for d in judged if d.level != "good"] == [level][: level != "good"]
    )
    [card] = [d for d in judged if d.question == "Do new rows look like the table?"]
    assert card.level == level and "column 'b' is least alike" in card.sentence


@pytest.mark.parametrize(("gain", "level"), [(0.05, "good"), (0.03, "fair"), (-0.01, "poor")])
def test_a_model_has_to_tell_anomalies_better_than_no_model(gain, level):
    anomalies = {
        "score": "negative_elbo",
        "usual": 100,
        "anomalies": 30,
        "roc_auc": 0.9 + gain,
        "roc_auc_standard_error": 0.04,
        "row_norm_roc_auc": 0.9,
        "gain": gain,
        "gain_standard_error": 0.02,
    }
    diagnosis = diagnose(changed("anomalies", anomalies))[-1]
    assert diagnosis.level == level
    assert f"{0.9 + gain:.3f} +- 0.040 by the negative elbo, and 0.900" in diagnosis.sentence
    assert f"adds {gain:+.3f} +- 0.020" in diagnosis.sentence
    assert levels(changed("anomalies", None)) == levels(METRICS)


@pytest.mark.parametrize(("share", "said"), [(0.12, True), (0.0, False), (None, False)])
def test_a_gap_by_weights_that_fail_is_said_to_be_too_small(share, said):
    diagnosis = diagnose(changed("held_out/unreliable_weights", share))[6]
    assert ("of 12% of the examples have a Pareto k" in diagnosis.sentence) == said


@pytest.mark.parametrize(("shift", "scale"), [(1000.0, 1.0), (-100.0, 1.0), (0.0, 50.0)])
def test_whether_it_generalizes_does_not_depend_on_the_unit_of_x(shift, scale):
    # In another unit, all densities change by a constant; of more pixels, all nats by a factor.
    for of_training, level in ((-97.0, "good"), (-92.0, "fair"), (-80.0, "poor")):
        fit = METRICS["fit_per_example"] | {"train": of_training}
        fit |= {split: shift + scale * fit[split] for split in ("train", "held_out")}
        fit["held_out_standard_deviation"] *= scale
        assert levels(changed("fit_per_example", fit))[1] == level


@pytest.mark.parametrize("held_out", [20, 100, 1000])
def test_a_model_that_generalizes_is_seldom_said_not_to(held_out):
    rng = np.random.default_rng(0)
    fit = METRICS["fit_per_example"] | {"held_out_examples": held_out}
    good = 0
    for _ in range(200):  # both splits from one distribution
        values = rng.normal(-100.0, 20.0, 1000 + held_out)
        fit |= {"train": values[:1000].mean(), "held_out": values[1000:].mean()}
        fit["held_out_standard_deviation"] = values[1000:].std(ddof=1)
        good += levels(changed("fit_per_example", fit))[1] == "good"
    # Of normal values the gap exceeds 2 standard errors and more in at most 2.3 %: at most 4.6 of
    # 200 expected, 11 three standard deviations above it.
    assert good >= 189


def test_the_code_matters_as_much_as_the_decoder_says():
    # p(x|z) = N(z, 1) and z = x: log p(x|z) - log p(x|z') = |x - z'|^2 / 2, for z' of another one.
    x = np.array([[0.0], [3.0]], "float32")
    model = ki.VAE(
        1,
        likelihood=ki.likelihoods.Normal(scale=1.0),
        encoder=_linear(1, [[1.0, 0.0]]),
        decoder=_linear(1, [[1.0]]),
    )
    model.build((None, 1))
    assert code_matters(model, x) == pytest.approx(4.5, rel=1e-5)
    deaf = ki.VAE(
        1, likelihood="normal", encoder=_linear(1, [[1.0, 0.0]]), decoder=_linear(1, [[0.0]])
    )
    deaf.build((None, 1))
    assert code_matters(deaf, x) == 0.0


def _linear(inputs, kernel):
    layer = keras.layers.Dense(len(kernel[0]))
    network = keras.Sequential([keras.Input((inputs,)), layer])
    layer.set_weights([np.array(kernel), np.zeros(len(kernel[0]))])
    return network


class _Reader(html.parser.HTMLParser):
    """Collects what a page asks for, and holds its tags to one another."""

    def __init__(self):
        super().__init__()
        self.open, self.sources = [], []

    def handle_starttag(self, tag, attributes):
        self.sources += [value for name, value in attributes if name in ("src", "href")]
        if tag not in ("img", "meta", "br", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    keras.utils.set_random_seed(0)
    folder = tmp_path_factory.mktemp("report")
    data = ki.datasets.load("digits", limit=260)
    networks = {name: ki.networks.MLP([16]) for name in ("encoder", "decoder")}
    model = ki.VAE(3, seed=0, **networks)
    history = model.fit(data.train, epochs=2, verbose=0)
    path = report(model, data, folder / "new" / "one", history=history, anomaly_label="3")
    return model, data, path


def test_the_page_needs_nothing_but_itself(written):
    _, _, path = written
    with open(path, encoding="utf-8") as file:
        text = file.read()
    reader = _Reader()
    reader.feed(text)
    assert reader.open == []
    assert len(reader.sources) == 11
    assert all(source.startswith("data:image/png;base64,") for source in reader.sources)
    assert not re.search(r"https?://|<script|@import|url\(", text)


def test_the_numbers_are_those_of_the_functions(written):
    model, data, path = written
    with open(path.replace("report.html", "metrics.json"), encoding="utf-8") as file:
        metrics = json.load(file)
    assert metrics["held_out"] == ki.evaluation.summarize(model, data.test)
    parts = metrics["latents"]["decomposition"]
    assert sum(metrics["latents"]["kl_per_dimension"]) == pytest.approx(parts["kl_divergence"])
    assert metrics["samples"]["classifier_accuracy"] > 0.5
    told = metrics["label_use"]
    assert told["semi_supervised_error"] < told["error_of_the_most_frequent_class"]
    assert metrics["diagnoses"][0]["level"] == "unknown"  # of 2 epochs
    unusual = data.test_labels == 3
    found = ki.evaluation.anomaly_report(model, data.test, unusual, data.train)
    assert metrics["anomalies"] == {"anomaly_label": "3"} | found
    assert metrics["diagnoses"][-1]["question"] == "Does the model tell anomalies?"
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert f"{metrics['held_out']['elbo']:.4g}" in text
    assert all(d["question"] in text for d in metrics["diagnoses"])


def test_without_held_out_data_nothing_is_called_new(tmp_path, monkeypatch):
    monkeypatch.setattr(style, "write", not_rendered)
    data = ki.datasets.load("digits", limit=60, validation_fraction=0.0, test_fraction=0.0)
    networks = {name: ki.networks.MLP([8]) for name in ("encoder", "decoder")}
    model = ki.VAE(2, seed=0, **networks)
    model.build((None, *data.event_shape))
    history = {"loss": [float("nan")], "kl_divergence": [2.0]}
    path = report(model, data, tmp_path, history=history)
    with open(path.replace("report.html", "metrics.json"), encoding="utf-8") as file:
        metrics = json.load(file)
    assert metrics["samples"] is None and metrics["history"]["loss"] == [None]
    found = {d["question"]: d["level"] for d in metrics["diagnoses"]}
    assert found["Are the samples new?"] == "unknown"
    assert found["Does it do as well on new data?"] == "unknown"


def test_names_cannot_write_html(tmp_path):
    text = render("<b>&", "<i>", [], {}, {"<u>": {"<s>": "<q>"}}, "<p>")
    assert not re.search(r"<(b|i|u|s|q)>", text)


def test_what_cannot_be_reported_is_named(written, tmp_path):
    model, data, _ = written
    (tmp_path / "metrics.json").write_text("{}")
    with pytest.raises(ValueError, match="without another's metrics.json"):
        report(model, data, tmp_path)
    assert (tmp_path / "metrics.json").read_text() == "{}"
    with pytest.raises(ValueError, match="`condition` must be left out"):
        report(model, data, tmp_path / "a", condition="labels")
    conditional = ki.InfoVAE(2, condition=ki.conditions.Classes(10))
    conditional.build((None, *data.event_shape))
    with pytest.raises(ValueError, match='`condition` must be "labels" or a dictionary'):
        report(conditional, data, tmp_path / "a")
    few = ki.datasets.Dataset("few", data.train[:2], data.test[:0], data.test)
    with pytest.raises(ValueError, match="at least 3 training examples"):
        report(model, few, tmp_path / "a")
    unlabeled = dataclasses.replace(data, test_labels=None)
    with pytest.raises(ValueError, match="`anomaly_label` must be None for data without labels"):
        report(model, unlabeled, tmp_path / "a", anomaly_label="3")
    with pytest.raises(ValueError, match="`anomaly_label` must be the label of some of the test"):
        report(model, data, tmp_path / "a", anomaly_label="ten")
    assert not (tmp_path / "a").exists()


def test_what_takes_held_out_examples_says_so_without_them():
    for diagnosis in diagnose(changed("samples", None))[7:]:
        assert (diagnosis.level, diagnosis.sentence) == (
            "unknown",
            "There are fewer than 20 held-out examples.",
        )
