"""Models without an encoder, a density, an optimizer or latents: each gets what it can give."""

import json
import os
import types

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae import evaluation
from keras_infovae.callbacks import CollapseMonitor, DivergenceNullBand
from keras_infovae.evaluation.likelihood.weights import log_mean
from keras_infovae.evaluation.plots import style
from tests.evaluation.pictures import check_picture, not_rendered
from tests.kinds import KINDS, LATENTS, LOG_PROB

RNG = np.random.default_rng(0)
CODES = RNG.normal(size=(200, 2)).astype("float32")
X = CODES @ RNG.normal(size=(2, 5)).astype("float32")
X += 0.3 * RNG.normal(size=(200, 5)).astype("float32")
LABELS = (CODES[:, 0] > 0).astype(int)
SPLITS = slice(0, 120), slice(120, 120), slice(120, 200)
DATA = ki.datasets.Dataset("made", *(X[rows] for rows in SPLITS))
LABELED = ki.datasets.Dataset("made", *(a[rows] for a in (X, LABELS) for rows in SPLITS))
ALL = {*LATENTS, "elbo", *LOG_PROB, "posterior"}


@pytest.fixture(scope="module", params=KINDS)
def kind(request, tmp_path_factory):
    """A trained model, what it can do, its history, and the report on it."""
    make, can = KINDS[request.param]
    keras.utils.set_random_seed(0)
    model, callbacks = make(), []
    if model.trains_by_gradients:
        model.compile(keras.optimizers.Adam(0.02), jit_compile=False)
    if "encode" in can:
        callbacks.append(CollapseMonitor(DATA.test, action=lambda *_: None))
    if hasattr(model, "divergence"):
        callbacks.append(DivergenceNullBand(DATA.test, batch_size=40, draws=2))
    given = {"epochs": 10, "batch_size": 40, "verbose": 0, "callbacks": callbacks}
    history = model.fit(DATA.train, **given).history
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(style, "write", not_rendered)
        path = evaluation.report(model, DATA, tmp_path_factory.mktemp("report"), history=history)
    with (
        open(path, encoding="utf-8") as page,
        open(path.replace("report.html", "metrics.json")) as f,
    ):
        text, metrics = page.read(), json.load(f)
    named = {"name": request.param, "model": model, "can": can, "history": history}
    return types.SimpleNamespace(**named, page=text, metrics=metrics)


def first_of(nearest, can):
    """Returns what stands in `nearest` for the first capability that a model has."""
    return next(value for name, value in nearest.items() if name in can)


# === What all of them go through ===


def test_the_report_says_what_it_leaves_out_and_why(kind):
    left_out = kind.metrics["left_out"]
    assert all(" is not defined for " in sentence for sentence in left_out)
    named = [sentence.split(" is not")[0] for sentence in left_out]
    assert (
        named
        == {
            "langevin": ["The ELBO", "The information in z"],
            "points": ["The ELBO", "The information in z"],
            "em": [
                "The fit of the codes to the prior",
                "The information in z",
                "The decoder's use of z",
            ],
            "no latents": ["The code of an example"],
            "diffusion": ["The code of an example"],
        }[kind.name]
    )
    assert kind.page.count("<li>") == len(left_out) and "not defined</td>" not in kind.page
    asked = [d["question"] for d in kind.metrics["diagnoses"]]
    needs = {
        "Do the samples cover the data?": {"generate"},
        "Are the latents used?": {"encode"},
        "Does the decoder look at z?": {"likelihood"},
        "Do the codes spread as the prior does?": {"prior"},
        "Is q(z|x) close to the true posterior?": {"posterior"},
    }
    assert [q for q in needs if q in asked] == [q for q in needs if needs[q] <= kind.can]
    nearest = {
        "log_prob_in_graph": "log p(x)",
        "elbo": "ELBO",
        "score": "Log-likelihood given the code",
    }
    assert kind.metrics["fit_per_example"]["name"] == first_of(nearest, kind.can)
    pictures = {"em": 7, "no latents": 3, "diffusion": 3}.get(kind.name, 9)
    assert kind.page.count("<img ") == pictures


