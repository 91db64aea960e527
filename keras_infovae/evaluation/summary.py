"""The numbers that say how good a trained model is, and the words that go with them."""

import math

import numpy as np

from keras_infovae.evaluation.aggregated_posterior import (
    count_active,
    log_det,
    means_and_covariance,
)
from keras_infovae.evaluation.batches import check_two_examples, some_rows
from keras_infovae.evaluation.conditions import take
from keras_infovae.evaluation.likelihood import inference_gap
from keras_infovae.utils.checks import argument_error, check_integer

_MOST_IMPORTANCE_WEIGHTED = 1000
_GAP = "  "

# Key of the number, its label, and what is good.
_ROWS = (
    ("reconstruction_loss", "reconstruction loss, nats", "lower is better"),
    ("kl_divergence", "KL(q(z|x) || p(z)), nats", "what z tells about x, plus misfit; 0: unused"),
    ("divergence", "D(q(z), p(z))", "0 is ideal: codes look like the prior"),
    ("elbo", "ELBO, nats", "higher is better: a bound below log p(x)"),
    (
        "importance_weighted_bound",
        "importance-weighted bound, nats",
        "higher is better: a tighter bound",
    ),
    (
        "inference_gap",
        "KL(q(z|x) || p(z|x)), nats",
        "lower is better: what the encoder costs, at least",
    ),
    ("log_det_covariance", "log det Cov[q(z)]", "0 is that of N(0, I): above, codes spread past"),
    ("", "", "  the prior; below, they fill part of it"),
    ("active_units", "active units", "dimensions of z that tell something about x"),
)


def summarize(model, x, *, num_samples=128, seed=0, batch_size=128, condition=None):
    """Returns the numbers that say how good `model` is on `x`, all of them fit for JSON.

    Args:
        model: a trained model.
        x: array [n, ...] that the model was not trained on, n >= 2.
        num_samples: draws of z per example for the importance-weighted bound. Default 128.
        seed: integer, for the draws of z, and of the examples of the importance-weighted bound; the
            model's own objective is evaluated with the model's. Default 0.
        batch_size: examples per evaluated batch, over which the divergence is taken. Default 128.
        condition: one row per example, where the model takes a condition; the likelihoods are then
            those of x given the condition. Default None.

    Returns:
        A dictionary of
            examples: n.
            reconstruction_loss, kl_divergence: nats per example, as `model.evaluate` gives them.
            divergence: D(q(z), p(z)) in its own unit, averaged over batches of `batch_size`; an
                unbiased estimate of it may fall below 0.
            elbo: mean over x, in nats.
            importance_weighted_bound, importance_weighted_bound_standard_error: mean over the
                examples used and the standard error of that mean, in nats.
            importance_weighted_examples: how many were used: 1,000 at most, drawn at random.
            inference_gap: a lower bound of KL(q(z|x) || p(z|x)), mean over the examples used, in
                nats: the importance-weighted bound less the ELBO of the same draws.
            log_det_covariance: of the aggregated posterior.
            active_units, latent_dim.
        None stands for what is not defined: the bounds for a posterior or prior without density
        (whose kl_divergence is then None as well), and a `log_det_covariance` of minus infinity.

    Raises:
        TypeError: when `x` is not an array.
        ValueError: for fewer than two examples, or data that is not as the model was trained on.

    Example:

    >>> import keras_infovae as ki
    >>> x = np.random.default_rng(0).random((64, 12)).astype("float32")
    >>> model = ki.VAE(latent_dim=2, seed=0)
    >>> _ = model.fit(x, epochs=1, verbose=0)
    >>> summarize(model, x)["latent_dim"]
    2
    """
    check_integer("batch_size", batch_size)
    check_integer("seed", seed, minimum=0)
    x = _check_array(x)
    terms = model.evaluate(x, condition=condition, batch_size=batch_size, verbose=0)
    means, covariance = means_and_covariance(model, x, condition=condition)
    summary = {
        "examples": len(x),
        "reconstruction_loss": terms["reconstruction_loss"],
        "kl_divergence": None,
        "divergence": terms["divergence"],
        "elbo": None,
        "importance_weighted_bound": None,
        "importance_weighted_bound_standard_error": None,
        "importance_weighted_examples": 0,
        "inference_gap": None,
        "log_det_covariance": log_det(covariance),
        "active_units": count_active(means),
        "latent_dim": model.latent_dim,
    }
    if "elbo" in model.capabilities:
        rows = some_rows(len(x), _MOST_IMPORTANCE_WEIGHTED, seed)
        settings = {"num_samples": num_samples, "condition": take(condition, rows)}
        found = inference_gap(model, x[rows], seed=seed, **settings)
        bounds = found.log_likelihood
        summary["kl_divergence"] = terms["kl_divergence"]
        summary["elbo"] = np.mean(model.elbo(x, seed=seed, condition=condition), dtype="float64")
        summary["importance_weighted_bound"] = np.mean(bounds, dtype="float64")
        summary["importance_weighted_bound_standard_error"] = np.std(
            bounds, ddof=1, dtype="float64"
        ) / math.sqrt(len(bounds))
        summary["importance_weighted_examples"] = len(bounds)
        summary["inference_gap"] = np.mean(found.gap)
    return {name: _plain(value) for name, value in summary.items()}


def describe(summary):
    """Returns a table of text: one line per number of `summarize`, and a word on what is good.

    Args:
        summary: what `summarize` returned.
    """
    cells = []
    for key, label, words in _ROWS:
        error = summary.get(f"{key}_standard_error")
        margin = "" if error is None else f"+- {error:.2f}"
        cells.append([label, _number(summary, key), margin, words])
    return "\n".join([_heading([summary]), *_align(cells, right=(1,))])


def compare(summaries):
    """Returns a table of text with one column per model, and a word on what is good.

    Args:
        summaries: {name: what `summarize` returned for that model}, at least one. They are
            comparable when they were made on the same examples; `divergence` also needs the same
            divergence.

    Raises:
        ValueError: without any summary.
    """
    if not summaries:
        raise argument_error("summaries", "a dictionary of at least one summary", summaries)
    cells = [["", *map(str, summaries), ""]]
    for key, label, words in _ROWS:
        cells.append([label, *(_number(s, key) for s in summaries.values()), words])
    columns = range(1, len(summaries) + 1)
    return "\n".join([_heading(summaries.values()), *_align(cells, right=columns)])


def _check_array(x):
    if not hasattr(x, "__array__") and not isinstance(x, (list, tuple)):
        raise argument_error("x", "an array", type(x), TypeError)
    return check_two_examples(x)


def _plain(value):
    """Returns `value` as a Python int, a finite float, or None."""
    if value is None or not math.isfinite(value):
        return None
    return value if isinstance(value, int) else float(value)


def _heading(summaries):
    counts = sorted({summary["examples"] for summary in summaries})
    used = sorted({s["importance_weighted_examples"] for s in summaries} - {0})
    text = f"Mean over {' or '.join(f'{n:,}' for n in counts)} examples"
    if used and used != counts:
        text += f" (importance-weighted bound: {' or '.join(f'{n:,}' for n in used)} of them)"
    return f"{text}:"


def _number(summary, key):
    value = summary.get(key)
    if value is None:
        return "-" if key else ""
    if key == "active_units":
        return f"{value} of {summary['latent_dim']}"
    places = 4 if key == "divergence" else 2
    return f"{round(value, places) + 0.0:.{places}f}"  # adding 0 turns -0 into 0


def _align(rows, right):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        padded = [
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(_GAP.join(padded).rstrip())
    return lines
