"""What a search goes by: numbers that do not depend on the weights of the loss."""

from keras_infovae import evaluation
from keras_infovae.utils.checks import argument_error, check_choice

WITHIN_BAND = "reconstruction_within_null_band"
OBJECTIVES = {  # in the order of preference
    "log_prob": "max",
    "importance_weighted_bound": "max",
    WITHIN_BAND: "min",
    "elbo": "max",
    "reconstruction_loss": "min",
    "mmd": "min",
    "active_units": "max",
}
# What the Pareto table weighs against each other, and which way is better.
PARETO = {"reconstruction_loss": "min", "mmd_excess": "min", "active_units": "max"}

_NUMBERS = (
    *("log_prob", "importance_weighted_bound", "elbo", "reconstruction_loss", "kl_divergence"),
    *("active_units", "log_det_covariance"),
)
_DRAWS = 64  # of z per example, for the importance-weighted bound
_NATS_PER_EXCESS = 1000.0  # of MMD^2: the weight that the library gives it without a KL term


def known(model):
    """Returns the names of the objectives that are defined for `model`."""
    can = set(model.capabilities)
    in_space = {"encode", "prior"} <= can and model.latent_support == "euclidean"
    reconstructs = "reconstruction_loss" in model.term_names
    found = {
        "log_prob": "log_prob_in_graph" in can,
        "importance_weighted_bound": "elbo" in can,
        WITHIN_BAND: in_space and reconstructs,
        "elbo": "elbo" in can,
        "reconstruction_loss": reconstructs,
        "mmd": in_space,
        "active_units": "encode" in can,
    }
    return [name for name, defined in found.items() if defined]


def check(objective, models):
    """Returns the name of an objective that is defined for all of `models`.

    Args:
        objective: its name, or None for the first of `OBJECTIVES` that is.
        models: models of the search.

    Raises:
        ValueError: where there is none, or for another one; for None where "active_units" is the
            only one.
    """
    if objective is not None:
        check_choice("objective", objective, OBJECTIVES)
    defined = [name for name in OBJECTIVES if all(name in known(model) for model in models)]
    if objective is None and defined:
        if defined == ["active_units"]:  # which says nothing of how well z stands for x
            raise argument_error("objective", "given where 'active_units' is all there is", None)
        return defined[0]
    if objective not in defined:
        words = f"one that all models of the search have ({', '.join(defined) or 'there is none'})"
        raise argument_error("objective", words, objective)
    return objective


def measure(model, x, seed, condition=None):
    """Returns {name: float}, what a trained model reports on the validation examples `x`.

    Besides numbers of `evaluation.summarize` and `evaluation.mmd_to_prior` there are

        mmd_excess = max(0, mmd - mmd_null_high)
        reconstruction_within_null_band = reconstruction_loss + 1000 * mmd_excess

    the second of which prefers what lies within the band, where a misfit cannot be told from
    chance. A number that is not defined for the model is left out.
    """
    given, defined = {"seed": seed, "condition": condition}, known(model)
    summary = evaluation.summarize(model, x, num_samples=_DRAWS, **given)
    numbers = {name: summary[name] for name in _NUMBERS if summary.get(name) is not None}
    if "mmd" in defined:
        numbers |= evaluation.mmd_to_prior(model, x, **given)
        numbers["mmd_excess"] = max(0.0, numbers["mmd"] - numbers["mmd_null_high"])
    if WITHIN_BAND in defined:
        penalty = _NATS_PER_EXCESS * numbers["mmd_excess"]
        numbers[WITHIN_BAND] = numbers["reconstruction_loss"] + penalty
    return {name: float(value) for name, value in numbers.items()}


def eligible(objective, numbers):
    """Returns whether a trial with these numbers may be the best one."""
    return objective != WITHIN_BAND or numbers["mmd_excess"] == 0.0


def pareto(rows):
    """Returns those of `rows` that no other row is better than, or as good as and in one better.

    Args:
        rows: dictionaries with the numbers of `PARETO`; one that a row lacks is not looked at.
    """
    signs = {
        name: 1.0 if way == "min" else -1.0
        for name, way in PARETO.items()
        if all(name in row for row in rows)
    }
    costs = [tuple(sign * row[name] for name, sign in signs.items()) for row in rows]
    return [
        row
        for row, cost in zip(rows, costs, strict=True)
        if not any(other != cost and all(o <= c for o, c in zip(other, cost)) for other in costs)
    ]
