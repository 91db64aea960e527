"""The summary of a model, and the tables of text made of it."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.evaluation import compare, describe, importance_weighted_bound, summarize
from keras_infovae.evaluation import summary as summary_module
from keras_infovae.utils.randomness import some_rows

X = np.random.default_rng(0).random((40, 6)).astype("float32")


def small_model(cls=ki.VAE, **settings):
    keras.utils.set_random_seed(0)  # of the first weights
    network = ki.networks.MLP((8,))
    model = cls(2, encoder=network, decoder=network, seed=0, **settings)
    model.build(X.shape)
    return model


@pytest.fixture(scope="module")
def model():
    return small_model()


@pytest.fixture(scope="module")
def summary(model):
    return summarize(model, X, num_samples=16, seed=3)


def test_numbers_are_those_of_the_functions_they_are_named_after(model, summary):
    terms = model.evaluate(X, batch_size=128, verbose=0)
    for name in ("loss", "reconstruction_loss", "kl_divergence", "divergence"):
        assert summary[name] == pytest.approx(terms[name], rel=1e-6)
    assert summary["elbo"] == pytest.approx(model.elbo(X, seed=3).mean(), rel=1e-6)
    bounds = importance_weighted_bound(model, X, num_samples=16, seed=3)
    assert summary["importance_weighted_bound"] == pytest.approx(bounds.mean(), rel=1e-6)
    error = bounds.std(ddof=1) / np.sqrt(40)
    assert summary["importance_weighted_bound_standard_error"] == pytest.approx(error, rel=1e-5)
    gap = ki.evaluation.inference_gap(model, X, num_samples=16, seed=3).gap
    assert summary["inference_gap"] == pytest.approx(gap.mean(), rel=1e-6)
    assert summary["log_det_covariance"] == ki.evaluation.log_det_covariance(model, X)
    assert summary["active_units"] == ki.evaluation.active_units(model, X)
    assert (summary["examples"], summary["latent_dim"]) == (40, 2)


def test_is_plain_json_and_repeatable(model, summary):
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    assert {type(value) for value in summary.values()} == {int, float, type(None)}
    undefined = [name for name, value in summary.items() if value is None]
    assert undefined == ["log_prob", "unreliable_weights"]  # of 16 draws
    assert summarize(model, X, num_samples=16, seed=3) == summary
    assert summarize(model, X, num_samples=16, seed=4)["elbo"] != summary["elbo"]


def test_importance_weights_some_examples_of_all_kinds(model, monkeypatch):
    monkeypatch.setattr(summary_module, "_MOST_IMPORTANCE_WEIGHTED", 10)
    summary = summarize(model, X, num_samples=4, seed=1)
    assert summary["importance_weighted_examples"] == 10
    rows = some_rows(40, 10, seed=1)
    expected = importance_weighted_bound(model, X[rows], num_samples=4, seed=1).mean()
    assert summary["importance_weighted_bound"] == pytest.approx(expected, rel=1e-6)
    assert "10 of them" in describe(summary)
    # Ten different rows, not the ten that happen to stand first: data may be sorted.
    assert len(set(rows)) == 10 and rows.tolist() == sorted(rows) != list(range(10))
    assert some_rows(10, 10, seed=1).tolist() == list(range(10))
    # Drawn, not evenly spaced: of data that repeat, all kinds are among them.
    assert abs(np.mean(some_rows(4000, 2000, seed=1) % 2) - 0.5) < 0.06  # 4 standard deviations


def test_what_a_deterministic_posterior_does_not_have_is_none():
    summary = summarize(small_model(ki.MMDVAE, posterior="deterministic"), X)
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    undefined = [name for name, value in summary.items() if value is None]
    assert undefined == [
        "kl_divergence",
        "log_prob",
        "elbo",
        "importance_weighted_bound",
        "importance_weighted_bound_standard_error",
        "importance_weighted_examples",
        "unreliable_weights",
        "inference_gap",
    ]
    lines = {line.split("  ")[0] for line in describe(summary).splitlines()}
    assert "active units" in lines and not {"ELBO, nats", "log p(x), nats"} & lines


def test_minus_infinity_is_none(model, summary):
    undefined = summary_module._plain(float("-inf"))
    assert undefined is None
    assert " - " in describe({**summary, "log_det_covariance": undefined})


def test_describe_is_aligned_and_fits_a_terminal(summary):
    heading, *lines = describe(summary).splitlines()
    assert heading == "Mean over 40 examples:"
    assert all(len(line) <= 100 for line in lines)
    assert len({line.find("0 is ideal") for line in lines if "0 is ideal" in line}) == 1
    text = "\n".join(lines)
    for word in ("lower is better", "higher is better", "0 is ideal", "+-", " of 2 "):
        assert word in text
    assert f"{summary['elbo']:.2f}" in text


def test_zero_has_no_sign(summary):
    assert "-0.0000" not in describe({**summary, "divergence": -1e-9})


def test_compare_has_a_column_per_model_and_the_same_words(summary):
    other = {**summary, "elbo": -1234.5, "kl_divergence": None}
    table = compare({"one": summary, "a_longer_name": other})
    names, *lines = table.splitlines()[1:]
    assert names.split() == ["one", "a_longer_name"]
    (elbo,) = [line for line in lines if line.startswith("ELBO")]
    assert elbo.index("-1234.50") + len("-1234.50") == len(names)  # right-aligned under the name
    words = [line.split("  ")[-1].strip() for line in describe(summary).splitlines()[1:]]
    assert [line.split("  ")[-1].strip() for line in lines] == words


def test_compare_says_when_the_examples_differ(summary):
    assert "40 or 50 examples" in compare({"a": summary, "b": {**summary, "examples": 50}})


def test_errors(model):
    with pytest.raises(ValueError, match="`x` must hold at least 2 examples. Received: 1"):
        summarize(model, X[:1])
    with pytest.raises(TypeError, match="`x` must be an array"):
        summarize(model, tf.data.Dataset.from_tensor_slices(X).batch(8))
    with pytest.raises(ValueError, match="`x` must have shape"):
        summarize(model, X[:, :3])
    with pytest.raises(ValueError, match="`batch_size` must be an integer of at least 1"):
        summarize(model, X, batch_size=0)
    with pytest.raises(ValueError, match="`summaries` must be a dictionary of at least one"):
        compare({})


# === With a condition ===


def test_a_condition_reaches_every_number():
    labels = np.arange(40) % 3
    model = small_model(ki.InfoVAE, condition=ki.conditions.Classes(3))
    numbers = summarize(model, X, num_samples=8, condition=labels)
    others = summarize(model, X, num_samples=8, condition=(labels + 1) % 3)
    parts = summarize(model, X, num_samples=8, condition=labels, batch_size=7)
    assert parts.pop("log_prob") is None and parts.pop("unreliable_weights") is None
    assert parts == pytest.approx({name: numbers[name] for name in parts}, rel=1e-5)
    for name in ("reconstruction_loss", "kl_divergence", "elbo", "importance_weighted_bound"):
        assert numbers[name] != others[name]
    # The ELBO is the bound of one draw: 4,000 tighten it by far more than its noise.
    with pytest.warns(UserWarning, match="Pareto k"):  # the encoder is not trained
        bound = importance_weighted_bound(model, X, 4000, condition=labels).mean()
    assert bound >= numbers["elbo"]
    again = importance_weighted_bound(model, X, 8, condition=list(labels))
    np.testing.assert_array_equal(importance_weighted_bound(model, X, 8, condition=labels), again)
    with pytest.raises(ValueError, match="`condition` must be given"):
        summarize(model, X)
    with pytest.raises(ValueError, match="`condition` must have a row for each of the 40"):
        importance_weighted_bound(model, X, 8, condition=labels[:5])


def test_a_condition_that_the_model_does_not_take_is_refused(model):
    with pytest.raises(ValueError, match="`condition` must be left out"):
        summarize(model, X, condition=np.zeros(40, int))


@pytest.mark.slow
def test_the_kl_is_to_the_prior_that_was_learned_last():
    x = np.random.default_rng(0).normal(size=(2_000, 3)).astype("float32")
    small = {"encoder": ki.networks.MLP([4]), "decoder": ki.networks.MLP([4])}
    model = ki.MMDVAE(2, likelihood="normal", seed=0, **small)
    model.fit(x, epochs=2, verbose=0)
    of_training = summarize(model, x, num_samples=2)["kl_divergence"]
    model.fit_prior(x, "gaussian_mixture", epochs=2, verbose=0, seed=0)
    summary = summarize(model, x, num_samples=2)
    found = ki.evaluation.mutual_information(model, x[:500], seed=1)["kl_upper_bound"]
    assert summary["kl_divergence"] == pytest.approx(found, abs=0.1)
    assert abs(summary["kl_divergence"] - of_training) > 0.3
    # -ELBO = reconstruction + KL, of draws of their own.
    total = summary["reconstruction_loss"] + summary["kl_divergence"]
    assert total == pytest.approx(-summary["elbo"], abs=0.2)
