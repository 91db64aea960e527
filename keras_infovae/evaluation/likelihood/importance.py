"""Importance sampling of log p(x)."""

import math
from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from keras_infovae.evaluation.likelihood.methods import (
    LikelihoodMethod,
    even_batches,
    examples_at_once,
    most_decodes,
)
from keras_infovae.evaluation.likelihood.path import check_start, joint_path
from keras_infovae.evaluation.likelihood.weights import Weights
from keras_infovae.typing import Condition, Model, Rows
from keras_infovae.utils.batches import progress_bar
from keras_infovae.utils.checks import check_integer
from keras_infovae.utils.graphs import one_graph
from keras_infovae.utils.row_random import fold_in, row_seeds

_WORTH_A_GRAPH = 32  # rounds: with fewer, making the graph takes longer than it saves


class ImportanceSampling(LikelihoodMethod):
    """Importance sampling by the encoder:

        w_k = p(x|z_k) p(z_k) / q(z_k|x),        z_k ~ q(z|x)

    As good as q(z|x) is near p(z|x): it takes about exp(KL(p(z|x) || q(z|x))) draws. Where the
    encoder is far off, the estimate is too low and the standard error does not show it; a Pareto k
    of 0.7 or more does, and often a small effective sample size.

    Args:
        num_samples: draws of z per example, at least 1. Default 5,000, as is usual in the
            literature.

    Raises:
        ValueError, TypeError: for any other `num_samples`.

    Example:

    >>> import keras_infovae as ki
    >>> ki.evaluation.ImportanceSampling(num_samples=100)
    ImportanceSampling(num_samples=100)

    References:
        Burda, Grosse, Salakhutdinov, Importance Weighted Autoencoders, arXiv:1509.00519,
        equation 8 and theorem 1.
    """

    remedy = "method='annealed_importance' does not rely on q(z|x)."

    def __init__(self, num_samples: int = 5000) -> None:
        self.num_samples = check_integer("num_samples", num_samples)

    def log_weights(
        self,
        model: Model,
        x: Rows,
        condition: Condition,
        seeds: np.ndarray,
        batch_size: int,
        verbose: bool,
    ) -> Iterator:
        check_start("posterior", model, "Importance sampling")
        # A bounded number is decoded at once: the draws of an example are made in rounds.
        rounds = math.ceil(self.num_samples / most_decodes(x.shape[1:]))
        draws = math.ceil(self.num_samples / rounds)
        size = examples_at_once(len(x), x.shape[1:], draws, batch_size)
        total = rounds * math.ceil(len(x) / size)
        prior = model.prior_distribution()

        def weigh(seeds, x, condition, i):
            path = joint_path(model, prior, x, condition, draws, "posterior")
            # A stream of its own: `generate` made x of the draws of others, if by the same seed.
            own = fold_in(fold_in(row_seeds(seeds), 4), i)
            return path.log_ratio(path.sample(own))

        run: Callable = one_graph(weigh) if total >= _WORTH_A_GRAPH else weigh
        count = progress_bar(total, verbose)
        for batch, real in even_batches([seeds, x, condition], size):
            parts = []
            for i in range(rounds):
                parts.append(run(*batch, tf.constant(i)).numpy())
                count()
            yield Weights(np.concatenate(parts)[: self.num_samples, :real])
