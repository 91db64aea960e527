"""A classifier with few labels, and clusters: what they score where that is known."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from keras_infovae.evaluation import clustering_scores, semi_supervised_error


def blobs(distance, n=60, classes=3, seed=0):
    """Returns (z [n, 2], labels [n]): normals about the corners of a triangle, or two of them."""
    labels = np.arange(n) % classes
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.75**0.5]])
    return np.random.default_rng(seed).normal(size=(n, 2)) + distance * corners[labels], labels


@pytest.mark.parametrize("classifier", ["svm", "logistic_regression"])
def test_error_of_classes_apart_and_of_classes_that_are_the_same(classifier):
    z, labels = blobs(20.0)
    options = {"num_labels": 15, "classifier": classifier}
    result = semi_supervised_error(z, labels, **options)
    assert (result["error"], result["error_standard_deviation"]) == (0.0, 0.0)
    assert semi_supervised_error(z, labels.astype(str), **options)["error"] == 0.0
    # Labels that have nothing to do with z: any classifier errs on 2 of 3 of the 600 x 10 others,
    # the same 600 in each draw: a standard deviation of at most sqrt((2 / 9) / 600) = 0.019.
    z, labels = blobs(0.0, n=615)
    result = semi_supervised_error(z, labels, **options)
    assert result["error"] == pytest.approx(2 / 3, abs=4 * 0.019)
    assert result["error_standard_deviation"] == np.std(result["errors"], ddof=1) > 0
    assert len(result["errors"]) == 10


def test_error_of_two_normals_is_that_of_the_best_boundary():
    # N(0, 1) and N(2, 1) along one axis: the best boundary errs on Phi(-1) = 0.1587. With 400
    # labels logistic regression finds it up to 0.01; of 2,000 others the error is 0.008.
    z, labels = blobs(2.0, n=2400, classes=2)
    result = semi_supervised_error(
        z, labels, num_labels=400, draws=5, classifier="logistic_regression"
    )
    assert result["error"] == pytest.approx(0.1587, abs=0.01 + 3 * 0.008)


def test_what_is_not_labeled_is_not_used():
    # One test example far away would move a scaler that saw it: the answers for all others stay.
    z, labels = blobs(3.0)
    one = semi_supervised_error(z, labels, num_labels=15, test=(z[:5], labels[:5]))
    far = np.concatenate([z[:5], [[1e6, -1e6]]]), np.append(labels[:5], 99)  # always wrong
    more = semi_supervised_error(z, labels, num_labels=15, test=far)
    np.testing.assert_allclose((np.array(one["errors"]) * 5 + 1) / 6, more["errors"])


def test_draws_are_stratified_and_follow_the_seed(monkeypatch):
    from sklearn.svm import SVC

    drawn, fit = [], SVC.fit

    def spy(self, z, labels):
        drawn.append(labels)
        # Of the labeled alone: those of all 60 would leave something of mean and deviation.
        np.testing.assert_allclose(z.mean(axis=0), 0.0, atol=1e-12)
        np.testing.assert_allclose(z.std(axis=0), 1.0)
        return fit(self, z, labels)

    monkeypatch.setattr(SVC, "fit", spy)
    z, labels = blobs(1.0)
    labels = np.where(labels == 2, 1, labels)  # 20 of one class, 40 of the other
    one = semi_supervised_error(z, labels, num_labels=12, seed=1)
    assert all(np.bincount(of_draw).tolist() == [4, 8] for of_draw in drawn)
    assert semi_supervised_error(z, labels, num_labels=12, seed=1) == one
    assert semi_supervised_error(z, labels, num_labels=12, seed=2)["errors"] != one["errors"]
    assert semi_supervised_error(z, labels, num_labels=12, seed=2**32 + 1) == one
    assert clustering_scores(z, labels, seed=2**32) == clustering_scores(z, labels)


@pytest.mark.parametrize("method", ["k_means", "gaussian_mixture"])
def test_clusters(method):
    z, labels = blobs(20.0)
    scores = clustering_scores(z, labels, method=method)
    assert scores["normalized_mutual_information"] == pytest.approx(1.0)
    assert (scores["adjusted_rand_index"], scores["num_clusters"]) == (1.0, 3)
    # Nothing to do with the labels: the index is 0 on average. Its standard deviation is that of
    # random labels against others.
    z, labels = blobs(0.0, n=150)
    index = clustering_scores(z, labels, method=method, n_init=2)["adjusted_rand_index"]
    shuffle = np.random.default_rng(1).permutation
    null = [adjusted_rand_score(shuffle(labels), labels) for _ in range(50)]
    assert index == pytest.approx(0.0, abs=4 * np.std(null))


def test_two_clusters_of_four_classes():
    # Two pairs of classes, each pair in one place: I = log 2, H(clusters) = log 2, H(labels) =
    # log 4, so that NMI = log 2 / ((log 2 + log 4) / 2) = 2 / 3. ARI of 20 each: pairs in the same
    # cluster and class 4 * 10, classes 4 * 10, clusters 2 * 45, all 190.
    z = np.repeat([[0.0, 0.0], [9.0, 0.0]], 10, axis=0)
    labels = np.repeat([0, 1, 2, 3], 5)
    scores = clustering_scores(z, labels, num_clusters=2)
    assert scores["normalized_mutual_information"] == pytest.approx(2 / 3)
    expected = 40 * 90 / 190
    assert scores["adjusted_rand_index"] == pytest.approx(
        (40 - expected) / ((40 + 90) / 2 - expected)
    )


Z, LABELS = blobs(3.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: semi_supervised_error(Z, LABELS), "`num_labels` must be 3 to 57.*1000"),
        (lambda: semi_supervised_error(Z, LABELS, num_labels=2), "`num_labels` must be 3 to 57"),
        (lambda: semi_supervised_error(Z, LABELS * 0, num_labels=9), "of at least two classes"),
        (
            lambda: semi_supervised_error(Z, LABELS[1:], num_labels=9),
            "one label for each of the 60",
        ),
        (lambda: semi_supervised_error(Z[:, 0], LABELS, num_labels=9), r"`z`.*\[n, latent_dim\]"),
        (lambda: semi_supervised_error(Z * np.nan, LABELS, num_labels=9), "`z` must be finite"),
        (
            lambda: semi_supervised_error(Z, np.append(LABELS[1:], 7), num_labels=9),
            "`labels` must be at least two examples of each class. .*one of 7",
        ),
        (
            lambda: semi_supervised_error(Z, LABELS, num_labels=9, classifier="svn"),
            "`classifier` must be one of.*Did you mean 'svm'",
        ),
        (lambda: semi_supervised_error(Z, LABELS, num_labels=9, draws=1), "`draws`.*at least 2"),
        (
            lambda: semi_supervised_error(Z, LABELS, num_labels=9, test=(Z[:, :1], LABELS)),
            "`test` must be z of 2 dimensions",
        ),
        (
            lambda: semi_supervised_error(Z, LABELS, num_labels=9, test=(Z, LABELS.astype(str))),
            r"`test` must be of labels such as \[0, 1, 2\]. Received: test=\['0', '1', '2'\]",
        ),
        (
            lambda: semi_supervised_error(Z, np.where(LABELS, LABELS, np.nan), num_labels=9),
            "`labels` must be finite. Received: 20 NaN",
        ),
        (
            lambda: clustering_scores(Z, np.arange(60)),  # would agree with clusters of one each
            "`labels` must be of two examples per class on average. .*60 examples of 60 classes",
        ),
        (lambda: clustering_scores(Z, LABELS, num_clusters=61), "`num_clusters` must be at most n"),
        (lambda: clustering_scores(Z, LABELS, num_clusters=1), "`num_clusters`.*at least 2"),
        (lambda: clustering_scores(Z, LABELS, method="kmeans"), "`method` must be one of"),
        (lambda: clustering_scores(Z, LABELS * 0), "`labels` must be of at least two classes"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_labels_as_a_table_has_them():
    expected = semi_supervised_error(Z, LABELS, num_labels=9)
    for labels in (0.5 * LABELS, LABELS.astype(object), LABELS.tolist()):
        assert semi_supervised_error(Z, labels, num_labels=9) == expected
    names = np.array(["a", "b", "c"], object)[LABELS]
    assert semi_supervised_error(Z, names, num_labels=9) == expected
    assert clustering_scores(Z, names) == clustering_scores(Z, 0.5 * LABELS)
    for missing in (None, 3.0):
        with pytest.raises(TypeError, match="`labels` must be all numbers or all strings.*object"):
            clustering_scores(Z, np.where(names == "a", missing, names))


def test_a_test_that_is_no_pair():
    with pytest.raises(TypeError, match=r"`test` must be a pair \(z, labels\).*ndarray"):
        semi_supervised_error(Z, LABELS, num_labels=9, test=Z)
