"""What the latents are worth to a classifier with few labels, and to clustering with none."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras_infovae.evaluation.labels import check_labels
from keras_infovae.typing import Array, Labels, Numbers
from keras_infovae.utils.arrays import check_finite
from keras_infovae.utils.checks import argument_error, check_choice, check_integer
from keras_infovae.utils.randomness import scikit_seed


def semi_supervised_error(
    z: Array,
    labels: Labels,
    *,
    test: Any = None,
    num_labels: int = 1000,
    draws: int = 10,
    classifier: Any = "svm",
    seed: int = 0,
) -> Numbers:
    """Returns the error of a classifier that is given z and a few labels.

    `num_labels` examples are drawn, of each class in proportion; a classifier is fitted to their z
    and labels and asked for the others. That is done `draws` times. z are brought to mean 0 and
    standard deviation 1 of the labeled examples of the draw: nothing of the others is used.

    Args:
        z: array [n, latent_dim], such as `model.encode(x)`.
        labels: [n], numbers or strings, of at least two classes, at most n / 2.
        test: a pair (z, labels) of held-out examples that the classifiers are asked for; a class
            that `labels` do not have counts as an error. Default None: the examples that were not
            drawn. A model that was trained on x has seen them, though not their labels.
        num_labels: at least one per class; fewer than n by at least as many. Default 1,000, as in
            the reference.
        draws: at least 2, of which there is a spread. Default 10.
        classifier: "svm", a support vector machine with a Gaussian kernel, and scikit-learn's
            defaults (C = 1, gamma = 1 / latent_dim); or "logistic_regression", linear in z (C = 1).
            Default "svm".
        seed: integer. Default 0.

    Returns:
        `{"error": mean over the draws, "error_standard_deviation": over the draws, "errors": list,
        "num_labels": ..., "draws": ...}`; errors are shares in [0, 1]. The spread is that of the
        choice of the labeled examples, not of the training of the model.

    Raises:
        ValueError, TypeError: naming the argument; for too few examples or a single class.

    Example:

    >>> z = np.repeat([[0.0, 0.0], [3.0, 3.0]], 20, axis=0)
    >>> z += 0.1 * np.random.default_rng(0).normal(size=z.shape)
    >>> semi_supervised_error(z, np.repeat(["a", "b"], 20), num_labels=6)["error"]
    0.0

    References:
        Zhao, Song, Ermon, InfoVAE, arXiv:1706.02262, section 5.
        Kingma et al., Semi-supervised Learning with Deep Generative Models, arXiv:1406.5298:
        the model M1.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedShuffleSplit
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    classifiers = {"svm": SVC, "logistic_regression": lambda: LogisticRegression(max_iter=1000)}
    check_choice("classifier", classifier, classifiers)
    check_integer("num_labels", num_labels)
    check_integer("draws", draws, minimum=2)
    check_integer("seed", seed, minimum=0)
    z, labels = check_labeled(z, labels)
    classes, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if not len(classes) <= num_labels <= len(z) - len(classes):
        allowed = (
            f"{len(classes)} to {len(z) - len(classes)} (classes: {len(classes)}, n: {len(z)})"
        )
        raise argument_error("num_labels", allowed, num_labels)
    if counts.min() < 2:
        expectation = "at least two examples of each class"
        raise argument_error("labels", expectation, f"one of {classes[counts.argmin()]}")
    if test is not None:
        if not isinstance(test, (tuple, list)) or len(test) != 2:
            raise argument_error("test", "a pair (z, labels)", type(test).__name__, TypeError)
        test = check_labeled(test[0], test[1], name="test")
        if not set(test[1].tolist()) & set(classes.tolist()):
            expectation = f"of labels such as {classes[:3].tolist()}"
            raise argument_error("test", expectation, test[1][:3].tolist())
        if test[0].shape[1] != z.shape[1]:
            raise argument_error("test", f"z of {z.shape[1]} dimensions", test[0].shape[1])
    errors = []
    splits = StratifiedShuffleSplit(
        draws, train_size=num_labels, test_size=len(z) - num_labels, random_state=scikit_seed(seed)
    )
    for labeled, others in splits.split(z, codes):
        if len(np.unique(codes[labeled])) < len(classes):
            expectation = "enough for one example of each class, in proportion"
            raise argument_error("num_labels", expectation, num_labels)
        fitted = make_pipeline(StandardScaler(), classifiers[classifier]())
        fitted.fit(z[labeled], codes[labeled])
        asked, answers = (z[others], labels[others]) if test is None else test
        errors.append(float(np.mean(classes[fitted.predict(asked)] != answers)))
    return {
        "error": float(np.mean(errors)),
        "error_standard_deviation": float(np.std(errors, ddof=1)),
        "errors": errors,
        "num_labels": num_labels,
        "draws": draws,
    }


