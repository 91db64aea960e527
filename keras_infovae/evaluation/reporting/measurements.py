"""All numbers of a report, fit for JSON."""

import math

import keras
import numpy as np
import tensorflow as tf

from keras_infovae.anomaly_scores import has_elbo
from keras_infovae.distributions import diagonal_normal_moments
from keras_infovae.evaluation.aggregated_posterior import log_det
from keras_infovae.evaluation.label_use import clustering_scores, semi_supervised_error
from keras_infovae.evaluation.latent_information import (
    elbo_decomposition,
    kl_per_dimension,
    mutual_information,
)
from keras_infovae.evaluation.likelihood import inference_gap
from keras_infovae.evaluation.posterior_report import aggregated_posterior_report
from keras_infovae.evaluation.sample_metrics import memorisation
from keras_infovae.evaluation.samples import sample_quality
from keras_infovae.evaluation.summary import summarize
from keras_infovae.utils.randomness import stateless_seed
from keras_infovae.version import __version__

_MOST_EXAMPLES = 1000  # whose pairs, or importance weights, are computed
_SAMPLES = 1000
_FEWEST = 20
_MOST_CLASSES = 100
_PRIOR_DRAWS = 10000
_DRAWS = 128  # of z, for the inference gap
_PARTS = ("divergence", "prior", "posterior", "likelihood")


