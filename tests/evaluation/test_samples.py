"""Sample metrics, against cases that can be counted by hand and normals in closed form."""

import tracemalloc

import numpy as np
import pandas
import pytest

import keras_infovae as ki
from keras_infovae.evaluation import (
    Classifier,
    class_distribution_mismatch,
    conditions,
    frechet_distance,
    memorization,
    nearest_neighbors,
    precision_recall,
    sample_quality,
)


def column(*values):
    return np.array(values, "float64")[:, None]


def test_precision_and_recall_are_those_counted_by_hand():
    # Balls of the data (k = 1): [-1, 1], [0, 2], [2, 6], [2, 6] around 0, 1, 4 and 4 +- 2 ...
    real = column(0, 1, 4, 6)  # radii 1, 1, 2, 2
    generated = column(0.5, 1.5, 20, 23)  # radii 1, 1, 3, 3
    result = precision_recall(real, generated, neighbors=1)
    assert result["precision"] == 2 / 4  # 20 and 23 lie in no ball of the data
    assert result["density"] == 3 / 4  # 0.5 lies in two of them, 1.5 in one
    assert result["coverage"] == 2 / 4  # the balls of 4 and 6 hold no sample
    assert result["recall"] == 2 / 4  # 0 and 1 lie within 1 of 0.5


@pytest.mark.parametrize("size", [1, 3, 20, 200])
def test_equal_points_are_in_each_others_balls(size):
    # Five different rows, each more often than k: all balls have radius 0, and hold their equals.
    rng = np.random.default_rng(0)
    rows = 10.0 + 3.0 * rng.normal(size=(5, size))
    real, generated = rows[np.arange(200) % 5], rows[np.arange(150) % 5]
    expected = {"precision": 1.0, "recall": 1.0, "density": 40 / 5, "coverage": 1.0}
    assert precision_recall(real, generated) == expected
    # Of a copy each ball holds its center and its k nearest, of which one is on its boundary.
    points = rng.normal(size=(300, size))
    assert precision_recall(points, points)["density"] == pytest.approx(6 / 5)
    # Copies are at a distance of 0, so that samples and held-out examples tie.
    assert memorization(generated, real, rows[np.arange(40) % 5])["probability"] == 0.5
    np.testing.assert_array_equal(nearest_neighbors(generated, real, 3)[1], 0.0)


def test_equal_distributions_have_density_1_and_the_expected_coverage():
    # E coverage = 1 - (n - 1)...(n - k) / ((2n - 1)...(2n - k)) for n of each; of n = 400 its
    # standard deviation is below sqrt(0.25 / 400) = 0.025. Density: 5 % by 20 repetitions.
    rng = np.random.default_rng(0)
    real, generated = rng.normal(size=(2, 400, 3))
    result = precision_recall(real, generated, neighbors=3)
    missed = np.prod([(400 - i) / (800 - i) for i in (1, 2, 3)])
    assert result["coverage"] == pytest.approx(1 - missed, abs=3 * 0.025)
    assert result["density"] == pytest.approx(1.0, abs=0.15)
    shrunk = precision_recall(real, 0.3 * generated, neighbors=3)
    assert shrunk["recall"] < 0.5 < 0.9 < shrunk["precision"]  # a part of the data, well made
    spread = precision_recall(real, 4 * generated, neighbors=3)
    assert spread["precision"] < 0.5 < 0.9 < spread["recall"]


def test_the_frechet_distance_is_that_of_normals():
    rng = np.random.default_rng(1)
    a = rng.normal(size=(50, 3)) @ rng.normal(size=(3, 3))
    assert frechet_distance(a, a) == pytest.approx(0.0, abs=1e-9)
    assert frechet_distance(a, a + [1, 2, 2]) == pytest.approx(9.0)
    # Covariances that commute: sum (s_r - s_g)^2 of the standard deviations.
    assert frechet_distance(a, 3 * a) == pytest.approx(
        4 * np.sum(a.mean(axis=0) ** 2) + 4 * np.trace(np.cov(a, rowvar=False))
    )
    b = rng.normal(size=(60, 3))
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a))
    from scipy import linalg

    first, second = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = linalg.sqrtm(first @ second).real
    expected = np.sum((a.mean(axis=0) - b.mean(axis=0)) ** 2)
    expected += np.trace(first + second - 2 * root)
    assert frechet_distance(a, b) == pytest.approx(expected)


def test_memorization_tells_copies_from_new_data():
    rng = np.random.default_rng(2)
    training, held_out, new = (rng.normal(size=(n, 2, 2)) for n in (200, 100, 150))
    honest = memorization(new, training, held_out)
    assert abs(honest["z_score"]) < 3
    copied = memorization(training[:50] + 1e-3, training, held_out)
    assert copied["probability"] > 0.95 and copied["z_score"] > 3
    far = memorization(new + 5.0, training, held_out)
    assert far["probability"] < 0.01 and far["z_score"] < -3
    exact = memorization(training, training, training)  # ties alone
    assert exact == {"probability": 0.5, "z_score": 0.0}


