"""Saving, beyond the contract: own networks, the optimizer, how the model was compiled."""

import keras
import numpy as np
import pytest

import keras_infovae as ki

X = np.random.default_rng(0).random((24, 5)).astype("float32")
NETWORK = ki.networks.MLP([4], "tanh")


def own_decoder():
    z = keras.Input((2,))
    return keras.Model(z, keras.layers.Dense(5)(keras.layers.Dense(4, "tanh")(z)))


def own_encoder():
    x = keras.Input((5,))
    return keras.Model(x, keras.layers.Dense(4)(keras.layers.Dense(4, "tanh")(x)))


@pytest.mark.parametrize(
    ("encoder", "decoder"),
    [
        (lambda: NETWORK, own_decoder),  # made at different times: see LatentVariableModel.build
        (own_encoder, lambda: NETWORK),
        (own_encoder, own_decoder),
    ],
)
def test_training_goes_on_after_loading_as_it_would_have(tmp_path, encoder, decoder):
    keras.utils.set_random_seed(0)
    model = ki.InfoVAE(
        2,
        divergence="moment_matching",
        likelihood="normal",
        encoder=encoder(),
        decoder=decoder(),
        seed=0,
    )
    model.compile(keras.optimizers.Adam(1e-2), jit_compile=False, steps_per_execution=2)
    model.fit(X, batch_size=8, epochs=3, verbose=0)
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    assert restored.jit_compile is False and restored.steps_per_execution == 2
    for a, b in zip(restored.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(restored.trainable_variables, model.trainable_variables, strict=True):
        assert a.path.split("/")[-1] == b.path.split("/")[-1]
        np.testing.assert_array_equal(a, b)
    for either in (model, restored):
        either.fit(X, batch_size=8, verbose=0)
    for a, b in zip(restored.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_a_model_that_knows_no_shape_yet_is_saved_too(tmp_path):
    model = ki.BetaVAE(2, beta=2.0, divergence="moment_matching", seed=3)
    with pytest.warns(UserWarning, match="not yet been built"):  # as Keras says of any
        model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(restored, ki.BetaVAE) and restored.beta == 2.0 and not restored.built
    restored.fit(X, batch_size=8, verbose=0)


def test_encoding_uses_up_no_random_numbers():
    def run(encode):
        keras.utils.set_random_seed(0)
        model = ki.VAE(
            2,
            divergence="moment_matching",
            encoder=NETWORK,
            decoder=NETWORK,
            seed=np.int64(2**40),
        )
        model.compile("adam", jit_compile=False)
        model.fit(X, batch_size=8, verbose=0)
        if encode:
            model.encode(X)
        model.fit(X, batch_size=8, verbose=0)
        return model.get_weights()

    for a, b in zip(run(True), run(False), strict=True):
        np.testing.assert_array_equal(a, b)
