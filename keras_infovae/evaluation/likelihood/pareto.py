"""The Pareto k of importance weights: whether their mean can be told from those that were drawn."""

import math
import warnings

import numpy as np

LIMIT = 0.7  # from which on the mean of weights is not to be relied on
_FEWEST = 5  # weights of a tail
# Weights are equal within 4 roundings of log w, which models compute in float32, or within 0.1 %;
# one of half the largest is not equal to it, however coarse the rounding.
_ROUNDING = 4.0 * float(np.finfo("float32").eps)
_LEAST_TIE, _MOST_TIE = 1e-3, math.log(2.0)
_LEAST = 1e-300  # of the largest weight; the inverse of less is not finite
_PRIOR_WEIGHT, _PRIOR_K = 10, 0.5  # what the estimate is pulled to, as if by 10 weights more


def pareto_k(log_weights):
    """Returns the shape k of the largest weights' tail, of each example:

        P(w > u + t | w > u) ~ (1 + k t / sigma)^(-1 / k)        for the M largest of K weights

    M = ceil(min(K / 5, 3 sqrt(K))), and u is the largest weight below these. Weights with such a
    tail have 1 / k moments: below k = 0.5 their variance is finite, and the mean's error falls as
    K^(-1/2); from 0.7 on it falls so slowly that neither the mean nor a standard error can be
    relied on, however many are drawn; from 1 on they have no mean. k is of the weights that were
    drawn, and may be too small where the draws miss a region altogether.

    The generalized Pareto distribution is fitted by Zhang and Stephens' way, and the estimate is
    brought to 0.5 as if by 10 more weights that say so.

    Args:
        log_weights: [K, n], log w.

    Returns:
        NumPy float64 [n]; minus infinity where u is the largest weight too, but for 0.1 % or the
        rounding of log w in float32: with more than M of them the weights are bounded; infinity
        where fewer than 5 weights stand out, so that they alone decide; NaN for K below 21, whose
        tail would have fewer than 5, and for x that no z can give.

    Example:

    >>> weights = np.random.default_rng(0).pareto(1.0 / 0.4, size=[100_000, 1])
    >>> pareto_k(np.log(weights)).round(2)
    array([0.42])

    References:
        Vehtari, Simpson, Gelman, Yao, Gabry, Pareto Smoothed Importance Sampling,
        arXiv:1507.02646, sections 2 and 3 and appendix C (the prior).
        Zhang and Stephens, A New and Efficient Estimation Method for the Generalized Pareto
        Distribution, Technometrics 2009.
    """
    log_weights = np.asarray(log_weights, "float64")
    return np.array([_of_one(log_w) for log_w in log_weights.T])


def _of_one(log_weights):
    count = len(log_weights)
    size = math.ceil(min(count / 5.0, 3.0 * math.sqrt(count)))
    largest = log_weights.max()
    if size < _FEWEST or not np.isfinite(largest):
        return np.nan
    relative = np.sort(log_weights) - largest
    if relative[-size - 1] > -np.clip(_ROUNDING * abs(largest), _LEAST_TIE, _MOST_TIE):
        return -np.inf
    weights = np.exp(relative)
    excess = weights[-size:] - weights[-size - 1]
    excess = excess[excess > _LEAST]  # what ties with the threshold does not exceed it
    return np.inf if len(excess) < _FEWEST else _fitted_shape(excess)


def _fitted_shape(excess):
    """Returns the shape of a generalized Pareto distribution of `excess`, ascending, all above 0.

    The likelihood is profiled over theta = -k / sigma, and theta's mean taken over a grid: the
    quantiles of a prior that the sample's quartile gives its scale.
    """
    count = len(excess)
    grid = 30 + int(math.sqrt(count))
    quartile = excess[int(count / 4.0 + 0.5) - 1]
    steps = 1.0 - np.sqrt(grid / (np.arange(grid) + 0.5))
    theta = 1.0 / excess[-1] + steps / (3.0 * quartile)
    theta[theta == 0.0] = 1e-9 / excess[-1]  # of 0, an exponential distribution, k / theta is 0 / 0
    shapes = np.mean(np.log1p(-np.outer(theta, excess)), axis=1)
    likelihoods = count * (np.log(-theta / shapes) - shapes - 1.0)
    weights = np.exp(likelihoods - likelihoods.max())
    mean = np.sum(theta * weights) / np.sum(weights)
    shape = np.mean(np.log1p(-mean * excess))
    return float((count * shape + _PRIOR_WEIGHT * _PRIOR_K) / (count + _PRIOR_WEIGHT))


def unreliable(k):
    """Returns of which examples the weights' mean is not to be relied on, bool, as k [n]."""
    return np.greater_equal(k, LIMIT)  # not where k is NaN: nothing was measured


def unreliable_share(k):
    """Returns the share of examples whose weights are not to be relied on; NaN where k [n] is."""
    return np.nan if np.isnan(k).all() else float(np.mean(unreliable(k)))


def warn_of(k, remedy, stacklevel):
    """Warns where some of the k [n] are 0.7 or more, and says how many and the `remedy`, if any."""
    bad = unreliable(k)
    if remedy is not None and np.any(bad):
        warnings.warn(
            f"The importance weights of {bad.sum():,} of {len(k):,} examples have a Pareto k of "
            f"{LIMIT} or more (the largest is {np.max(k[bad]):.2f}): their log p(x) may be far too "
            f"low, and its standard error too small. {remedy}",
            stacklevel=stacklevel + 1,
        )
