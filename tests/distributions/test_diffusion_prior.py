"""The diffusion prior: learned on codes after a training, kept with the model, drawn by row."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.distributions.denoisers.time_features import TimeFeatures
from keras_infovae.utils.row_random import seeds_of_rows

SMALL = ki.denoisers.ResidualMLP(16, 1)
CODES = np.random.default_rng(0).normal([3.0, -2.0], [0.5, 4.0], (800, 2)).astype("float32")


def identity_model():
    """Returns a model whose codes are x."""
    keras.utils.set_random_seed(0)
    identity = keras.Sequential([keras.Input((2,)), keras.layers.Rescaling(1.0)])
    model = ki.WassersteinAutoencoder(
        2, encoder=identity, decoder=keras.models.clone_model(identity), likelihood="normal", seed=0
    )
    model.build((None, 2))
    return model


@pytest.fixture(scope="module")
def stages():
    """A model, and the prior of its second stage."""
    model = identity_model()
    prior = ki.priors.Diffusion(SMALL, steps=40)
    history = model.fit_prior(CODES, prior, epochs=40, batch_size=100, seed=0, verbose=0)
    return model, prior, history.history["loss"]


def test_it_learns_the_codes_in_their_own_units(stages):
    model, prior, losses = stages
    assert losses[-1] < losses[0]
    np.testing.assert_allclose(prior.mean, CODES.mean(axis=0), atol=1e-3)
    np.testing.assert_allclose(prior.variance, CODES.var(axis=0), rtol=1e-3)
    new = model.generate(1000, seed=0)
    np.testing.assert_allclose(new.mean(axis=0), CODES.mean(axis=0), atol=0.4 * 4.0)
    np.testing.assert_allclose(new.std(axis=0), CODES.std(axis=0), rtol=0.35)
    assert not {"elbo", "joint"} & set(model.capabilities)


def test_each_row_follows_from_its_seed_and_is_saved(stages, tmp_path):
    model, prior, _ = stages
    new = model.generate(9, seed=2)
    np.testing.assert_allclose(model.generate(9, seed=2, batch_size=4), new, atol=1e-5)
    draws = prior.distribution(2).sample_rows(seeds_of_rows(0, 0, 3), 2)
    assert draws.shape == (2, 3, 2)
    assert prior.distribution(2).sample(4, seed=1).shape == (4, 2)
    with pytest.raises(NotImplementedError):
        prior.distribution(2).log_prob(tf.zeros([1, 2]))
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(restored.generate(9, seed=2), new, atol=1e-5)


def test_settings_that_change_after_a_draw_count(stages, tmp_path):
    model, prior, _ = stages
    new = model.generate(9, seed=2)
    model.learned_prior.steps = 5
    few = model.generate(9, seed=2)
    assert np.abs(few - new).max() > 1e-3
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    assert restored.learned_prior.steps == 5
    np.testing.assert_allclose(restored.generate(9, seed=2), few, atol=1e-5)
    prior.noise_share = 0.0
    assert np.abs(model.generate(9, seed=2) - few).max() > 1e-3
    with pytest.raises(ValueError, match="`steps` must be an integer of at least 2"):
        prior.steps = 1
    with pytest.raises(ValueError, match="`noise_share` must be at most 1"):
        prior.noise_share = 2
    prior.steps, prior.noise_share = 40, 1.0
    np.testing.assert_array_equal(model.generate(9, seed=2), new)


@pytest.mark.parametrize(("batch_size", "constant"), [(1, 0.1), (16, 0.25)])
def test_codes_that_do_not_vary_are_drawn_as_they_are(batch_size, constant):
    model, codes = identity_model(), CODES[:32].copy()
    codes[:, 1] = constant
    prior = ki.priors.Diffusion(SMALL, steps=4)
    history = model.fit_prior(codes, prior, batch_size=batch_size, epochs=1, seed=0, verbose=0)
    assert 0.0 < history.history["loss"][0] < 10.0
    new = model.generate(50, seed=0)
    assert np.all((codes[:, 0].min() <= new[:, 0] + 1e-5) & (new[:, 0] <= codes[:, 0].max() + 1e-5))
    np.testing.assert_allclose(new[:, 1], constant, rtol=1e-6)


def test_no_model_is_trained_with_it():
    with pytest.raises(ValueError, match="Diffusion is learned afterwards, by model.fit_prior"):
        ki.InfoVAE(2, alpha=1.0, prior="diffusion")


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision_does_not_round_times(policy, monkeypatch):
    # The fastest wave makes 32 turns in a unit of time; bfloat16 has 0.9922 for both.
    times, seen, call = np.array([[0.9905], [0.9915]], "float32"), [], TimeFeatures.call
    exact = TimeFeatures()(times)
    monkeypatch.setattr(TimeFeatures, "call", lambda self, t: (seen.append(t), call(self, t))[1])
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        features = TimeFeatures()(times)
        prior = ki.priors.Diffusion(SMALL)
        prior.build(3)
        model = ki.DenoisingDiffusion(ki.denoisers.UNet((4, 4)), seed=0)
        model.build((None, 8, 8, 1))
        for network in (prior.network, model.denoiser):
            shape = network.input_shape[0][1:]
            network([np.zeros([2, *shape], "float32"), times])
            np.testing.assert_array_equal(seen[-1], times)
    finally:
        keras.config.set_dtype_policy(before)
    # Half a unit of bfloat16's last place below 1.
    np.testing.assert_allclose(tf.cast(features, tf.float32), exact, atol=2.0**-9)
