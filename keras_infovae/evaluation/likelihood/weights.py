"""What weights w_k with E w = p(x) say of log p(x)."""

from typing import NamedTuple

import numpy as np

from keras_infovae.evaluation.likelihood.pareto import pareto_k


class Weights(NamedTuple):
    """What a `LikelihoodMethod` found for a batch of examples, NumPy arrays.

    Args:
        log_weights: log w, [draws, n].
        acceptance: the mean probability with which the steps of an example's chains were accepted,
            [n]; None where there are no chains. Default None.
    """

    log_weights: np.ndarray
    acceptance: np.ndarray | None = None


class LogLikelihood(NamedTuple):
    """Estimates of log p(x), NumPy float64 [n] each.

    Args:
        log_likelihood: the logarithm of the mean weight, in nats; in expectation a lower bound.
        standard_error: of the above, in nats; NaN for a single weight.
        effective_sample_size: how many equal weights would do as well, from 1 to their number.
        pareto_k: the shape of the largest weights' tail: from 0.7 on the others are not to be
            relied on; NaN for fewer than 21 weights.
        acceptance: of annealing, the mean probability with which the steps of an example's chains
            were accepted; NaN by importance sampling, which has none.
    """

    log_likelihood: np.ndarray
    standard_error: np.ndarray
    effective_sample_size: np.ndarray
    pareto_k: np.ndarray
    acceptance: np.ndarray


def log_mean(log_weights, acceptance=None):
    """Returns the `LogLikelihood` of `log_weights`, an array [draws, n] of independent rows.

        log_likelihood        = log (1/K) sum_k w_k
        effective_sample_size = (sum_k w_k)^2 / sum_k w_k^2                     =: K_eff
        standard_error        = sqrt((1 / K_eff - 1 / K) K / (K - 1))

    and `pareto_k`. The error is that of the mean weight, divided by it (the delta method). It is
    too small where the largest weights have not been drawn, as K_eff near 1 and a large k say. The
    estimate itself is low by about half the square of the error.

    Example:

    >>> [array.round(4).tolist() for array in log_mean(np.log([[1.0], [3.0]]))]
    [[0.6931], [0.5], [1.6], [nan], [nan]]
    """
    log_weights = np.asarray(log_weights, "float64")
    count = len(log_weights)
    largest = log_weights.max(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):  # x that no z can give; a single weight
        relative = np.exp(log_weights - largest)
        total, squares = relative.sum(axis=0), np.square(relative).sum(axis=0)
        effective = total**2 / squares
        variance = (1.0 / effective - 1.0 / count) * count / np.float64(count - 1)
        estimate = np.where(largest == -np.inf, -np.inf, largest + np.log(total / count))
    # Equal weights may round to less than no variance.
    error = np.sqrt(np.maximum(variance, 0.0))
    acceptance = np.full(estimate.shape, np.nan) if acceptance is None else acceptance
    return LogLikelihood(estimate, error, effective, pareto_k(log_weights), acceptance)


def joined(batches):
    """Returns the named tuple whose arrays are those of `batches`, one after another."""
    batches = list(batches)
    return type(batches[0])(*(np.concatenate(arrays) for arrays in zip(*batches)))
