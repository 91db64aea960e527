"""The squared 2-Wasserstein distance in random directions."""

import math

import tensorflow as tf

from keras_infovae.typing import Tensor


def sliced_wasserstein_distance(x: Tensor, y: Tensor) -> Tensor:
    """Returns the squared 2-Wasserstein distance of projections, float32 [R]: from sorted samples,

        W^2 = (1/N) sum_i (x_(i) - y_(i))^2

    Args:
        x: [R, N], samples of w.z, z ~ q, for each of R directions w.
        y: [R, N], as many samples of w.z, z ~ p.

    Example:

    >>> import keras_infovae as ki
    >>> ki.divergences.sliced_wasserstein_distance([[0.0, 1.0]], [[3.0, 2.0]]).numpy()
    array([4.], dtype=float32)

    References:
        Kolouri et al., Sliced-Wasserstein Autoencoder, arXiv:1804.01947.
    """
    x, y = tf.sort(tf.cast(x, tf.float32)), tf.sort(tf.cast(y, tf.float32))
    return tf.reduce_mean(tf.square(x - y), axis=-1)


def sliced_wasserstein_to_normal(x: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
    """Returns the squared 2-Wasserstein distance of projected samples from normals, float32 [R].

    Exact, without samples of the normal: the i-th of N sorted samples goes to the i-th of N parts
    of the normal of probability 1/N, whose mean (for N(0, 1), with the density f and the quantiles
    Q) is c_i = N (f(Q((i-1)/N)) - f(Q(i/N))). With the variance within the parts,

        W^2 = (1/N) sum_i (x_(i) - m - sqrt(v) c_i)^2 + v (1 - (1/N) sum_i c_i^2)

    Args:
        x: [R, N], samples of w.z, z ~ q, for each of R directions w.
        mean, variance: [R], of w.z, z ~ p.

    Example:

    >>> import tensorflow as tf
    >>> import keras_infovae as ki
    >>> x = tf.zeros([1, 5])  # a point at 0 from N(3, 1): 3^2 + 1
    >>> value = ki.divergences.sliced_wasserstein_to_normal(x, [3.0], [1.0])
    >>> round(float(value[0]), 4)
    10.0
    """
    x = tf.sort(tf.cast(x, tf.float32))
    mean, variance = tf.cast(mean, tf.float32)[:, None], tf.cast(variance, tf.float32)
    count = tf.cast(tf.shape(x)[-1], tf.float32)
    edges = tf.math.ndtri(tf.range(1.0, count) / count)
    density = tf.exp(-0.5 * tf.square(edges)) / math.sqrt(2.0 * math.pi)
    density = tf.concat([[0.0], density, [0.0]], axis=0)
    parts = count * (density[:-1] - density[1:])
    differences = x - mean - tf.sqrt(variance)[:, None] * parts
    rest = variance * (1.0 - tf.reduce_mean(tf.square(parts)))
    return tf.reduce_mean(tf.square(differences), axis=-1) + rest
