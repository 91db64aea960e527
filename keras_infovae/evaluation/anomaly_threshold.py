"""A threshold on anomaly scores, and how well the scores tell anomalies."""

from __future__ import annotations

import math
import warnings

import numpy as np

from keras_infovae import anomaly_scores
from keras_infovae.anomaly_scores import AnomalyScore, AnomalyThreshold
from keras_infovae.evaluation.conditions import take
from keras_infovae.evaluation.measured import Measured
from keras_infovae.evaluation.plots.views import spread_out
from keras_infovae.tables.frames import is_frame
from keras_infovae.typing import Array, Condition, Model, Numbers, Rows
from keras_infovae.utils.arrays import check_finite
from keras_infovae.utils.checks import argument_error, check_number


def calibrate_anomaly_threshold(
    model: Model,
    x: Rows,
    false_positive_rate: float = 0.01,
    score: AnomalyScore | str | None = None,
    *,
    batch_size: int = 256,
    condition: Condition = None,
) -> AnomalyThreshold:
    """Finds the score above which an example is an anomaly, and keeps it in the model.

    With the scores of n usual examples in ascending order s_(1) ... s_(n), the threshold is

        s_(k),        k = min(n, ceil((n + 1) (1 - false_positive_rate)))

    A new usual example, exchangeable with these, then lies above it with a probability of at most
    (n + 1 - k) / (n + 1), whatever the model and the data (over the draw of the n examples too).
    From n = 1 / false_positive_rate - 1 on that is at most `false_positive_rate`. With fewer the
    threshold is the largest score, and a warning says what holds instead: with 50 examples, 1 / 51.
    Any one threshold may have a larger share above it: `threshold.rate_bound` says how much.

    Args:
        model: a trained model; `model.anomaly_threshold` is set.
        x: array [n, ...] of usual examples that the model was not trained on. On its own training
            examples a model scores too well, and more new examples than promised would lie above
            the threshold.
        false_positive_rate: between 0 and 1. Default 0.01.
        score: an `AnomalyScore` or its name, as for `model.score`. Default None: the first that is
            defined for the model of -log p(x), the negative ELBO and the reconstruction loss. A
            `Mahalanobis` without moments takes those of every second example, and the threshold
            goes by the others: an example that the moments know would score too low. One that
            `fit_anomaly_score` returns has those of the training examples, and uses all of x. So
            does an `ExemplarLikelihood` with its codes.
        batch_size: examples computed at a time; it does not change the result. Default 256.
        condition: one row per example, where the model takes a condition. Default None.

    Returns:
        The `AnomalyThreshold`.

    Raises:
        ValueError: for no example, too few to know the moments of, or a score that is not defined
            for the model.

    Example:

    >>> import keras_infovae as ki
    >>> x = np.random.default_rng(0).random((64, 12)).astype("float32")
    >>> model = ki.VAE(latent_dim=2, seed=0)
    >>> _ = model.fit(x, epochs=1, verbose=0)
    >>> calibrate_anomaly_threshold(model, x, false_positive_rate=0.1).score
    NegativeElbo(num_samples=64, seed=0)
    >>> int(model.is_anomaly(x).sum()) <= 7  # of 65 * 0.1
    True

    References:
        Vovk, Gammerman, Shafer, Algorithmic Learning in a Random World, 2005, proposition 2.3;
        Bates et al., Testing for Outliers with Conformal p-values, arXiv:2104.08279, section 2;
        Vovk, Conditional Validity of Inductive Conformal Predictors, arXiv:1209.2673.
    """
    rate = anomaly_scores.check_rate(false_positive_rate)
    chosen = anomaly_scores.main_score(model) if score is None else anomaly_scores.get(score)
    chosen.check(model)
    x = x if is_frame(x) else np.asarray(x)
    if not x.ndim:
        raise argument_error("x", "an array of examples", x.dtype.name, TypeError)
    parts = 1 if chosen.is_fitted else 2
    calibrating = slice(parts - 1, None, parts)
    count = len(x[calibrating])
    if not count:
        raise argument_error("x", f"at least {parts} examples", len(x))
    fitted: AnomalyScore = chosen.fitted(_Usual(model, x, parts, condition, batch_size))
    scores = model.score(x[calibrating], fitted, batch_size, take(condition, calibrating))
    rank = anomaly_scores.rank_of(rate, count)
    value = np.partition(scores, rank - 1)[rank - 1]
    threshold = anomaly_scores.AnomalyThreshold(fitted, float(value), rate, count)
    if threshold.expected_rate > rate + 1e-9:
        least = parts * math.ceil(1.0 / rate - 1.0 - 1e-9)
        warnings.warn(
            f"{len(x)} examples are too few to promise false_positive_rate={rate:g}, which takes "
            f"{least}. The threshold is the largest score of {count}: a new usual example lies "
            f"above it with a probability of at most {threshold.expected_rate:.2g}.",
            stacklevel=2,
        )
    model.anomaly_threshold = threshold
    return threshold


