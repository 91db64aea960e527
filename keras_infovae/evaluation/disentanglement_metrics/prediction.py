"""Metrics made of how well factors are predicted from z: SAP and DCI."""

from __future__ import annotations

import numpy as np

from keras_infovae.evaluation.disentanglement_metrics.factors import (
    check_codes_and_factors,
    halves,
)
from keras_infovae.typing import Array, Numbers
from keras_infovae.utils.arrays import check_finite
from keras_infovae.utils.checks import argument_error, check_integer
from keras_infovae.utils.randomness import scikit_seed

_DEPTHS = (2, 4, 8, 16)


def separated_attribute_predictability(
    z: Array, factors: Array, *, discrete: Array | None = None, seed: int = 0
) -> float:
    """Returns the separated attribute predictability (SAP), a float in [0, 1]:

        (1/K) sum_k (S_ak - S_bk)

    where S_dk says how well z_d alone predicts factor v_k, and z_a, z_b are the best and the second
    best. For a continuous factor S is the squared correlation. For a discrete one it is the
    accuracy of a linear support vector machine on z_d (C = 0.01, balanced classes), fitted on a
    random half of the examples and taken on the other: that of Locatello et al., with whose numbers
    the score can be compared. Chance is 1 / values there, so that a perfect code of two or three
    values has about 1 - 1 / values. With more values it has less, which depends on the unit of z:
    lines through one dimension do not tell many values apart (0.1 to 0.2 of ten). Where values have
    an order, `discrete=False` sees them all. A constant z_d has S = 0 with a continuous factor, and
    chance with a discrete one.

    Args:
        z: [n, latent_dim], latent_dim >= 2.
        factors: [n, num_factors], of two values each at least.
        discrete: one boolean per factor. Default None: integers are, other numbers are not.
        seed: integer, of the halves. Default 0.

    Raises:
        ValueError, TypeError: naming the argument; for too few dimensions, values or examples.

    Example:

    >>> v = np.stack(np.meshgrid([0, 1, 2.0], [0, 1, 2.0]), axis=-1).reshape(-1, 2)
    >>> separated_attribute_predictability(v, v)
    1.0

    References:
        Kumar, Sattigeri, Balakrishnan, Variational Inference of Disentangled Latent Concepts,
        arXiv:1711.00848, section 3.
        Locatello et al., Challenging Common Assumptions in the Unsupervised Learning of
        Disentangled Representations, arXiv:1811.12359, appendix C.
    """
    z, factors = check_codes_and_factors(z, factors, discrete, least_latents=2)
    train, test = halves(len(z), seed)
    scores = np.empty((z.shape[1], len(factors.columns)))
    for k, (column, is_discrete) in enumerate(zip(factors.columns, factors.discrete)):
        score = _linear_accuracy if is_discrete else _squared_correlation
        for d in range(len(scores)):
            scores[d, k] = score(z[:, d], column, train, test)
    second, first = np.sort(scores, axis=0)[-2:]
    return float(np.mean(first - second))


def disentanglement_completeness_informativeness(
    z: Array, factors: Array, *, discrete: Array | None = None, trees: int = 50, seed: int = 0
) -> Numbers:
    """Returns disentanglement, completeness and informativeness (DCI), higher is better.

    A random forest predicts each factor v_k from all of z, fitted on a random half of the examples;
    its depth, of 2, 4, 8 and 16, is the one with the best out-of-bag score. The importances
    (decrease in impurity) of the dimensions are the matrix from which
    `disentanglement_and_completeness` gets the first two. Informativeness is the mean over the
    factors of the accuracy (discrete) or R^2 (continuous, not below 0) on the other half; the
    reference has the error instead.

    Args:
        z: [n, latent_dim], latent_dim >= 2.
        factors: [n, num_factors], at least two, of two values each at least.
        discrete: one boolean per factor. Default None: integers are, other numbers are not.
        trees: of each forest, at least 30, which leaves every example out of some. Default 50.
        seed: integer, of the halves and the forests. Default 0.

    Returns:
        `{"disentanglement": ..., "completeness": ..., "informativeness": ...}`, floats in [0, 1].

    Raises:
        ValueError, TypeError: naming the argument; for too few dimensions, factors, values or
            examples.

    Example:

    >>> v = np.random.default_rng(0).integers(0, 3, size=(200, 2))
    >>> disentanglement_completeness_informativeness(v, v, trees=30)
    {'disentanglement': 1.0, 'completeness': 1.0, 'informativeness': 1.0}

    References:
        Eastwood and Williams, A Framework for the Quantitative Evaluation of Disentangled
        Representations, ICLR 2018, section 2.
    """
    z, factors = check_codes_and_factors(z, factors, discrete, 2, 2)
    check_integer("trees", trees, minimum=30)
    z = z - z.mean(axis=0)  # forests see float32, to which codes far from 0 would be all alike
    train, test = halves(len(z), seed)
    importance, scores = np.empty((z.shape[1], len(factors.columns))), []
    for k, (column, is_discrete) in enumerate(zip(factors.columns, factors.discrete)):
        forest = _best_forest(z[train], column[train], is_discrete, trees, seed)
        importance[:, k] = forest.feature_importances_
        scores.append(max(0.0, forest.score(z[test], column[test])))
    disentanglement, completeness = disentanglement_and_completeness(importance)
    return {
        "disentanglement": disentanglement,
        "completeness": completeness,
        "informativeness": float(np.mean(scores)),
    }


