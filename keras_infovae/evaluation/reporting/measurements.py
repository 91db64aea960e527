"""All numbers of a report, fit for JSON."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_infovae.datasets.dataset import Dataset
from keras_infovae.distributions import prior_moments
from keras_infovae.evaluation.conditions import conditions_of, draw, take
from keras_infovae.evaluation.examples import new_examples, without_gaps
from keras_infovae.evaluation.latent_information import (
    decomposition,
    has_diagonal_prior,
    information,
    kl_of_dimensions,
)
from keras_infovae.evaluation.measured import Measured
from keras_infovae.evaluation.mixture_densities import log_densities, normal_marginals
from keras_infovae.evaluation.moments import log_det
from keras_infovae.evaluation.posterior_report import posterior_numbers
from keras_infovae.evaluation.prior_fit import null_of
from keras_infovae.evaluation.reporting.anomalies import anomalies, threshold
from keras_infovae.evaluation.reporting.codes import code_matters, has_classes, label_use
from keras_infovae.evaluation.reporting.left_out import left_out
from keras_infovae.evaluation.reporting.predictive import predictive_checks
from keras_infovae.evaluation.reporting.tables import new_rows
from keras_infovae.evaluation.sample_metrics import memorization
from keras_infovae.evaluation.samples import sample_quality
from keras_infovae.evaluation.summary import summary_of
from keras_infovae.evaluation.texts import is_of_texts
from keras_infovae.evaluation.topology import manifold_report
from keras_infovae.typing import Condition, Model, Numbers
from keras_infovae.utils.randomness import some_rows, stateless_seed
from keras_infovae.version import __version__

_MOST_EXAMPLES = 1000  # whose pairs, or importance weights, are computed
_SAMPLES = 1000
_FEWEST = 20
_DRAWS = 8  # of z per example, for the information in z
_NETWORKS = ("encoder", "decoder")
_PARTS = ("likelihood", "prior", "inference", "posterior", "divergence")


def measure(
    model: Model,
    data: Dataset,
    *,
    history: Any = None,
    weights_epoch: int | None = None,
    seed: int = 0,
    batch_size: int = 256,
    condition: Condition = None,
    anomaly_label: str | int | None = None,
) -> Numbers:
    """Returns the numbers of a report, nested dictionaries; None is what cannot be measured.

    Args:
        model, data, history, weights_epoch, seed, batch_size, condition, anomaly_label: those of
            `report`.
    """
    conditions = conditions_of(model, data, condition)
    split, given = data.held_out(), {"seed": seed, "batch_size": batch_size}
    held_out = Measured(model, getattr(data, split), conditions[split], **given)
    few = held_out.some(_MOST_EXAMPLES)
    rows = some_rows(len(data.train), _MOST_EXAMPLES, seed)
    train = Measured(model, data.train[rows], take(conditions["train"], rows), **given)
    can, q, matters = set(model.capabilities), None, None
    if "encode" in can:
        null = null_of(model, seed)
        q = {"train": _posterior(train, null), "test": _posterior(few, null)}
    if {"encode", "likelihood"} <= can:
        matters = code_matters(model, few.x, seed=seed, **few.given)
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
        "held_out": summary_of(held_out),
        "train": summary_of(train),
        "fit_per_example": _fit_per_example(train, held_out),
        "aggregated_posterior": q,
        "log_det_covariance_of_prior": _log_det_of_prior(model, seed) if "prior" in can else None,
        "latents": _latents(few),
        "code_matters": matters,
        "label_use": label_use(model, data, conditions, seed, batch_size),
        "samples": _samples(model, data, conditions, given) if "generate" in can else None,
        "predictive_checks": predictive_checks(held_out, data.feature_names),
        "new_rows": new_rows(model, data, conditions, seed, batch_size),
        "manifold": _manifold(model, data, seed, batch_size),
        "anomaly_threshold": threshold(held_out),
        "anomalies": anomalies(held_out, data, anomaly_label),
        "history": _history(history),
        "losses_compare": model.losses_compare,
        "weights_epoch": weights_epoch,
        "left_out": left_out(model),
    }


def _describe(model):
    kind = "features" if model.condition.num_classes is None else "classes"
    condition = {"condition": f"{model.condition.size} {kind}"} if model.condition.size else {}
    weights = {f"{name}_weights": getattr(model, name, None) for name in _NETWORKS}
    return {
        "class": type(model).__name__,
        "capabilities": list(model.capabilities),
        **condition,
        **({"latent_dim": model.latent_dim} if "encode" in model.capabilities else {}),
        **{name: float(weight) for name, weight in model.weights_at(model.progress.step).items()},
        **{part: type(getattr(model, part)).__name__ for part in _PARTS if hasattr(model, part)},
        "weights": model.count_params(),
        **{name: part.count_params() for name, part in weights.items() if part is not None},
    }


def _fit_per_example(train, held_out):
    """Returns means over training and held-out examples, and how held-out ones differ."""
    if held_out.fit is None:
        return None
    name, values = held_out.fit
    return {
        "name": name,
        "train": float(np.mean(train.fit[1])),
        "held_out": float(np.mean(values)),
        "train_examples": len(train),
        "held_out_examples": len(values),
        "held_out_standard_deviation": float(np.std(values, ddof=1)),
    }


def _posterior(measured, null):
    numbers = posterior_numbers(measured, null)
    return {name: n for name, n in numbers.items() if name not in ("mean", "covariance")}


def _latents(few):
    model = few.model
    if "posterior" not in model.capabilities:
        return None
    of_first = model.posterior_distribution(few.x[:1], take(few.condition, slice(1)))
    parts = has_diagonal_prior(model) and normal_marginals(of_first) is not None
    log = log_densities(few, _DRAWS, marginals=parts)
    result = {"information": information(log)}
    if parts:
        result["decomposition"] = decomposition(log, few)
    kl = kl_of_dimensions(few)
    if kl is not None:  # else dimensions share their KL
        result["kl_per_dimension"] = kl.tolist()
    return result


def _log_det_of_prior(model, seed):
    """Returns log det Cov[p(z)]."""
    seed = stateless_seed(seed, -1)
    _, covariance = prior_moments(model.prior_distribution(), seed, full=True)
    return log_det(covariance.numpy().astype("float64"))


def _samples(model, data, conditions, given):
    """Returns what `sample_quality` gives, or of data without classes whether samples are new.

    None without examples that the model was not trained on: to tell copies takes new data; and for
    texts, which have no distances.
    """
    split = data.held_out(least=_FEWEST)
    if split == "train" or is_of_texts(model):
        return None
    if has_classes(data.train_labels):
        found = sample_quality(model, data, count=_SAMPLES, condition=conditions, **given)
        return {name: value if math.isfinite(value) else None for name, value in found.items()}
    drawn = draw(conditions["train"], _SAMPLES, given["seed"])
    of_each = (
        new_examples(model, _SAMPLES, condition=drawn, **given),
        data.train,
        getattr(data, split),
    )
    copied = memorization(*(without_gaps(x, data.train) for x in of_each))
    return {"memorization": copied["probability"], "memorization_z_score": copied["z_score"]}


def _manifold(model, data, seed, batch_size):
    if data.manifold is None or model.condition.size:
        return None
    return manifold_report(model, data, seed=seed, batch_size=batch_size)


def _history(history):
    if history is None:
        return None
    return {
        name: [float(v) if math.isfinite(v) else None for v in values]
        for name, values in history.items()
    }
