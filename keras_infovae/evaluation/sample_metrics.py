"""How samples compare with data, in features: coverage, fidelity, distance, memorization."""

from __future__ import annotations

import numpy as np

from keras_infovae.typing import Array, Numbers
from keras_infovae.utils.arrays import check_finite
from keras_infovae.utils.checks import argument_error, check_integer

_ROUNDING = 1e-12  # of squared norms, in the squared distances that are made of them


def precision_recall(real: Array, generated: Array, neighbors: int = 5) -> Numbers:
    """Returns how many samples look like data, and how much of the data the samples reach.

    The manifold of a set is the union of balls around its points that reach to their k-th nearest
    neighbor within the set.

        precision = share of samples in the manifold of the data
        recall    = share of the data in the manifold of the samples
        density   = mean over samples of (balls of the data that hold it) / k
        coverage  = share of the data whose ball holds at least one sample

    Density and coverage use the data's balls alone, which outliers among the samples do not blow
    up. Both sets being draws of one continuous distribution, density is 1 on average, coverage
    1 - (1/2)^k for sets of equal, large size, and precision and recall are as high as they get.
    A ball holds what lies on its boundary, up to rounding: equal points are in each other's.

    Args:
        real, generated: features [n, d] and [m, d], of more than `neighbors` examples each.
        neighbors: k, at least 1. Default 5.

    Returns:
        {"precision", "recall", "density", "coverage"}, floats.

    Raises:
        ValueError: for too few examples, or features of different sizes.

    Example:

    >>> points = np.arange(12.0)[:, None]
    >>> precision_recall(points, points, neighbors=1)["precision"]
    1.0

    References:
        Kynkaanniemi et al., Improved Precision and Recall Metric, arXiv:1904.06991, equations 1-2;
        Naeem et al., Reliable Fidelity and Diversity Metrics, arXiv:2002.09797, equations 5-6 and
        lemma 2.
    """
    k = check_integer("neighbors", neighbors)
    real, generated = _pair(real, generated, k + 1)
    center = real.mean(axis=0)  # which rounding is relative to
    real, generated = real - center, generated - center
    real_radii, generated_radii = _squared_radii(real, k), _squared_radii(generated, k)
    balls = np.zeros(len(generated))  # of the data, that hold each sample
    covered = np.zeros(len(real), bool)
    reached = np.zeros(len(real), bool)
    for rows, squared, rounding in _squared_distances(real, generated):
        inside = squared <= real_radii[rows, None] + rounding
        balls += inside.sum(axis=0)
        covered[rows] = inside.any(axis=1)
        reached[rows] = (squared <= generated_radii + rounding).any(axis=1)
    return {
        "precision": float(np.mean(balls > 0)),
        "recall": float(np.mean(reached)),
        "density": float(np.mean(balls) / k),
        "coverage": float(np.mean(covered)),
    }


def frechet_distance(real: Array, generated: Array) -> float:
    """Returns the squared Frechet distance of normals with the moments of two sets of features:

        |m_r - m_g|^2 + tr(C_r + C_g - 2 (C_r^(1/2) C_g C_r^(1/2))^(1/2))

    In the squared unit of the features, and biased up for few examples. Features are those of the
    classifier you say: it is no FID, whose features are Inception's.

    Args:
        real, generated: features [n, d] and [m, d], of at least 2 examples each.

    Example:

    >>> round(frechet_distance([[0.0], [2.0]], [[3.0], [5.0]]), 6)
    9.0

    References:
        Dowson and Landau, The Frechet Distance between Multivariate Normal Distributions, 1982;
        Heusel et al., arXiv:1706.08500, equation 6.
    """
    real, generated = _pair(real, generated, 2)
    means = real.mean(axis=0) - generated.mean(axis=0)
    first, second = (np.atleast_2d(np.cov(f, rowvar=False)) for f in (real, generated))
    values, vectors = np.linalg.eigh(first)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    product = np.linalg.eigvalsh(root @ second @ root)
    trace = np.trace(first) + np.trace(second) - 2.0 * np.sum(np.sqrt(np.maximum(product, 0.0)))
    return float(means @ means + max(trace, 0.0))