def test_the_neighbors_of_images_are_the_nearest_first():
    training = np.arange(8.0).reshape(4, 2, 1)
    indices, distances = nearest_neighbors(training[[2]] + 0.5, training, count=2)
    assert indices.tolist() == [[2, 3]]
    np.testing.assert_allclose(distances, [[np.sqrt(0.5), np.sqrt(2 * 1.5**2)]])


def test_the_neighbors_of_columns_far_from_zero():
    # Such as seconds since 1970: their squares would leave no digits for differences.
    rng = np.random.default_rng(0)
    training, examples = rng.normal(size=(300, 20)), rng.normal(size=(50, 20))
    expected = nearest_neighbors(examples, training, 3)[0]
    offset = 1.7e9 * (np.arange(20) == 0)
    found = nearest_neighbors(examples + offset, training + offset, 3)[0]
    np.testing.assert_array_equal(found, expected)


def test_the_training_data_are_not_copied_to_float64():
    training = np.random.default_rng(0).random((4000, 400), dtype="float32")
    samples = training[::100] + np.float32(1e-3)
    nearest_neighbors(samples, training)  # imports what it takes
    tracemalloc.start()
    indices, distances = nearest_neighbors(samples, training)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.5 * training.nbytes
    np.testing.assert_array_equal(indices[:, 0], np.arange(0, 4000, 100))
    np.testing.assert_allclose(distances, 0.02, rtol=1e-3)  # sqrt(400) * 1e-3


def test_the_mismatch_is_that_counted_by_hand():
    result = class_distribution_mismatch(["a", "b"], list("aaab"))
    assert result["cross_entropy"] == pytest.approx(-0.5 * np.log(0.75 * 0.25) - np.log(2))
    assert result["l1"] == pytest.approx(0.5) and result["l2"] == pytest.approx(np.sqrt(0.125))
    right = class_distribution_mismatch(["a", "b"], list("aaab"), [0.75, 0.25])
    assert list(right.values()) == [0.0, 0.0, 0.0]
    assert class_distribution_mismatch(["a", "b"], ["a"])["cross_entropy"] == np.inf
    # n samples of the right frequencies: (K - 1) / (2n) on average, as a chi-square of K - 1
    # degrees of freedom over 2n, whose standard deviation over 50 repetitions is 6 %.
    rng = np.random.default_rng(3)
    values = [
        class_distribution_mismatch(range(4), rng.integers(4, size=500))["cross_entropy"]
        for _ in range(200)
    ]
    assert np.mean(values) == pytest.approx(3 / 1000, rel=3 * np.sqrt(2 / 3 / 200))


def test_what_cannot_be_measured_is_named():
    points = column(0, 1, 2)
    for call, words in (
        (lambda: precision_recall(points, points), r"`real` must be \[n, ...\] with n at least 6"),
        (lambda: frechet_distance(points, np.zeros((3, 2))), "`generated` must be of 1 values"),
        (lambda: frechet_distance(points, points * np.nan), "`generated` must be finite"),
        (lambda: nearest_neighbors(points, points, 4), "`count` must be at most 3"),
        (lambda: memorization(points, points, points), "`samples` must be at least 20"),
        (lambda: class_distribution_mismatch([1], [1]), "`classes` must be two or more"),
        (lambda: class_distribution_mismatch([0, 1], []), "`predicted` must be"),
        (lambda: class_distribution_mismatch([0, 1], [2]), "`predicted` must be of"),
        (lambda: class_distribution_mismatch([0, 1], [1], [1, 0]), "`frequencies` must be"),
        (lambda: Classifier(np.zeros((20, 2)), np.zeros(20)), "at least two classes"),
        (lambda: Classifier(np.zeros((20, 2)), [0] * 19 + [1]), "2 of each class"),
        (
            lambda: Classifier(np.zeros((20, 2)), [0]),
            "`labels` must be one label for each of the 20",
        ),
        (lambda: Classifier(np.full((20, 2), np.nan), [0, 1] * 10), "`x` must be finite"),
        (lambda: Classifier(np.zeros(20), [0, 1] * 10), r"`x` must be an array \[n, ...\]"),
        (lambda: Classifier(np.zeros((20, 2)), [0, np.nan] * 10), "`labels` must be finite"),
        (
            lambda: class_distribution_mismatch([0, 1], [1], [np.nan, 1]),
            "`frequencies` must be fin",
        ),
    ):
        with pytest.raises(ValueError, match=words):
            call()


class _Sign:
    """Tells the two classes of the test below apart by their mean."""

    accuracy = 1.0

    def __init__(self, classes=(0, 1)):
        self.classes = np.array(classes)

    def predict(self, x):
        return self.classes[(x.mean(axis=1) > 1.5).astype(int)]

    def features(self, x):
        return x


