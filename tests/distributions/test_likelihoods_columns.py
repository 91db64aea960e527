"""Categories, and tables of mixed columns."""

import json

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

import keras_infovae as ki

RNG = np.random.default_rng(0)


def test_categorical_is_the_log_softmax_of_what_is_chosen():
    logits = RNG.normal(size=(4, 5, 3)).astype("float32")
    labels = RNG.integers(0, 3, size=(4, 5))
    p = ki.likelihoods.Categorical().distribution(logits)
    expected = np.take_along_axis(special.log_softmax(logits, -1), labels[..., None], -1)
    np.testing.assert_allclose(p.log_prob(np.eye(3)[labels]), expected.sum((1, 2)), rtol=1e-5)
    np.testing.assert_allclose(p.mean(), special.softmax(logits, -1), rtol=1e-5)


def test_categorical_refuses_what_is_not_one_hot():
    likelihood = ki.likelihoods.Categorical()
    assert likelihood.accepts_integers
    with pytest.raises(ValueError, match=r"least 2 categories.*\(5, 1\).*np\.eye"):
        likelihood.check_event_shape((5, 1))
    for row in ([0, 0, 0], [1, 1, 0], [0.5, 0.5, 0]):
        with pytest.raises(ValueError, match=r"`x` must be one-hot.*x\[1, 0\] = .*np\.eye"):
            likelihood.check_values("x", np.array([[[1, 0, 0]], [row]], "float32"))
    with pytest.raises(ValueError, match=r"lie in \[0, 1\].*np\.eye\(num_categories\)\[labels\]"):
        likelihood.check_range("x", np.array([[0.0, 2.0]]))


COLUMNS = [
    ("normal", 2),
    ("categorical", 3),
    ("bernoulli", 1),
    (ki.likelihoods.NegativeBinomial("per_value", "observed"), 2),
    (ki.likelihoods.Poisson("observed"), 1),
]


def table(n=5):
    """One group after another, as in COLUMNS."""
    return [
        RNG.normal(size=(n, 2)).astype("float32"),
        np.eye(3, dtype="float32")[RNG.integers(0, 3, size=n)],
        RNG.integers(0, 2, size=(n, 1)).astype("float32"),
        RNG.integers(0, 9, size=(n, 2)).astype("float32"),
        RNG.integers(0, 9, size=(n, 1)).astype("float32"),
    ]


def test_mixed_columns_add_up_the_log_likelihoods_of_their_groups():
    likelihood = ki.likelihoods.MixedColumns(COLUMNS)
    likelihood.check_event_shape((9,))
    likelihood.build((9,))
    assert likelihood.parameter_shape((9,)) == (11,)  # two numbers per overdispersed count
    assert likelihood.context_size == 2
    groups = table()
    x = np.concatenate(groups, axis=1)
    raw = RNG.normal(size=(5, 11)).astype("float32")
    context = likelihood.context(tf.constant(x))
    np.testing.assert_array_equal(context, np.maximum([g.sum(1) for g in groups[3:]], 1).T)
    p = likelihood.distribution(raw, context)

    log_share = special.log_softmax(raw[:, [6, 8]], axis=-1)
    count_mean = np.maximum(groups[3].sum(1, keepdims=True), 1) * np.exp(log_share)
    size = np.exp(-7 * np.tanh(raw[:, [7, 9]] / 7))
    library = np.maximum(groups[4], 1)  # a share of one column is all of it
    expected = (
        stats.norm.logpdf(groups[0], raw[:, :2], 1.0).sum(1)
        + (groups[1] * special.log_softmax(raw[:, 2:5], -1)).sum(1)
        + stats.bernoulli.logpmf(groups[2], special.expit(raw[:, 5:6])).sum(1)
        + stats.nbinom.logpmf(groups[3], size, size / (size + count_mean)).sum(1)
        + stats.poisson.logpmf(groups[4], library).sum(1)
    )
    np.testing.assert_allclose(p.log_prob(x), expected, rtol=1e-4)
    mean = np.concatenate(
        [
            raw[:, :2],
            special.softmax(raw[:, 2:5], -1),
            special.expit(raw[:, 5:6]),
            count_mean,
            library,
        ],
        axis=1,
    )
    np.testing.assert_allclose(p.mean(), mean, rtol=1e-4)
    features = np.concatenate([*groups[:3], np.log1p(groups[3]), np.log1p(groups[4])], axis=1)
    np.testing.assert_allclose(likelihood.features(tf.constant(x)), features, rtol=1e-6)


def test_one_group_takes_the_columns_that_are_left():
    likelihood = ki.likelihoods.MixedColumns([("categorical", 2), ("normal", None)])
    likelihood.check_event_shape((6,))
    likelihood.build((6,))
    assert likelihood.distribution(tf.zeros([3, 6])).mean().shape == (3, 6)
    with pytest.raises(ValueError, match=r"at least 3 columns.*\(2,\)"):
        likelihood.check_event_shape((2,))
    everything = ki.likelihoods.MixedColumns()
    everything.build((4,))
    x = RNG.normal(size=(3, 4)).astype("float32")
    expected = stats.norm.logpdf(x, 0, 1.0).sum(1)
    np.testing.assert_allclose(
        everything.distribution(tf.zeros([3, 4])).log_prob(x), expected, rtol=1e-5
    )


