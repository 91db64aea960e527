"""Random numbers with a seed per row: a row's numbers depend on its own seed and on nothing else.

TensorFlow's stateless ops take one seed for a whole tensor, and `tf.vectorized_map` runs them row
after row. This is the counter-based generator Threefry-2x32 with 20 rounds, in ops on 32-bit words.
The seed of a row is the key, the number of a draw the counter: any of them is made without those
before it. Words, and uniform numbers with them, are the same bit for bit eagerly, in graphs, under
XLA and on every device; functions of them are so up to their rounding.

References:
    Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3, SC 2011, section 4.2.
"""

import functools
import math
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from keras_infovae.typing import Tensor
from keras_infovae.utils.checks import check_integer
from keras_infovae.utils.normal_quantile import normal_quantile

__all__ = ["fold_in", "normal", "row_seeds", "uniform"]  # what parts of a user's own need

_ROTATIONS = (13, 15, 26, 6, 17, 29, 16, 24)
_ROUNDS = 20
_PARITY = 0x1BD11BDA
# The second word of the counter: what the first one numbers.
_DRAWS, _FOLDS, _ROWS = range(3)
_BELOW_ONE = 1.0 - 2.0**-24  # the largest float32 less than 1


# === Seeds ===


def row_seeds(seed: Tensor) -> Tensor:
    """Returns the seeds of rows, int32 [n, 2]: the high and the low 32 bits of each integer.

    Args:
        seed: int64 [n], at least 0. s * 2**32 + i stands for row i of a call with the seed s.

    Example:

    >>> from keras_infovae.utils import row_random
    >>> row_random.row_seeds([7 * 2**32 + 5]).numpy()
    array([[7, 5]], dtype=int32)
    """
    seed = tf.convert_to_tensor(seed, tf.int64)
    low = tf.bitwise.bitwise_and(seed, tf.constant(2**32 - 1, tf.int64))
    words = tf.stack([tf.bitwise.right_shift(seed, tf.constant(32, tf.int64)), low], axis=-1)
    return tf.bitcast(tf.cast(words, tf.uint32), tf.int32)


def seeds_of_rows(seed, start, count):
    """Returns the seeds, int32 [count, 2], of rows start ... start + count - 1 of one call.

    Args:
        seed: an integer of at least 0, taken modulo 2**31: row i has the seed of the integer
            seed * 2**32 + i. Or int32 or uint32 [2], such as a generator gives: then row i has
            an independent one that follows from both.
        start, count: integers of at least 0, Python's or scalar tensors.

    Example:

    >>> from keras_infovae.utils import row_random
    >>> row_random.seeds_of_rows(7, 4, 2).numpy()
    array([[7, 4],
           [7, 5]], dtype=int32)
    """
    start = tf.cast(start, tf.int64)
    index = tf.cast(tf.range(start, start + tf.cast(count, tf.int64)), tf.uint32)
    if tf.is_tensor(seed) or np.ndim(seed):
        high, low = tf.unstack(_words(seed))
        words = _threefry(high, low, index, _word(_ROWS))
    else:
        words = tf.fill(tf.shape(index), _word(check_integer("seed", seed, 0) % 2**31)), index
    return tf.bitcast(tf.stack(words, axis=-1), tf.int32)


def fold_in(seeds: Tensor, data: Tensor) -> Tensor:
    """Returns a seed for each row whose numbers are independent of those of any other `data`.

    Args:
        seeds: int32 [n, 2].
        data: an integer of 32 bits, Python's or a tensor of any shape S.

    Returns:
        int32 [*S, n, 2].
    """
    high, low = tf.unstack(_words(seeds), axis=-1)
    data = _word(data % 2**32) if isinstance(data, int) else tf.cast(data, tf.uint32)
    words = _threefry(high, low, data[..., None], _word(_FOLDS))
    return tf.bitcast(tf.stack(words, axis=-1), tf.int32)


def seeds_of_draws(seed, num_samples):
    """Returns the seeds of several draws for each row, int64 [num_samples, n], all at least 0.

    The first are `seed`; the others follow from them, so that draws are independent of each other.

    Args:
        seed: int64 [n], at least 0, as for `row_seeds`.
        num_samples: an integer of at least 1.

    Example:

    >>> from keras_infovae.utils import row_random
    >>> row_random.seeds_of_draws([5], 1).numpy()
    array([[5]])
    """
    seed = tf.convert_to_tensor(seed, tf.int64)
    words = tf.cast(_words(fold_in(row_seeds(seed), tf.range(1, num_samples))), tf.int64)
    high, low = tf.unstack(words, axis=-1)
    high = tf.bitwise.bitwise_and(high, tf.constant(2**31 - 1, tf.int64))  # a sign is not a seed
    others = tf.bitwise.bitwise_or(tf.bitwise.left_shift(high, tf.constant(32, tf.int64)), low)
    return tf.concat([seed[None], others], axis=0)