def nearest_neighbors(
    examples: Array, training: Array, count: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the nearest training examples, (indices, distances), [n, count] each.

    Args:
        examples: array [n, ...].
        training: array [m, ...] of the same shape of example, m at least `count`.
        count: neighbors of each, nearest first. Default 1.

    Example:

    >>> nearest_neighbors([[0.9]], [[0.0], [1.0]])[0].tolist()
    [[1]]
    """
    from sklearn.neighbors import NearestNeighbors

    count = check_integer("count", count)
    examples, training = np.asarray(examples), np.asarray(training)
    # Data that are float32 stay so: what is trained on may fill half of the memory.
    dtype = np.result_type(examples.dtype, training.dtype, "float32")
    examples, training = _pair(examples, training, 1, ("examples", "training"), dtype)
    if len(training) < count:
        raise argument_error("count", f"at most {len(training)}, the training examples", count)
    center = training.mean(axis=0)  # which the rounding of the search is relative to
    nearest = NearestNeighbors(n_neighbors=count).fit(training - center)
    indices = nearest.kneighbors(examples - center, return_distance=False)
    # By differences: what the search goes by is not 0 for copies.
    differences = ((examples - training[column]).astype("float64") for column in indices.T)
    distances = np.stack([np.linalg.norm(offsets, axis=1) for offsets in differences], axis=1)
    order = np.argsort(distances, axis=1, kind="stable")
    return np.take_along_axis(indices, order, 1), np.take_along_axis(distances, order, 1)


def memorization(samples: Array, training: Array, held_out: Array) -> Numbers:
    """Returns whether samples are closer to the training examples than new data are.

        probability = P(d(sample) < d(held-out)) + P(equal) / 2,    d: distance to the nearest
                                                                       training example

    over all pairs: 0.5 where samples are as far from the training data as new data are, towards 1
    where they copy it, towards 0 where they stay away from it (blurred, or not like data).

    Args:
        samples, training, held_out: arrays [n, ...], [m, ...], [l, ...] of examples or features.

    Returns:
        {"probability": ..., "z_score": ...}: the z-score is that of the Mann-Whitney test,
        corrected for ties; above 3 the samples copy.

    Raises:
        ValueError: for fewer than 20 samples or held-out examples, for which the z-score is no
            normal one.

    References:
        Meehan, Chaudhuri, Dasgupta, A Non-Parametric Test to Detect Data-Copying in Generative
        Models, arXiv:2004.05675, section 3.1 (their C_T with one cell, and the sign turned).
    """
    from scipy import stats

    near = nearest_neighbors(samples, training)[1][:, 0]
    far = nearest_neighbors(held_out, training)[1][:, 0]
    for name, distances in (("samples", near), ("held_out", far)):
        if len(distances) < 20:
            raise argument_error(name, "at least 20 examples", len(distances))
    statistic = stats.mannwhitneyu(far, near).statistic
    pairs = len(near) * len(far)
    _, ties = np.unique(np.concatenate([near, far]), return_counts=True)
    total = len(near) + len(far)
    tie_term = np.sum(ties**3.0 - ties) / (total * (total - 1))
    deviation = np.sqrt(pairs / 12.0 * (total + 1 - tie_term))
    z_score = (statistic - pairs / 2.0) / deviation if deviation else 0.0
    return {"probability": float(statistic / pairs), "z_score": float(z_score)}


def _squared_radii(points, k):
    """Returns the squared distance of each point from its k-th nearest neighbor, [n]."""
    radii = [
        np.partition(squared, k, axis=1)[:, k]  # the 0-th is the point itself
        for _, squared, _ in _squared_distances(points, points)
    ]
    return np.concatenate(radii)


def _squared_distances(first, second, most=2**22):
    """Gives (rows of `first`, squared distances from all of `second`, what rounding may make).

    By a matrix product, as |a - b|^2 = |a|^2 + |b|^2 - 2 a.b, a bounded number at a time.
    """
    norms = np.sum(second**2, axis=1)
    step = max(1, most // len(second))
    for start in range(0, len(first), step):
        rows = slice(start, start + step)
        scale = np.sum(first[rows] ** 2, axis=1)[:, None] + norms
        yield rows, scale - 2.0 * first[rows] @ second.T, _ROUNDING * scale


def _pair(first, second, least, names=("real", "generated"), dtype="float64"):
    """Returns two sets of examples as `dtype` [n, d], d the same and n at least `least`."""
    result = []
    for name, values in zip(names, (first, second), strict=True):
        values = np.asarray(values)
        check_finite(name, values)
        if values.ndim < 2 or len(values) < least:
            raise argument_error(name, f"[n, ...] with n at least {least}", values.shape)
        result.append(values.reshape(len(values), -1).astype(dtype, copy=False))
    if result[0].shape[1] != result[1].shape[1]:
        raise argument_error(names[1], f"of {result[0].shape[1]} values each", np.shape(second))
    return result
