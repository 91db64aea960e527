"""Means over pairs of groups, with and without the pairs of a group with itself."""

import tensorflow as tf

from keras_infovae.typing import Tensor


def mean_over_groups(mean_of_all: Tensor, within: Tensor, unbiased: bool) -> Tensor:
    """Returns the mean over pairs of n groups: of all of them, or of the pairs of two groups.

    Args:
        mean_of_all: scalar, the mean over all n^2 pairs of groups.
        within: [n], the mean over the pairs of each group with itself.
        unbiased: whether to leave the pairs of a group with itself out. A single group has no
            other, so there the pair with itself is kept.
    """
    if not unbiased:
        return mean_of_all
    n = count(within)
    others = (n * mean_of_all - tf.reduce_mean(within)) / tf.maximum(n - 1.0, 1.0)
    return tf.where(n > 1.0, others, mean_of_all)


def count(tensor: Tensor) -> Tensor:
    """Returns the length of axis 0 as a float32 scalar."""
    return tf.cast(tf.shape(tensor)[0], tf.float32)


def component_weights(components: Tensor, log_weights: Tensor | None = None) -> Tensor:
    """Returns the weights of `components` [K, ...], float32 [K]: equal ones if not given."""
    if log_weights is None:
        return tf.ones_like(components[:, 0]) / count(components)
    return tf.exp(tf.cast(log_weights, tf.float32))


def as_groups(samples: Tensor) -> Tensor:
    """Returns float32 samples as [n, s, latent_dim]: those of rank 2 are groups of one."""
    samples = tf.cast(samples, tf.float32)
    return samples if samples.shape.rank == 3 else samples[:, None]
