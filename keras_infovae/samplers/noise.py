"""Where the noise of a chain comes from."""

import tensorflow as tf

from keras_infovae.utils.randomness import split_seed, stateless_seed

STREAMS = ("normal", "jitter", "acceptance")


def seeded_noise(seed):
    """Returns the source of noise that follows from a seed.

    A source of noise is a function (k, shape, what) that draws a float32 tensor for step k:

        what = "normal"       N(0, 1): the noise of a Langevin step, the momentum of a Hamiltonian
        what = "jitter"       uniform in [0, 1): by how much a step size varies
        what = "acceptance"   uniform in [0, 1): what a probability of acceptance is held against

    all of them independent. Where the rows of a chain shall not depend on the rows beside them,
    write one that draws each row from a seed of its own.

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