def test_typical_library_sizes_are_those_of_the_groups():
    likelihood = ki.likelihoods.MixedColumns(COLUMNS)
    likelihood.build((9,))
    x = np.concatenate(table(), axis=1)
    x[:, 6:] = [[1, 3, 7]]
    likelihood.adapt(x)
    mean = likelihood.distribution(tf.zeros([1, 11])).mean().numpy()
    sums = x[:, 6:8].sum(axis=0) + 0.5
    np.testing.assert_allclose(mean[0, 6:8], 4 * sums / sums.sum(), rtol=1e-5)
    np.testing.assert_allclose(mean[0, 8], 7.0, rtol=1e-5)


def test_weights_of_the_groups_are_tracked_and_saved(tmp_path):
    likelihood = ki.likelihoods.MixedColumns(COLUMNS)
    model = ki.VAE(2, likelihood=likelihood, encoder="mlp", decoder=ki.networks.MLP([4]))
    model.build((None, 9))
    # A scale with the units it is in (an offset, a unit, whether they are known), and two typical
    # library sizes with the shares of their columns, and whether they are known.
    assert len(likelihood.followed_variables) == 1 and len(likelihood.weights) == 10
    shapes = [tuple(weight.shape) for weight in likelihood.weights]
    values = [np.full(shape, 1.5 + i, "float32") for i, shape in enumerate(shapes)]
    likelihood.set_weights(values)
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    for value, expected in zip(restored.likelihood.get_weights(), values, strict=True):
        np.testing.assert_array_equal(value, expected)
    assert json.dumps(restored.get_config()) == json.dumps(model.get_config())


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ((1, 2), 2.0, r"`x\[:, 2:5\]` must lie in \[0, 1\].*Categorical"),
        ((1, slice(2, 5)), 1.0, r"`x\[:, 2:5\]` must be one-hot"),
        ((1, 5), -1.0, r"`x\[:, 5:6\]` must lie in \[0, 1\].*Bernoulli"),
        ((1, 6), -1.0, r"`x\[:, 6:8\]` must be at least 0"),
        ((1, 8), 0.5, r"`x\[:, 8:9\]` must hold counts"),
    ],
)
def test_values_that_a_group_cannot_describe_are_named(place, value, message):
    likelihood = ki.likelihoods.MixedColumns(COLUMNS)
    x = np.concatenate(table(), axis=1)
    likelihood.check_values("x", x)
    x[place] = value
    with pytest.raises(ValueError, match=message):
        likelihood.check_values("x", x)


@pytest.mark.parametrize("event_shape", [(8,), (10,), (3, 3)])
def test_another_number_of_columns_is_refused(event_shape):
    with pytest.raises(ValueError, match="tables of 9 columns.*Received"):
        ki.likelihoods.MixedColumns(COLUMNS).check_event_shape(event_shape)


NORMAL = ki.likelihoods.Normal()


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        ([], ValueError, "`columns`.*at least one"),
        ("normal", TypeError, "`columns`.*a list"),
        (["normal"], TypeError, r"`columns\[0\]`.*a pair"),
        ([("gauss", 2)], ValueError, "`likelihood`.*'normal'"),
        ([("normal", 0)], ValueError, r"`columns\[0\]\[1\]`.*at least 1"),
        ([("normal", 2.0)], TypeError, r"`columns\[0\]\[1\]`.*integer"),
        ([("normal", None), ("bernoulli", None)], ValueError, r"`columns\[1\]\[1\]`.*only one"),
        ([(NORMAL, 1), (NORMAL, 2)], ValueError, r"`columns\[1\]\[0\]`.*no other block"),
    ],
)
def test_groups_that_are_none(columns, error, message):
    with pytest.raises(error, match=message):
        ki.likelihoods.MixedColumns(columns)


def test_weights_stand_in_files_under_the_same_name_whatever_the_version_of_keras(tmp_path):
    # Keras 3.15 finds layers in lists of pairs too (`columns`), older ones do not.
    network = ki.networks.MLP([4])
    likelihood = ki.likelihoods.MixedColumns([("normal", 2), ("bernoulli", 1)])
    model = ki.VAE(2, likelihood=likelihood, encoder=network, decoder=network)
    model.build((None, 3))
    model.save_weights(tmp_path / "model.weights.h5")
    found = []
    with h5py.File(tmp_path / "model.weights.h5") as file:
        file.visititems(lambda name, item: found.append(name))
    assert any("/blocks/normal/vars/" in name for name in found)
    assert not any("/columns" in name for name in found)
