"""From which score on an example counts as unusual."""

import math
from typing import Any

import numpy as np

from keras_infovae.anomaly_scores.base import AnomalyScore
from keras_infovae.utils.checks import argument_error, check_integer, check_number
from keras_infovae.utils.serialization import Setting, register


@register
class AnomalyThreshold(Setting):
    """A score, and the value above which it marks an example as an anomaly.

    `keras_infovae.evaluation.calibrate_anomaly_threshold` makes one from usual examples and keeps
    it in `model.anomaly_threshold`, which is saved with the model. Its value is the k-th smallest
    of n scores,

        k = min(n, ceil((n + 1) (1 - false_positive_rate)))

    and the share p of all usual examples that lie above it is, for scores without ties, distributed
    as Beta(n + 1 - k, k) over the draw of the n; with ties it is less. `expected_rate` is the mean
    of p, `rate_bound` what p stays below in 95 % of calibrations.

    Args:
        score: an `AnomalyScore`.
        value: the largest score that is still usual.
        false_positive_rate: the share of usual examples that is to lie above it.
        examples: n, how many usual examples it was calibrated on.

    Example:

    >>> import keras_infovae as ki
    >>> score = ki.anomaly_scores.NegativeElbo()
    >>> threshold = ki.anomaly_scores.AnomalyThreshold(score, 1.5, 0.01, examples=100)
    >>> round(threshold.expected_rate, 4), round(threshold.rate_bound, 4)
    (0.0099, 0.0295)

    References:
        Vovk, Conditional Validity of Inductive Conformal Predictors, arXiv:1209.2673,
        proposition 2.
    """

    def __init__(
        self, score: AnomalyScore, value: float, false_positive_rate: float, examples: int
    ) -> None:
        if not isinstance(score, AnomalyScore):
            raise argument_error("score", "an AnomalyScore", score, TypeError)
        self.score = score
        self.value = float(np.float32(check_number("value", value)))  # as scores are compared
        self.false_positive_rate = check_rate(false_positive_rate)
        self.examples = check_integer("examples", examples)

    @property
    def expected_rate(self) -> float:
        """The mean of the share of usual examples above it: (n + 1 - k) / (n + 1)."""
        rank = rank_of(self.false_positive_rate, self.examples)
        return (self.examples + 1 - rank) / (self.examples + 1)

    @property
    def rate_bound(self) -> float:
        """What the share of usual examples above it stays below in 95 % of calibrations."""
        from scipy import stats

        rank = rank_of(self.false_positive_rate, self.examples)
        return float(stats.beta.ppf(0.95, self.examples + 1 - rank, rank))

    def summary(self) -> dict[str, Any]:
        """Returns the threshold in numbers and the score's name, a dictionary fit for JSON."""
        return {
            "score": self.score.output,
            "value": self.value,
            "false_positive_rate": self.false_positive_rate,
            "expected_false_positive_rate": self.expected_rate,
            "false_positive_rate_95_percent_bound": self.rate_bound,
            "calibrated_on": self.examples,
        }


def rank_of(rate: float, count: int) -> int:
    """Returns k: the threshold is the k-th smallest of `count` scores, the largest if need be."""
    return min(count, math.ceil((count + 1) * (1.0 - rate) - 1e-9))  # 100 * 0.99 is not above 99


def check_rate(rate: float) -> float:
    """Returns `false_positive_rate`, which must be between 0 and 1, as a float."""
    rate = check_number("false_positive_rate", rate, exclusive_minimum=0.0)
    if rate >= 1.0:
        raise argument_error("false_positive_rate", "below 1", rate)
    return rate
