"""Do new data lead to other codes than those that a model was built on?"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from keras_infovae import kernels
from keras_infovae.typing import Array, Numbers
from keras_infovae.utils.arrays import check_finite
from keras_infovae.utils.checks import argument_error, check_integer

_MOST_CODES = 1000  # of each set, whose pairs are looked at
_MOST_AT_ONCE = 1000  # permutations


def latent_drift(reference: Array, z: Array, *, permutations: int = 999, seed: int = 0) -> Numbers:
    """Tests whether two sets of codes come from one distribution, by a permutation test.

    The statistic is the unbiased estimate of the squared maximum mean discrepancy,

        MMD^2 = E k(r, r') + E k(z, z') - 2 E k(r, z)

    under a Gaussian kernel of seven widths around the median distance of the pooled codes.
    If both sets come from one distribution, each way to divide the pooled codes is as likely as
    the one seen, so that p-values are exact: (1 + #{permuted >= seen}) / (1 + permutations).

    Args:
        reference: codes [m, latent_dim] of the data that the model was built on, such as
            `model.encode(x)`, kept with `np.save`.
        z: codes [n, latent_dim] of new data, encoded in the same way. Of each set at most 1,000
            are used, drawn at random.
        permutations: at least 19, with which the p-value can be 0.05. Default 999.
        seed: integer. Default 0.

    Returns:
        `{"mmd": ..., "mmd_null_high": ..., "p_value": ...}`, floats; `mmd_null_high` is the 95 %
        quantile of the permuted statistics.

    Raises:
        ValueError, TypeError: naming the argument.

    Example:

    >>> codes = np.random.default_rng(0).normal(size=(200, 4))
    >>> latent_drift(codes[:100], codes[100:] + 1.0)["p_value"]
    0.001

    References:
        Gretton et al., A Kernel Two-Sample Test, JMLR 2012, lemma 6; Phipson and Smyth,
        Permutation p-values should never be zero, 2010.
    """
    check_integer("permutations", permutations, minimum=19)
    rng = np.random.default_rng(check_integer("seed", seed, minimum=0))
    reference, z = (_codes(n, c, rng) for n, c in (("reference", reference), ("z", z)))
    if reference.shape[1] != z.shape[1]:
        raise argument_error("z", f"[n, {reference.shape[1]}] as `reference` is", z.shape)
    pooled = np.concatenate([reference, z])
    kernel_matrix = _kernel_matrix(pooled, rng)
    in_reference = np.arange(len(pooled)) < len(reference)
    seen = _squared_mmd(kernel_matrix, in_reference[None])[0]
    permuted = []
    for start in range(0, permutations, _MOST_AT_ONCE):
        order = np.tile(in_reference, (min(_MOST_AT_ONCE, permutations - start), 1))
        permuted.append(_squared_mmd(kernel_matrix, rng.permuted(order, axis=1)))
    permuted = np.concatenate(permuted)
    return {
        "mmd": float(seen),
        "mmd_null_high": float(np.quantile(permuted, 0.95)),
        "p_value": float((1 + np.sum(permuted >= seen)) / (1 + permutations)),
    }


def _codes(name, codes, rng):
    codes = np.asarray(codes)
    check_finite(name, codes)
    if codes.ndim != 2 or len(codes) < 2:
        raise argument_error(name, "codes [n, latent_dim], n at least 2", codes.shape)
    if len(codes) > _MOST_CODES:
        codes = codes[rng.choice(len(codes), _MOST_CODES, replace=False)]
    return codes.astype("float64")


def _kernel_matrix(points, rng):
    """Returns k of all pairs [n, n], float64, the diagonal being 0: no code is its own pair."""
    # In float32 only then: codes of one's own may lie far from 0.
    points = (points - points.mean(axis=0)).astype("float32")
    kernel = kernels.Gaussian(bandwidth="median")
    # The median is that of some of the points: of any, whichever set they are in.
    widths = kernel.squared_bandwidths(points.shape[1], tf.constant(rng.permutation(points)))
    matrix = kernel.matrix(points, points, widths).numpy()
    np.fill_diagonal(matrix, 0.0)
    return matrix.astype("float64")


def _squared_mmd(matrix, first):
    """Returns the statistic of each way to divide the codes: rows of `first` [k, n], booleans."""
    first = first.astype("float64")
    m = int(first[0].sum())
    n = first.shape[1] - m
    row_sums = first @ matrix  # of the pairs with the first set, [k, n]
    within = np.sum(row_sums * first, axis=1)
    across = np.sum(row_sums, axis=1) - within
    rest = matrix.sum() - within - 2.0 * across
    return within / (m * (m - 1)) + rest / (n * (n - 1)) - 2.0 * across / (m * n)
