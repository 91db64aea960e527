"""A model's score beside the norm of the row: against counts by hand and repeated draws."""

import json

import numpy as np
import pandas
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.evaluation import anomaly_metrics, anomaly_report
from keras_infovae.evaluation.anomaly_report import _error_of_difference, row_norms


class FirstColumn(ki.GenerativeModel):
    """A model whose score is the first column."""

    def __init__(self):
        super().__init__()
        self.build((None, 2))

    def log_prob_rows(self, x, condition=None):
        return -tf.cast(x, tf.float32)[:, 0]


def test_the_norm_is_that_of_standardized_rows():
    reference = np.array([[0.0, 5.0, 1.0], [4.0, 5.0, 3.0]])  # mean 2, 5, 2; deviation 2, 0, 1
    x = np.array([[2.0, 5.0, 2.0], [6.0, 5.0, 2.0], [2.0, 9.0, -1.0]])
    np.testing.assert_allclose(row_norms(x, reference), [0.0, 2.0, 5.0])
    images = [np.reshape(a, [-1, 1, 3]) for a in (x, reference)]
    np.testing.assert_allclose(row_norms(*images), [0.0, 2.0, 5.0])
    scaled = row_norms(x * [3.0, 1.0, 7.0] - 4.0, reference * [3.0, 1.0, 7.0] - 4.0)
    np.testing.assert_allclose(scaled, [0.0, 2.0, 5.0])  # the unit does not matter where x varies


def test_both_scores_are_measured_on_the_same_rows():
    rng = np.random.default_rng(0)
    reference = rng.normal(size=(200, 2)).astype("float32")
    x = rng.normal(size=(60, 2)).astype("float32")
    unusual = np.arange(60) % 3 == 0
    x[unusual, 0] += 2.0  # which the first column shows better than the norm
    found = anomaly_report(FirstColumn(), x, unusual, reference)
    expected = anomaly_metrics(x[~unusual, 0], x[unusual, 0])
    assert {name: found[name] for name in expected} == expected
    norms = row_norms(x, reference)
    trivial = anomaly_metrics(norms[~unusual], norms[unusual])
    assert found["row_norm_roc_auc"] == trivial["roc_auc"]
    assert found["row_norm_average_precision"] == trivial["average_precision"]
    assert found["gain"] == found["roc_auc"] - trivial["roc_auc"] > 0
    assert (found["usual"], found["anomalies"]) == (40, 20)
    assert found["score"] == "negative_log_prob"
    assert json.loads(json.dumps(found)) == found


def test_the_error_of_the_gain_is_that_of_repeated_draws():
    # Two scores with a common part. The error of an error from 400 repetitions is 3.5 %.
    rng = np.random.default_rng(1)
    unusual = np.arange(90) < 40
    gains, errors = [], []
    for _ in range(400):
        common = rng.normal(size=90) + unusual
        first, second = common + rng.normal(size=90), common + 0.5 * rng.normal(size=90)
        areas = [anomaly_metrics(s[~unusual], s[unusual])["roc_auc"] for s in (first, second)]
        gains.append(areas[0] - areas[1])
        errors.append(_error_of_difference(first, second, unusual))
    assert np.mean(errors) == pytest.approx(np.std(gains), rel=0.12)
    assert _error_of_difference(first, first, unusual) == 0.0
    assert _error_of_difference(first, 3.0 * first, unusual) == 0.0  # the order alone counts
    assert np.isfinite(_error_of_difference(first, second, np.arange(90) == 7))


def test_marks_that_say_nothing_are_named():
    model, x = FirstColumn(), np.zeros((4, 2), "float32")
    for marks, words in (
        (np.zeros(4, bool), "True for some examples and False for others.* Received: .*0 True"),
        (np.ones(3, bool), "one bool for each of 4 examples"),
    ):
        with pytest.raises(ValueError, match=words):
            anomaly_report(model, x, marks, x)
    with pytest.raises(TypeError, match="a bool for each example. Received: .*int64"):
        anomaly_report(model, x, np.array([0, 1, 0, 1]), x)


def test_tables_and_missing_values_are_taken_as_their_numbers():
    rng = np.random.default_rng(0)
    usual = pandas.DataFrame({"a": rng.normal(100.0, 5.0, 80), "b": rng.normal(size=80)})
    usual["kind"] = np.where(np.arange(80) % 2, "x", "y")
    usual.loc[3, "b"] = np.nan
    unusual = np.arange(80) > 60
    given = usual.assign(a=usual["a"] + 50.0 * unusual)
    model = ki.VAE(1, encoder=ki.networks.MLP([4]), decoder=ki.networks.MLP([4]), seed=0)
    model.fit(usual, epochs=1, verbose=0)
    found = anomaly_report(model, given, unusual, usual)
    assert found["row_norm_roc_auc"] == 1.0
    numbers = (model.preprocessor.numbers(frame) for frame in (given, usual))
    assert anomaly_report(model, next(numbers), unusual, next(numbers)) == found
    # What is missing counts as the mean.
    x = np.array([[3.0, np.nan], [1.0, 4.0]])
    np.testing.assert_allclose(row_norms(x, np.array([[0.0, 1.0], [2.0, np.nan]])), [2.0, 3.0])
