"""The inference gap: what the ELBO loses by q(z|x)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from keras_infovae.evaluation.likelihood.importance import ImportanceSampling
from keras_infovae.evaluation.likelihood.marginal import get_method, weights_of
from keras_infovae.evaluation.likelihood.pareto import warn_of
from keras_infovae.evaluation.likelihood.weights import joined
from keras_infovae.typing import Condition, Kind, Model, Rows

_ELBO_DRAWS = 1000


class InferenceGap(NamedTuple):
    """Numbers in nats, NumPy float64 [n] each.

    Args:
        gap: log_likelihood - elbo.
        standard_error: of the gap.
        log_likelihood: the estimate of log p(x).
        elbo: the evidence lower bound, a mean over draws.
        pareto_k: of the weights of `log_likelihood`; not in nats.
    """

    gap: np.ndarray
    standard_error: np.ndarray
    log_likelihood: np.ndarray
    elbo: np.ndarray
    pareto_k: np.ndarray


class _Mean(NamedTuple):
    mean: np.ndarray
    standard_error: np.ndarray


def inference_gap(
    model: Model,
    x: Rows,
    method: Kind = "importance",
    *,
    seed: int = 0,
    condition: Condition = None,
    batch_size: int = 256,
    verbose: int = 0,
    **settings: Any,
) -> InferenceGap:
    """Returns how far the ELBO of each example is below log p(x), in nats:

        gap = log p(x) - ELBO(x) = KL(q(z|x) || p(z|x))

    It is what the encoder costs: 0 where q(z|x) is the posterior of the decoder. The ELBO is that
    of alpha = 0 whatever weights the model was trained with.

    Args:
        model, x, method, seed, condition, batch_size, verbose, **settings: as for
            `marginal_log_likelihood`. By "importance" both terms come from the same draws, and the
            gap is never negative; where the encoder is far off it is too small, and
            "annealed_importance" or "exact" the way to see it. The ELBO then is a mean over 1,000
            draws.

    Returns:
        A named tuple of five NumPy float64 [n], the first four in nats: `gap`, its
        `standard_error`, `log_likelihood`, `elbo`, and the `pareto_k` of the weights, as for
        `marginal_log_likelihood`: from 0.7 on, of which a warning tells, the gap is too small. The
        error is that of two independent estimates; by "importance", where the two rise and fall
        together, that is more than the gap's own.

    Raises:
        ValueError, TypeError: as for `marginal_log_likelihood`; for a posterior without a density.

    Example:

    >>> import numpy as np
    >>> import keras_infovae as ki
    >>> x = np.random.default_rng(0).random((8, 12)).astype("float32")
    >>> model = ki.VAE(latent_dim=2)
    >>> model.build(x.shape)
    >>> bool((ki.evaluation.inference_gap(model, x, num_samples=500).gap >= 0).all())
    True

    References:
        Cremer, Li, Duvenaud, Inference Suboptimality in Variational Autoencoders,
        arXiv:1801.03558, section 3.
    """
    method = get_method(method, settings)
    found = gap_of(method, model, x, condition, seed, batch_size, verbose)
    warn_of(found.pareto_k, method.remedy, stacklevel=2)
    return found


def gap_of(method, model, x, *given):
    """Returns what `inference_gap` does, by a `LikelihoodMethod`, without a warning.

    Args:
        method: a `LikelihoodMethod`.
        model, x: as for `inference_gap`.
        *given: condition, seed, batch_size, verbose.
    """
    encoder = method if isinstance(method, ImportanceSampling) else ImportanceSampling(_ELBO_DRAWS)
    draws = weights_of(encoder, model, x, *given)
    if encoder is method:
        pairs = [(_mean(batch.log_weights), method.estimate(batch)) for batch in draws]
        elbo, estimate = map(joined, zip(*pairs, strict=True))
    else:
        elbo = joined(_mean(batch.log_weights) for batch in draws)
        estimate = joined(map(method.estimate, weights_of(method, model, x, *given)))
    return InferenceGap(
        estimate.log_likelihood - elbo.mean,
        np.hypot(estimate.standard_error, elbo.standard_error),
        estimate.log_likelihood,
        elbo.mean,
        estimate.pareto_k,
    )


def _mean(log_weights):
    """Returns the mean of log w over the draws, which is the ELBO, and its standard error."""
    log_weights = np.asarray(log_weights, "float64")
    count = len(log_weights)
    spread = np.sqrt(np.square(log_weights - log_weights.mean(axis=0)).sum(axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):  # a single draw
        error = spread / np.sqrt(count * np.float64(count - 1))
    return _Mean(log_weights.mean(axis=0), error)
