"""Bidirectional Monte Carlo: how near annealed importance sampling comes to log p(x)."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from keras_infovae.distributions import draw_rows
from keras_infovae.evaluation.likelihood.marginal import get_method
from keras_infovae.evaluation.likelihood.methods import even_batches, examples_at_once
from keras_infovae.evaluation.likelihood.path import joint_path
from keras_infovae.evaluation.likelihood.weights import joined, log_mean
from keras_infovae.samplers.pilot import PILOT_DRAWS
from keras_infovae.typing import Condition, Model
from keras_infovae.utils.batches import progress_bar
from keras_infovae.utils.checks import check_integer
from keras_infovae.utils.graphs import one_graph
from keras_infovae.utils.row_random import fold_in, row_seeds
from keras_infovae.utils.row_seeds import packed


class BidirectionalBounds(NamedTuple):
    """Bounds on log p(x) of examples that the model drew, NumPy arrays.

    Args:
        lower, upper: in expectation below and above log p(x), float64 [n], in nats.
        lower_standard_error, upper_standard_error: over the chains of an example, [n].
        x: the examples, float32 [n, ...].
    """

    lower: np.ndarray
    upper: np.ndarray
    lower_standard_error: np.ndarray
    upper_standard_error: np.ndarray
    x: np.ndarray

    @property
    def gap(self):
        """The mean of upper - lower over the examples, a float in nats."""
        return float(np.mean(self.upper - self.lower))

    @property
    def gap_standard_error(self):
        """The standard error of `gap` over the examples, a float in nats; NaN for one of them."""
        if len(self.lower) < 2:
            return math.nan
        return float(np.std(self.upper - self.lower, ddof=1) / math.sqrt(len(self.lower)))


def bidirectional_monte_carlo(
    model: Model,
    num_examples: int = 100,
    *,
    seed: int = 0,
    condition: Condition = None,
    batch_size: int = 256,
    verbose: int = 0,
    **settings: Any,
) -> BidirectionalBounds:
    """Returns bounds from both sides on log p(x) of examples that the model itself draws:

        z ~ p(z), x ~ p(x|z)        so that z is an exact draw from p(z|x)
        lower = log mean_k w_k,     w_k from chains that go from the start to p(z|x)
        upper = -log mean_k 1/w_k,  w_k from chains that go back from z

    E w = p(x) and E 1/w = 1/p(x), so that in expectation lower <= log p(x) <= upper, and the gap
    between the two is at least as large as the error of either. It says how many temperatures
    `marginal_log_likelihood(method="annealed_importance")` needs for this model: the same settings
    come as near to log p(x) of data, as far as the data is like what the model draws.

    The likelihood is told nothing of x besides z: where it uses the library size of counts, that is
    what is typical of the training data.

    Args:
        model: a trained model.
        num_examples: n, how many x are drawn, at least 1. Default 100.
        seed: integer of at least 0. Default 0.
        condition: one row per example to draw, where the model takes a condition. Default None.
        batch_size: examples computed at a time, at most; it does not change the result. Default
            256.
        verbose: 1 for a progress bar over the batches, 0 (default) for none.
        **settings: as for `AnnealedImportanceSampling`.

    Returns:
        A named tuple: `lower`, `upper` and their standard errors over the chains, NumPy float64
        [n], in nats; `x`, float32 [n, ...]; and `gap` and `gap_standard_error`, the mean of
        upper - lower over the examples and its standard error, floats in nats. All reverse chains
        of an example begin at the same z, so that the standard error of `upper` leaves its
        choice out.

    Raises:
        ValueError, TypeError: naming the argument; for a prior without a density, on the sphere, or
            drawn from by chains.

    Example:

    >>> import keras_infovae as ki
    >>> model = ki.VAE(latent_dim=2)
    >>> model.build((None, 12))
    >>> bounds = ki.evaluation.bidirectional_monte_carlo(model, 8, temperatures=20)
    >>> bounds.x.shape, abs(bounds.gap) < 0.1
    ((8, 12), True)

    References:
        Grosse, Ghahramani, Adams, Sandwiching the Marginal Likelihood Using Bidirectional Monte
        Carlo, arXiv:1511.02543, section 3.
    """
    method = get_method("annealed_importance", settings)
    num_examples = check_integer("num_examples", num_examples)
    seeds = packed(check_integer("seed", seed, minimum=0), 0, num_examples)
    condition = model.example_spec.condition_array(condition, num_examples)
    method.check_model(model)
    size = examples_at_once(num_examples, model.event_shape, method.chains, batch_size)
    prior = model.prior_distribution()
    if hasattr(prior, "start"):
        raise ValueError(
            "Bidirectional Monte Carlo needs exact draws from p(z). Received: prior "
            f"{type(model.model_prior).__name__}, which is drawn from by chains"
        )

    def path(x, condition, draws):
        return joint_path(model, prior, x, condition, draws, method.start, knows_x=False)

    @one_graph
    def begin(seeds, condition):
        z = tf.cast(draw_rows(prior, fold_in(row_seeds(seeds), 0)), tf.float32)
        x = draw_rows(model.likelihood_distribution(z, condition), fold_in(row_seeds(seeds), 1))
        x = tf.ensure_shape(tf.cast(x, tf.float32), [size, *model.event_shape])
        return z, x, method.pilot(path(x, condition, PILOT_DRAWS), seeds)

    @one_graph
    def sandwich(seeds, condition, z, x, plan):
        chains, starts = path(x, condition, method.chains), tf.tile(z[None], [method.chains, 1, 1])
        forward, _ = method.anneal(chains, seeds, plan)
        return forward, method.anneal(chains, seeds, plan, z=starts)[0]

    batches = list(even_batches([seeds, condition], size))
    count = progress_bar(2 * len(batches), verbose)
    begun = []
    for batch, _ in batches:
        begun.append(begin(*batch))
        count()
    plans = method.plans([(pilot, real) for (_, real), (*_, pilot) in zip(batches, begun)])
    results = []
    for (batch, real), (z, x, _), plan in zip(batches, begun, plans):
        forward, backward = sandwich(*batch, z, x, plan)
        lower, upper = log_mean(forward.numpy()), log_mean(-backward.numpy())
        bounds = (lower.log_likelihood, -upper.log_likelihood)
        errors = (lower.standard_error, upper.standard_error)
        results.append(BidirectionalBounds(*(a[:real] for a in (*bounds, *errors, x.numpy()))))
        count()
    return joined(results)
