"""Metrics from groups of examples that have one factor in common: BetaVAE's and FactorVAE's."""

from __future__ import annotations

import numpy as np

from keras_infovae.evaluation.disentanglement_metrics.factors import check_codes_and_factors
from keras_infovae.typing import Array
from keras_infovae.utils.checks import argument_error, check_integer, check_number


def factor_vae_score(
    z: Array,
    factors: Array,
    *,
    discrete: Array | None = None,
    bins: int = 20,
    votes: int = 800,
    group_size: int = 64,
    threshold: float = 0.01,
    seed: int = 0,
) -> float:
    """Returns the FactorVAE score, a float in [0, 1]; guessing has 1 / num_factors.

    A vote takes a factor v_k at random, examples that have one value of it, and the dimension whose
    variance among them is the smallest share of its variance over all: (dimension, k). On half of
    the votes each dimension learns the factor that it stands for, by majority; the score is the
    accuracy on the other half.

    Args:
        z: [n, latent_dim].
        factors: [n, num_factors], at least two, of two values each at least. Groups are drawn from
            these examples, with replacement. A continuous factor is held fixed up to its bin.
        discrete: one boolean per factor. Default None: integers are, other numbers are not.
        bins: of equal width, for continuous factors. Default 20.
        votes: of each half, at least 1. Default 800.
        group_size: examples a vote, at least 2. Default 64.
        threshold: dimensions whose variance is at most this do not vote, as they are not used.
            Default 0.01. Without any other dimension the score is 1 / num_factors.
        seed: integer. Default 0.

    Raises:
        ValueError, TypeError: naming the argument; for a factor without a value that two examples
            share.

    Example:

    >>> v = np.random.default_rng(0).integers(0, 4, size=(500, 3))
    >>> factor_vae_score(v, v)
    1.0

    References:
        Kim and Mnih, Disentangling by Factorising, arXiv:1802.05983, section 4 and appendix B.
    """
    check_integer("votes", votes)
    check_integer("group_size", group_size, minimum=2)
    threshold = check_number("threshold", threshold, minimum=0)
    z, groups, numbers = _prepared(z, factors, discrete, bins, seed)
    variance = z.var(axis=0, ddof=1)
    active = variance > threshold
    if not active.any():
        return 1 / len(groups)
    z = z[:, active] / np.sqrt(variance[active])
    asked = numbers.integers(len(groups), size=2 * votes)
    least = np.empty(len(asked), np.int64)
    for k, group in enumerate(groups):
        rows = group.members(numbers, np.sum(asked == k), group_size)
        spread = [z[vote].var(axis=0) for vote in rows]  # one at a time: the memory is that of one
        least[asked == k] = np.argmin(spread, axis=1) if len(spread) else []
    counts = np.zeros((z.shape[1], len(groups)), np.int64)
    np.add.at(counts, (least[:votes], asked[:votes]), 1)
    return float(np.mean(counts.argmax(axis=1)[least[votes:]] == asked[votes:]))


def beta_vae_score(
    z: Array,
    factors: Array,
    *,
    discrete: Array | None = None,
    bins: int = 20,
    points: int = 1000,
    pairs: int = 64,
    seed: int = 0,
) -> float:
    """Returns the BetaVAE score, a float in [0, 1]; guessing has 1 / num_factors.

    A point takes a factor v_k at random and the mean of |z - z'| over pairs of examples that have
    the same value of it. A linear classifier (logistic regression on standardized differences)
    learns k from one set of points; the score is its accuracy on another. It is 1 for a rotated
    code too where that keeps what tells the factors apart: the weakest of these metrics.

    Args:
        z, factors, discrete, bins, seed: as for `factor_vae_score`.
        points: of each set, at least 2 per factor. Default 1,000.
        pairs: a point. Default 64.

    Raises:
        ValueError, TypeError: naming the argument; for a factor without a value that two examples
            share.

    Example:

    >>> v = np.random.default_rng(0).integers(0, 4, size=(500, 3))
    >>> beta_vae_score(v, v)
    1.0

    References:
        Higgins et al., beta-VAE, ICLR 2017, section 3.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    check_integer("points", points)
    check_integer("pairs", pairs)
    z, groups, numbers = _prepared(z, factors, discrete, bins, seed)
    if points < 2 * len(groups):
        raise argument_error("points", f"at least 2 per factor, {2 * len(groups)}", points)
    asked = np.concatenate([numbers.permutation(points) % len(groups) for _ in range(2)])
    differences = np.empty((len(asked), z.shape[1]))
    for k, group in enumerate(groups):
        for point in np.flatnonzero(asked == k):
            first, second = group.pairs(numbers, pairs)
            differences[point] = np.mean(np.abs(z[first] - z[second]), axis=0)
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    classifier.fit(differences[:points], asked[:points])
    return float(classifier.score(differences[points:], asked[points:]))


class _Groups:
    """The examples in groups that share the value of a factor, without those that are alone."""

    def __init__(self, values, name):
        self._order = np.argsort(values, kind="stable")
        _, self._group, counts = np.unique(values, return_inverse=True, return_counts=True)
        self._start = np.cumsum(counts) - counts
        self._counts = counts
        self._place = np.empty_like(self._order)  # of an example within its group
        self._place[self._order] = np.arange(len(values)) - np.repeat(self._start, counts)
        self._eligible = np.flatnonzero(counts[self._group] > 1)
        if not len(self._eligible):
            raise argument_error(name, "of at least one value that two examples share", "none")

    def members(self, numbers, count, size):
        """Returns the rows [count, size] of examples with one value, that of a random example."""
        group = self._group[numbers.choice(self._eligible, count)][:, None]
        places = numbers.integers(self._counts[group], size=(count, size))
        return self._order[self._start[group] + places]

    def pairs(self, numbers, count):
        """Returns the rows [count] of random examples, and of others with the same value each."""
        first = numbers.choice(self._eligible, count)
        group = self._group[first]
        steps = numbers.integers(1, self._counts[group])
        places = (self._place[first] + steps) % self._counts[group]
        return first, self._order[self._start[group] + places]


def _prepared(z, factors, discrete, bins, seed):
    """Returns (z, a `_Groups` of each factor, a NumPy generator)."""
    z, factors = check_codes_and_factors(z, factors, discrete, least_factors=2)
    groups = [_Groups(g, f"factors[:, {k}]") for k, g in enumerate(factors.groups(bins))]
    return z, groups, np.random.default_rng(check_integer("seed", seed, minimum=0))
