"""Stateless seeds: same seed, same numbers."""

import numpy as np
import tensorflow as tf

from keras_infovae.utils.checks import check_integer


def stateless_seed(seed, *folds):
    """Returns an int32 seed of shape [2] for TFP and `tf.random.stateless_*`.

    Args:
        seed: an integer, or a tensor of shape [2] such as `SeedGenerator.next()` gives.
        *folds: integers (Python or tensors) mixed in one after another, such as a batch's number:
            different folds give independent streams.
    """
    seed = [0, seed % 2**31] if isinstance(seed, int) else seed
    seed = tf.convert_to_tensor(seed)
    seed = tf.bitcast(tf.cast(seed, tf.uint32), tf.int32) if seed.dtype != tf.int32 else seed
    for fold in folds:
        seed = tf.random.experimental.stateless_fold_in(seed, tf.cast(fold, tf.int32))
    return seed


def split_seed(seed, count=2):
    """Returns a list of `count` seeds, int32 [2], whose streams are independent of one another.

    They follow from `seed`, an integer or int32 [2], or are random where it is None.
    """
    if seed is None:
        return tf.unstack(tf.random.uniform([count, 2], maxval=2**31 - 1, dtype=tf.int32))
    return tf.unstack(tf.random.experimental.stateless_split(stateless_seed(seed), count))


def check_seed(seed):
    """Returns `seed`, which must be None or an integer of at least 0."""
    return None if seed is None else check_integer("seed", seed, minimum=0)


def scikit_seed(seed):
    """Returns a seed that scikit-learn takes, an integer below 2**32, of one of at least 0."""
    return seed % 2**32


def some_rows(count, most, seed):
    """Returns the numbers of all of `count` rows; or of `most` of them, drawn by `seed`, in order.

    The first would not do: data on disk are often sorted, by class or by time.
    """
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))
