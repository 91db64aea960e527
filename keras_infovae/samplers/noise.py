"""Where the noise of a chain comes from."""

import tensorflow as tf

from keras_infovae.utils import row_random
from keras_infovae.utils.randomness import split_seed, stateless_seed

STREAMS = ("normal", "jitter", "acceptance")


def seeded_noise(seed):
    """Returns the source of noise that follows from a seed.

    A source of noise is a function (k, shape, what) that draws a float32 tensor for step k:

        what = "normal"       N(0, 1): the noise of a Langevin step, the momentum of a Hamiltonian
        what = "jitter"       uniform in [0, 1): by how much a step size varies
        what = "acceptance"   uniform in [0, 1): what a probability of acceptance is held against

    all of them independent. Where the rows of a chain shall not depend on the rows beside them,
    take `row_noise`.

    Args:
        seed: int32 [2]. Not the seed that the chain's start was drawn with.

    Example:

    >>> import tensorflow as tf
    >>> noise = seeded_noise(tf.constant([0, 1]))
    >>> noise(7, [3, 2], "normal").shape
    TensorShape([3, 2])
    """

    def noise(k, shape, what):
        seeds = dict(zip(STREAMS, split_seed(stateless_seed(seed, k), len(STREAMS))))
        draw = tf.random.stateless_normal if what == "normal" else tf.random.stateless_uniform
        return draw(shape, seeds[what])

    return noise


def row_noise(seeds, draws, latent_dim):
    """Returns a source of noise, as `seeded_noise` does, of which each row has a seed of its own.

    Args:
        seeds: int32 [n, 2]. Not those that the chains' starts were drawn with.
        draws: how many chains each of the n rows has: z is [draws, n, latent_dim].
        latent_dim: the number of dimensions of z.

    Example:

    >>> noise = row_noise([[0, 1], [0, 2]], 3, 4)
    >>> noise(7, [3, 2, 4], "normal").shape, noise(7, [3, 2], "jitter").shape
    (TensorShape([3, 2, 4]), TensorShape([3, 2]))
    """
    seeds = [row_random.fold_in(seeds, i) for i in range(len(STREAMS))]

    def noise(k, shape, what):
        of_step = row_random.fold_in(seeds[STREAMS.index(what)], k)
        if what == "normal":
            return row_random.normal(of_step, [latent_dim], draws)
        return row_random.uniform(of_step, [], draws)

    return noise
