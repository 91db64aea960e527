"""A second prior, learned on the codes of a trained model: closed forms on a linear decoder."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from tests.evaluation.linear_gaussian import LinearGaussian

EXACT = LinearGaussian(2, 4, scale=0.4)
RNG = np.random.default_rng(0)
CENTERS = np.array([[2.0, -1.0], [-2.0, 1.0]])
Z = CENTERS[RNG.integers(2, size=400)] + 0.3 * RNG.normal(size=(400, 2))
X = (Z @ EXACT.w.T + EXACT.b + EXACT.scale * RNG.normal(size=(400, 4))).astype("float32")


@pytest.fixture(scope="module")
def stages():
    """A model in two stages, and what it gave after the first."""
    model = EXACT.model(seed=0)
    model.compile("sgd")
    first = {
        "codes": model.encode(X),
        "loss": model.evaluate(X, verbose=0),
        "new": model.generate(5, seed=1),
        "elbo": model.elbo(X),
        "log_prob": model.log_prob(X[:40]),
        "weights": model.get_weights(),
    }
    prior, optimizer = ki.priors.GaussianMixture(2), keras.optimizers.Adam(0.05)
    history = model.fit_prior(X, prior, epochs=60, optimizer=optimizer, seed=0, verbose=0)
    return model, first, history.history["loss"]


def marginal(prior, x):
    """log p(x) of the linear model with a mixture of normals for p(z), exact."""
    p = prior.distribution(2)
    parts = []
    for k in range(prior.num_components):
        component = p.components_distribution
        mean = EXACT.w @ component.mean()[k].numpy() + EXACT.b
        covariance = EXACT.w * component.variance()[k].numpy() @ EXACT.w.T
        covariance += EXACT.scale**2 * np.eye(4)
        offset = x - mean
        quadratic = np.sum(offset @ np.linalg.inv(covariance) * offset, axis=1)
        log_weight = p.mixture_distribution.log_prob(k).numpy()
        log_det = np.linalg.slogdet(2 * np.pi * covariance)[1]
        parts.append(log_weight - 0.5 * (quadratic + log_det))
    return np.logaddexp.reduce(parts, axis=0)


def test_log_prob_is_that_with_the_learned_prior_and_better(stages):
    model, _, losses = stages
    assert losses[-1] < losses[0] - 0.3
    expected = marginal(model.learned_prior, X[:40])
    found = ki.evaluation.marginal_log_likelihood(model, X[:40], num_samples=2000)
    assert np.all(np.abs(found.log_likelihood - expected) < 5 * found.standard_error + 1e-3)
    assert expected.mean() > EXACT.log_likelihood(X[:40]).mean() + 0.5
    bound = model.elbo(X[:40], seed=1)
    assert bound.mean() < expected.mean()


def test_the_closed_form_of_log_prob_is_that_of_the_prior_of_the_training(stages):
    model, first, _ = stages
    np.testing.assert_allclose(first["log_prob"], EXACT.log_likelihood(X[:40]), rtol=1e-5)
    assert "log_prob" not in model.capabilities
    for estimate in (model.log_prob, lambda x: ki.evaluation.exact_posterior(model, x)):
        with pytest.raises(ValueError, match="Received: a learned prior=GaussianMixture"):
            estimate(X)


def test_it_changes_nothing_but_the_prior(stages):
    model, first, _ = stages
    np.testing.assert_array_equal(model.encode(X), first["codes"])
    for one, other in zip(model.get_weights(), first["weights"], strict=True):
        np.testing.assert_array_equal(one, other)
    assert model.evaluate(X, verbose=0) == pytest.approx(first["loss"], rel=1e-6)
    assert type(model.prior) is ki.priors.StandardNormal
    new = model.generate(2000, seed=1)
    z = (new - EXACT.b) @ EXACT.w  # the columns of W are orthonormal
    nearest = np.linalg.norm(z[:, None] - CENTERS, axis=-1).min(axis=1)
    assert np.mean(nearest < 1.5) > 0.9


@pytest.mark.slow  # the closed form of log p(x) above tells as much
def test_validation_data_come_in_the_form_that_fit_takes():
    model = EXACT.model(seed=0)
    settings = {"epochs": 1, "seed": 0, "verbose": 0}
    of_array, of_tuple = (
        model.fit_prior(X, validation_data=held_out, **settings).history["val_loss"]
        for held_out in (X[:50], (X[:50],))
    )
    assert of_array == of_tuple


def test_a_step_on_a_batch_drops_what_belonged_to_the_weights_before(stages, tmp_path):
    stages[0].save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras")
    ki.evaluation.calibrate_anomaly_threshold(model, X, 0.1)
    assert model.anomaly_threshold is not None and model.learned_prior is not None
    model.train_on_batch(X[:10])
    assert model.anomaly_threshold is None and model.learned_prior is None


def test_a_normal_learned_from_codes_has_their_moments():
    keras.utils.set_random_seed(0)
    model, optimizer = EXACT.model(seed=0), keras.optimizers.Adam(0.05)
    options = {"epochs": 40, "batch_size": 100, "seed": 0, "verbose": 0}
    model.fit_prior(X, ki.priors.GaussianMixture(1), optimizer=optimizer, **options)
    component = model.learned_prior.distribution(2)
    codes = model.encode(X)
    # q(z) has the moments of its means, and the variance of each q(z|x).
    np.testing.assert_allclose(component.mean(), codes.mean(axis=0), atol=0.2)
    expected = codes.var(axis=0) + EXACT.variance
    np.testing.assert_allclose(component.variance(), expected, rtol=0.2)


def test_it_is_saved_goes_on_and_is_forgotten(stages, tmp_path):
    model, first, losses = stages
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(restored.generate(5, seed=1), model.generate(5, seed=1), atol=1e-6)
    np.testing.assert_allclose(restored.elbo(X), model.elbo(X), atol=1e-4)
    more = restored.fit_prior(X, restored.learned_prior, epochs=1, seed=9, verbose=0)
    assert more.history["loss"][0] == pytest.approx(losses[-1], abs=0.1)
    restored.forget_prior()
    assert restored.learned_prior is None
    np.testing.assert_allclose(restored.generate(5, seed=1), first["new"], atol=1e-6)
    np.testing.assert_allclose(restored.elbo(X), first["elbo"], atol=1e-4)
    again = keras.saving.load_model(tmp_path / "model.keras")
    again.fit(X, epochs=1, verbose=0)
    assert again.learned_prior is None


def test_points_get_a_prior_with_a_density_for_their_samples():
    model = ki.WassersteinAutoencoder(2, likelihood="normal", encoder="mlp", decoder="mlp", seed=0)
    model.fit(X, epochs=1, verbose=0)
    history = model.fit_prior(
        X, ki.priors.MaskedAutoregressiveFlow(1, (4,)), epochs=2, validation_data=X[:50], verbose=0
    )
    assert set(history.history) == {"loss", "val_loss"}
    assert np.all(np.isfinite(model.generate(3, seed=0)))
    assert "elbo" not in model.capabilities


def test_codes_of_short_chains_stay_those_of_the_prior_of_the_training():
    model = ki.ShortRunModel(2, steps=3, likelihood="normal", decoder=ki.networks.MLP([4]), seed=0)
    model.build((None, 4))
    before = model.encode(X[:9], sample=True, seed=1), model.reconstruct(X[:9]), model.score(X[:9])
    model.fit_prior(X[:60], ki.priors.GaussianMixture(2), epochs=1, verbose=0)
    after = model.encode(X[:9], sample=True, seed=1), model.reconstruct(X[:9]), model.score(X[:9])
    for one, other in zip(before, after, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    assert "joint" in model.capabilities


@pytest.mark.slow  # the step is that of any model
def test_two_replicas_learn_what_one_does():
    def learned():
        keras.utils.set_random_seed(0)
        model = EXACT.model(seed=0)
        model.fit_prior(X[:31], ki.priors.GaussianMixture(2), epochs=2, seed=3, verbose=0)
        return [weight.numpy() for weight in model.learned_prior.weights]

    expected = learned()
    with ki.training.get_strategy("mirrored").scope():
        found = learned()
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_what_cannot_be_learned_is_refused_by_name(stages):
    model = stages[0]
    built, of_three = model.prior, ki.priors.GaussianMixture(2)
    of_three.build(3)
    weights = of_three.get_weights()
    for prior, message in (
        ("standard_normal", "`prior` must be one that has weights to learn"),
        ("vamp", "must be one that is not made of posteriors"),
        ("uniform_sphere", "must be one for z where the codes are"),
        (built, "must be another one than that of the training"),
        (of_three, "must be one for 2 latent dimensions.*GaussianMixture that was built for 3"),
        ("no prior", "must be one of"),
    ):
        with pytest.raises(ValueError, match=message):
            model.fit_prior(X, prior)
    for weight, before in zip(of_three.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(weight, before)
    with pytest.raises(ValueError, match="`epochs` must be an integer"):
        model.fit_prior(X, epochs=0)
    with pytest.raises(ValueError, match="x"):
        model.fit_prior(X[:, :2])
    with pytest.raises(ValueError, match="fit|build"):
        ki.VAE(2).fit_prior(X)
    assert isinstance(model.learned_prior, ki.priors.GaussianMixture)


@pytest.mark.slow  # tests/test_extending.py exports a learned prior, and compares the two
def test_a_server_gives_what_the_learned_prior_gives(stages, tmp_path):
    model = stages[0]
    ki.serving.export_for_serving(model, tmp_path / "model", signatures=["generate"])
    served = tf.saved_model.load(str(next((tmp_path / "model").glob("[0-9]*"))))
    x = served.signatures["generate"](seed=tf.constant([1 * 2**32 + 3], tf.int64))["x"]
    np.testing.assert_allclose(x[0], model.generate(4, seed=1)[3], atol=1e-5)