def measure(model, data, history, seed):
    """Returns the numbers of a report, nested dictionaries; None is what cannot be measured.

    Args:
        model, data, history, seed: those of `report`.
    """
    split = data.held_out()
    x = getattr(data, split)
    few = x[:_MOST_EXAMPLES]
    train = data.train[:: max(1, len(data.train) // _MOST_EXAMPLES)][:_MOST_EXAMPLES]
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
        "held_out": summarize(model, x, seed=seed),
        "train": summarize(model, train, seed=seed),
        "aggregated_posterior": _without_matrices(
            aggregated_posterior_report(model, train, few, seed=seed)
        ),
        "log_det_covariance_of_prior": _log_det_of_prior(model, seed),
        "latents": _latents(model, few, seed),
        "inference_gap": _inference_gap(model, few, seed),
        "code_matters": code_matters(model, few, seed),
        "label_use": _label_use(model, data, seed),
        "samples": _samples(model, data, seed),
        "anomaly_threshold": _threshold(model, x),
        "history": _history(history),
    }


def code_matters(model, x, seed):
    """Returns E [log p(x|z) - log p(x|z')], nats: z is x's own code, z' that of another example.

    What the decoder loses when codes are exchanged; 0 where it does not look at them.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(x))
    others = np.empty(len(x), int)
    others[order] = np.roll(order, 1)  # nobody keeps its own
    z = model.encode(x)
    total = 0.0
    for start in range(0, len(x), 256):
        rows = slice(start, start + 256)
        batch = tf.constant(x[rows], tf.float32)
        context = model.likelihood.context(batch)
        own, other = (
            model.likelihood_distribution(codes, None, context).log_prob(batch).numpy()
            for codes in (z[rows], z[others[rows]])
        )
        total += float(np.sum(own - other, dtype="float64"))
    return total / len(x)


def _describe(model):
    networks = {"encoder": model.encoder, "decoder": model.decoder}
    return {
        "class": type(model).__name__,
        "latent_dim": model.latent_dim,
        "kl_weight": float(model.kl_weight),
        "divergence_weight": float(model.divergence_weight),
        **{part: type(getattr(model, part)).__name__ for part in _PARTS},
        **{f"{name}_weights": network.count_params() for name, network in networks.items()},
    }


def _without_matrices(report):
    return {
        split: {k: v for k, v in numbers.items() if k not in ("mean", "covariance")}
        for split, numbers in report.items()
    }


def _latents(model, x, seed):
    if not has_elbo(model):
        return None
    result = {"information": mutual_information(model, x, seed=seed)}
    if diagonal_normal_moments(model.prior_distribution()) is not None:
        try:
            result["decomposition"] = elbo_decomposition(model, x, seed=seed)
            result["kl_per_dimension"] = kl_per_dimension(model, x).tolist()
        except ValueError:  # a posterior whose dimensions share their KL
            pass
    return result


def _log_det_of_prior(model, seed):
    """Returns log det Cov[p(z)]: exact for a diagonal normal, else by draws."""
    prior = model.prior_distribution()
    moments = diagonal_normal_moments(prior)
    if moments is not None:
        return float(np.sum(np.log(moments[1])))
    z = prior.sample(_PRIOR_DRAWS, seed=stateless_seed(seed, -1)).numpy().astype("float64")
    return float(log_det(np.atleast_2d(np.cov(z, rowvar=False))))


def _inference_gap(model, x, seed):
    """Returns the means of `inference_gap` by importance sampling; None without densities."""
    if not has_elbo(model):
        return None
    found = inference_gap(model, x, num_samples=_DRAWS, seed=seed)
    return {
        "examples": len(x),
        **{
            name: float(np.mean(getattr(found, name))) for name in ("gap", "log_likelihood", "elbo")
        },
    }


def _samples(model, data, seed):
    """Returns what `sample_quality` gives, or of data without classes whether samples are new.

    None without examples that the model was not trained on: to tell copies takes new data.
    """
    split = data.held_out(least=_FEWEST)
    if split == "train":
        return None
    if has_classes(data):
        return {
            name: value if math.isfinite(value) else None
            for name, value in sample_quality(model, data, count=_SAMPLES, seed=seed).items()
        }
    samples = model.generate(_SAMPLES, seed=seed)
    copied = memorisation(samples, data.train, getattr(data, split))
    return {"memorisation": copied["probability"], "memorisation_z_score": copied["z_score"]}


def _label_use(model, data, seed):
    """Returns how well codes tell the classes, with few labels and with none; or None."""
    split = data.held_out()
    if not has_classes(data) or getattr(data, f"{split}_labels") is None:
        return None
    # Any rows: a user's data may be sorted, and a class of few examples may not be among them.
    chosen = np.random.default_rng(seed).permutation(len(data.train))[: 2 * _MOST_EXAMPLES]
    labels = np.asarray(data.train_labels)[chosen]
    classes, counts = np.unique(labels, return_counts=True)
    given = len(chosen) // 2
    if len(classes) < 2 or counts.min() < 4:
        return None
    z = model.encode(data.train[chosen])
    test = None  # the rows whose labels are not given
    answers = labels
    if split != "train":
        answers = np.asarray(getattr(data, f"{split}_labels"))
        test = model.encode(getattr(data, split)), answers
    told = semi_supervised_error(z, labels, test=test, num_labels=given, draws=5, seed=seed)
    most = np.unique(answers, return_counts=True)[1].max()
    return {
        "labels_given": given,
        "semi_supervised_error": told["error"],
        "semi_supervised_error_standard_deviation": told["error_standard_deviation"],
        "error_of_the_most_frequent_class": 1.0 - float(most) / len(answers),
        **clustering_scores(z, labels, seed=seed),
    }


def has_classes(data):
    """Returns whether the labels are classes: not numbers on a scale, and each with examples."""
    if data.train_labels is None or np.ndim(data.train_labels) != 1 or len(data.train) < _FEWEST:
        return False
    counts = np.unique(data.train_labels, return_counts=True)[1]
    return 2 <= len(counts) <= _MOST_CLASSES and counts.min() >= 2


def _threshold(model, x):
    threshold = model.anomaly_threshold
    if threshold is None:
        return None
    return {
        "score": threshold.score.output,
        "value": threshold.value,
        "false_positive_rate": threshold.false_positive_rate,
        "flagged_of_held_out": float(np.mean(model.is_anomaly(x))),
    }


def _history(history):
    if history is None:
        return None
    return {
        name: [float(v) if math.isfinite(v) else None for v in values]
        for name, values in history.items()
    }