def test_the_summary_has_the_terms_of_the_loss_and_the_exact_likelihood(kind):
    summary, can = evaluation.summarize(kind.model, DATA.test, batch_size=30), kind.can
    reported = kind.metrics["held_out"]
    assert list(summary) == list(reported)
    for name, value in summary.items():
        assert value == (reported[name] if value is None else pytest.approx(reported[name], 1e-4))
    terms = kind.model.evaluate(DATA.test, batch_size=128, verbose=0)
    for name in ("loss", *kind.model.term_names):
        assert summary[name] in (terms[name], None)
    if "log_prob_in_graph" in can:
        assert summary["log_prob"] == pytest.approx(kind.model.log_prob(DATA.test).mean())
    known = {name for name, value in summary.items() if value is not None}
    assert ("log_prob" in known) == ("log_prob_in_graph" in can)
    assert ("latent_dim" in known) == ("encode" in can)
    assert ("elbo" in known) == ("elbo" in can)
    assert "importance_weighted_examples" not in known  # which takes q(z|x) too
    lines = evaluation.describe(summary).splitlines()
    assert len(lines) == 1 + len(known - {"examples", "latent_dim"})
    vae = summary | {"kl_divergence": 3.0, "elbo": -5.0, "log_prob": None}
    table = evaluation.compare({"one": summary, "vae": vae})
    assert "ELBO, nats" in table and "KL(q(z|x) || p(z)), nats" in table


