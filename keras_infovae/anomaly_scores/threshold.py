"""From which score on an example counts as unusual."""

import numpy as np

from keras_infovae.anomaly_scores.base import AnomalyScore
from keras_infovae.utils.checks import argument_error, check_integer, check_number
from keras_infovae.utils.serialization import Setting, register


@register
class AnomalyThreshold(Setting):
    """A score, and the value above which it marks an example as an anomaly.

    `keras_infovae.evaluation.calibrate_anomaly_threshold` makes one from usual examples and keeps
    it in `model.anomaly_threshold`, which is saved with the model.

    Args:
        score: an `AnomalyScore`.
        value: the largest score that is still usual.
        false_positive_rate: the share of usual examples that may lie above it.
        examples: how many usual examples it was calibrated on.
    """

    def __init__(self, score, value, false_positive_rate, examples):
        if not isinstance(score, AnomalyScore):
            raise argument_error("score", "an AnomalyScore", score, TypeError)
        self.score = score
        self.value = float(np.float32(check_number("value", value)))  # as scores are compared
        self.false_positive_rate = check_rate(false_positive_rate)
        self.examples = check_integer("examples", examples)

    def summary(self):
        """Returns the threshold in numbers and the score's name, a dictionary fit for JSON."""
        return {
            "score": self.score.output,
            "value": self.value,
            "false_positive_rate": self.false_positive_rate,
            "calibrated_on": self.examples,
        }


def check_rate(rate):
    """Returns `false_positive_rate`, which must be between 0 and 1, as a float."""
    rate = check_number("false_positive_rate", rate, exclusive_minimum=0.0)
    if rate >= 1.0:
        raise argument_error("false_positive_rate", "below 1", rate)
    return rate
