"""log Z of a density that is a tilted base, by annealed importance sampling."""

import math

import tensorflow as tf

from keras_infovae.samplers import (
    AnnealedPath,
    annealed_log_weights,
    make_annealing_plan,
    run_pilot,
    seeded_noise,
)
from keras_infovae.utils.randomness import split_seed, stateless_seed

_PILOT_DRAWS = 32


def annealed_partition(prior, chains, temperatures, seed):
    """Returns (log Z, its standard error, the mean acceptance), scalar tensors, of

        Z = E exp(f(z(u))),        u ~ N(0, I)

    Args:
        prior: an `EnergyBased`, whose graph is kept with it, one for each number of chains and
            temperatures.
        chains, temperatures: integers.
        seed: an integer.
    """
    graphs = prior.__dict__.setdefault("_partition_graphs", {})
    if (chains, temperatures) not in graphs:
        graphs[chains, temperatures] = tf.function(
            lambda seed: _estimate(prior, chains, temperatures, seed), autograph=False
        )
    return graphs[chains, temperatures](stateless_seed(seed))


def _estimate(prior, chains, temperatures, seed):
    size = prior.latent_dim

    def log_start(u):
        return -0.5 * (tf.reduce_sum(u**2, axis=-1) + size * math.log(2.0 * math.pi))

    path = AnnealedPath(
        sample=None, log_start=log_start, log_ratio=lambda u: prior.energy(prior.base.of_noise(u))
    )
    seeds = split_seed(seed, 4)
    pilot = run_pilot(
        path,
        tf.random.stateless_normal([_PILOT_DRAWS, 1, size], seeds[0]),
        seeded_noise(seeds[1]),
    )
    plan = make_annealing_plan(pilot, temperatures)
    u = tf.random.stateless_normal([chains, 1, size], seeds[2])
    log_weights, acceptance = annealed_log_weights(path, u, plan, seeded_noise(seeds[3]))
    log_weights = log_weights[:, 0]
    # The error of the mean weight, divided by it (the delta method).
    count = tf.cast(chains, tf.float64)
    relative = tf.exp(log_weights - tf.reduce_max(log_weights))
    share = tf.reduce_sum(relative**2) / tf.reduce_sum(relative) ** 2
    error = tf.sqrt(tf.maximum((share - 1.0 / count) * count / (count - 1.0), 0.0))
    return (
        tf.reduce_logsumexp(log_weights) - tf.math.log(count),
        error,
        tf.reduce_mean(acceptance),
    )
