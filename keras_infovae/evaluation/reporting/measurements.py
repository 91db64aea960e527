"""All numbers of a report, fit for JSON."""

import math

import keras
import numpy as np
import tensorflow as tf

from keras_infovae.distributions import diagonal_normal_moments, prior_moments
from keras_infovae.evaluation.aggregated_posterior import log_det
from keras_infovae.evaluation.batches import some_rows
from keras_infovae.evaluation.conditions import conditions_of, draw, take
from keras_infovae.evaluation.latent_information import (
    elbo_decomposition,
    kl_per_dimension,
    mutual_information,
)
from keras_infovae.evaluation.mixture_densities import normal_marginals
from keras_infovae.evaluation.posterior_report import aggregated_posterior_report
from keras_infovae.evaluation.reporting.codes import code_matters, has_classes, label_use
from keras_infovae.evaluation.sample_metrics import memorisation
from keras_infovae.evaluation.samples import sample_quality
from keras_infovae.evaluation.summary import summarize
from keras_infovae.utils.randomness import stateless_seed
from keras_infovae.version import __version__

_MOST_EXAMPLES = 1000  # whose pairs, or importance weights, are computed
_SAMPLES = 1000
_FEWEST = 20
_NETWORKS = ("encoder", "decoder")
_PARTS = ("divergence", "prior", "posterior", "likelihood")


def measure(model, data, history, seed, condition=None):
    """Returns the numbers of a report, nested dictionaries; None is what cannot be measured.

    Args:
        model, data, history, seed, condition: those of `report`.
    """
    conditions = conditions_of(model, data, condition)
    split = data.held_out()
    x, given = getattr(data, split), {"seed": seed, "condition": conditions[split]}
    rows, of_train = (some_rows(len(e), _MOST_EXAMPLES, seed) for e in (x, data.train))
    few, of_few = x[rows], take(conditions[split], rows)
    given_few = {"seed": seed, "condition": of_few}
    train = data.train[of_train]
    given_train = {"seed": seed, "condition": take(conditions["train"], of_train)}
    return {
        "versions": {
            "keras_infovae": __version__,
            "keras": keras.__version__,
            "tensorflow": tf.__version__,
        },
        "model": _describe(model),
        "data": {
            "name": data.name,
            "event_shape": list(data.event_shape),
            "train": len(data.train),
            "validation": len(data.validation),
            "test": len(data.test),
            "classes": data.num_classes,
            "measured_split": split,
        },
        "held_out": summarize(model, x, **given),
        "train": summarize(model, train, **given_train),
        "fit_per_example": _fit_per_example(model, (train, given_train), (x, given)),
        "aggregated_posterior": _without_matrices(
            aggregated_posterior_report(model, train, few, **given_train, test_condition=of_few)
        ),
        "log_det_covariance_of_prior": _log_det_of_prior(model, seed),
        "latents": _latents(model, few, **given_few),
        "code_matters": code_matters(model, few, **given_few),
        "label_use": label_use(model, data, conditions, seed),
        "samples": _samples(model, data, conditions, seed),
        "anomaly_threshold": _threshold(model, x, conditions[split]),
        "history": _history(history),
    }


def _describe(model):
    kind = "features" if model.condition.num_classes is None else "classes"
    condition = {"condition": f"{model.condition.size} {kind}"} if model.condition.size else {}
    return {
        "class": type(model).__name__,
        **condition,
        "latent_dim": model.latent_dim,
        **{name: float(weight) for name, weight in model.weights_at(model.progress.step).items()},
        **{part: type(getattr(model, part)).__name__ for part in _PARTS if hasattr(model, part)},
        **{
            f"{name}_weights": getattr(model, name).count_params()
            for name in _NETWORKS
            if hasattr(model, name)
        },
    }


def _fit_per_example(model, *examples):
    """Returns means over training and held-out examples, and how held-out ones differ."""
    if "elbo" in model.capabilities:
        name, values = "ELBO", [model.elbo(x, **given) for x, given in examples]
    else:
        name = "Log-likelihood given the code"
        values = [
            -model.score(x, "reconstruction_loss", condition=given["condition"])
            for x, given in examples
        ]
    train, held_out = (of_split.astype("float64") for of_split in values)
    return {
        "name": name,
        "train": float(np.mean(train)),
        "held_out": float(np.mean(held_out)),
        "train_examples": len(train),
        "held_out_examples": len(held_out),
        "held_out_standard_deviation": float(np.std(held_out, ddof=1)),
    }


def _without_matrices(report):
    return {
        split: {k: v for k, v in numbers.items() if k not in ("mean", "covariance")}
        for split, numbers in report.items()
    }


def _latents(model, x, seed, condition):
    if not "elbo" in model.capabilities:
        return None
    result = {"information": mutual_information(model, x, seed=seed, condition=condition)}
    if diagonal_normal_moments(model.prior_distribution()) is not None:
        posterior = model.posterior_distribution(x[:1], take(condition, slice(1)))
        if normal_marginals(posterior) is not None:
            parts = elbo_decomposition(model, x, seed=seed, condition=condition)
            result["decomposition"] = parts
        if diagonal_normal_moments(posterior) is not None:  # else dimensions share their KL
            result["kl_per_dimension"] = kl_per_dimension(model, x, condition=condition).tolist()
    return result


def _log_det_of_prior(model, seed):
    """Returns log det Cov[p(z)]."""
    seed = stateless_seed(seed, -1)
    _, covariance = prior_moments(model.prior_distribution(), seed, full=True)
    return log_det(covariance.numpy().astype("float64"))


def _samples(model, data, conditions, seed):
    """Returns what `sample_quality` gives, or of data without classes whether samples are new.

    None without examples that the model was not trained on: to tell copies takes new data.
    """
    split = data.held_out(least=_FEWEST)
    if split == "train":
        return None
    if has_classes(data.train_labels):
        found = sample_quality(model, data, count=_SAMPLES, seed=seed, condition=conditions)
        return {name: value if math.isfinite(value) else None for name, value in found.items()}
    given = draw(conditions["train"], _SAMPLES, seed)
    samples = model.generate(_SAMPLES, seed=seed, condition=given)
    copied = memorisation(samples, data.train, getattr(data, split))
    return {"memorisation": copied["probability"], "memorisation_z_score": copied["z_score"]}


def _threshold(model, x, condition):
    if model.anomaly_threshold is None:
        return None
    flagged = float(np.mean(model.is_anomaly(x, condition=condition)))
    return model.anomaly_threshold.summary() | {"flagged_of_held_out": flagged}


def _history(history):
    if history is None:
        return None
    return {
        name: [float(v) if math.isfinite(v) else None for v in values]
        for name, values in history.items()
    }