def disentanglement_and_completeness(importance: Array) -> tuple[float, float]:
    """Returns (disentanglement, completeness) of a matrix R_dk of importances, floats in [0, 1]:

        disentanglement = sum_d w_d (1 - H(P_d) / log K),     P_dk = R_dk / sum_k R_dk
        completeness    = (1/K) sum_k (1 - H(Q_k) / log D),   Q_dk = R_dk / sum_d R_dk

    with w_d = sum_k R_dk / sum R. A dimension disentangles if it matters to one factor; a factor is
    complete if one dimension matters to it. A factor to which none matters counts as 0.

    Args:
        importance: [latent_dim, num_factors], not negative, both at least 2.

    Raises:
        ValueError, TypeError: for any other matrix.

    Example:

    >>> disentanglement_and_completeness(np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]))
    (1.0, 1.0)

    References:
        Eastwood and Williams, ICLR 2018, section 2.
    """
    importance = np.asarray(importance)
    if importance.ndim != 2 or min(importance.shape) < 2:
        expectation = "a matrix [latent_dim, num_factors], both at least 2"
        raise argument_error("importance", expectation, importance.shape)
    check_finite("importance", importance)
    importance = importance.astype("float64")
    if importance.min() < 0:
        raise argument_error("importance", "at least 0", float(importance.min()))
    total = importance.sum()
    if not total:
        return 0.0, 0.0
    weights = importance.sum(axis=1) / total
    return float(weights @ _concentration(importance)), float(_concentration(importance.T).mean())


def _concentration(rows):
    """Returns 1 - H / log(length) of the shares in each row [m, length]; 0 for a row of zeros."""
    totals = rows.sum(axis=1, keepdims=True)
    shares = np.divide(rows, totals, out=np.full_like(rows, 1 / rows.shape[1]), where=totals > 0)
    logarithms = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return 1 + np.sum(shares * logarithms, axis=1) / np.log(rows.shape[1])


def _best_forest(z, column, is_discrete, trees, seed):
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    # Every split looks at all dimensions: one of a random few would have to use noise at times,
    # and the importance of noise is what is measured.
    every = {"max_features": None, "oob_score": True}
    kind = RandomForestClassifier if is_discrete else RandomForestRegressor
    forests = [
        kind(trees, max_depth=depth, random_state=scikit_seed(seed), **every) for depth in _DEPTHS
    ]
    return max((forest.fit(z, column) for forest in forests), key=lambda f: f.oob_score_)


def _linear_accuracy(code, column, train, test):
    """Returns the accuracy on `test` of a linear support vector machine on `code` alone."""
    from sklearn.svm import LinearSVC

    if not np.ptp(column[train]):  # a single value, which needs no machine
        return np.mean(column[test] == column[train[0]])
    classifier = LinearSVC(C=0.01, class_weight="balanced", dual=False)
    classifier.fit(code[train, None], column[train])
    return classifier.score(code[test, None], column[test])


def _squared_correlation(code, column, train, test):
    """Returns the squared correlation, of all examples: a line hardly over-fits."""
    if not np.ptp(code):
        return 0.0
    return np.corrcoef(code, column)[0, 1] ** 2
