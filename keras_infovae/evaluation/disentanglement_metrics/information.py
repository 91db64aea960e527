"""Metrics made of the mutual information between each dimension of z and each factor."""

from __future__ import annotations

import numpy as np

from keras_infovae.evaluation.disentanglement_metrics.factors import (
    check_codes_and_factors,
    in_bins,
)
from keras_infovae.typing import Array


def mutual_information_gap(
    z: Array, factors: Array, *, discrete: Array | None = None, bins: int = 20
) -> float:
    """Returns the mutual information gap, a float in [0, 1]:

        (1/K) sum_k (I(z_a; v_k) - I(z_b; v_k)) / H(v_k)

    where z_a tells the most and z_b the second most about factor v_k. 1 where each factor is in one
    dimension and no other. It says nothing of dimensions that hold several factors.

    Estimated from counts: each z_d, and each continuous factor, in `bins` of equal width. That is
    biased up by about (bins - 1)(values - 1) / (2 n) nats for each I, less for the gap. (Chen et
    al. have q(z|x) in place of the bins.)

    Args:
        z: [n, latent_dim], latent_dim >= 2.
        factors: [n, num_factors], of two values each at least.
        discrete: one boolean per factor. Default None: integers are, other numbers are not.
        bins: at least 2. Default 20.

    Raises:
        ValueError, TypeError: naming the argument; for too few dimensions, values or examples.

    Example:

    >>> v = np.stack(np.meshgrid([0, 1, 2], [0, 1, 2], [0, 1]), axis=-1).reshape(-1, 3)
    >>> mutual_information_gap(v, v), mutual_information_gap(v[:, [0, 0, 1, 2]], v)
    (1.0, 0.6666666666666666)

    References:
        Chen et al., Isolating Sources of Disentanglement, arXiv:1802.04942: the gap.
        Locatello et al., Challenging Common Assumptions, arXiv:1811.12359: the bins.
    """
    z, factors = check_codes_and_factors(z, factors, discrete, least_latents=2)
    information, entropies = _information(z, factors.groups(bins), bins)
    second, first = np.sort(information, axis=0)[-2:]
    return float(np.mean((first - second) / entropies))


def modularity(z: Array, factors: Array, *, discrete: Array | None = None, bins: int = 20) -> float:
    """Returns the modularity, a float in [0, 1]:

        mean_d [1 - sum_{k != a} I(z_d; v_k)^2 / ((K - 1) I(z_d; v_a)^2)]

    where v_a is the factor that z_d tells the most about. 1 where each dimension is about one
    factor; it does not matter how many are about the same. Dimensions that tell nothing of any
    factor are left out; without any other it is 0. Noise that is left of an I by chance (see
    `mutual_information_gap`) counts as if it meant something: dimensions of noise lower the score.

    Args:
        z, factors, discrete, bins: as for `mutual_information_gap`; at least two factors, and one
            dimension.

    Raises:
        ValueError, TypeError: naming the argument; for too few factors, values or examples.

    Example:

    >>> v = np.stack(np.meshgrid([0, 1, 2], [0, 1, 2]), axis=-1).reshape(-1, 2)
    >>> modularity(v[:, [0, 0, 1]], v), modularity(v[:, :1] * 3 + v[:, 1:], v)
    (1.0, 0.0)

    References:
        Ridgeway and Mozer, Learning Deep Disentangled Embeddings with the F-Statistic Loss,
        arXiv:1802.05312.
    """
    z, factors = check_codes_and_factors(z, factors, discrete, least_factors=2)
    information, _ = _information(z, factors.groups(bins), bins)
    squares = information[information.max(axis=1) > 1e-12] ** 2
    if not len(squares):
        return 0.0
    most = squares.max(axis=1)
    rest = (squares.sum(axis=1) - most) / (most * (squares.shape[1] - 1))
    return float(np.mean(1 - rest))


def _information(z, groups, bins):
    """Returns I(z_d; v_k) [latent_dim, num_factors] and H(v_k) [num_factors], in nats."""
    from sklearn.metrics import mutual_info_score

    codes = [in_bins(column, bins) for column in z.T]
    information = [[mutual_info_score(group, code) for group in groups] for code in codes]
    return np.array(information), np.array([mutual_info_score(group, group) for group in groups])
