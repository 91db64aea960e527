"""The numbers that say how good a trained model is, and the words that go with them."""

from __future__ import annotations

import math
from collections.abc import Mapping

from keras_infovae.evaluation.likelihood import ImportanceSampling
from keras_infovae.evaluation.likelihood.gap import gap_of
from keras_infovae.evaluation.likelihood.pareto import unreliable_share
from keras_infovae.evaluation.measured import Measured
from keras_infovae.evaluation.texts import perplexity
from keras_infovae.typing import Condition, Model, Numbers, Rows
from keras_infovae.utils.checks import argument_error

_MOST_IMPORTANCE_WEIGHTED = 1000
_GAP = "  "

# Of each number its group, its label, and what is good. Terms of the loss stand after the loss.
_ROWS = {
    "loss": ("loss", "loss", "lower is better: what was minimized"),
    "reconstruction_loss": ("reconstruction", "reconstruction loss, nats", "lower is better"),
    "kl_divergence": (
        "kl",
        "KL(q(z|x) || p(z)), nats",
        "what z tells about x, plus misfit; 0: unused",
    ),
    "divergence": (
        "divergence",
        "D(q(z), p(z))",
        "0 is ideal: codes look like the prior",
    ),
    "log_prob": ("log_prob", "log p(x), nats", "higher is better: exact"),
    "elbo": ("elbo", "ELBO, nats", "higher is better: a bound below log p(x)"),
    "perplexity": ("perplexity", "perplexity per token", "lower is better: exp of nats per token"),
    "importance_weighted_bound": (
        "bounds",
        "importance-weighted bound, nats",
        "higher is better: a tighter bound",
    ),
    "unreliable_weights": (
        "bounds",
        "share of Pareto k above 0.7",
        "0 is ideal: where few weights decide",
    ),
    "inference_gap": (
        "bounds",
        "KL(q(z|x) || p(z|x)), nats",
        "lower is better: what the encoder costs, at least",
    ),
    "log_det_covariance": (
        "codes",
        "log det Cov[q(z)]",
        "0 is that of N(0, I); above, codes spread wider",
    ),
    "active_units": ("codes", "active units", "dimensions of z that tell something about x"),
}
_ABOUT = ("examples", "importance_weighted_examples", "latent_dim")
_ERROR = "_standard_error"


def summarize(
    model: Model,
    x: Rows,
    *,
    num_samples: int = 128,
    seed: int = 0,
    batch_size: int = 256,
    loss_batch_size: int = 128,
    condition: Condition = None,
) -> Numbers:
    """Returns the numbers that say how good `model` is on `x`, all of them fit for JSON.

    Args:
        model: a trained model.
        x: array [n, ...] that the model was not trained on, n >= 2.
        num_samples: draws of z per example for the importance-weighted bound. Default 128.
        seed: integer, for the draws of z, and of the examples of the importance-weighted bound; the
            model's own loss is evaluated with the model's. Default 0.
        batch_size: examples computed at a time; it does not change the result. Default 256.
        loss_batch_size: examples in a batch of the model's own loss, which are what a divergence is
            of. Default 128.
        condition: one row per example, where the model takes a condition; the likelihoods are then
            those of x given the condition. Default None.

    Returns:
        A dictionary of
            examples: n.
            loss, and its terms under the names in `model.term_names`, as `model.evaluate` gives
                them: reconstruction_loss and kl_divergence in nats per example; divergence,
                D(q(z), p(z)), in its own unit, averaged over batches (an unbiased estimate of it
                may fall below 0). The p(z) of a learned prior (`fit_prior`) is that of the
                kl_divergence and of the bounds below; loss and divergence are by the training's.
            log_prob: the exact log p(x), mean over x, in nats.
            elbo: mean over x, in nats.
            perplexity: of texts, exp of the nats per token, with the end of a text as one, by the
                log p(x) or, as an upper bound, the ELBO. Other data have none.
            importance_weighted_bound, importance_weighted_bound_standard_error: mean over the
                examples used and the standard error of that mean, in nats.
            importance_weighted_examples: how many were used: 1,000 at most, drawn at random.
            unreliable_weights: the share of these whose importance weights have a Pareto k of 0.7
                or more, so that a few draws decide and the bound is far from log p(x); None for
                `num_samples` below 21.
            inference_gap: a lower bound of KL(q(z|x) || p(z|x)), mean over the examples used, in
                nats: the importance-weighted bound less the ELBO of the same draws.
            log_det_covariance: of the aggregated posterior.
            active_units, latent_dim.
        None stands for what is not defined for the model (the bounds for a posterior or prior
        without density, whose kl_divergence is then None as well; what is said of codes, where
        there are none), and for a `log_det_covariance` of minus infinity.

    Raises:
        TypeError: when `x` is not an array.
        ValueError: for fewer than two examples, or data that is not as the model was trained on.

    Example:

    >>> import numpy as np
    >>> import keras_infovae as ki
    >>> x = np.random.default_rng(0).random((64, 12)).astype("float32")
    >>> model = ki.VAE(latent_dim=2, seed=0)
    >>> _ = model.fit(x, epochs=1, verbose=0)
    >>> summarize(model, x)["latent_dim"]
    2
    """
    measured = Measured(model, x, condition, seed=seed, batch_size=batch_size)
    return summary_of(measured, num_samples, loss_batch_size)


