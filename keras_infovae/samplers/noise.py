"""Where the noise of a chain comes from."""

from collections.abc import Callable, Sequence

import tensorflow as tf

from keras_infovae.typing import Tensor
from keras_infovae.utils import row_random
from keras_infovae.utils.randomness import split_seed, stateless_seed

STREAMS = ("normal", "jitter", "acceptance")
_PHILOX = tf.random.Algorithm.PHILOX.value
_GROUP = 4  # numbers that it makes of one counter


def seeded_noise(seed: Tensor, first_row: Tensor | None = None) -> Callable:
    """Returns the source of noise that follows from a seed.

    A source of noise is a function (k, shape, what) that draws a float32 tensor for step k:

        what = "normal"       N(0, 1): the noise of a Langevin step, the momentum of a Hamiltonian
        what = "jitter"       uniform in [0, 1): by how much a step size varies
        what = "acceptance"   uniform in [0, 1): what a probability of acceptance is held against

    all of them independent. Where the rows of a chain have seeds of their own, `row_noise` is one
    that draws each row from its seed.

    Args:
        seed: int32 [2]. Not the seed that the chain's start was drawn with.
        first_row: for chains of z [draws, n, d] that are a batch of many rows, the number of its
            first row, an integer tensor: each row then gets the same numbers in a batch of any
            size, but for chains that XLA compiles, which lays numbers out in its own way. Default
            None: z of any shape, all drawn together.

    Example:

    >>> import tensorflow as tf
    >>> noise = seeded_noise(tf.constant([0, 1]))
    >>> noise(7, [3, 2], "normal").shape
    TensorShape([3, 2])
    """

    def noise(k, shape, what):
        seeds = dict(zip(STREAMS, split_seed(stateless_seed(seed, k), len(STREAMS))))
        if first_row is not None:
            return _of_rows(seeds[what], first_row, shape, what == "normal")
        draw = tf.random.stateless_normal if what == "normal" else tf.random.stateless_uniform
        return draw(shape, seeds[what])

    return noise


def row_noise(seeds: Tensor, event_shape: Sequence[int], num_samples: int = 1) -> Callable:
    """Returns the source of noise, as `seeded_noise`, in which each row follows from its own seed.

    For chains of z [num_samples, n, *event_shape]. Row i of a chain is then the same whatever n and
    the other rows are, and the first j samples are those of num_samples = j.

    Args:
        seeds: int32 [n, 2]. Not those that the chain's start was drawn with.
        event_shape: of one z, a sequence of integers.
        num_samples: how many chains each row has. Default 1.

    Example:

    >>> import tensorflow as tf
    >>> noise = row_noise(tf.constant([[0, 1], [0, 2]]), [3], num_samples=4)
    >>> noise(7, None, "normal").shape, noise(7, None, "acceptance").shape
    (TensorShape([4, 2, 3]), TensorShape([4, 2]))
    """
    event_shape = list(event_shape)

    def noise(k, shape, what):
        of_step = row_random.fold_in(seeds, len(STREAMS) * k + STREAMS.index(what))
        if what == "normal":
            return row_random.normal(of_step, event_shape, num_samples)
        return row_random.uniform(of_step, [], num_samples)

    return noise


def _of_rows(seed, first_row, shape, is_normal):
    """Returns numbers [draws, n, ...] of which those of row i follow from seed and first_row + i.

    Philox makes its numbers from a counter, so that a call can begin anywhere.
    """
    shape = tf.convert_to_tensor(shape)
    of_row = tf.concat([shape[:1], shape[2:]], axis=0)
    size = tf.reduce_prod(of_row)
    groups = (size + _GROUP - 1) // _GROUP
    key, counter = tf.raw_ops.StatelessRandomGetKeyCounter(seed=seed)
    counter += tf.stack([tf.cast(first_row, tf.uint64) * tf.cast(groups, tf.uint64), 0])
    name = "StatelessRandomNormalV2" if is_normal else "StatelessRandomUniformV2"
    numbers = getattr(tf.raw_ops, name)(
        shape=tf.stack([shape[1], groups * _GROUP]), key=key, counter=counter, alg=_PHILOX
    )
    numbers = tf.reshape(numbers[:, :size], tf.concat([shape[1:2], of_row], axis=0))
    return tf.transpose(numbers, [1, 0, *range(2, shape.shape[0])])
