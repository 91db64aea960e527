"""n replicas equal one device at the same global batch, for every divergence."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.utils.gradients import apply_gradients
from keras_infovae.utils.randomness import stateless_seed
from tests.contracts import small_divergence

X = np.random.default_rng(0).random((31, 5)).astype("float32")
NETWORK = ki.networks.MLP([6], "tanh")

DIVERGENCES = {
    "mmd, closed form": lambda: ki.divergences.MaximumMeanDiscrepancy(estimator="closed_form"),
    "mmd, random features": lambda: ki.divergences.MaximumMeanDiscrepancy(
        estimator="random_features"
    ),
    "mmd, sampled": lambda: ki.divergences.MaximumMeanDiscrepancy(estimator="sampled"),
    "energy_distance, random features": lambda: ki.divergences.EnergyDistance(
        estimator="random_features"
    ),
} | {
    alias: lambda alias=alias: small_divergence(alias)
    for alias in (
        *("stein", "sliced_wasserstein", "energy_distance", "moment_matching", "covariance"),
        *("total_correlation", "kl", "adversarial", "total_correlation_critic"),
    )
}


def train(name, **optimizer):
    """Returns (losses of each epoch, weights) after 20 steps, of batches of 16 and 15 examples."""
    keras.utils.set_random_seed(0)
    divergence = DIVERGENCES[name]()
    model = ki.InfoVAE(
        3, lambda_=5.0, divergence=divergence, encoder=NETWORK, decoder=NETWORK, seed=0
    )
    model.compile(keras.optimizers.Adam(1e-3, **optimizer), jit_compile=False)
    batches = tf.data.Dataset.from_tensor_slices(X).batch(16)
    # Few epochs, since an iterator over several devices takes longer than the steps.
    options = {"validation_data": batches, "epochs": 2, "verbose": 0}
    history = model.fit(batches.repeat(5), **options).history
    return history, model.get_weights()


def assert_same(result, expected, tolerance=1e-5):
    for term, values in expected[0].items():
        np.testing.assert_allclose(result[0][term], values, rtol=tolerance, atol=tolerance)
    for a, b in zip(result[1], expected[1], strict=True):
        np.testing.assert_allclose(a, b, atol=tolerance)


# The dearest to compile; what they have of their own, their gathered draws, others have too.
_DEAR = (
    "energy_distance, random features",
    "sliced_wasserstein",
    "total_correlation",
    "covariance",
)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow) if name in _DEAR else name for name in DIVERGENCES],
)
def test_two_replicas_are_one_device(name):
    options = {"clipnorm": 0.05} if name == "moment_matching" else {}
    expected = train(name, **options)
    with ki.training.get_strategy("mirrored").scope():
        assert_same(train(name, **options), expected)


def test_the_table_has_every_divergence():
    members = {type(ki.divergences.get(alias)) for alias in ki.divergences.registry.members}
    assert members == {type(make()) for make in DIVERGENCES.values()}


# A bfloat16 has 8 bits and a float16 11: sums of the replicas' gradients are rounded differently.
@pytest.mark.parametrize("policy, bits", [("mixed_bfloat16", 8), ("mixed_float16", 11)])
def test_mixed_precision(policy, bits):
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        expected = train("moment_matching")
        with ki.training.get_strategy("mirrored").scope():
            assert_same(train("moment_matching"), expected, tolerance=2.0**-bits / 4)
    finally:
        keras.config.set_dtype_policy(previous)


# === The optimizer ===

GRADIENTS = np.array([[3.0, 0.0], [0.0, 4.0]], "float32")  # of each replica; the sum has norm 5


def step(optimizer, *scales):
    """Returns what a variable of 0 is after steps by `GRADIENTS` times each of `scales` [2]."""
    with ki.training.get_strategy("mirrored").scope() as strategy:
        variable = keras.Variable(np.zeros(2))
        optimizer = optimizer()
        optimizer.build([variable])

    @tf.function
    def apply(scales):
        def on_replica():
            replica = tf.distribute.get_replica_context().replica_id_in_sync_group
            gradient = tf.gather(GRADIENTS, replica) * scales[replica]
            apply_gradients(optimizer, [gradient], [variable])

        strategy.run(on_replica)

    for scale in scales:
        apply(tf.constant(scale))
    return variable.numpy()


# Keras would clip the gradients of each replica before it sums them.
@pytest.mark.parametrize("loss_scale", [None, 4.0])
@pytest.mark.parametrize(
    ("limit", "clipped"),
    [
        ({"clipnorm": 1.0}, [-0.6, -0.8]),
        ({"global_clipnorm": 1.0}, [-0.6, -0.8]),
        ({"clipvalue": 3.5}, [-3.0, -3.5]),
        ({}, [-3.0, -4.0]),
    ],
)
def test_the_sum_over_replicas_is_clipped(limit, clipped, loss_scale):
    def optimizer():
        sgd = keras.optimizers.SGD(1.0, **limit)
        if loss_scale is None:
            return sgd
        return keras.optimizers.LossScaleOptimizer(sgd, initial_scale=loss_scale)

    np.testing.assert_allclose(step(optimizer, [loss_scale or 1.0] * 2), clipped, rtol=1e-6)


@pytest.mark.parametrize("limit", [{"clipvalue": 1.0}, {}])
def test_an_overflow_on_any_replica_is_one_of_all(limit):
    # Keras would look at the gradients of the first replica alone.
    def optimizer():
        return keras.optimizers.LossScaleOptimizer(
            keras.optimizers.SGD(1.0, **limit), initial_scale=4.0
        )

    np.testing.assert_array_equal(step(optimizer, [np.inf, 1.0], [1.0, np.inf]), [0.0, 0.0])
    # The scale is a quarter of what it was.
    expected = [-1.0, -1.0] if limit else [-3.0, -4.0]
    np.testing.assert_allclose(step(optimizer, [np.inf, 1.0], [1.0, np.inf], [1.0, 1.0]), expected)


def test_accumulated_gradients_are_those_of_one_device():
    # 20 steps leave 2 of a third in the sums; clipping is of the mean.
    options = {"gradient_accumulation_steps": 3, "clipnorm": 0.05}
    expected = train("adversarial", **options)
    with ki.training.get_strategy("mirrored").scope():
        assert_same(train("adversarial", **options), expected)


def test_accumulated_gradients_wait_for_their_step():
    def optimizer():
        return keras.optimizers.SGD(1.0, gradient_accumulation_steps=2, clipvalue=3.5)

    np.testing.assert_allclose(step(optimizer, [1.0, 1.0]), [0.0, 0.0])
    # The mean of the sums (3, 4) and (3, 8) is (3, 6).
    np.testing.assert_allclose(step(optimizer, [1.0, 1.0], [1.0, 2.0]), [-3.0, -3.5])
    three = step(optimizer, [1.0, 1.0], [1.0, 2.0], [9.0, 9.0])
    np.testing.assert_allclose(three, [-3.0, -3.5])
    four = step(optimizer, [1.0, 1.0], [1.0, 2.0], [0.0, 0.5], [1.0, 0.0])
    np.testing.assert_allclose(four, [-3.0 - 1.5, -3.5 - 1.0])


@pytest.mark.parametrize("policy, options", [("mixed_float16", {}), ("float32", {"use_ema": True})])
def test_accumulated_gradients_that_keras_decides_on_are_refused(policy, options):
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    scope = ki.training.get_strategy("mirrored").scope()
    try:
        with scope, pytest.raises(ValueError, match="`gradient_accumulation_steps`.*2 replicas"):
            train("moment_matching", gradient_accumulation_steps=2, **options)
    finally:
        keras.config.set_dtype_policy(previous)


# === Replicas apart ===


def apart(name, batch):
    """Returns (the terms of 2 replicas that are apart, those of each one's examples alone)."""
    x, seed = tf.constant(X[:batch]), tf.constant([3, 4])
    first = -(-batch // 2)
    parts = [x[:first], x[first:]]

    def built():
        keras.utils.set_random_seed(0)
        divergence = DIVERGENCES[name]()
        model = ki.InfoVAE(3, divergence=divergence, encoder=NETWORK, decoder=NETWORK, seed=0)
        model.compile(synchronize_divergence=False)
        model.build((None, 5))
        return model

    model = built()
    alone = [
        list(model.batch_loss(part, None, stateless_seed(seed, replica)).terms.values())
        for replica, part in enumerate(parts)
        if len(part)
    ]
    with ki.training.get_strategy("mirrored").scope() as strategy:
        model = built()

        @tf.function
        def shares():
            return strategy.run(
                lambda: list(
                    model.batch_loss(
                        tf.switch_case(
                            tf.distribute.get_replica_context().replica_id_in_sync_group,
                            [lambda: parts[0], lambda: parts[1]],
                        ),
                        None,
                        seed,
                    ).terms.values()
                )
            )

        together = [
            sum(float(share) for share in strategy.experimental_local_results(term))
            for term in shares()
        ]
    return together, np.array(alone), [len(part) / batch for part in parts]


@pytest.mark.parametrize("batch", [16, 15])
@pytest.mark.parametrize("name", ["mmd, random features", "adversarial"])
def test_replicas_apart_take_the_mean_of_their_divergences(name, batch):
    together, alone, weights = apart(name, batch)
    np.testing.assert_allclose(together, weights @ alone, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["mmd, sampled", "sliced_wasserstein"])
def test_a_replica_without_examples_counts_for_nothing(name):
    together, alone, _ = apart(name, 1)
    np.testing.assert_allclose(together, alone[0], rtol=1e-5)


def test_replicas_apart_train_with_a_last_batch_of_one():
    with ki.training.get_strategy("mirrored").scope():
        model = ki.AnnealedVAE(2, encoder=NETWORK, decoder=NETWORK, seed=0)
        model.compile(synchronize_divergence=False, jit_compile=False)
    history = model.fit(X, batch_size=10, epochs=1, verbose=0, validation_data=(X,)).history
    assert np.isfinite(list(history.values())).all()
    assert all(np.isfinite(weights).all() for weights in model.get_weights())


def test_replicas_apart_is_saved_and_checked(tmp_path):
    model = ki.VAE(2, encoder=NETWORK, decoder=NETWORK)
    with pytest.raises(TypeError, match="`synchronize_divergence` must be True or False"):
        model.compile(synchronize_divergence="no")
    model.compile(synchronize_divergence=False)
    model.build((None, 5))
    model.optimizer.build(model.trainable_variables)  # as training would, for the file to have it
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    assert restored.get_compile_config() == model.get_compile_config()
    assert restored.get_compile_config()["options"] == {"synchronize_divergence": False}
