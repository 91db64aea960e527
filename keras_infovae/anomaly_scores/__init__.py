"""How unusual an example is: scores, and the threshold above which it is an anomaly."""

from keras_infovae.anomaly_scores.base import AnomalyScore
from keras_infovae.anomaly_scores.elbo import NegativeElbo, NegativeLogProb, ReconstructionLoss
from keras_infovae.anomaly_scores.importance_weighted import ImportanceWeighted
from keras_infovae.anomaly_scores.mahalanobis import Mahalanobis
from keras_infovae.anomaly_scores.threshold import AnomalyThreshold, check_rate
from keras_infovae.utils.serialization import Registry

registry = Registry(
    "score",
    AnomalyScore,
    {
        "negative_elbo": NegativeElbo,
        "negative_log_prob": NegativeLogProb,
        "reconstruction_loss": ReconstructionLoss,
        "importance_weighted": ImportanceWeighted,
        "mahalanobis": Mahalanobis,
    },
)
get = registry.get
serialize = registry.serialize
deserialize = registry.deserialize


def main_score(model):
    """Returns the score of `model` where none is asked for: the nearest to -log p(x)."""
    if "log_prob" in model.capabilities:
        return NegativeLogProb()
    return NegativeElbo() if "elbo" in model.capabilities else ReconstructionLoss()


__all__ = [
    "AnomalyScore",
    "AnomalyThreshold",
    "ImportanceWeighted",
    "Mahalanobis",
    "NegativeElbo",
    "NegativeLogProb",
    "ReconstructionLoss",
    "check_rate",
    "deserialize",
    "get",
    "main_score",
    "serialize",
]
