"""Networks of a user's own: their losses, normalization and averages, as Keras has them."""

import threading

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki

X = np.random.default_rng(0).random((16, 4)).astype("float32")
Z = 2


class Loss(keras.layers.Layer):
    """Adds a loss of each kind: of the whole batch, or a number for each example."""

    def __init__(self, kinds, **options):
        super().__init__(**options)
        self.kinds = kinds

    def call(self, x):
        for kind in self.kinds:
            value = tf.reduce_mean(tf.ones_like(x), axis=-1)
            self.add_loss(0.25 * (value if kind == "each" else value[0]))
        return x


def model_with(layers, **options):
    keras.utils.set_random_seed(0)
    encoder = keras.Sequential([keras.Input((4,)), *layers, keras.layers.Dense(2 * Z)])
    networks = {"encoder": encoder, "decoder": ki.networks.MLP([4])}
    return ki.VAE(Z, divergence="moment_matching", seed=0, **networks, **options)


@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "float64"])
@pytest.mark.parametrize(
    ("kinds", "total"), [(["each"], 0.25 * 16), (["whole"], 0.25), (["each", "whole"], 4.25)]
)
def test_losses_of_a_network_are_summed_once_and_reported(policy, kinds, total):
    keras.config.set_dtype_policy(policy)
    try:
        model = model_with([Loss(kinds)])
        model.compile(keras.optimizers.SGD(0.0))
        plain = model_with([])
        for built in (model, plain):
            built.build((None, 4))
        plain.set_weights(model.get_weights())
        plain.compile(keras.optimizers.SGD(0.0))
        results = [m.fit(X, batch_size=16, epochs=1, verbose=0).history for m in (model, plain)]
    finally:
        keras.config.set_dtype_policy("float32")
    assert results[0]["regularization"] == pytest.approx([total])
    assert "regularization" not in results[1]
    for term in ("loss", "reconstruction_loss", "kl_divergence"):  # the rest is as without it
        np.testing.assert_allclose(results[0][term], results[1][term], rtol=1e-3)


def test_a_loss_of_each_example_weighs_as_its_sum():
    # The gradient of sum_i l_i is that of the sum, not that times the number of examples.
    class Penalty(keras.layers.Dense):
        def call(self, x):
            y = super().call(x)
            self.add_loss(tf.reduce_sum(tf.nn.softplus(y), axis=1))
            return y

    model = model_with([Penalty(3, use_bias=False), keras.layers.Dense(3)])
    model.build((None, 4))
    model.compile(keras.optimizers.SGD(1e-3), jit_compile=False)
    kernel = model.encoder.layers[0].kernel
    before, weights = kernel.numpy(), model.get_weights()
    seed = tf.constant([1, 2])
    with tf.GradientTape(persistent=True) as tape:
        own = tf.reduce_sum(tf.nn.softplus(X @ tf.convert_to_tensor(kernel)))
        rest = model.batch_loss(tf.constant(X), None, seed, training=True).loss
    expected = tape.gradient(own, kernel.value) + tape.gradient(rest, kernel.value)
    model.set_weights(weights)
    model.update(tf.constant(X), None, seed)
    np.testing.assert_allclose(kernel.numpy() - before, -1e-3 * expected, rtol=1e-3, atol=1e-7)


def test_a_prior_made_of_posteriors_leaves_normalization_and_losses_to_the_examples():
    norm = keras.layers.BatchNormalization(momentum=0.0)
    model = model_with(
        [norm, keras.layers.Dense(4, activity_regularizer=keras.regularizers.L2(1.0))],
        prior=ki.priors.VampPrior(3),
    )
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    history = model.fit(X, batch_size=16, epochs=1, verbose=0).history
    np.testing.assert_allclose(norm.moving_mean.numpy(), X.mean(axis=0), atol=1e-6)
    hidden = model.encoder.layers[1](model.encoder.layers[0](X, training=True)).numpy()
    # Keras divides by the number of examples from some version on.
    regularizer = keras.layers.Dense(4, activity_regularizer=keras.regularizers.L2(1.0))
    regularizer(np.ones([16, 4], "float32"))
    share = float(regularizer.losses[0]) / np.square(regularizer(np.ones([16, 4]))).sum()
    assert history["regularization"][0] == pytest.approx(share * np.square(hidden).sum(), rel=1e-3)


def critic_model(**settings):
    keras.utils.set_random_seed(0)
    divergence = ki.divergences.Adversarial((4,))
    network = ki.networks.MLP([4])
    return ki.InfoVAE(
        Z, lambda_=2.0, divergence=divergence, encoder=network, decoder=network, seed=0, **settings
    )


@pytest.mark.parametrize("prior", ["standard_normal", "gaussian_mixture"])
def test_averages_of_weights_go_to_the_weights_that_they_are_of(prior, tmp_path):
    # Keras pairs what the optimizer holds with `trainable_variables`, in which a critic's came
    # first. Averages that follow at once (momentum 0) are the weights themselves.
    model = critic_model(prior=prior)
    model.compile(keras.optimizers.Adam(1e-2, use_ema=True, ema_momentum=0.0))
    swap = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    model.fit(X, batch_size=8, epochs=2, verbose=0, callbacks=[swap])
    held = model.optimizer._model_variables_moving_average
    assert len(held) == len(model.trainable_variables)
    for average, variable in zip(held, model.trainable_variables, strict=True):
        np.testing.assert_array_equal(average.numpy(), variable.numpy())
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    for a, b in zip(restored.trainable_variables, model.trainable_variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    restored.fit(X, batch_size=8, epochs=1, verbose=0)


def test_weight_decay_leaves_the_critic_alone():
    model = critic_model()
    model.compile(keras.optimizers.AdamW(0.0, weight_decay=0.5))
    model.divergence.build(Z)
    model.build((None, 4))
    model.divergence.player_optimizer.learning_rate = 0.0
    before = [v.numpy() for v in model.divergence.critic.trainable_variables]
    model.fit(X, batch_size=8, epochs=1, verbose=0)
    for old, variable in zip(before, model.divergence.critic.trainable_variables, strict=True):
        np.testing.assert_array_equal(old, variable.numpy())


def test_new_examples_are_new_in_threads_too():
    model = model_with([])
    model.build((None, 4))
    model.generate(1)  # compiled
    found, lock = [], threading.Lock()

    def draw():
        for _ in range(8):
            new = model.generate(2)
            with lock:
                found.append(new.tobytes())

    threads = [threading.Thread(target=draw) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 48


@pytest.mark.slow
@pytest.mark.parametrize("of", ["activity", "kernel"])
def test_losses_of_examples_are_refused_on_several_devices(of):
    options = {f"{of}_regularizer": keras.regularizers.L2(1.0)}
    with ki.training.get_strategy("mirrored").scope():
        model = model_with([keras.layers.Dense(4, **options)])
        model.compile(keras.optimizers.SGD(0.0))
    if of == "kernel":
        model.fit(X, batch_size=16, epochs=1, verbose=0)
        return
    with pytest.raises(ValueError, match="must have no losses of examples.*1 such losses"):
        model.fit(X, batch_size=16, epochs=1, verbose=0)
