"""The energy distance: of samples, and of normals with z integrated out."""

import math

import tensorflow as tf

from keras_infovae.divergences.functional.blockwise import pairwise_sum, weighted_pairwise_sum
from keras_infovae.divergences.functional.pairs import (
    as_groups,
    component_weights,
    count,
    mean_over_groups,
)
from keras_infovae.typing import Tensor
from keras_infovae.utils.randomness import split_seed

_SMALLEST_SQUARE = 1e-12  # added under square roots: distances are right to within 1e-6
_SMALLEST_VARIANCE = 1e-12
_LOWEST_FREQUENCY = 1e-3


def energy_distance(x: Tensor, y: Tensor, unbiased: bool = True) -> Tensor:
    """Returns an estimate of the energy distance from samples of both, a float32 scalar:

        2 E|z - y| - E|z - z'| - E|y - y'|,      z, z' ~ q;  y, y' ~ p,  Euclidean norms

    Args:
        x: [n, latent_dim], independent samples of q; or [n, s, latent_dim], s from each of n
            groups.
        y: [m, latent_dim], independent samples of p.
        unbiased: True (default) leaves out the pairs of a sample (a group) with itself: the
            U-statistic, which can be negative. False: the V-statistic, never negative, too large by
            O(1/n). A single sample (group) keeps its only pair.

    Example:

    >>> import tensorflow as tf
    >>> import keras_infovae as ki
    >>> x = tf.random.stateless_normal([400, 2], seed=[0, 0])
    >>> y = tf.random.stateless_normal([400, 2], seed=[0, 1])
    >>> same, moved = (ki.divergences.energy_distance(z, y) for z in (x, x + 1.0))
    >>> bool(abs(same) < 0.03 < moved)
    True

    References:
        Szekely and Rizzo, Energy Statistics, Journal of Statistical Planning and Inference 2013.
    """
    groups, y = as_groups(x), tf.cast(y, tf.float32)
    latent_dim = y.shape[-1]
    x = tf.reshape(groups, [-1, latent_dim])

    def distances(a, b):
        squares = tf.reduce_sum(tf.square(a[..., :, None, :] - b[..., None, :, :]), axis=-1)
        return tf.sqrt(squares + _SMALLEST_SQUARE)

    def mean_distance(a, b):
        total = pairwise_sum(lambda a, b: distances(a[0], b[0]), [a], [b], latent_dim)
        return total / count(a) / count(b)

    within_x = tf.reduce_mean(distances(groups, groups), axis=[1, 2])
    return (
        2.0 * mean_distance(x, y)
        - mean_over_groups(mean_distance(x, x), within_x, unbiased)
        - mean_over_groups(mean_distance(y, y), tf.zeros_like(y[:, 0]), unbiased)
    )


def expected_energy_distance(
    mean: Tensor,
    variance: Tensor,
    prior_mean: Tensor,
    prior_variance: Tensor,
    latent_dim: int,
    unbiased: bool = True,
    prior_log_weights: Tensor | None = None,
) -> Tensor:
    """Returns the energy distance, in slices, with every z integrated out: a float32 scalar.

    The mean of |w.x| over all directions w is proportional to |x|, so that the distance in
    latent_dim dimensions is the mean of one-dimensional ones, times

        c = sqrt(pi) Gamma((latent_dim + 1) / 2) / Gamma(latent_dim / 2)

    and on the line, the distance of two normals is itself normal, with

        E|t| = sqrt(2 v / pi) exp(-m^2 / 2v) + m erf(m / sqrt(2 v)),    t ~ N(m, v)

    The choice of the minibatch and of the directions is random then.

    Args:
        mean, variance: [n, R], of w.z for each q(z|x_i) and each direction w of length 1.
        prior_mean, prior_variance: [K, R], of the components of p(z).
        latent_dim: the number of dimensions of z.
        unbiased: True (default) leaves out the pairs i = j; False keeps them. A batch of one keeps
            its only pair.
        prior_log_weights: [K], the logarithms of the components' weights. Default None: equal ones.

    Example:

    >>> import tensorflow as tf
    >>> import keras_infovae as ki
    >>> zeros, ones = tf.zeros([8, 3]), tf.ones([8, 3])
    >>> value = ki.divergences.expected_energy_distance(zeros, ones, zeros[:1], ones[:1], 2)
    >>> bool(abs(value) < 1e-6)
    True
    """
    mean, variance, prior_mean, prior_variance = (
        tf.cast(tensor, tf.float32) for tensor in (mean, variance, prior_mean, prior_variance)
    )

    def distance(a, b):
        value = mean_absolute_normal(a[0][:, None] - b[0][None], a[1][:, None] + b[1][None])
        return tf.reduce_mean(value, axis=-1)

    def mean_distance(a, b):
        return weighted_pairwise_sum(distance, a, b, elements_per_pair=mean.shape[-1])

    q = [mean, variance, component_weights(mean)]
    p = [prior_mean, prior_variance, component_weights(prior_mean, prior_log_weights)]
    within = tf.reduce_mean(mean_absolute_normal(0.0 * mean, 2.0 * variance), axis=-1)
    within_q = mean_over_groups(mean_distance(q, q), within, unbiased)
    constant = slice_constant(latent_dim)
    return constant * (2.0 * mean_distance(q, p) - within_q - mean_distance(p, p))


