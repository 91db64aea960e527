"""Metrics of (z, factors) on codes for which they can be computed by hand."""

import math
import types

import numpy as np
import pandas
import pytest
from sklearn import svm

from keras_infovae.datasets import blobs
from keras_infovae.evaluation import (
    beta_vae_score,
    disentanglement,
    disentanglement_and_completeness,
    disentanglement_completeness_informativeness,
    factor_vae_score,
    modularity,
    mutual_information_gap,
    separated_attribute_predictability,
)
from keras_infovae.evaluation.disentanglement_metrics.factors import halves

# All combinations of three factors of four values, 20 times: every factor independent exactly.
GRID = np.stack(np.meshgrid(*[np.arange(4)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
FACTORS = np.tile(GRID, (20, 1))
CODES = FACTORS * [1.0, -2.0, 0.5] + [0.0, 3.0, 1.0]  # axis-aligned, in units of their own
NOISE = np.random.default_rng(0).normal(size=FACTORS.shape)


def rotated(codes):
    """Returns codes in which each of the first two factors is in both of two dimensions alike."""
    return np.stack([codes[:, 0] + codes[:, 1], codes[:, 0] - codes[:, 1], codes[:, 2]], axis=1)


METRICS = [
    beta_vae_score,
    disentanglement_completeness_informativeness,
    factor_vae_score,
    modularity,
    mutual_information_gap,
    separated_attribute_predictability,
]


def test_a_perfect_code_has_the_best_score():
    assert mutual_information_gap(CODES, FACTORS) == pytest.approx(1.0)
    assert modularity(CODES, FACTORS) == pytest.approx(1.0)
    assert factor_vae_score(CODES, FACTORS, votes=200) == 1.0
    assert beta_vae_score(CODES, FACTORS, points=200) == 1.0
    dci = disentanglement_completeness_informativeness(CODES, FACTORS, trees=30)
    assert dci == pytest.approx(dict.fromkeys(dci, 1.0))
    far = CODES + 2.0**30  # where float32, the forests' own, tells no two of them apart
    assert disentanglement_completeness_informativeness(far, FACTORS, trees=30) == dci
    values = FACTORS.astype("float64")
    assert separated_attribute_predictability(CODES, values) == pytest.approx(1.0)
    # Discrete: 1 against chance, 1/2, up to the noise of 640 examples.
    halved = FACTORS // 2
    sap = separated_attribute_predictability(2.0 * halved - 1.0, halved)
    assert sap == pytest.approx(0.5, abs=4 * math.sqrt(0.25 / 640))


@pytest.mark.parametrize("rest", ["int64", "Int64", "bool", "float32", "category"])
def test_each_column_of_a_frame_says_whether_it_is_discrete(rest):
    factors = np.stack([FACTORS[:, 0], FACTORS[:, 1] // 2], axis=1)
    codes = CODES[:, :2] + NOISE[:, :2]
    frame = pandas.DataFrame(factors, columns=["a", "b"]).astype({"b": rest})
    kinds = [True, rest != "float32"]
    told = separated_attribute_predictability(codes, factors, discrete=kinds)
    assert separated_attribute_predictability(codes, frame) == told
    assert separated_attribute_predictability(codes, frame.to_numpy(object)) == told
    wholes = separated_attribute_predictability(codes, factors, discrete=[False, False])
    assert told != wholes


def test_discrete_sap_is_that_of_the_literature():
    """The score matrix of `disentanglement_lib/evaluation/metrics/sap_score.py`."""
    codes = rotated(FACTORS + 0.5 * NOISE)
    train, test = halves(len(codes), seed=3)
    scores = np.empty((3, 3))
    for d in range(3):
        for k in range(3):
            classifier = svm.LinearSVC(C=0.01, class_weight="balanced", random_state=0)
            classifier.fit(codes[train, d, None], FACTORS[train, k])
            scores[d, k] = np.mean(classifier.predict(codes[test, d, None]) == FACTORS[test, k])
    ordered = np.sort(scores, axis=0)
    expected = np.mean(ordered[-1] - ordered[-2])
    assert expected > 0.1
    # Solvers differ in which side of a line a few of 640 examples lie.
    assert separated_attribute_predictability(codes, FACTORS, seed=3) == pytest.approx(
        expected, abs=0.01
    )
    # Lines through one dimension do not tell ten values apart, however well it knows them.
    ten = np.stack(np.meshgrid(*[np.arange(10)] * 2), axis=-1).reshape(-1, 2).repeat(40, axis=0)
    assert separated_attribute_predictability(1.0 * ten, ten) < 0.25
    ordered = separated_attribute_predictability(1.0 * ten, ten, discrete=[False, False])
    assert ordered == pytest.approx(1.0)
    # A half with a single value of the factor.
    few = np.array([[0], [0], [0], [1]])
    assert 0 <= separated_attribute_predictability(few * [1.0, 0.0], few, seed=1) <= 1


def test_an_order_of_dimensions_and_their_units_do_not_matter():
    codes = CODES + 0.3 * NOISE
    other = codes[:, [2, 0, 1]] * [-3.0, 0.7, 5.0] + 1.0
    for metric in (modularity, mutual_information_gap):
        assert metric(other, FACTORS) == pytest.approx(metric(codes, FACTORS), abs=0.02)  # of bins
    values = FACTORS.astype("float64")
    assert separated_attribute_predictability(other, values) == pytest.approx(
        separated_attribute_predictability(codes, values)
    )


def test_a_rotated_code():
    # I(a + b; a) = I(a - b; a) by symmetry: no gap for the first two factors, all for the last.
    codes = rotated(FACTORS.astype("float64"))
    assert mutual_information_gap(codes, FACTORS) == pytest.approx(1 / 3)
    # The first two dimensions tell as much of either factor, nothing of the last: 1 - 1/2 each.
    assert modularity(codes, FACTORS) == pytest.approx((0.5 + 0.5 + 1) / 3)
    values = FACTORS.astype("float64")
    assert separated_attribute_predictability(codes, values) == pytest.approx(1 / 3)
    dci = disentanglement_completeness_informativeness(codes, values, trees=30)
    # 1 - log 2 / log 3 = 0.37 of the rotated ones if both matter alike, in each row and column.
    for name in ("disentanglement", "completeness"):
        assert dci[name] == pytest.approx((2 * (1 - math.log(2) / math.log(3)) + 1) / 3, abs=0.03)
    assert dci["informativeness"] > 0.99  # nothing is lost
    # In a group that shares a, or b, a + b and a - b have half of their variance left alike: the
    # last factor is seen, the two others are told apart by chance, 2/3 in all.
    tolerance = 4 * math.sqrt((2 / 9) / 800)
    assert factor_vae_score(codes, FACTORS) == pytest.approx(2 / 3, abs=tolerance)


def test_a_copy_takes_the_gap_and_leaves_modularity():
    copied = CODES[:, [0, 0, 1, 2]]
    assert mutual_information_gap(copied, FACTORS) == pytest.approx(2 / 3)
    assert modularity(copied, FACTORS) == pytest.approx(1.0)
    values = FACTORS.astype("float64")
    assert separated_attribute_predictability(copied, values) == pytest.approx(2 / 3)
    assert factor_vae_score(copied, FACTORS, votes=200) == 1.0


def test_independent_noise_has_what_chance_has():
    n = len(FACTORS)
    # I of noise is chi-squared with (20 - 1)(4 - 1) degrees of freedom over 2 n: mean 0.022, and a
    # standard deviation of 0.0042; the gap of the largest two of three is less than 4 of these.
    assert 0 <= mutual_information_gap(NOISE, FACTORS) < 4 * 0.0042 / math.log(4)
    # A squared correlation is about chi-squared(1) / n.
    values = FACTORS.astype("float64")
    assert 0 <= separated_attribute_predictability(NOISE, values) < 16 / n
    # 1/3 right of 800 votes or 1,000 points.
    for score, count in ((factor_vae_score, 800), (beta_vae_score, 1000)):
        tolerance = 4 * math.sqrt((2 / 9) / count)
        assert score(NOISE, FACTORS) == pytest.approx(1 / 3, abs=tolerance)
    # What was learned from does not count: of 6 votes or points more than half would be right.
    for score, size in ((factor_vae_score, {"votes": 6}), (beta_vae_score, {"points": 6})):
        few = [score(NOISE, FACTORS, seed=seed, **size) for seed in range(60)]
        assert np.mean(few) == pytest.approx(1 / 3, abs=4 * math.sqrt((2 / 9) / 360))
    dci = disentanglement_completeness_informativeness(NOISE, FACTORS, trees=30)
    assert dci["disentanglement"] < 0.05 and dci["completeness"] < 0.05
    assert dci["informativeness"] == pytest.approx(0.25, abs=4 * math.sqrt(0.25 * 0.75 / (3 * 640)))


def test_a_code_that_says_nothing_at_all():
    nothing = np.zeros((len(FACTORS), 2))
    assert mutual_information_gap(nothing, FACTORS) == 0.0
    assert modularity(nothing, FACTORS) == 0.0
    assert separated_attribute_predictability(nothing, FACTORS) == pytest.approx(0.0)
    assert factor_vae_score(nothing, FACTORS) == 1 / 3
    assert factor_vae_score(0.01 * CODES, FACTORS, votes=50) == 1 / 3  # below the threshold
    assert factor_vae_score(0.01 * CODES, FACTORS, votes=50, threshold=0) == 1.0
    assert beta_vae_score(nothing, FACTORS, points=300) == pytest.approx(1 / 3, abs=0.01)
    dci = disentanglement_completeness_informativeness(nothing, FACTORS, trees=30)
    assert (dci["disentanglement"], dci["completeness"]) == (0.0, 0.0)
    # A constant dimension beside a perfect code changes nothing.
    padded = np.concatenate([CODES, nothing], axis=1)
    assert mutual_information_gap(padded, FACTORS) == pytest.approx(1.0)
    assert modularity(padded, FACTORS) == pytest.approx(1.0)
    assert factor_vae_score(padded, FACTORS, votes=200) == 1.0


def test_a_small_gap_by_hand():
    # v is 0 1 0 1; z_1 agrees in 3 of 4, z_2 in 2 of 4 (none of it). With p(z_1 = 1) = 3/4:
    # I(z_1; v) = H(v) - (3/4) H(1/3) - (1/4) 0.
    v = np.array([[0], [1], [0], [1]])
    z = np.array([[0, 0], [1, 0], [1, 1], [1, 1]])
    third = -(1 / 3) * math.log(1 / 3) - (2 / 3) * math.log(2 / 3)
    expected = (math.log(2) - 0.75 * third) / math.log(2)
    assert mutual_information_gap(z, v) == pytest.approx(expected)
    # Modularity of z_1 with a second factor that z_1 tells all about, H(1/4): squares of the two.
    both = np.concatenate([v, z[:, :1]], axis=1)
    quarter = -(1 / 4) * math.log(1 / 4) - (3 / 4) * math.log(3 / 4)
    share = ((math.log(2) - 0.75 * third) / quarter) ** 2
    assert modularity(z[:, :1], both) == pytest.approx(1 - share)


def test_continuous_factors_are_cut_into_bins():
    # 20 equal bins of 100 even values: a code that is the factor has I = H, 20 bins of 5.
    v = np.stack(np.meshgrid(np.linspace(0, 1, 100), [0.0, 1.0]), axis=-1).reshape(-1, 2)
    assert mutual_information_gap(v, v) == pytest.approx(1.0)
    assert mutual_information_gap(v[:, ::-1], v, discrete=[False, True]) == pytest.approx(1.0)
    assert factor_vae_score(v, v, votes=100) == 1.0
    # A dimension that varies by rounding alone has bins too, some of them empty.
    narrow = 1.0 + np.spacing(1.0) * v
    assert mutual_information_gap(np.concatenate([v, narrow], axis=1), v) < 1.0


def test_disentanglement_and_completeness_by_hand():
    assert disentanglement_and_completeness(np.ones((3, 2))) == pytest.approx((0.0, 0.0))
    assert disentanglement_and_completeness(np.zeros((3, 2))) == (0.0, 0.0)
    # Two dimensions of one factor each, a third of none; one factor is in two dimensions.
    importance = np.array([[1.0, 0.0], [3.0, 0.0], [0.0, 1.0]])
    shares = np.array([0.25, 0.75])
    entropy = -np.sum(shares * np.log(shares)) / np.log(3)
    assert disentanglement_and_completeness(importance) == pytest.approx((1.0, 1 - entropy / 2))
    # 0.9 and 0.1: 1 - H(0.1) / log 2 = 0.531 of both.
    importance = np.array([[0.9, 0.1], [0.1, 0.9]])
    assert disentanglement_and_completeness(importance) == pytest.approx((0.531, 0.531), abs=1e-3)
    # Weights: a dimension that matters to both factors alike counts by how much it matters.
    importance = np.array([[4.0, 0.0], [0.5, 0.5]])
    assert disentanglement_and_completeness(importance)[0] == pytest.approx(4 / 5)
    for wrong, message in [
        (np.ones((3, 1)), r"a matrix \[latent_dim, num_factors\], both at least 2"),
        (np.ones(4), "a matrix"),
        (-np.eye(2), "`importance` must be at least 0. Received: importance=-1.0"),
        (np.eye(2) * np.nan, "`importance` must be finite"),
    ]:
        with pytest.raises(ValueError, match=message):
            disentanglement_and_completeness(wrong)


def test_a_model_on_a_set():
    data = blobs()

    def encode(x, batch_size):
        """Returns size, y and x of each blob, from its pixels: a perfect code."""
        image, across = x[..., 0].astype("float64"), np.arange(16)
        row, column = image.sum(axis=2).argmax(axis=1), image.sum(axis=1).argmax(axis=1)
        near = image[np.arange(len(x)), row, column - np.where(column > 8, 1, -1)]
        assert batch_size == 100 and across.size == x.shape[1]
        return np.stack([near, row, column], axis=1)

    model = types.SimpleNamespace(encode=encode)
    names = ["modularity", "mutual_information_gap", "factor_vae_score"]
    scores = disentanglement(model, data, names, num_examples=1500, batch_size=100)
    assert list(scores) == names
    # Of independent factors; the sample's own dependence, (V - 1)(V' - 1) / (2 n) nats, is left.
    assert scores["mutual_information_gap"] == pytest.approx(1.0, abs=0.05)
    assert scores["modularity"] == pytest.approx(1.0, abs=0.01)
    assert scores["factor_vae_score"] == 1.0
    x, factors = data.sample(1500, 0)
    assert scores["factor_vae_score"] == factor_vae_score(encode(x, 100), factors)
    name, ordered = "separated_attribute_predictability", [False] * 3
    of_line = separated_attribute_predictability(encode(x, 100), factors, discrete=ordered)
    options = {"num_examples": 1500, "discrete": ordered, "batch_size": 100}
    assert disentanglement(model, data, [name], **options) == {name: of_line}


def test_seeds():
    rows = np.random.default_rng(0).permutation(len(FACTORS))[:160]
    codes, factors = (CODES + 2 * NOISE)[rows], FACTORS[rows]
    for metric in set(METRICS) - {modularity, mutual_information_gap}:
        few = {
            factor_vae_score: {"votes": 50},
            beta_vae_score: {"points": 50},
            disentanglement_completeness_informativeness: {"trees": 30},
        }.get(metric, {})
        one = metric(codes, factors, seed=1, **few)
        assert metric(codes, factors, seed=1, **few) == one
        assert metric(codes, factors, seed=2, **few) != one


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.__name__)
def test_errors_of_all(metric):
    for z, factors, message in [
        (CODES[1:], FACTORS, r"`factors` must be an array \[1279, num_factors\]"),
        (CODES, FACTORS[:, 0], r"`factors` must be an array \[1280, num_factors\]"),
        (CODES[:, 0], FACTORS, r"`z` must be an array \[n, latent_dim\]"),
        (np.where(CODES == 0, np.inf, CODES), FACTORS, "`z` must be finite"),
        (CODES, FACTORS * [0, 1, 1], r"`factors\[:, 0\]` must be of at least two values.*\[0\]"),
        (
            CODES[:7],
            FACTORS[[0, 17, 34, 51, 4, 9, 14]],
            "two examples per value.*7 examples of 4 values",
        ),
    ]:
        with pytest.raises(ValueError, match=message):
            metric(z, factors)
    for discrete in ([True], False, [1, 0, 1]):
        with pytest.raises(ValueError, match="`discrete` must be 3 booleans"):
            metric(CODES, FACTORS, discrete=discrete)


def test_errors_of_some():
    for metric in (
        mutual_information_gap,
        separated_attribute_predictability,
        disentanglement_completeness_informativeness,
    ):
        with pytest.raises(ValueError, match="`z` must be of at least 2 dimensions.*z=1"):
            metric(CODES[:, :1], FACTORS)
    for metric in set(METRICS) - {mutual_information_gap, separated_attribute_predictability}:
        with pytest.raises(ValueError, match="`factors` must be at least 2 factors.*=1"):
            metric(CODES, FACTORS[:, :1])
    alone = np.stack([np.arange(8.0), np.arange(8) % 2.0], axis=1)
    for metric in (factor_vae_score, beta_vae_score):
        with pytest.raises(ValueError, match=r"`factors\[:, 0\]` must be of at least one value"):
            metric(alone, alone, bins=100)
    model = types.SimpleNamespace(encode=lambda x, batch_size: np.zeros((len(x), 1)))
    with pytest.raises(ValueError, match="`metrics` must be 'all' or a sequence"):
        disentanglement(model, blobs(), "mig")
    with pytest.raises(ValueError, match="`metrics` must be one of .*Did you mean 'modularity'"):
        disentanglement(model, blobs(), ["modularit"])
    with pytest.raises(ValueError, match="at least 2 dimensions"):
        disentanglement(model, blobs(), num_examples=300)
    with pytest.raises(TypeError, match=r"`dataset` must be a set with `sample\(n, seed\)`.*ndarr"):
        disentanglement(model, CODES)