class Sampler(ki.GenerativeModel):
    """Generates what a function of the count and the condition gives."""

    def __init__(self, function, condition=None):
        super().__init__(condition=condition)
        self._function = function
        self.build((None, 4))

    def generate_rows(self, seed, condition=None, sample=None):
        raise NotImplementedError

    def generate(self, n, seed=None, batch_size=256, condition=None):
        return self._function(n, condition)


def test_samples_of_the_data_itself_are_as_good_as_data():
    rng = np.random.default_rng(4)
    labels = np.repeat([0, 1], 150)
    x = (rng.normal(size=(300, 4)) + 3.0 * labels[:, None]).astype("float32")
    order = rng.permutation(300)
    x, labels = x[order], labels[order]
    data = ki.datasets.Dataset("two", x[:100], x[:0], x[100:200], labels[:100])
    model = Sampler(lambda count, condition: x[200 : 200 + count])
    result = sample_quality(model, data, count=100, seed=0)
    assert result["classifier_accuracy"] == 1.0
    assert result["class_l1"] < 0.3 and result["coverage"] > 0.8
    assert result["frechet_distance"] < 4 * result["frechet_distance_of_data"] + 1
    assert abs(result["memorization_z_score"]) < 3
    one, same = (Classifier(x, labels, epochs=1, seed=5) for _ in range(2))
    np.testing.assert_array_equal(one.features(x), same.features(x))
    for wrong, words in ((x[:, :2], r"`x` must be an array \[n, 4\]"), (x * np.nan, "finite")):
        with pytest.raises(ValueError, match=words):
            one.predict(wrong)
    low = x[x.mean(axis=1) < 1.5]
    one_class = Sampler(lambda count, condition: low[:count])
    judged = sample_quality(one_class, data, count=50, classifier=_Sign())
    assert judged["class_cross_entropy"] == np.inf
    with pytest.raises(ValueError, match="must have labels"):
        sample_quality(model, ki.datasets.Dataset("none", x[:100], x[:0], x[100:200]))
    assert "class_agreement" not in result


@pytest.mark.parametrize("names", [[0, 1], ["high", "low"]])
def test_samples_are_of_the_class_asked_for_or_of_another(names):
    rng = np.random.default_rng(5)
    classes = rng.integers(2, size=200)
    x = (rng.normal(size=(200, 4), scale=0.1) + 3.0 * classes[:, None]).astype("float32")
    labels = np.array(names)[classes]
    parts = {"train": slice(0, 100), "validation": slice(0, 0), "test": slice(100, 200)}
    splits = [x[rows] for rows in parts.values()] + [labels[rows] for rows in parts.values()]
    data = ki.datasets.Dataset("two", *splits)
    given = {split: classes[rows] for split, rows in parts.items()}
    judge, two = _Sign(names), ki.conditions.Classes(2)
    for turned, agreement in ((0, 1.0), (1, 0.0)):
        model = Sampler(lambda _, c, turn=turned: np.tile(3.0 * (c ^ turn)[:, None], 4), two)
        found = sample_quality(model, data, count=60, classifier=judge, condition=given)
        assert found["class_agreement"] == agreement
        drawn = conditions.draw(classes[:100], 60, 0) ^ turned  # the classes' shares are the data's
        shares = np.bincount(classes[:100]) / 100
        expected = np.abs(np.bincount(drawn) / 60 - shares).sum()
        assert found["class_l1"] == pytest.approx(expected)
    with pytest.raises(ValueError, match='`condition` must be "labels" or a dictionary'):
        sample_quality(model, data, count=60, classifier=judge)


def test_samples_with_missing_values_are_compared_as_the_data_are():
    """New rows of the very same distribution are copies of nothing, and lie among the data."""
    rng = np.random.default_rng(0)
    full = pandas.DataFrame(rng.normal(size=(1_100, 6)), columns=list("abcdef"))
    rows = full.mask(rng.random(full.shape) < 0.4)
    schema = ki.tables.Schema.infer(rows[:500], within_range=False)
    train, test = (schema.numbers(part) for part in (rows[:500], rows[500:800]))
    labels = (np.arange(500) % 2, None, np.arange(300) % 2)
    data = ki.datasets.Dataset("gaps", train, test[:0], test, *labels, preprocessor=schema)
    new = schema.numbers(full[800:])  # a number for each value, as models make them
    known = schema.known_numbers()
    new[:, known] = schema.numbers(rows[800:])[:, known]
    model = ki.VAE(
        2, preprocessor=schema, encoder=ki.networks.MLP([4]), decoder=ki.networks.MLP([4])
    )
    model.build((None, train.shape[1]))
    model.generate = lambda count, **given: new[:count]
    found = sample_quality(model, data, count=300)
    # A sample is as near as a held-out row in half of all cases: |z| < 3.3 with 0.999. Precision
    # and coverage of two samples of one distribution are near 1.
    assert abs(found["memorization_z_score"]) < 3.3
    assert min(found["precision"], found["coverage"]) > 0.9