def row_count(seeds):
    """Returns n for seeds [n, 2], an integer where it is known and else a scalar tensor."""
    return tf.shape(seeds)[0] if seeds.shape[0] is None else seeds.shape[0]


# === Numbers ===


def full_shape(seeds, shape, num_samples=None):
    """Returns [n, *shape] or [num_samples, n, *shape], a list of integers or tensors."""
    leading = [] if num_samples is None else [num_samples]
    return [*leading, row_count(seeds), *shape]


def uniform(seeds: Tensor, shape: Sequence[int], num_samples: int | None = None) -> Tensor:
    """Returns numbers between 0 and 1, neither included: float32 [n, *shape].

    They are (w + 1/2) / 2**32 for words w of 32 bits, rounded: steps of 2**-32 near 0 and of 2**-24
    near 1, so that a logarithm of u or of 1 - u is finite.

    Args:
        seeds: int32 [n, 2].
        shape: the shape of a row's numbers, a sequence of integers.
        num_samples: k for [k, n, *shape], an integer or a scalar tensor. The first j of k are those
            of k = j. Default None: without that axis, the first.
    """
    words = tf.cast(_draws(seeds, shape, num_samples), tf.float32)
    return tf.minimum((words + 0.5) * 2.0**-32, _BELOW_ONE)


def normal(seeds: Tensor, shape: Sequence[int], num_samples: int | None = None) -> Tensor:
    """Returns standard normal numbers, float32 [n, *shape]; arguments as for `uniform`.

    By the inverse of the distribution function, of a number in (0, 1/2) and with a sign, so that
    both tails are fine to 2**-32: the numbers lie within +-6.34. Box and Muller's way is no
    faster, and three times slower under XLA.
    """
    words = _draws(seeds, shape, num_samples)
    half = (tf.cast(tf.bitwise.right_shift(words, _word(1)), tf.float32) + 0.5) * 2.0**-32
    sign = tf.cast(tf.bitwise.bitwise_and(words, _word(1)), tf.float32) * 2.0 - 1.0
    return sign * normal_quantile(half)


def _draws(seeds, shape, num_samples):
    """Returns words, uint32 [n, *shape] or [num_samples, n, *shape]."""
    high, low = tf.unstack(_words(seeds), axis=-1)
    size = math.prod(shape)
    samples = 1 if num_samples is None else num_samples
    total = samples * size
    # Counters come first: adding keys [n] to [counters, n] is many times as fast as to its
    # transpose. Both words of counter c are used, as draws 2 c and 2 c + 1.
    counter = tf.cast(tf.range((total + 1) // 2), tf.uint32)[:, None]
    words = tf.stack(_threefry(high, low, counter, _word(_DRAWS)), axis=1)
    n = row_count(seeds)
    words = tf.reshape(words, [(total + 1) // 2 * 2, n])[:total]
    words = tf.transpose(tf.reshape(words, [samples, size, n]), [0, 2, 1])
    return tf.reshape(words, full_shape(seeds, shape, num_samples))


def _threefry(key_0, key_1, word_0, word_1):
    """Returns the two words that the block cipher makes of a counter's two, uint32 tensors."""
    given = key_0, key_1, word_0, word_1
    shape = functools.reduce(tf.broadcast_static_shape, [words.shape for words in given])
    return [tf.ensure_shape(words, shape) for words in _rounds(*given)]


# A function of its own, traced once for all shapes: of its some 250 ops each graph has one call.
@tf.function(input_signature=[tf.TensorSpec(None, tf.uint32)] * 4, autograph=False)
def _rounds(key_0, key_1, word_0, word_1):
    xor = tf.bitwise.bitwise_xor
    keys = key_0, key_1, xor(xor(key_0, key_1), _word(_PARITY))
    word_0, word_1 = word_0 + key_0, word_1 + key_1
    for i in range(_ROUNDS):
        rotation = _ROTATIONS[i % len(_ROTATIONS)]
        word_0 += word_1
        # A rotation. On CPUs a product is faster than a left shift, and "xor" than "or".
        left = word_1 * _word(2**rotation)
        right = tf.bitwise.right_shift(word_1, _word(32 - rotation))
        word_1 = xor(xor(left, right), word_0)
        if i % 4 == 3:
            j = i // 4 + 1
            word_0 += keys[j % 3]
            word_1 += keys[(j + 1) % 3] + _word(j)
    return word_0, word_1


def _word(value):
    return tf.constant(value, tf.uint32)


def _words(seeds):
    """Returns `seeds`, int32 or uint32, as uint32."""
    seeds = tf.convert_to_tensor(seeds)
    return seeds if seeds.dtype == tf.uint32 else tf.bitcast(seeds, tf.uint32)