def clustering_scores(
    z: Array,
    labels: Labels,
    *,
    method: str = "k_means",
    num_clusters: int | None = None,
    n_init: int = 10,
    seed: int = 0,
) -> Numbers:
    """Returns how well clusters of z, found without labels, agree with the labels.

    Args:
        z: array [n, latent_dim], such as `model.encode(x)`; used in its own units, which are those
            of the prior.
        labels: [n], numbers or strings, of at least two classes, at most n / 2.
        method: "k_means", or "gaussian_mixture" with full covariances. Default "k_means".
        num_clusters: from 2 to n. Default None: as many as there are classes, which is itself
            something that is known of the labels.
        n_init: starts, of which the one with the best fit to z (not to the labels) is kept. Default
            10.
        seed: integer. Default 0.

    Returns:
        `{"normalized_mutual_information": ..., "adjusted_rand_index": ..., "num_clusters": ...}`.
        The first is I / mean(H), in [0, 1], and above 0 by chance; the second is 0 on average for
        clusters that have nothing to do with the labels. Both are 1 if they agree.

    Raises:
        ValueError, TypeError: naming the argument; for too few examples or a single class.

    Example:

    >>> z = np.repeat([[0.0, 0.0], [3.0, 3.0]], 5, axis=0)
    >>> clustering_scores(z, np.repeat(["a", "b"], 5))["adjusted_rand_index"]
    1.0

    References:
        Hubert and Arabie, Comparing partitions, Journal of Classification 1985.
        Vinh, Epps, Bailey, Information Theoretic Measures for Clusterings Comparison, JMLR 2010.
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
    from sklearn.mixture import GaussianMixture

    methods = {"k_means": KMeans, "gaussian_mixture": GaussianMixture}
    check_choice("method", method, methods)
    check_integer("n_init", n_init)
    check_integer("seed", seed, minimum=0)
    z, labels = check_labeled(z, labels)
    classes, codes = np.unique(labels, return_inverse=True)
    if num_clusters is None:
        num_clusters = len(classes)
    check_integer("num_clusters", num_clusters, minimum=2)
    if num_clusters > len(z):
        raise argument_error("num_clusters", f"at most n = {len(z)}", num_clusters)
    found = methods[method](
        num_clusters, n_init=n_init, random_state=scikit_seed(seed)
    ).fit_predict(z)
    return {
        "normalized_mutual_information": float(normalized_mutual_info_score(codes, found)),
        "adjusted_rand_index": float(adjusted_rand_score(codes, found)),
        "num_clusters": num_clusters,
    }


def check_labeled(z, labels, name=None):
    """Returns (z float64 [n, latent_dim], labels [n]), of two classes or more, at most n / 2.

    Args:
        name: what the pair is called in errors, where it is not the arguments `z` and `labels`; it
            may then be of any classes.
    """
    z = check_codes(z, name or "z")
    labels = check_labels(labels, len(z), name or "labels")
    classes = np.unique(labels)
    if name is None and len(classes) < 2:
        raise argument_error("labels", "of at least two classes", classes.tolist())
    if name is None and 2 * len(classes) > len(z):
        found = f"{len(z)} examples of {len(classes)} classes"
        raise argument_error("labels", "of two examples per class on average", found)
    return z, labels


def check_codes(z, name="z"):
    """Returns `z` as float64 [n, latent_dim], finite numbers of at least one example."""
    z = np.asarray(z)
    if z.ndim != 2 or not z.size:
        raise argument_error(name, "an array [n, latent_dim]", z.shape)
    check_finite(name, z)
    return z.astype("float64")
