"""Annealed importance sampling of log p(x)."""

import math

from keras_infovae.evaluation.likelihood.methods import (
    LikelihoodMethod,
    even_batches,
    examples_at_once,
    progress_bar,
)
from keras_infovae.evaluation.likelihood.path import STARTS, check_start, joint_path
from keras_infovae.samplers import annealed_log_weights, make_annealing_plan, seeded_noise
from keras_infovae.samplers.pilot import PILOT_DRAWS, SCHEDULES
from keras_infovae.utils.checks import check_choice, check_integer
from keras_infovae.utils.graphs import one_graph
from keras_infovae.utils.randomness import split_seed, stateless_seed


class AnnealedImportanceSampling(LikelihoodMethod):
    """Annealed importance sampling: z is drawn from a start s(z) and led to p(z|x) step by step,

        log w = sum_t (b_(t+1) - b_t) log r(z_t),        r(z) = p(x, z) / s(z)

    where z_t follows from z_(t-1) by a Hamiltonian transition that leaves s(z) r(z)^b_t invariant,
    and b goes from 0 to 1. With the prior as the start r(z) is p(x|z), and the encoder has no part
    in it: the estimate judges the decoder alone. A chain takes about temperatures * leapfrog_steps
    passes through the decoder and its gradient.

    Step sizes, and the temperatures of an adaptive schedule, come from a pilot run of 4 more chains
    over 100 temperatures, with draws of its own, so that the weights stay unbiased.

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
        self, chains=16, temperatures=500, leapfrog_steps=2, schedule="adaptive", start="prior"
    ):
        self.chains = check_integer("chains", chains)
        self.temperatures = check_integer("temperatures", temperatures)
        self.leapfrog_steps = check_integer("leapfrog_steps", leapfrog_steps)
        self.schedule = check_choice("schedule", schedule, SCHEDULES)
        self.start = check_choice("start", start, STARTS)

    def check_model(self, model):
        """Raises ValueError for a model that it is not defined for."""
        check_start(self.start, model, "Annealed importance sampling")
        if model.prior.support != "euclidean":
            raise ValueError(
                "Annealed importance sampling moves z in Euclidean space. Received: a model whose "
                f"prior is {type(model.prior).__name__}, on the {model.prior.support}. Choose "
                "method='importance'."
            )

    def log_weights(self, model, x, condition, seed, batch_size, verbose):
        self.check_model(model)
        size = examples_at_once(len(x), x.shape[1:], self.chains, batch_size)
        prior = model.prior_distribution()

        @one_graph
        def weigh(seed, x, condition):
            plan_seed, start_seed, chain_seed = split_seed(seed, 3)
            pilot = joint_path(model, prior, x, condition, PILOT_DRAWS, self.start)
            path = joint_path(model, prior, x, condition, self.chains, self.start)
            plan = self.plan(pilot, plan_seed)
            return self.anneal(path, path.sample(start_seed), plan, chain_seed)

        count = progress_bar(math.ceil(len(x) / size), verbose)
        for index, (examples, given, real) in enumerate(even_batches(x, condition, size)):
            yield weigh(stateless_seed(seed, index), examples, given).numpy()[:, :real]
            count()

    def plan(self, path, seed):
        """Returns the `AnnealingPlan` for the examples of `path`, which has `PILOT_DRAWS` draws."""
        start_seed, seed = split_seed(seed, 2)
        return make_annealing_plan(
            path,
            path.sample(start_seed),
            self.temperatures,
            seeded_noise(seed),
            self.schedule,
            self.leapfrog_steps,
        )

    def anneal(self, path, z, plan, seed, reverse=False):
        """Returns log w, float64 [chains, n], of chains that begin at z [chains, n, latent_dim].

        Args:
            path: an `AnnealedPath`.
            z: draws from its start; or from p(z|x) for the reverse.
            plan: an `AnnealingPlan`, made without regard to z.
            seed: int32 [2].
            reverse: whether the chains go from b = 1 to 0. Default False.
        """
        noise = seeded_noise(seed)
        return annealed_log_weights(path, z, plan, noise, self.leapfrog_steps, reverse)[0]
