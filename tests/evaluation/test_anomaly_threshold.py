"""The threshold's promise, and metrics that can be worked out by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.evaluation import (
    anomaly_metrics,
    calibrate_anomaly_threshold,
    fit_anomaly_score,
)


class Identity(ki.GenerativeModel):
    """A model whose score is x itself."""

    def __init__(self):
        super().__init__()
        self.build((None, 1))

    def log_prob_rows(self, x, condition=None):
        return -x[:, 0]

    def score(self, x, *_):
        return np.asarray(x, "float32")


def test_the_threshold_is_the_conformal_quantile():
    x = np.random.default_rng(0).permutation(np.arange(1.0, 100.0))  # 1 ... 99
    model = Identity()
    for rate, value in ((0.01, 99), (0.05, 95), (0.1, 90), (0.5, 50)):
        threshold = calibrate_anomaly_threshold(model, x, rate)
        assert threshold.value == value
        assert threshold is model.anomaly_threshold
        assert (threshold.examples, threshold.false_positive_rate) == (99, rate)
    with pytest.raises(ValueError, match="`x` must be at least 1 examples"):
        calibrate_anomaly_threshold(model, x[:0], 0.01)
    with pytest.raises(TypeError, match="`x` must be an array of examples. Received: x='object'"):
        calibrate_anomaly_threshold(model, tf.data.Dataset.from_tensor_slices(x))


def test_few_examples_give_the_largest_score_and_say_what_it_promises():
    x, model = np.random.default_rng(0).permutation(np.arange(1.0, 51.0)), Identity()
    with pytest.warns(UserWarning, match="takes 99. The threshold is the largest .* at most 0.02"):
        threshold = calibrate_anomaly_threshold(model, x, 0.01)
    assert (threshold.value, threshold.examples) == (50, 50)
    assert threshold.expected_rate == pytest.approx(1 / 51)
    # Beta(1, n): P(p <= t) = 1 - (1 - t)^n.
    assert threshold.rate_bound == pytest.approx(1 - 0.05 ** (1 / 50))
    summary = threshold.summary()
    assert summary["expected_false_positive_rate"] == threshold.expected_rate
    assert summary["false_positive_rate_95_percent_bound"] == threshold.rate_bound


@pytest.mark.parametrize("n, rate", [(19, 0.1), (99, 0.01), (100, 0.05), (30, 0.3), (40, 0.02)])
def test_the_share_above_a_threshold_is_distributed_as_stated(n, rate):
    # Of uniform scores the share above the k-th smallest is 1 - s_(k). 20,000 calibrations: the
    # share of them within the bound has a standard deviation of sqrt(0.95 * 0.05 / 20000) = 0.0015,
    # and the mean share one of at most 0.5 / sqrt(20000) times that of a uniform number.
    score = ki.anomaly_scores.NegativeElbo()
    threshold = ki.anomaly_scores.AnomalyThreshold(score, 0.0, rate, n)
    scores = np.sort(np.random.default_rng(0).random((20_000, n)), axis=1)
    above = 1.0 - scores[:, ki.anomaly_scores.rank_of(rate, n) - 1]
    assert np.mean(above <= threshold.rate_bound) == pytest.approx(0.95, abs=5 * 0.0015)
    assert np.mean(above) == pytest.approx(threshold.expected_rate, abs=5 * np.std(above) / 141)
    assert threshold.expected_rate <= max(rate, 1 / (n + 1)) + 1e-9


def test_new_usual_examples_lie_above_it_as_often_as_promised():
    # With n = 19 and rate 0.1, k = 18, and P(new > s_(18)) = 1 - 18/20 exactly. Of 2,000
    # independent trials of 10 new examples each, the standard deviation of the share is below
    # sqrt(0.1 * 0.9 / 2000) = 0.0067 even if the 10 were one.
    rng = np.random.default_rng(1)
    above, model = [], Identity()
    for _ in range(2000):
        threshold = calibrate_anomaly_threshold(model, rng.normal(size=19), 0.1)
        above.append(np.mean(rng.normal(size=10).astype("float32") > threshold.value))
    assert np.mean(above) == pytest.approx(0.1, abs=3 * 0.0067)


def test_the_metrics_are_those_counted_by_hand():
    usual, anomalies = [0.0, 1.0, 2.0, 3.0], [1.0, 2.5, 4.0]
    result = anomaly_metrics(usual, anomalies, threshold=2.0)
    # Pairs that are in order: 1.5 (a tie) + 3 + 4 of 12.
    assert result["roc_auc"] == pytest.approx(8.5 / 12)
    # Precision at each anomaly from the top: 1, 2/3, 3/6 (1.0 is tied with a usual example).
    assert result["average_precision"] == pytest.approx((1 + 2 / 3 + 3 / 6) / 3)
    assert result["prevalence"] == 3 / 7
    assert result["false_positive_rate"] == 1 / 4
    assert result["true_positive_rate"] == pytest.approx(2 / 3)
    assert result["precision"] == pytest.approx(2 / 3)
    assert anomaly_metrics(usual, anomalies, threshold=9.0)["precision"] is None
    assert "precision" not in anomaly_metrics(usual, anomalies)


def test_the_standard_error_is_that_of_repeated_draws():
    # Normal scores one standard deviation apart. The error of an error from 400 repetitions is
    # 1 / sqrt(800) = 3.5 %, and equation 1 takes exponential scores for granted: 15 % in all.
    rng = np.random.default_rng(2)
    results = [anomaly_metrics(rng.normal(size=50), rng.normal(1, size=40)) for _ in range(400)]
    areas, errors = np.array([(r["roc_auc"], r["roc_auc_standard_error"]) for r in results]).T
    assert np.mean(errors) == pytest.approx(np.std(areas), rel=0.15)
    assert anomaly_metrics([0.0, 1.0], [2.0])["roc_auc_standard_error"] == 0.0


def test_scores_that_cannot_be_compared_are_named():
    for scores, words in (([], "at least one score"), ([[1.0]], "row"), ([np.nan], "finite")):
        with pytest.raises(ValueError, match=words):
            anomaly_metrics(scores, [1.0])
        with pytest.raises(ValueError, match=words):
            anomaly_metrics([1.0], scores)


def test_a_mahalanobis_threshold_keeps_its_promise_in_many_dimensions():
    # The codes are x, in 10 dimensions, and 60 examples: moments of the same examples would make
    # the rate several times as high. P(new > s_(k)) = 0.1 - 1/31 of rounding at most; the standard
    # deviation of the share over 300 trials of 20 is below sqrt(0.1 * 0.9 / 300) = 0.0173.
    keras.utils.set_random_seed(0)
    encoder = keras.Sequential([keras.Input((10,)), keras.layers.Dense(20)])
    kernel = np.concatenate([np.eye(10), np.zeros((10, 10))], axis=1)
    encoder.layers[0].set_weights([kernel, np.concatenate([np.zeros(10), np.full(10, -30.0)])])
    model = ki.VAE(10, likelihood="normal", encoder=encoder, decoder=ki.networks.MLP([4]))
    model.build((None, 10))
    rng = np.random.default_rng(0)
    above = []
    for _ in range(300):
        x = rng.normal(size=(60, 10)).astype("float32")
        calibrate_anomaly_threshold(model, x, 0.1, "mahalanobis")
        score, value = model.anomaly_threshold.score, model.anomaly_threshold.value
        offset = rng.normal(size=(20, 10)) - score.mean
        scores = np.sqrt(np.sum(offset @ np.array(score.precision) * offset, axis=1))
        above.append(np.mean(scores > value))
    assert 0.1 - 1 / 31 - 3 * 0.0173 < np.mean(above) < 0.1 + 3 * 0.0173


def test_a_mahalanobis_threshold_knows_half_of_the_codes():
    model = ki.VAE(2, seed=0, encoder=ki.networks.MLP([4]), decoder=ki.networks.MLP([4]))
    model.build((None, 3))
    x = np.random.default_rng(0).random((50, 3)).astype("float32")
    threshold = calibrate_anomaly_threshold(model, x, 0.1, "mahalanobis")
    np.testing.assert_allclose(threshold.score.mean, model.encode(x[::2]).mean(axis=0), atol=1e-6)
    covariance = ki.evaluation.aggregated_posterior_covariance(model, x[::2])
    np.testing.assert_allclose(threshold.score.precision, np.linalg.inv(covariance), rtol=1e-4)
    assert threshold.examples == 25
    assert model.is_anomaly(x[1::2]).sum() == 1  # k = ceil(26 * 0.9) = 24 of 25
    with pytest.warns(UserWarning, match="false_positive_rate=0.1, which takes 18"):
        assert calibrate_anomaly_threshold(model, x[:17], 0.1, "mahalanobis").examples == 8
    model.anomaly_threshold = threshold
    with pytest.raises(ValueError, match="more than twice latent_dim=2 examples"):
        calibrate_anomaly_threshold(model, x[:4], 0.5, "mahalanobis")
    assert model.anomaly_threshold is threshold
    np.testing.assert_array_equal(model.score(x, "mahalanobis"), model.score(x))  # it is fitted
    model.fit(x, verbose=0)
    assert model.anomaly_threshold is None  # scores change with the weights


def test_a_score_is_fitted_on_examples_of_its_own():
    model = ki.VAE(2, seed=0, encoder=ki.networks.MLP([4]), decoder=ki.networks.MLP([4]))
    model.build((None, 3))
    x = np.random.default_rng(0).random((50, 3)).astype("float32")
    score = fit_anomaly_score(model, x[:30])
    np.testing.assert_allclose(score.mean, model.encode(x[:30]).mean(axis=0), atol=1e-6)
    threshold = calibrate_anomaly_threshold(model, x[30:], 0.1, score)
    assert (threshold.examples, threshold.score) == (20, score)
    for call, words in (
        (lambda: fit_anomaly_score(model, x[:2]), "more than latent_dim=2 examples. Received: 2"),
        (lambda: fit_anomaly_score(model, x, "mahalanobi"), "Did you mean 'mahalanobis'"),
    ):
        with pytest.raises(ValueError, match=words):
            call()
