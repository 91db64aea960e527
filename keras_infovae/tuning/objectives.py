"""What a search goes by: numbers that do not depend on the weights of the loss."""

from keras_infovae import evaluation
from keras_infovae.utils.checks import check_choice

WITHIN_BAND = "reconstruction_within_null_band"
OBJECTIVES = {
    "importance_weighted_bound": "max",
    "elbo": "max",
    "reconstruction_loss": "min",
    "mmd": "min",
    "active_units": "max",
    WITHIN_BAND: "min",
}
# What the Pareto table weighs against each other, and which way is better.
PARETO = {"reconstruction_loss": "min", "mmd_excess": "min", "active_units": "max"}

_NUMBERS = (
    *("importance_weighted_bound", "elbo", "reconstruction_loss", "kl_divergence"),
    *("active_units", "log_det_covariance"),
)
_DRAWS = 64  # of z per example, for the importance-weighted bound
_NATS_PER_EXCESS = 1000.0  # of MMD^2: the weight that the library gives it without a KL term


def check(objective):
    """Returns the objective's name and "max" or "min".

    Raises:
        ValueError: for one that no model reports.
    """
    check_choice("objective", objective, OBJECTIVES)
    return objective, OBJECTIVES[objective]


def measure(model, x, seed):
    """Returns {name: float}, what a trained model reports on the validation examples `x`.

    Besides numbers of `evaluation.summarize` and `evaluation.mmd_to_prior` there are

        mmd_excess = max(0, mmd - mmd_null_high)
        reconstruction_within_null_band = reconstruction_loss + 1000 * mmd_excess

    the second of which prefers what lies within the band, where a misfit cannot be told from
    chance. A number that is not defined for the model is left out.
    """
    summary = evaluation.summarize(model, x, num_samples=_DRAWS, seed=seed)
    numbers = {name: summary[name] for name in _NUMBERS if summary[name] is not None}
    numbers |= evaluation.mmd_to_prior(model, x, seed=seed)
    numbers["mmd_excess"] = max(0.0, numbers["mmd"] - numbers["mmd_null_high"])
    penalty = _NATS_PER_EXCESS * numbers["mmd_excess"]
    numbers[WITHIN_BAND] = numbers["reconstruction_loss"] + penalty
    return {name: float(value) for name, value in numbers.items()}


def eligible(objective, numbers):
    """Returns whether a trial with these numbers may be the best one."""
    return objective != WITHIN_BAND or numbers["mmd_excess"] == 0.0


def pareto(rows):
    """Returns those of `rows` that no other row is better than, or as good as and in one better.

    Args:
        rows: dictionaries with the numbers of `PARETO`.
    """
    signs = {name: 1.0 if way == "min" else -1.0 for name, way in PARETO.items()}
    costs = [tuple(sign * row[name] for name, sign in signs.items()) for row in rows]
    return [
        row
        for row, cost in zip(rows, costs, strict=True)
        if not any(other != cost and all(o <= c for o, c in zip(other, cost)) for other in costs)
    ]
