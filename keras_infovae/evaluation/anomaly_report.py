"""What a model adds to telling anomalies: its score beside one for which nothing is trained."""

from __future__ import annotations

import numpy as np

from keras_infovae import anomaly_scores
from keras_infovae.anomaly_scores import AnomalyScore
from keras_infovae.evaluation.anomaly_threshold import anomaly_metrics
from keras_infovae.evaluation.examples import check_examples, spread_of_known
from keras_infovae.typing import Array, Condition, Model, Numbers, Rows
from keras_infovae.utils.checks import argument_error


def anomaly_report(
    model: Model,
    x: Rows,
    is_anomaly: Array,
    reference: Rows,
    *,
    score: AnomalyScore | str | None = None,
    batch_size: int = 256,
    condition: Condition = None,
) -> Numbers:
    """Returns how well a model's score tells anomalies, beside the norm of the standardized row.

        norm(x) = sqrt(sum_d ((x_d - mean_d) / deviation_d)^2)

    with the mean and the standard deviation of each value of `reference` (1 for one that does not
    vary). Anomalies that are large in many columns stand out without any model; one that is not
    better than this adds nothing.

    Args:
        model: a trained model.
        x: array [n, ...] of usual examples and anomalies, best such as it was not trained on.
        is_anomaly: bool [n], with both among them.
        reference: array [m, ...], the training examples.
        score: an `AnomalyScore` or its name, as for `model.score`. Default None: the model's own.
        batch_size: examples computed at a time; it does not change the result. Default 256.
        condition: one row per example of x, where the model takes a condition. Default None.

    Returns:
        A dictionary fit for JSON:
        score: the name of the model's score.
        usual, anomalies: how many there are.
        roc_auc, roc_auc_standard_error, average_precision, prevalence: as `anomaly_metrics` gives
            them, of the model's score.
        row_norm_roc_auc, row_norm_average_precision: of the norm.
        gain, gain_standard_error: roc_auc less row_norm_roc_auc, and its error over the draw of the
            examples, which are the same for both (DeLong).

    Raises:
        ValueError, TypeError: for examples that are not as the model was trained on, or an
            `is_anomaly` without both.

    Example:

    >>> import keras_infovae as ki
    >>> x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
    >>> model = ki.VAE(latent_dim=2, likelihood="normal", seed=0)
    >>> _ = model.fit(x, epochs=1, verbose=0)
    >>> unusual = np.arange(64) > 31
    >>> wider = x * np.where(unusual, 3.0, 1.0)[:, None].astype("float32")
    >>> found = anomaly_report(model, wider, unusual, x)
    >>> found["row_norm_roc_auc"] > 0.9
    True

    References:
        DeLong, DeLong, Clarke-Pearson, Comparing the Areas under Two or More Correlated Receiver
        Operating Characteristic Curves, Biometrics 1988.
    """
    x, condition = check_examples(model, x, condition)
    reference = model.example_spec.array(reference, "reference")
    unusual = _check_marks(is_anomaly, len(x))
    score = anomaly_scores.chosen_score(model, score)
    scores = model.score(x, score, batch_size, condition)
    norms = row_norms(x, reference)
    found, trivial = (anomaly_metrics(s[~unusual], s[unusual]) for s in (scores, norms))
    return {
        "score": score.output,
        "usual": int(np.sum(~unusual)),
        "anomalies": int(np.sum(unusual)),
        **found,
        "row_norm_roc_auc": trivial["roc_auc"],
        "row_norm_average_precision": trivial["average_precision"],
        "gain": found["roc_auc"] - trivial["roc_auc"],
        "gain_standard_error": _error_of_difference(scores, norms, unusual),
    }


def row_norms(x, reference):
    """Returns the norm of each row of x, standardized by the rows of `reference`, float64 [n].

    A missing value (NaN) counts as the mean.
    """
    x, reference = (np.reshape(a, [len(a), -1]).astype("float64") for a in (x, reference))
    mean, deviation = spread_of_known(reference)
    offset = (x - mean) / np.where(deviation > 0.0, deviation, 1.0)
    return np.linalg.norm(np.nan_to_num(offset, nan=0.0), axis=1)


def _check_marks(is_anomaly, count):
    marks = np.asarray(is_anomaly)
    if marks.dtype != bool:
        raise argument_error("is_anomaly", "a bool for each example", marks.dtype.name, TypeError)
    if marks.shape != (count,):
        raise argument_error("is_anomaly", f"one bool for each of {count} examples", marks.shape)
    if marks.all() or not marks.any():
        raise argument_error(
            "is_anomaly", "True for some examples and False for others", f"{marks.sum()} True"
        )
    return marks


def _error_of_difference(first, second, unusual):
    """Returns the standard error of the difference of two areas of the same examples.

    A single anomaly, or a single usual example, says nothing of its part of the variance.
    """
    placed = [_placements(scores, unusual) for scores in (first, second)]
    variance = 0.0
    for of_first, of_second in zip(*placed):
        if len(of_first) > 1:
            variance += np.var(of_first - of_second, ddof=1) / len(of_first)
    return float(np.sqrt(variance))


def _placements(scores, unusual):
    """Returns of each anomaly the share of usual examples below it, and the other way around."""
    high, low = scores[unusual], scores[~unusual]
    return _share_below(high, low), 1.0 - _share_below(low, high)


def _share_below(values, others):
    """Returns the share of `others` that lie below each of `values`; ties count half."""
    others = np.sort(others)
    sides = [np.searchsorted(others, values, side) for side in ("left", "right")]
    return np.mean(sides, axis=0) / len(others)
