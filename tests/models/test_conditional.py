"""Models with a condition: what the networks see, every kind of input, and generation to order."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from tests.models.beginnings import beginning_of

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 3, 42)
X = (np.eye(3)[LABELS] * 0.8 + 0.1).astype("float32")  # all that x tells is its label
FEATURES = RNG.normal(size=(42, 2)).astype("float32")
NETWORK = ki.networks.MLP([8], "tanh")


def conditional(**arguments):
    keras.utils.set_random_seed(0)
    model = ki.InfoVAE(2, encoder=NETWORK, decoder=NETWORK, seed=0, lambda_=20.0, **arguments)
    model.compile(keras.optimizers.Adam(1e-2), jit_compile=False)
    return model


def test_a_condition_becomes_constant_channels_of_an_image():
    x = tf.zeros([2, 4, 5, 1])
    y = ki.conditions.append(x, tf.constant([[1.0, 2.0], [3.0, 4.0]])).numpy()
    assert y.shape == (2, 4, 5, 3)
    assert np.all(y[0, :, :, 1] == 1.0) and np.all(y[1, :, :, 2] == 4.0)
    assert ki.conditions.append(x, None) is x


def test_labels_are_one_hot_features():
    one_hot = np.eye(3, dtype="float32")[LABELS]
    weights = []
    for arguments, condition in (
        ({"condition": ki.conditions.Classes(3)}, LABELS),
        ({"condition": ki.conditions.Features(3)}, one_hot),
    ):
        model = conditional(divergence="moment_matching", **arguments)
        model.fit(X, condition=condition, batch_size=14, epochs=2, verbose=0)
        weights.append(model.get_weights())
    for a, b in zip(*weights, strict=True):
        np.testing.assert_array_equal(a, b)


PAIRS = tf.data.Dataset.from_tensor_slices((X, LABELS)).batch(14)
KINDS = {
    "pair": {"x": (X, LABELS), "batch_size": 14},
    "dataset": {"x": PAIRS},
    "nested": {"x": PAIRS.map(lambda x, c: ((x, c),))},
    "float labels": {"x": X, "condition": LABELS.astype("float32"), "batch_size": 14},
}


def test_every_kind_of_input_trains_alike():
    model = conditional(condition=ki.conditions.Classes(3), divergence="moment_matching")
    model.build((None, 3))
    begin_again = beginning_of(model)

    def run(**data):
        begin_again()
        history = model.fit(
            **data, epochs=2, shuffle=False, verbose=0, validation_data=(X, LABELS)
        ).history
        assert {"loss", "val_loss"} <= set(history)
        return model.get_weights()

    expected = run(x=X, condition=LABELS, batch_size=14)
    for kind, data in KINDS.items():
        for a, b in zip(run(**data), expected, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6, err_msg=kind)


def test_distributions_take_labels_or_one_hot_rows():
    model = conditional(condition=ki.conditions.Classes(3))
    model.build((None, 3))
    one_hot = np.eye(3, dtype="float32")[LABELS]
    for distribution, tensor in (
        (model.posterior_distribution, X),
        (model.likelihood_distribution, np.zeros((42, 2), "float32")),
    ):
        by_label = distribution(tf.constant(tensor), LABELS).mean()
        by_row = distribution(tf.constant(tensor), one_hot).mean()
        np.testing.assert_array_equal(by_label, by_row)
        with pytest.raises(ValueError, match="`condition` must be given"):
            distribution(tf.constant(tensor))


def test_methods_take_the_condition():
    model = conditional(condition=ki.conditions.Features(2), divergence="moment_matching")
    model.fit(X, condition=FEATURES, epochs=1, batch_size=14, verbose=0)
    z = model.encode(X, condition=FEATURES)
    assert z.shape == (42, 2)
    assert np.abs(z - model.encode(X, condition=FEATURES + 1)).max() > 0
    assert model.decode(z, condition=FEATURES).shape == X.shape
    assert model.elbo(X, seed=0, condition=FEATURES).shape == (42,)
    assert model.predict(X, condition=FEATURES, verbose=0).shape == X.shape
    by_array = model.evaluate(X, condition=FEATURES, batch_size=14, verbose=0)
    dataset = tf.data.Dataset.from_tensor_slices((X, FEATURES)).batch(14)
    assert model.evaluate(dataset, verbose=0)["loss"] == pytest.approx(by_array["loss"], rel=1e-5)
    np.testing.assert_allclose(
        model.predict(dataset, verbose=0),
        model.predict(X, condition=FEATURES, verbose=0),
        atol=1e-6,
    )


def test_it_generates_to_order_and_takes_the_label_out_of_z():
    model = conditional(condition=ki.conditions.Classes(3), alpha=0.0)
    model.fit(X, condition=LABELS, batch_size=14, epochs=150, verbose=0)
    for label in range(3):
        x = model.generate(20, condition=label, seed=0)
        assert np.all(x.argmax(1) == label)
    np.testing.assert_allclose(
        model.generate(3, condition=1, seed=0),
        model.generate(3, condition=[1, 1, 1], seed=0),
        atol=1e-6,
    )
    # Nothing is left to tell: x is a function of its label.
    assert model.evaluate(X, condition=LABELS, verbose=0)["kl_divergence"] < 0.1


def test_saving(tmp_path):
    model = conditional(condition=ki.conditions.Classes(3), divergence="moment_matching")
    model.fit(X, condition=LABELS, epochs=1, batch_size=14, verbose=0)
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(
        restored.generate(4, condition=2, seed=1), model.generate(4, condition=2, seed=1), atol=1e-6
    )


BAD = {
    "missing": (lambda m: m.fit(X), "`condition` must be given.*labels of shape.*0 to 2"),
    "of another length": (
        lambda m: m.fit(X, condition=LABELS[:5]),
        "`condition`.*each of the 42 examples.*5 rows",
    ),
    "beyond the classes": (
        lambda m: m.fit(X, condition=LABELS + 1),
        "`condition` must be labels from 0 to 2. Received: condition=.*3",
    ),
    "one-hot where labels are due": (
        lambda m: m.fit(X, condition=np.eye(3)[LABELS]),
        r"`condition` must be integer labels.*shape=\(42, 3\)",
    ),
    "fractional labels": (lambda m: m.fit(X, condition=LABELS + 0.5), "integer labels"),
    "NaN": (lambda m: m.fit(X, condition=np.full(42, np.nan)), "`condition` must be finite"),
    "with a dataset": (
        lambda m: m.fit(tf.data.Dataset.from_tensor_slices(X).batch(4), condition=LABELS),
        "`condition` must be left out with a dataset",
    ),
    "a dataset without": (
        lambda m: m.fit(tf.data.Dataset.from_tensor_slices(X).batch(4)),
        r"`x` must come with a condition, as \(x, condition\)",
    ),
    "validation without": (
        lambda m: m.fit(X, condition=LABELS, validation_data=(X,), verbose=0),
        "`validation_data` must come with a condition",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_conditions_are_refused_before_any_weight_changes(case):
    call, message = BAD[case]
    model = conditional(condition=ki.conditions.Classes(3))
    model.build((None, 3))
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        call(model)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_features_of_another_width_and_generation_without_a_condition_are_refused():
    model = conditional(condition=ki.conditions.Features(2))
    with pytest.raises(ValueError, match=r"features of shape \[examples, 2\].*\(42, 3\)"):
        model.fit(X, condition=np.zeros((42, 3)))
    model.build((None, 3))
    with pytest.raises(ValueError, match="`condition` must be given"):
        model.generate(3)
    plain = ki.InfoVAE(2)
    with pytest.raises(ValueError, match="`condition` must be left out"):
        plain.fit(X, condition=LABELS)
    with pytest.raises(TypeError, match=r"`condition` must be conditions.Classes\(n\)"):
        ki.InfoVAE(2, condition=3)


def test_labels_that_there_are_none_of_are_refused_everywhere():
    model = ki.InfoVAE(
        2,
        condition=ki.conditions.Classes(3),
        encoder=ki.networks.MLP([4]),
        decoder=ki.networks.MLP([4]),
    )
    model.build((None, 5))
    x, labels = np.zeros([4, 5], "float32"), np.array([0, 1, 2, 3])
    for function in (ki.evaluation.importance_weighted_bound, ki.evaluation.active_units):
        with pytest.raises(ValueError, match="labels from 0 to 2. Received: condition=.*3"):
            function(model, x, condition=labels)
    with pytest.raises(ValueError, match="labels from 0 to 2"):
        model.likelihood_distribution(np.zeros([4, 2]), labels)
    assert model.likelihood_distribution(np.zeros([4, 2]), labels % 3).batch_shape == [4]
