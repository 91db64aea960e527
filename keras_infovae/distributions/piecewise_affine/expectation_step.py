"""The expectation step: what the maximization of a generator's likelihood needs of the data."""

import functools
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_infovae.distributions.piecewise_affine import mixture
from keras_infovae.distributions.piecewise_affine.generator import rows_at_once
from keras_infovae.distributions.piecewise_affine.regions import Regions, regions_of


class Statistics(NamedTuple):
    """Sums over the data of p(z in region | x) and of the moments of z there, NumPy float64.

    Args:
        log_likelihood: sum of log p(x), of x in units of the noise.
        regions: the `Regions`, in these units.
        mass: sum of p(region|x), [R].
        first: of E[z 1], [R, S].
        second: of E[z z' 1], [R, S, S].
        x: of p(region|x) x, [R, D].
        product: of E[z 1] x', [R, S, D].
        squares: of x^2, [D].
        count: the number of x.
    """

    log_likelihood: float
    regions: Regions
    mass: np.ndarray
    first: np.ndarray
    second: np.ndarray
    x: np.ndarray
    product: np.ndarray
    squares: np.ndarray
    count: int


def statistics(layers, x, block=None):
    """Returns the `Statistics` of x [n, D], in units of the noise as the layers' outputs are.

    Args:
        layers: `AffineLayer`s, of one or two latents.
        x: float64 [n, D].
        block: rows at a time, at most. Default None: as many as suit the memory. It changes nothing
            but rounding.

    Raises:
        ValueError, TooManyRegions: as `regions_of`.
    """
    regions = regions_of(layers)
    pieces = mixture.Pieces(*map(tf.constant, regions[:3]))
    size = min(block or len(x), rows_at_once(pieces))
    of_block = _of_block(pieces.matrices.shape[1])
    parts = [of_block(*pieces, tf.constant(x[i : i + size])) for i in range(0, len(x), size)]
    sums = [sum(part.numpy() for part in parts) for parts in zip(*parts)]
    log_likelihood, *moments = sums
    return Statistics(float(log_likelihood), regions, *moments, np.square(x).sum(axis=0), len(x))


@functools.cache
def _of_block(latent_dim):
    """Returns the compiled function of `Pieces` and x for as many latents."""
    cells = [None, 2] if latent_dim == 1 else [None, None, 2]
    shapes = (cells, [None, latent_dim, None], [None, None], [None, None])

    def sums(cells, matrices, offsets, x):
        whitened = mixture.whiten(mixture.Pieces(cells, matrices, offsets), x)
        pairs = mixture.pairs_of(whitened, with_moments=True)
        log_p = mixture.log_marginal(pairs, tf.shape(x)[0])
        weights = tf.exp(pairs.log_joint - tf.gather(log_p, pairs.rows))
        means, squares = mixture.latent_moments(whitened, pairs)
        first = weights[:, None] * means
        where = tf.stack([pairs.rows, pairs.regions], axis=-1)
        shape = tf.shape(whitened.log_kappa, tf.int64)

        def with_x(values):
            return tf.matmul(tf.scatter_nd(where, values, shape), x, transpose_a=True)

        def by_region(values):
            return tf.math.unsorted_segment_sum(values, pairs.regions, shape[1])

        products = [with_x(first[:, i]) for i in range(latent_dim)]
        return (
            tf.reduce_sum(log_p),
            by_region(weights),
            by_region(first),
            by_region(weights[:, None, None] * squares),
            with_x(weights),
            tf.stack(products, axis=1),
        )

    signature = [tf.TensorSpec(shape, tf.float64) for shape in shapes]
    return tf.function(sums, signature, autograph=False)
