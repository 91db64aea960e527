"""Annealed importance sampling of log p(x)."""

from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from keras_infovae.evaluation.likelihood.methods import (
    LikelihoodMethod,
    even_batches,
    examples_at_once,
)
from keras_infovae.evaluation.likelihood.path import STARTS, check_start, joint_path
from keras_infovae.evaluation.likelihood.weights import Weights
from keras_infovae.samplers import (
    annealed_log_weights,
    make_annealing_plan,
    run_pilot,
    seeded_noise,
)
from keras_infovae.samplers.path import AnnealedPath
from keras_infovae.samplers.pilot import PILOT_DRAWS, SCHEDULES, AnnealingPlan, Pilot
from keras_infovae.typing import Condition, Model, Rows, Tensor
from keras_infovae.utils.batches import progress_bar
from keras_infovae.utils.checks import check_choice, check_integer
from keras_infovae.utils.graphs import one_graph
from keras_infovae.utils.row_random import fold_in, row_seeds


class AnnealedImportanceSampling(LikelihoodMethod):
    """Annealed importance sampling: z is drawn from a start s(z) and led to p(z|x) step by step,

        log w = sum_t (b_(t+1) - b_t) log r(z_t),        r(z) = p(x, z) / s(z)

    where z_t follows from z_(t-1) by a Hamiltonian transition that leaves s(z) r(z)^b_t invariant,
    and b goes from 0 to 1. With the prior as the start r(z) is p(x|z), and the encoder has no part
    in it: the estimate judges the decoder alone. A chain takes about temperatures * leapfrog_steps
    passes through the decoder and its gradient.

    The step sizes of an example, and the temperatures of an adaptive schedule, which are those of
    all examples together, come from a pilot run of 4 more chains over 100 temperatures, with draws
    of its own, so that the weights stay unbiased.

    Args:
        chains: how many z of each example, at least 1. Default 16.
        temperatures: steps of b, at least 1. Default 500. The variance of log w falls with it; for
            more latents, or latents that say more of x, take more.
        leapfrog_steps: of each transition, at least 1. Default 2.
        schedule: "adaptive" (default), with smaller steps of b where log r(z) varies more;
            "linear"; or "sigmoid", with smaller ones near 0 and 1.
        start: "prior" (default), or "posterior" for q(z|x), which is nearer to p(z|x) where the
            encoder is good.

    Raises:
        ValueError, TypeError: naming the argument, what is allowed and what was received.

    Example:

    >>> import keras_infovae as ki
    >>> method = ki.evaluation.AnnealedImportanceSampling(chains=32, temperatures=1000)
    >>> method.schedule, method.start
    ('adaptive', 'prior')

    References:
        Neal, Annealed Importance Sampling, arXiv:physics/9803008.
        Wu, Burda, Salakhutdinov, Grosse, On the Quantitative Analysis of Decoder-Based Generative
        Models, arXiv:1611.04273.
    """

    def __init__(
        self,
        chains: int = 16,
        temperatures: int = 500,
        leapfrog_steps: int = 2,
        schedule: str = "adaptive",
        start: str = "prior",
    ) -> None:
        self.chains = check_integer("chains", chains)
        self.temperatures = check_integer("temperatures", temperatures)
        self.leapfrog_steps = check_integer("leapfrog_steps", leapfrog_steps)
        self.schedule = check_choice("schedule", schedule, SCHEDULES)
        self.start = check_choice("start", start, STARTS)

    def check_model(self, model: Model) -> None:
        """Raises ValueError for a model that it is not defined for."""
        check_start(self.start, model, "Annealed importance sampling")
        if model.latent_support != "euclidean":
            raise ValueError(
                "Annealed importance sampling moves z in Euclidean space. Received: a model whose "
                f"codes lie on the {model.latent_support}. Choose method='importance'."
            )

    def log_weights(
        self,
        model: Model,
        x: Rows,
        condition: Condition,
        seeds: np.ndarray,
        batch_size: int,
        verbose: bool,
    ) -> Iterator:
        self.check_model(model)
        size = examples_at_once(len(x), x.shape[1:], self.chains, batch_size)
        prior = model.prior_distribution()

        def path(x, condition, draws):
            return joint_path(model, prior, x, condition, draws, self.start)

        @one_graph
        def pilot(seeds, x, condition):
            return self.pilot(path(x, condition, PILOT_DRAWS), seeds)

        @one_graph
        def weigh(seeds, x, condition, plan):
            return self.anneal(path(x, condition, self.chains), seeds, plan)

        batches = list(even_batches([seeds, x, condition], size))
        count = progress_bar(2 * len(batches), verbose)
        pilots = []
        for batch, real in batches:
            pilots.append((pilot(*batch), real))
            count()
        for (batch, real), plan in zip(batches, self.plans(pilots)):
            log_weights, acceptance = weigh(*batch, plan)
            yield Weights(log_weights.numpy()[:, :real], acceptance.numpy()[:real])
            count()

    def pilot(self, path: AnnealedPath, seeds: Tensor) -> Pilot:
        """Returns the `Pilot` of a `path` that has `PILOT_DRAWS` draws of z for each row.

        Args:
            path: an `AnnealedPath`.
            seeds: int64 [n], those of rows one after another.
        """
        z = path.sample(fold_in(row_seeds(seeds), 2))
        return run_pilot(path, z, _noise(seeds, 0), self.leapfrog_steps)

    def plans(self, pilots: Sequence[tuple[Pilot, int]]) -> list[AnnealingPlan]:
        """Returns the `AnnealingPlan` of each batch; the temperatures are those of all examples.

        Args:
            pilots: for each batch its `Pilot`, and how many rows of it count.
        """
        variances = tf.concat([pilot.variances[:, :real] for pilot, real in pilots], axis=1)
        together = tf.reduce_mean(variances, axis=1, keepdims=True)
        return [
            make_annealing_plan(
                pilot._replace(variances=together), self.temperatures, self.schedule
            )
            for pilot, _ in pilots
        ]

    def anneal(
        self, path: AnnealedPath, seeds: Tensor, plan: AnnealingPlan, z: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Returns (log w, the mean acceptance) of chains from the path's start to p(z|x).

        They are float64 [chains, n] and [n].

        Args:
            path: an `AnnealedPath`.
            seeds: int64 [n], those of rows one after another.
            plan: an `AnnealingPlan`, made without regard to z.
            z: draws from p(z|x), from which chains go back to the start. Default None.
        """
        reverse = z is not None
        z = z if reverse else path.sample(fold_in(row_seeds(seeds), 3))
        noise = _noise(seeds, 2 if reverse else 1)
        log_weights, acceptance = annealed_log_weights(
            path, z, plan, noise, self.leapfrog_steps, reverse
        )
        return log_weights, tf.reduce_mean(tf.cast(acceptance, tf.float64), axis=0)


def _noise(seeds, stream):
    """Returns the source of noise of rows one after another: each gets the same in any batch."""
    seed, first = tf.unstack(row_seeds(seeds[:1])[0])
    return seeded_noise(tf.stack([seed, stream]), tf.bitcast(first, tf.uint32))
