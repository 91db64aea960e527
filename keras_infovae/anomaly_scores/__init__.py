"""How unusual an example is: scores, and the threshold above which it is an anomaly."""

from keras_infovae.anomaly_scores.base import AnomalyScore
from keras_infovae.anomaly_scores.elbo import NegativeElbo, NegativeLogProb, ReconstructionLoss
from keras_infovae.anomaly_scores.exemplar_likelihood import ExemplarLikelihood
from keras_infovae.anomaly_scores.importance_weighted import ImportanceWeighted
from keras_infovae.anomaly_scores.mahalanobis import Mahalanobis
from keras_infovae.anomaly_scores.threshold import AnomalyThreshold, check_rate, rank_of
from keras_infovae.typing import Model
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
        "exemplar_likelihood": ExemplarLikelihood,
    },
)
get = registry.get
serialize = registry.serialize
deserialize = registry.deserialize


def main_score(model: Model) -> AnomalyScore:
    """Returns the score of `model` where none is asked for: the nearest to -log p(x)."""
    if "log_prob_in_graph" in model.capabilities:
        return NegativeLogProb()
    return NegativeElbo() if "elbo" in model.capabilities else ReconstructionLoss()


def chosen_score(model: Model, score: str | AnomalyScore | None = None) -> AnomalyScore:
    """Returns the `AnomalyScore` that `model.score` goes by.

    Args:
        model: a model, which may have an `anomaly_threshold`.
        score: an `AnomalyScore` or its name. Default None: that of the threshold, without one the
            `main_score`. A name of a score that has to know usual examples is that of the
            threshold, which knows them, if they are of one kind.
    """
    threshold = model.anomaly_threshold
    own = main_score(model) if threshold is None else threshold.score
    if score is None:
        return own
    asked: AnomalyScore = get(score)
    return own if not asked.is_fitted and type(own) is type(asked) else asked


def gives_contributions(model: Model) -> bool:
    """Returns whether the score that `model` goes by is a sum over the values of x and a rest."""
    score = chosen_score(model)
    try:
        score.check(model)
        score.check_contributions(model)
    except ValueError:
        return False
    return True


__all__ = [
    "AnomalyScore",
    "AnomalyThreshold",
    "ExemplarLikelihood",
    "ImportanceWeighted",
    "Mahalanobis",
    "NegativeElbo",
    "NegativeLogProb",
    "ReconstructionLoss",
    "check_rate",
    "chosen_score",
    "deserialize",
    "get",
    "gives_contributions",
    "main_score",
    "rank_of",
    "serialize",
]
