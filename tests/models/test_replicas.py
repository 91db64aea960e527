"""n replicas equal one device at the same global batch, for every divergence."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
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
    history = model.fit(batches, validation_data=batches, epochs=10, verbose=0).history
    return history, model.get_weights()


def assert_same(result, expected, tolerance=1e-5):
    for term, values in expected[0].items():
        np.testing.assert_allclose(result[0][term], values, rtol=tolerance, atol=tolerance)
    for a, b in zip(result[1], expected[1], strict=True):
        np.testing.assert_allclose(a, b, atol=tolerance)


@pytest.mark.parametrize("name", DIVERGENCES)
def test_two_replicas_are_one_device(name):
    expected = train(name)
    with ki.training.get_strategy("mirrored").scope():
        assert_same(train(name), expected)


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


def test_accumulated_gradients_are_refused():
    # Keras 3 applies them under a condition, where replicas cannot wait for each other.
    scope = ki.training.get_strategy("mirrored").scope()
    with scope, pytest.raises(ValueError, match="`gradient_accumulation_steps`.*2 replicas"):
        train("moment_matching", gradient_accumulation_steps=2)
