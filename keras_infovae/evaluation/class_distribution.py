"""Do samples show the classes as often as the data does?"""

from __future__ import annotations

import numpy as np

from keras_infovae.typing import Array, Numbers
from keras_infovae.utils.arrays import check_finite
from keras_infovae.utils.checks import argument_error


def class_distribution_mismatch(
    classes: Array, predicted: Array, frequencies: Array | None = None
) -> Numbers:
    """Returns how far the classes of samples are from how often they should come:

        cross_entropy = -sum_i p_i log c_i - H(p) = KL(p || c),   in nats
        l1 = sum_i |p_i - c_i|,     l2 = sqrt(sum_i (p_i - c_i)^2)

    with c_i the share of samples that a classifier takes for class i and p_i what it should be. For
    p_i = 1/K the first is -(1/K) sum log c_i - log K, the paper's. It is infinite where a class
    never comes. n samples of the right frequencies have a mean KL of about (K - 1) / (2 n).

    Args:
        classes: the K classes, each once.
        predicted: [n], the class that a classifier gives each sample.
        frequencies: K numbers above 0 that add up to 1. Default None: all alike.

    Returns:
        {"cross_entropy", "l1", "l2"}, floats.

    Raises:
        ValueError: for a single class, no sample, an unknown class or other frequencies.

    Example:

    >>> class_distribution_mismatch([0, 1], [0, 1, 1, 1])["l1"]
    0.5

    References:
        Zhao, Song, Ermon, InfoVAE, arXiv:1706.02262, section 5.3.
    """
    classes, predicted = np.asarray(classes), np.asarray(predicted)
    if classes.ndim != 1 or len(np.unique(classes)) != len(classes) or len(classes) < 2:
        raise argument_error("classes", "two or more classes, each once", classes.tolist())
    if predicted.ndim != 1 or not len(predicted):
        raise argument_error("predicted", "a row of at least one class", predicted.shape)
    unknown = np.setdiff1d(predicted, classes)
    if len(unknown):
        raise argument_error("predicted", f"of {classes.tolist()}", unknown[0].item())
    expected = np.full(len(classes), 1.0 / len(classes))
    if frequencies is not None:
        expected = np.asarray(frequencies, "float64")
        check_finite("frequencies", expected)
        if expected.shape != classes.shape or expected.min() <= 0 or abs(expected.sum() - 1) > 1e-6:
            wanted = f"{len(classes)} numbers above 0 that add up to 1"
            raise argument_error("frequencies", wanted, frequencies)
    shares = np.array([np.mean(predicted == one) for one in classes])
    with np.errstate(divide="ignore"):
        divergence = np.sum(expected * (np.log(expected) - np.log(shares)))
    return {
        "cross_entropy": float(divergence),
        "l1": float(np.abs(expected - shares).sum()),
        "l2": float(np.linalg.norm(expected - shares)),
    }