@tf.custom_gradient
def mean_absolute_normal(mean: Tensor, variance: Tensor) -> Tensor:
    """Returns E|t| for t ~ N(mean, variance), the mean of the folded normal."""
    variance = variance + _SMALLEST_VARIANCE
    sign = tf.math.erf(mean * tf.math.rsqrt(2.0 * variance))
    density = tf.exp(-0.5 * tf.square(mean) / variance) * tf.math.rsqrt(2.0 * math.pi * variance)

    def gradient(upstream):
        return upstream * sign, upstream * density

    return 2.0 * variance * density + mean * sign, gradient


def energy_frequencies(
    num_features: int, latent_dim: int, seed: Tensor, scale: float | Tensor = 1.0
) -> tuple[Tensor, Tensor]:
    """Draws frequencies w and weights c that give the energy distance from random features:

        energy distance = E c(w) |E_q exp(i w.z) - E_p exp(i w.z)|^2

    (`squared_feature_distances`). On the line it is (2 / pi) times the integral of |..|^2 / t^2
    over frequencies t > 0. t is drawn from a half-Cauchy of the given scale, in strata, and w is t
    times a random direction, so that c(w) = slice_constant (scale^2 + t^2) / (scale t^2).
    Frequencies are kept above scale / 1,000, where rounding sets in: differences of 1,000 / scale
    and more are seen as too small.

    Args:
        num_features: F.
        latent_dim: the number of dimensions of z.
        seed: int32 tensor [2].
        scale: in 1 / unit of z: one over the prior's standard deviation. Default 1.

    Returns:
        float32 [F, latent_dim] and [F].

    References:
        Szekely and Rizzo, Energy Statistics, Journal of Statistical Planning and Inference 2013.
    """
    direction_seed, size_seed = split_seed(seed)
    jitter = tf.random.stateless_uniform([num_features], seed=size_seed, alg="philox")
    strata = (tf.range(num_features, dtype=tf.float32) + jitter) / num_features
    t = tf.maximum(tf.tan(0.5 * math.pi * tf.minimum(strata, 0.999999)), _LOWEST_FREQUENCY)
    weights = slice_constant(latent_dim) * (1.0 + 1.0 / t**2) / scale
    directions = random_directions(num_features, latent_dim, direction_seed)
    return directions * (scale * t)[:, None], weights


def random_directions(count: int, latent_dim: int, seed: Tensor) -> Tensor:
    """Draws directions uniformly: float32 [count, latent_dim], each of length 1."""
    # By Philox: what XLA chooses of itself takes a CPU five to thirty times as long.
    normal = tf.random.stateless_normal([count, latent_dim], seed=seed, alg="philox")
    return tf.math.l2_normalize(normal, axis=-1, epsilon=1e-30)


def slice_constant(latent_dim: int) -> float:
    """Returns |x| / E|w.x| over directions w: sqrt(pi) Gamma((d + 1) / 2) / Gamma(d / 2)."""
    log_ratio = math.lgamma((latent_dim + 1) / 2) - math.lgamma(latent_dim / 2)
    return math.sqrt(math.pi) * math.exp(log_ratio)