def fit_anomaly_score(
    model: Model,
    x: Rows,
    score: str = "mahalanobis",
    *,
    batch_size: int = 256,
    condition: Condition = None,
) -> AnomalyScore:
    """Returns a score that knows these usual examples, for `model.score` and thresholds.

    Args:
        model: a trained model with codes.
        x: array [n, ...] of usual examples, more than latent_dim of them for "mahalanobis", and 10
            or more for "exemplar_likelihood"; those that the model was trained on will do.
        score: an `AnomalyScore` or its name. Default "mahalanobis", which has to know the mean and
            the covariance of usual codes. "exemplar_likelihood" has to know codes themselves.
        batch_size: examples computed at a time; it does not change the result. Default 256.
        condition: one row per example, where the model takes a condition. Default None.

    Raises:
        ValueError: for too few examples, or a score that is not defined for the model.

    Example:

    >>> import keras_infovae as ki
    >>> x = np.random.default_rng(0).random((64, 12)).astype("float32")
    >>> model = ki.VAE(latent_dim=2, seed=0)
    >>> _ = model.fit(x, epochs=1, verbose=0)
    >>> model.score(x[:3], fit_anomaly_score(model, x)).shape
    (3,)
    """
    score = anomaly_scores.get(score)
    score.check(model)
    x = x if is_frame(x) else np.asarray(x)
    return score.fitted(_Usual(model, x, 1, condition, batch_size))


class _Usual:
    """What `AnomalyScore.fitted` is told of usual examples: of one in `parts` of x."""

    def __init__(self, model, x, parts, condition, batch_size):
        self._model, self._x, self._parts = model, x, parts
        self._condition, self._batch_size = condition, batch_size

    def moments(self):
        size = self._model.latent_dim
        moments = self._measured(size + 1, "more than ", f"latent_dim={size}").moments
        return moments.mean, moments.covariance

    def codes(self, most, least):
        found = self._measured(least, "at least ", least)
        found = found.take(spread_out(len(found), most))
        return self._model.encode(found.x, **found.given)

    def _measured(self, least, bound, number):
        """Returns what is measured of them; raises where there are fewer than `least`."""
        known = slice(0, None, self._parts)
        if len(self._x[known]) < least:
            twice = "twice " if self._parts == 2 else ""
            raise ValueError(
                f"Argument `x` must hold {bound}{twice}{number} examples. Received: {len(self._x)}"
            )
        told = take(self._condition, known)
        return Measured(self._model, self._x[known], told, batch_size=self._batch_size)


def anomaly_metrics(
    usual_scores: Array, anomaly_scores: Array, threshold: float | AnomalyThreshold | None = None
) -> Numbers:
    """Returns how well scores tell anomalies from usual examples.

    Args:
        usual_scores: [n], of usual examples that the model was not trained on.
        anomaly_scores: [m], of anomalies.
        threshold: an `AnomalyThreshold` or a number, above which an example is called an anomaly.
            Default None: the threshold's own numbers are left out.

    Returns:
        A dictionary of floats:
        roc_auc: the probability that an anomaly scores above a usual example; ties count half.
        roc_auc_standard_error: its standard error by Hanley and McNeil's equation 1.
        average_precision: the area under the precision-recall curve as a sum over its steps.
            Chance gives `prevalence`.
        prevalence: m / (n + m).
        and with a threshold `false_positive_rate`, `true_positive_rate` and `precision` (None where
        nothing lies above it).

    Raises:
        ValueError: for scores that are empty or not finite.

    Example:

    >>> anomaly_metrics([0.0, 1.0, 2.0], [1.5, 3.0])["roc_auc"]
    0.8333333333333334

    References:
        Hanley and McNeil, The Meaning and Use of the Area under a Receiver Operating
        Characteristic (ROC) Curve, Radiology 1982.
    """
    from sklearn import metrics

    usual = _check_scores("usual_scores", usual_scores)
    anomalous = _check_scores("anomaly_scores", anomaly_scores)
    scores = np.concatenate([usual, anomalous])
    labels = np.repeat([0, 1], [len(usual), len(anomalous)])
    area = float(metrics.roc_auc_score(labels, scores))
    result = {
        "roc_auc": area,
        "roc_auc_standard_error": _area_error(area, len(usual), len(anomalous)),
        "average_precision": float(metrics.average_precision_score(labels, scores)),
        "prevalence": len(anomalous) / len(scores),
    }
    if threshold is not None:
        value = check_number("threshold", getattr(threshold, "value", threshold))
        above_usual, above = int((usual > value).sum()), int((anomalous > value).sum())
        called = above_usual + above
        result["false_positive_rate"] = above_usual / len(usual)
        result["true_positive_rate"] = above / len(anomalous)
        result["precision"] = above / called if called else None
    return result


def _area_error(area, usual, anomalous):
    both_above = area / (2.0 - area)  # that two anomalies score above one usual example
    both_below = 2.0 * area**2 / (1.0 + area)
    variance = (
        area * (1.0 - area)
        + (anomalous - 1) * (both_above - area**2)
        + (usual - 1) * (both_below - area**2)
    )
    return math.sqrt(max(variance, 0.0) / (usual * anomalous))


def _check_scores(name, scores):
    scores = np.asarray(scores)
    if scores.ndim != 1 or not len(scores):
        raise argument_error(name, "a row of at least one score", scores.shape)
    check_finite(name, scores)
    return scores.astype("float64")
