"""Annealed importance sampling of log p(x)."""

import math

import tensorflow as tf

from keras_infovae.evaluation.likelihood.hamiltonian import transition
from keras_infovae.evaluation.likelihood.methods import (
    LikelihoodMethod,
    even_batches,
    examples_at_once,
    one_graph,
    progress_bar,
)
from keras_infovae.evaluation.likelihood.path import STARTS, Path, check_start
from keras_infovae.evaluation.likelihood.pilot import PILOT_DRAWS, make_plan
from keras_infovae.utils.checks import check_choice, check_integer
from keras_infovae.utils.randomness import split_seed, stateless_seed

SCHEDULES = ("adaptive", "linear", "sigmoid")


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
            plan = self.plan(Path(model, prior, x, condition, PILOT_DRAWS, self.start), plan_seed)
            path = Path(model, prior, x, condition, self.chains, self.start)
            return self.anneal(path, path.sample(start_seed), plan, chain_seed)

        count = progress_bar(math.ceil(len(x) / size), verbose)
        for index, (examples, given, real) in enumerate(even_batches(x, condition, size)):
            yield weigh(stateless_seed(seed, index), examples, given).numpy()[:, :real]
            count()

    def plan(self, path, seed):
        """Returns the `Plan` for the examples of `path`, which has `PILOT_DRAWS` draws."""
        return make_plan(path, self.temperatures, self.schedule, self.leapfrog_steps, seed)

    def anneal(self, path, z, plan, seed, reverse=False):
        """Returns log w, float64 [chains, n], of chains that begin at z [chains, n, latent_dim].

        Args:
            path: a `Path`.
            z: draws from its start; or from p(z|x) for the reverse.
            plan: a `Plan`, made without regard to z.
            seed: int32 [2].
            reverse: whether the same steps are taken the other way, from b = 1 to 0. The mean of
                1 / w is then an unbiased estimate of 1 / p(x). Default False.
        """
        # In float64 the increments add up to 1, and their hundreds of terms lose no digits.
        temperatures = _double(plan.temperatures)
        increments = temperatures[1:] - temperatures[:-1]
        steps = (plan.temperatures[1:-1], plan.step_sizes)
        if reverse:
            increments, *steps = (tf.reverse(t, axis=[0]) for t in (increments, *steps))
        inner, step_sizes = steps
        count = self.temperatures - 1

        def step(i, point, log_weights):
            step_seed = stateless_seed(seed, i)
            point, _ = transition(
                path, point, inner[i], step_sizes[i], self.leapfrog_steps, step_seed
            )
            return i + 1, point, log_weights + increments[i + 1] * _double(point.log_ratio)

        point = path.point(z)
        *_, log_weights = tf.while_loop(
            lambda i, *_: i < count,
            step,
            (0, point, increments[0] * _double(point.log_ratio)),
            parallel_iterations=1,
            maximum_iterations=count,
        )
        return log_weights


def _double(tensor):
    return tf.cast(tensor, tf.float64)