def test_all_pictures_are_those_that_it_can_have(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(style, "write", not_rendered)
    drawn = evaluation.plot_all(kind.model, DATA, kind.history, tmp_path)
    needs = {
        "history": set(),
        "reconstructions": {"reconstruct"},
        "samples": {"generate"},
        "interpolation": {"encode", "decode"},
        "latent_space": {"encode"},
    }
    assert [os.path.basename(path)[:-4] for path in drawn] == [
        name for name, needed in needs.items() if needed <= kind.can
    ]


def test_a_threshold_is_calibrated_by_the_nearest_to_the_likelihood(kind):
    model = kind.model
    threshold = evaluation.calibrate_anomaly_threshold(model, DATA.test, 0.1)
    nearest = {"log_prob_in_graph": "negative_log_prob", "elbo": "negative_elbo"}
    assert threshold.score.output == first_of(nearest | {"score": "reconstruction_loss"}, kind.can)
    assert model.is_anomaly(DATA.test).sum() == 80 - int(np.ceil(81 * 0.9))
    far = DATA.test + 20.0
    found = evaluation.anomaly_metrics(model.score(DATA.test), model.score(far), threshold)
    assert found["roc_auc"] > 0.99 and found["true_positive_rate"] > 0.99
    if "encode" in kind.can:
        found = evaluation.calibrate_anomaly_threshold(model, DATA.test, 0.1, "mahalanobis")
        assert len(found.score.mean) == 2
    if {"encode", "likelihood"} <= set(kind.can):
        found = evaluation.calibrate_anomaly_threshold(model, DATA.test, 0.1, "exemplar_likelihood")
        assert len(found.score.codes) == 40  # the other half tells the threshold
    model.anomaly_threshold = None


class Eyes:
    """Judges samples by x itself, and calls the class by the sign of the first value."""

    accuracy, classes = 1.0, np.array([0, 1])

    def features(self, x):
        return x

    def predict(self, x):
        return (x[:, 0] > 0).astype(int)


def test_samples_are_judged(kind):
    found = evaluation.sample_quality(kind.model, LABELED, count=60, classifier=Eyes())
    assert all(np.isfinite(value) for name, value in found.items() if "entropy" not in name)
    again = evaluation.sample_quality(
        kind.model, LABELED, count=60, classifier=Eyes(), batch_size=17
    )
    assert again == pytest.approx(found, rel=1e-3)
    indices, distances = evaluation.nearest_neighbors(kind.model.generate(5, seed=0), DATA.train)
    assert indices.shape == distances.shape == (5, 1)


def test_callbacks_record_what_there_is(kind):
    recorded = set(kind.history) - {"loss", *kind.model.term_names}
    monitor = {"active_units", "aggregated_mean_max"}
    monitor |= {"aggregated_variance_min", "aggregated_variance_max"}
    band = {f"divergence_{name}" for name in ("at_batch", "null_mean", "null_low", "null_high")}
    expected = monitor if "encode" in kind.can else set()
    assert recorded == expected | (band if kind.name == "points" else set())


# === What cannot be done is refused by name, before anything is written ===


def plot(name):
    def call(model, path):
        return getattr(evaluation, name)(model, path, DATA.test)

    return call


def of_x(name, **settings):
    return lambda model, path: getattr(evaluation, name)(model, DATA.test[:20], **settings)


def looking(callback):
    def call(model, path):
        callback.set_model(model)
        callback.on_train_begin()

    return call


ANNEALED = {"method": "annealed_importance", "temperatures": 2, "chains": 2}
CALLS = [
    (plot("plot_reconstructions"), {"reconstruct"}),
    (plot("plot_interpolation"), {"encode", "decode"}),
    (plot("plot_traversals"), {"encode", "decode"}),
    (plot("plot_samples"), {"generate"}),
    (plot("plot_nearest_neighbors"), {"generate"}),
    (plot("plot_latent_space"), {"encode"}),
    (plot("plot_latent_embedding"), {"encode"}),
    (plot("plot_aggregated_posterior"), {"encode", "prior"}),
    (plot("plot_kl_per_dimension"), {"posterior"}),
    (of_x("aggregated_posterior_covariance"), {"encode"}),
    (of_x("log_det_covariance"), {"encode"}),
    (of_x("active_units"), {"encode"}),
    (of_x("posterior_moments"), {"encode"}),
    (of_x("mmd_to_prior", draws=19), {"encode", "prior"}),
    (of_x("mutual_information"), {"posterior"}),
    (of_x("elbo_decomposition"), {"posterior"}),
    (of_x("kl_per_dimension"), {"posterior"}),
    (of_x("importance_weighted_bound"), {"joint", "posterior"}),
    (of_x("inference_gap"), {"joint", "posterior"}),
    (of_x("marginal_log_likelihood", **ANNEALED), {"joint"}),
    (looking(CollapseMonitor(DATA.test)), {"encode"}),
    (lambda model, path: model.score(DATA.test, "reconstruction_loss"), {"encode", "likelihood"}),
    (lambda model, path: model.score(DATA.test, "negative_elbo"), {"elbo"}),
]


def test_the_rest_is_refused_by_name(kind, tmp_path):
    path = tmp_path / "new" / "picture.png"
    for call, needs in CALLS:
        if not needs <= kind.can:
            with pytest.raises(ValueError, match=" is not defined for "):
                call(kind.model, path)
    assert list(tmp_path.iterdir()) == []
    if kind.name != "points":
        with pytest.raises(ValueError, match="needs a model with a divergence. Received: "):
            looking(DivergenceNullBand(DATA.test))(kind.model, path)


@pytest.mark.parametrize("kind", ["langevin"], indirect=True)
def test_what_takes_no_density_of_q_is_there_without_one(kind):
    found = evaluation.mmd_to_prior(kind.model, DATA.test, draws=19, batch_size=30)
    assert found == pytest.approx(evaluation.mmd_to_prior(kind.model, DATA.test, draws=19), 1e-3)
    settings, x = {"temperatures": 20, "seed": 1}, DATA.test[:9]
    estimate = evaluation.marginal_log_likelihood(kind.model, x, "annealed_importance", **settings)
    assert np.all(np.isfinite(estimate.log_likelihood))
    bounds = evaluation.bidirectional_monte_carlo(kind.model, 9, **settings)
    assert bounds.gap > -3 * bounds.gap_standard_error
    # log p(x) by draws from the prior, of which p(x|z) is the weight.
    z = np.random.default_rng(1).normal(size=(2000, 9, 2)).astype("float32")
    plain = log_mean(kind.model.joint(tf.constant(x)).log_likelihood(tf.constant(z)))
    error = np.hypot(estimate.standard_error, plain.standard_error)
    assert np.all(np.abs(estimate.log_likelihood - plain.log_likelihood) < 5 * error + 1e-3)


# === Codes that are drawn ===


@pytest.mark.parametrize("kind", ["em"], indirect=True)
def test_moments_of_draws_are_those_of_the_known_posterior(kind):
    model = kind.model
    means, variances = evaluation.posterior_moments(model, DATA.test)
    z, exact = model._posterior(DATA.test)
    np.testing.assert_allclose(means, z, atol=1e-5)
    # A variance of 16 draws has the relative error sqrt(2 / 15), a covariance of 16 * 80 draws
    # sqrt(2 / 1280) of those of q(z).
    found = variances.mean(axis=0) / np.diag(exact)
    assert np.all(np.abs(found - 1) < 4 * np.sqrt(2 / 15 / 80))
    covariance = evaluation.aggregated_posterior_covariance(model, DATA.test)
    expected = np.cov(z, rowvar=False, bias=True) + exact
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    assert np.all(np.abs(covariance - expected) < 4 * scale * np.sqrt(2 / 1280))


@pytest.mark.parametrize("kind", ["em"], indirect=True)
def test_codes_without_a_prior_stand_alone(kind, tmp_path):
    check_picture(evaluation.plot_latent_space(kind.model, tmp_path / "codes.png", DATA.test))


@pytest.mark.parametrize("kind", ["langevin", "points", "em"], indirect=True)
def test_codes_do_not_depend_on_the_batches_and_drift_is_seen(kind):
    whole = evaluation.posterior_moments(kind.model, DATA.test)
    parts = evaluation.posterior_moments(kind.model, DATA.test, batch_size=30)
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-3)
    z = kind.model.encode(DATA.test)
    same = evaluation.latent_drift(z[::2], z[1::2], permutations=99)
    moved = evaluation.latent_drift(z[::2], z[1::2] + 3.0 * z.std(), permutations=99)
    assert same["p_value"] > 0.01 and moved["p_value"] == 0.01
