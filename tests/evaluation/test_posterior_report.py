"""The report of q(z) on train and test agrees with its parts, and says what differs."""

import json
import math

import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.divergences.null import null_values
from keras_infovae.evaluation import aggregated_posterior_report, mmd_to_prior, prior_fit
from tests.evaluation.normal_model import NormalModel


def test_train_and_test_are_told_apart():
    numbers = np.random.default_rng(0)
    # q(z) is N(0, I) on train, and N(2, 0.25 I) with nothing told about x on test.
    train, test = numbers.normal(size=(200, 2)) * math.sqrt(0.75), np.full((50, 2), 2.0)
    report = aggregated_posterior_report(NormalModel(0.5), train, test, draws=39)
    assert json.loads(json.dumps(report)) == report
    found = report["test"]
    np.testing.assert_allclose(found["mean"], [2.0, 2.0])
    np.testing.assert_allclose(found["covariance"], 0.25 * np.eye(2), atol=1e-6)
    assert found["log_det_covariance"] == pytest.approx(2 * math.log(0.25), abs=1e-5)
    assert (found["active_units"], found["examples"]) == (0, 50)
    assert found["mmd_p_value"] == 1 / 40
    found = report["train"]
    # Of 200 examples: log det has the standard deviation sqrt(2 * 2 / 200) * 0.75 = 0.11.
    assert found["log_det_covariance"] == pytest.approx(0.0, abs=4 * 0.11)
    assert found["active_units"] == 2
    assert found["mmd_p_value"] > 0.05
    assert found["mmd"] == mmd_to_prior(NormalModel(0.5), train, draws=39)["mmd"]


def test_sets_of_one_size_share_the_draws_of_the_prior(monkeypatch):
    model, x = NormalModel(0.5), np.random.default_rng(0).normal(size=(48, 2))
    alone, computed = mmd_to_prior(model, x[24:], draws=19), []

    def counted(*arguments):
        computed.append(arguments)
        return null_values(*arguments)

    monkeypatch.setattr(prior_fit, "null_values", counted)
    found = aggregated_posterior_report(model, x[:24], x[24:], draws=19)["test"]
    assert len(computed) == 1
    assert {name: found[name] for name in alone} == alone


def test_what_is_not_defined_is_none():
    small = {"encoder": ki.networks.MLP([4]), "decoder": ki.networks.MLP([4]), "seed": 0}
    model = ki.InfoVAE(
        3,
        prior="uniform_sphere",
        posterior="von_mises_fisher",
        divergence="adversarial",
        lambda_=2.0,
        **small,
    )
    model.build((None, 6))
    x = np.random.default_rng(0).random((8, 6)).astype("float32")
    assert aggregated_posterior_report(model, x, x)["test"]["mmd_p_value"] is None
    with pytest.raises(ValueError, match="`test` must hold at least 2 examples. Received: 1"):
        aggregated_posterior_report(model, x, x[:1])
