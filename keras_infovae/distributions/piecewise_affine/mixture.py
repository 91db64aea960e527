"""p(x) and p(z|x) of a generator that is affine on regions, under N(0, I) and noise N(0, I).

On region w, g(z) = A' z + b and

    p(z|x) = N(z; mu, S) with S = (I + A A')^-1, mu = S A (x - b), cut off at the region's borders
    kappa  = N(x; b, I + A' A)                      what p(x) would be without the borders
    p(x)   = sum_w kappa_w Phi_w                    Phi the mass of N(mu, S) on the region

All is float64: log kappa is a difference of large squares. Noise of another scale is noise of
scale 1 once x, A and b are divided by it.

References:
    Balestriero, Paris, Baraniuk, Analytical Probability Distributions and EM-Learning for Deep
    Generative Networks, NeurIPS 2020, arXiv:2006.10023, theorems 1 and 2.
"""

import math
from typing import NamedTuple

import tensorflow as tf

from keras_infovae.distributions.piecewise_affine import interval_cells, polygon_cells

_KEPT = 45.0  # nats below a row's best bound, behind which a region has less than exp(-30) of it


class Pieces(NamedTuple):
    """The regions of a generator in units of the noise, float64 tensors or arrays.

    Args:
        cells: [R, 2] or [R, V, 2], as in `Regions`.
        matrices: [R, S, D].
        offsets: [R, D].
    """

    cells: tf.Tensor
    matrices: tf.Tensor
    offsets: tf.Tensor


class Whitened(NamedTuple):
    """Each region's own normal N(mu, S) of z for each x, with y = C'(z - mu) ~ N(0, I).

    Args:
        factors: C, the lower Cholesky factors of S^-1, [R, S, S].
        means: C' mu, [n, R, S].
        cells: the regions' C' z, [R, 2] or [R, V, 2]; those of y are less by C' mu.
        log_kappa: [n, R].
    """

    factors: tf.Tensor
    means: tf.Tensor
    cells: tf.Tensor
    log_kappa: tf.Tensor


class Pairs(NamedTuple):
    """The pairs of an x and a region that count, P of them, sorted by x.

    Args:
        rows, regions: which, int64 [P].
        cells: the regions of y, [P, 2] or [P, V, 2].
        log_joint: log kappa + log Phi, [P].
        means: E[y], [P, S], and
        squares: E[y y'], [P, S, S]; None where they were not asked for.
    """

    rows: tf.Tensor
    regions: tf.Tensor
    cells: tf.Tensor
    log_joint: tf.Tensor
    means: tf.Tensor = None
    squares: tf.Tensor = None


def whiten(pieces, x):
    """Returns the `Whitened` normals of `Pieces` for x [n, D], float64."""
    matrices, offsets = pieces.matrices, pieces.offsets
    latent_dim = matrices.shape[1]
    dimensions = tf.cast(tf.shape(x)[1], tf.float64)
    gram = tf.matmul(matrices, matrices, transpose_b=True)
    factors = tf.linalg.cholesky(gram + tf.eye(latent_dim, dtype=tf.float64))
    # x A without the differences x - b, which would be [n, R, D].
    flat = tf.reshape(matrices, [-1, tf.shape(matrices)[2]])
    projected = tf.reshape(tf.matmul(x, flat, transpose_b=True), [tf.shape(x)[0], -1, latent_dim])
    projected -= tf.linalg.matvec(matrices, offsets)
    inverses = tf.linalg.triangular_solve(factors, tf.eye(latent_dim, dtype=tf.float64)[None])
    means = tf.einsum("rst,nrt->nrs", inverses, projected)
    squared = tf.reduce_sum(tf.square(x), 1)[:, None] + tf.reduce_sum(tf.square(offsets), 1)
    squared -= 2.0 * tf.matmul(x, offsets, transpose_b=True)
    log_det = 2.0 * tf.reduce_sum(tf.math.log(tf.linalg.diag_part(factors)), axis=-1)
    log_kappa = -0.5 * (
        dimensions * math.log(2.0 * math.pi)
        + log_det
        + squared
        - tf.reduce_sum(tf.square(means), axis=-1)
    )
    if latent_dim == 1:
        cells = factors[:, 0] * pieces.cells
    else:
        cells = tf.einsum("rts,rvt->rvs", factors, pieces.cells)
    return Whitened(factors, means, cells, log_kappa)


def family_of(latent_dim):
    """Returns the module of the regions of as many latents, 1 or 2."""
    return (interval_cells, polygon_cells)[latent_dim - 1]


def shifted(whitened, rows, regions):
    """Returns the regions of y of pairs of an x and a region, [P, 2] or [P, V, 2]."""
    means = tf.gather_nd(whitened.means, tf.stack([rows, regions], axis=-1))
    cells = tf.gather(whitened.cells, regions)
    return cells - (means if means.shape[-1] == 1 else means[:, None])


def pairs_of(whitened, with_moments=False):
    """Returns the `Pairs` that count: kappa exp(-M^2 / 2) bounds each, M the region's distance.

    Args:
        whitened: the `Whitened` normals.
        with_moments: whether the moments of y are computed. Default False.
    """
    family = family_of(whitened.means.shape[-1])
    apart = family.distance(whitened.cells, whitened.means)
    bound = whitened.log_kappa - 0.5 * tf.square(apart)
    counts = bound >= tf.reduce_max(bound, axis=1, keepdims=True) - _KEPT
    rows, regions = tf.unstack(tf.where(counts), axis=-1)
    cells = shifted(whitened, rows, regions)
    log_kappa = tf.gather_nd(whitened.log_kappa, tf.stack([rows, regions], axis=-1))
    if not with_moments:
        return Pairs(rows, regions, cells, log_kappa + family.log_mass(cells))
    log_mass, means, squares = family.moments(cells)
    return Pairs(rows, regions, cells, log_kappa + log_mass, means, squares)


def log_marginal(pairs, count):
    """Returns log p(x), [count], of the `Pairs` of as many x."""
    count = tf.cast(count, tf.int64)
    largest = tf.math.unsorted_segment_max(pairs.log_joint, pairs.rows, count)
    relative = tf.exp(pairs.log_joint - tf.gather(largest, pairs.rows))
    return largest + tf.math.log(tf.math.unsorted_segment_sum(relative, pairs.rows, count))


def log_prob(pieces, x):
    """Returns log p(x) of x [n, D], float64 [n]."""
    return log_marginal(pairs_of(whiten(pieces, x)), tf.shape(x)[0])


def latent_moments(whitened, pairs):
    """Returns (E[z], E[z z']) of each pair, given that z is in the region, [P, S] and [P, S, S]."""
    inverses = tf.linalg.triangular_solve(
        whitened.factors, tf.eye(whitened.means.shape[-1], dtype=tf.float64)[None]
    )
    back = tf.gather(inverses, pairs.regions)  # C^-1, and z = C^-T (C' mu + y)
    shift = tf.gather_nd(whitened.means, tf.stack([pairs.rows, pairs.regions], axis=-1))
    mean = tf.linalg.matvec(back, shift + pairs.means, transpose_a=True)
    variance = pairs.squares - pairs.means[:, :, None] * pairs.means[:, None, :]
    variance = tf.matmul(back, tf.matmul(variance, back), transpose_a=True)
    return mean, variance + mean[:, :, None] * mean[:, None, :]