def summary_of(measured, num_samples=128, loss_batch_size=128):
    """Returns what `summarize` does, of a `Measured`."""
    model = measured.model
    terms = model.evaluate(
        measured.x, condition=measured.condition, batch_size=loss_batch_size, verbose=0
    )
    summary = {
        "examples": len(measured),
        **{name: terms[name] for name in ("loss", *model.term_names)},
        "log_prob": None if measured.log_prob is None else measured.log_prob.mean(),
        "elbo": None if measured.elbo is None else measured.elbo.mean(),
        **_of_tokens(measured),
        "importance_weighted_bound": None,
        f"importance_weighted_bound{_ERROR}": None,
        "importance_weighted_examples": None,
        "unreliable_weights": None,
        "inference_gap": None,
        "log_det_covariance": None,
        "active_units": None,
        "latent_dim": None,
    }
    if {"posterior", "joint"} <= set(model.capabilities):
        few = measured.some(_MOST_IMPORTANCE_WEIGHTED)
        draws = ImportanceSampling(num_samples)
        found = gap_of(draws, model, few.x, few.condition, few.seed, few.batch_size, 0)
        bounds = found.log_likelihood
        summary |= {
            "importance_weighted_bound": bounds.mean(),
            f"importance_weighted_bound{_ERROR}": bounds.std(ddof=1) / math.sqrt(len(few)),
            "importance_weighted_examples": len(few),
            "unreliable_weights": unreliable_share(found.pareto_k),
            "inference_gap": found.gap.mean(),
        }
    elif measured.elbo is None and "kl_divergence" in summary:
        summary["kl_divergence"] = None
    if measured.kl_to_learned_prior is not None:
        summary["kl_divergence"] = measured.kl_to_learned_prior.mean()
    if "encode" in model.capabilities:
        summary |= {
            "log_det_covariance": measured.moments.log_det_covariance,
            "active_units": int(measured.moments.active().sum()),
            "latent_dim": model.latent_dim,
        }
    return {name: _plain(value) for name, value in summary.items()}


def _of_tokens(measured):
    """Returns {"perplexity": number} of texts, and {} of other data."""
    known = measured.elbo if measured.log_prob is None else measured.log_prob
    value = None if known is None else perplexity(measured.model, measured.x, known)
    return {} if value is None else {"perplexity": value}


def describe(summary: Numbers) -> str:
    """Returns a table of text: one line per number of `summarize`, and a word on what is good.

    Args:
        summary: what `summarize` returned. What is not defined for the model has no line.
    """
    cells = []
    for key, label, words in _rows([summary]):
        error = summary.get(f"{key}{_ERROR}")
        margin = "" if error is None else f"+- {error:.2f}"
        cells.append([label, _number(summary, key), margin, words])
    return "\n".join([_heading([summary]), *_align(cells, right=(1,))])


def compare(summaries: Mapping[str, Numbers]) -> str:
    """Returns a table of text with one column per model, and a word on what is good.

    Args:
        summaries: {name: what `summarize` returned for that model}, at least one. They are
            comparable when they were made on the same examples; `divergence` also needs the same
            divergence, and `loss` the same loss.

    Raises:
        ValueError: without any summary.
    """
    if not summaries:
        raise argument_error("summaries", "a dictionary of at least one summary", summaries)
    cells = [["", *map(str, summaries), ""]]
    for key, label, words in _rows(summaries.values()):
        cells.append([label, *(_number(s, key) for s in summaries.values()), words])
    columns = range(1, len(summaries) + 1)
    return "\n".join([_heading(summaries.values()), *_align(cells, right=columns)])


def _rows(summaries):
    """Returns (key, label, words) of each line: of the groups of which a number is known."""
    keys = dict.fromkeys(key for summary in summaries for key in summary)
    keys = [key for key in keys if key not in _ABOUT and not key.endswith(_ERROR)]
    rows = {k: _ROWS.get(k, (k, k.replace("_", " "), "a term of the loss")) for k in keys}
    known = {rows[key][0] for key in rows if any(s.get(key) is not None for s in summaries)}
    ranks = {key: i for i, key in enumerate(_ROWS)}
    order = sorted(rows, key=lambda key: ranks.get(key, ranks["divergence"]))
    return [(key, *rows[key][1:]) for key in order if rows[key][0] in known]


def _plain(value):
    """Returns `value` as a Python int, a finite float, or None."""
    if value is None or not math.isfinite(value):
        return None
    return value if isinstance(value, int) else float(value)


def _heading(summaries):
    counts = sorted({summary["examples"] for summary in summaries})
    used = sorted({s["importance_weighted_examples"] for s in summaries} - {None})
    text = f"Mean over {' or '.join(f'{n:,}' for n in counts)} examples"
    if used and used != counts:
        text += f" (importance-weighted bound: {' or '.join(f'{n:,}' for n in used)} of them)"
    return f"{text}:"


def _number(summary, key):
    value = summary.get(key)
    if value is None:
        return "-"
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
