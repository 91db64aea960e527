"""Models with an adversary: who trains what, what is reported, saved and shared."""

import keras
import numpy as np

import keras_infovae as ki

X = np.random.default_rng(0).random((44, 5)).astype("float32")
NETWORK = ki.networks.MLP([6], "tanh")
TERMS = {"loss", "reconstruction_loss", "kl_divergence", "divergence", "adversary_loss"}


def model_with(alias="adversarial", **arguments):
    keras.utils.set_random_seed(0)
    divergence = type(ki.divergences.get(alias))((8,), **arguments)
    model = ki.InfoVAE(
        2, lambda_=5.0, divergence=divergence, encoder=NETWORK, decoder=NETWORK, seed=0
    )
    model.build((None, 5))
    model.compile(keras.optimizers.Adam(1e-2), jit_compile=False)
    return model


def test_each_trains_its_own_weights():
    model = model_with()
    critic = model.divergence.critic.trainable_variables
    assert {id(v) for v in critic}.isdisjoint(id(v) for v in model.trainable_variables)
    assert len(model.trainable_variables) + len(critic) == len(
        [w for w in model.weights if w.trainable]
    )
    before = [v.numpy() for v in critic]
    frozen = model_with(optimizer={"class_name": "SGD", "config": {"learning_rate": 0.0}})
    for m in (model, frozen):
        history = m.fit(X, validation_data=(X[:8],), batch_size=8, epochs=2, verbose=0).history
        assert set(history) == TERMS | {f"val_{term}" for term in TERMS}
    assert any(np.any(v.numpy() != old) for v, old in zip(critic, before))
    for v, old in zip(frozen.divergence.critic.trainable_variables, before):
        np.testing.assert_array_equal(v.numpy(), old)  # the model's optimizer leaves it alone
    assert int(model.divergence.player_optimizer.iterations) == int(model.optimizer.iterations)


def test_steps_of_the_critic_per_step_of_the_model():
    model = model_with(steps=3)
    model.fit(X, batch_size=22, epochs=1, verbose=0)
    assert int(model.divergence.player_optimizer.iterations) == 6


def test_a_saved_training_goes_on_as_if_it_had_not_stopped(tmp_path):
    whole, first = model_with(), model_with()
    first.fit(X, batch_size=8, epochs=2, verbose=0)
    first.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    iterations = restored.divergence.player_optimizer.iterations
    assert int(iterations) == int(first.divergence.player_optimizer.iterations) > 0
    whole.fit(X, batch_size=8, epochs=2, verbose=0)
    for model in (whole, restored):
        model.fit(X, batch_size=8, epochs=2, verbose=0)
    for a, b in zip(whole.get_weights(), restored.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_an_adversary_brings_moved_codes_to_the_prior():
    # A free encoder, that is one whose only signal is the divergence: its codes must reach N(0, 1).
    rng = np.random.default_rng(0)
    x = rng.normal(size=(512, 1)).astype("float32")
    keras.utils.set_random_seed(0)
    model = ki.AdversarialAutoencoder(
        1,
        lambda_=1.0,
        likelihood=ki.likelihoods.Normal(scale=1e3),  # flat: reconstruction says nothing
        divergence=ki.divergences.Adversarial((32, 32)),
        encoder=ki.networks.MLP([16], "tanh"),
        decoder=ki.networks.MLP([2]),
        seed=0,
    )
    model.build((None, 1))
    model.encoder.layers[-1].bias.assign([2.5])
    model.compile(keras.optimizers.Adam(2e-3), jit_compile=False)
    before = model.encode(x)
    model.fit(x, batch_size=128, epochs=120, verbose=0)
    after = model.encode(x)
    assert abs(before.mean()) > 2.0
    assert abs(after.mean()) < 0.35 and 0.6 < after.std() < 1.5
