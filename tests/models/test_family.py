"""Members of the family: each loss against NumPy, and the InfoVAE that it names."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from tests.models.test_objective import X, built

SEED = tf.constant([3, 4])


def loss_of(model, seed=SEED):
    """Returns (loss, terms) of X."""
    result = model.batch_loss(tf.constant(X), None, seed)
    return float(result.loss), [float(term) for term in result.terms.values()]


def moments_of(model):
    """Returns mean and variance of q(z|x), float64."""
    q = model.posterior_distribution(X)
    return (tensor.numpy().astype("float64") for tensor in (q.mean(), q.variance()))


def draws_of(model, draws=1):
    """Returns the z [draws, n, latent_dim] that the loss at SEED is taken over."""
    z_seed = tf.random.experimental.stateless_split(SEED)[0]
    return model.posterior_distribution(X).sample(draws, seed=z_seed).numpy()


def normal_log_density(x, mean, deviation):
    return -0.5 * ((x - mean) / deviation) ** 2 - np.log(deviation * np.sqrt(2 * np.pi))


# === Weights ===


@pytest.mark.parametrize(
    ("model_class", "arguments", "same"),
    [
        (ki.AdversarialAutoencoder, {}, {"alpha": 1.0, "lambda_": 1.0}),
        (ki.WassersteinAutoencoder, {}, {"alpha": 1.0, "lambda_": 10.0}),
        (ki.SteinVAE, {"alpha": 0.5, "lambda_": 9.0}, {"alpha": 0.5, "lambda_": 9.0}),
        (ki.FactorVAE, {"gamma": 7.0}, {"alpha": 0.0, "lambda_": 8.0}),
        (ki.BetaTCVAE, {"beta": 3.0}, {"alpha": 0.0, "lambda_": 3.0}),
        (ki.DIPVAE, {"lambda_off_diagonal": 5.0}, {"alpha": 0.0, "lambda_": 6.0}),
        (ki.IWAE, {"num_samples": 3}, {"alpha": 0.0, "lambda_": 1.0}),
    ],
)
def test_a_member_has_the_weights_and_parts_of_the_infovae_that_it_names(
    model_class, arguments, same
):
    named = model_class(3, **arguments)
    info_vae = ki.InfoVAE(3, divergence=named.divergence, posterior=named.posterior, **same)
    assert named.kl_weight == info_vae.kl_weight
    assert named.divergence_weight == info_vae.divergence_weight
    assert "alpha" not in named.get_config() or model_class is ki.SteinVAE


# === The losses against NumPy ===


def test_wasserstein_autoencoder_is_squared_distance_plus_imq_mmd():
    model = built(ki.WassersteinAutoencoder)
    loss, (reconstruction, _, divergence) = loss_of(model)
    z = model.encoder(X).numpy().astype("float64")
    decoded = model.decoder(z).numpy()
    distance = ((X - decoded) ** 2).sum(1).mean()
    normalizer = 5 * 0.5 * math.log(math.pi)  # of N(x; m, 1/2) in 5 dimensions
    assert reconstruction == pytest.approx(distance + normalizer, rel=1e-5)
    split = tf.random.experimental.stateless_split
    y_seed = split(split(SEED)[1], 4)[2]
    y = model.prior_distribution().sample(len(X), seed=y_seed).numpy().astype("float64")

    def k(a, b):  # C / (C + ||a - b||^2), C = 2 d
        return 6.0 / (6.0 + ((a[:, None] - b[None]) ** 2).sum(-1))

    n = len(X)
    off = 1 - np.eye(n)
    within = sum((k(a, a) * off).sum() / (n * (n - 1)) for a in (z, y))
    assert divergence == pytest.approx(within - 2 * k(z, y).mean(), abs=1e-6)
    assert loss == pytest.approx(reconstruction + 10.0 * divergence, rel=1e-6)


def test_iwae_is_the_importance_weighted_bound():
    model = built(ki.IWAE, num_samples=4, likelihood=ki.likelihoods.Normal(0.5))
    loss, (reconstruction, kl, _) = loss_of(model)
    mean, variance = moments_of(model)
    z = draws_of(model, 4).astype("float64")
    decoded = model.decoder(z.reshape(-1, 3)).numpy().reshape(4, len(X), -1)
    log_likelihood = normal_log_density(X, decoded, 0.5).sum(-1)
    log_q = normal_log_density(z, mean, np.sqrt(variance)).sum(-1)
    log_p = normal_log_density(z, 0.0, 1.0).sum(-1)
    log_weights = log_likelihood + log_p - log_q
    bound = np.log(np.exp(log_weights - log_weights.max(0)).mean(0)) + log_weights.max(0)
    assert loss == pytest.approx(-bound.mean(), rel=1e-5)
    assert reconstruction == pytest.approx(-log_likelihood.mean(), rel=1e-5)
    assert kl == pytest.approx((log_q - log_p).mean(), rel=1e-4)
    assert loss < reconstruction + kl


def test_annealed_vae_is_the_distance_of_the_kl_from_the_capacity():
    for capacity in (0.0, 2.0, 100.0):
        model = built(ki.AnnealedVAE, capacity=capacity, gamma=7.0)
        loss, (reconstruction, kl, _) = loss_of(model)
        assert loss == pytest.approx(reconstruction + 7.0 * abs(kl - capacity), rel=1e-6)


def test_capacity_grows_with_the_steps():
    capacity = ki.schedules.Linear(0.0, 10.0, duration=4)
    model = built(ki.AnnealedVAE, capacity=capacity, gamma=1.0, divergence="moment_matching")
    model.compile(keras.optimizers.SGD(0.0), jit_compile=False)
    history = model.fit(X, batch_size=6, epochs=4, verbose=0).history
    kl = history["kl_divergence"]
    assert max(kl) < 2.5  # below the capacity from the second step on: |KL - C| = C - KL
    for epoch, capacity in ((1, (5.0 + 7.5) / 2), (2, 10.0), (3, 10.0)):
        gap = history["loss"][epoch] - history["reconstruction_loss"][epoch]
        assert gap == pytest.approx(capacity - kl[epoch], rel=1e-4)
    assert "up to 10 nats" in model.objective()


def test_free_bits_hold_the_kl_of_each_dimension_at_what_is_free():
    for free_bits in (0.0, 0.05, 3.0):
        model = built(ki.InfoVAE, alpha=0.25, lambda_=2.0, free_bits=free_bits)
        loss, (reconstruction, kl, divergence) = loss_of(model)
        mean, variance = moments_of(model)
        of_dimensions = 0.5 * (variance - 1 - np.log(variance) + mean**2).mean(axis=0)
        assert kl == pytest.approx(of_dimensions.sum(), rel=1e-5)
        held = np.maximum(of_dimensions, free_bits).sum()
        expected = reconstruction + 0.75 * held + 1.25 * divergence
        assert loss == pytest.approx(expected, rel=1e-5)
    with tf.GradientTape() as tape:  # at 3 nats each, all is free
        result = model.batch_loss(tf.constant(X), None, SEED)
        free = result.loss - result.terms["reconstruction_loss"] - 1.25 * result.terms["divergence"]
    gradients = tape.gradient(free, model.trainable_variables)
    assert all(g is None or np.abs(g).max() < 1e-6 for g in gradients)
    assert "at least 3 nats of each dimension" in model.objective()


def test_free_bits_are_of_dimensions_whose_kl_is_known():
    for settings in ({"posterior": "full_covariance_normal"}, {"prior": "gaussian_mixture"}):
        with pytest.raises(ValueError, match="`free_bits` must be 0 but for the posterior"):
            ki.VAE(2, free_bits=0.5, **settings)
    with pytest.raises(TypeError, match="free_bits"):
        ki.AnnealedVAE(2, free_bits=0.5)


def test_dip_vae_is_the_penalty_on_the_covariance():
    for kind, ratio in (("i", 10.0), ("ii", 1.0)):
        model = built(ki.DIPVAE, kind=kind, lambda_off_diagonal=2.0)
        loss, (reconstruction, kl, _) = loss_of(model)
        mean, variance = moments_of(model)
        covariance = np.cov(mean.T)  # unbiased over the batch
        if kind == "ii":
            covariance = covariance + np.diag(variance.mean(0))
        diagonal = np.diag(covariance)
        off = (covariance**2).sum() - (diagonal**2).sum()
        expected = 2.0 * off + 2.0 * ratio * ((diagonal - 1) ** 2).sum()
        assert loss - reconstruction - kl == pytest.approx(expected, rel=2e-4)


def test_beta_tcvae_weighs_total_correlation_by_beta():
    # With the batch as the whole data set, q(z) is the mixture of its 12 posteriors.
    divergence = ki.divergences.TotalCorrelation(dataset_size=len(X), num_samples=1)
    model = built(ki.BetaTCVAE, beta=5.0, divergence=divergence)
    loss, (reconstruction, kl, total_correlation) = loss_of(model)
    assert loss == pytest.approx(reconstruction + kl + 4.0 * total_correlation, rel=1e-5)


def test_adversarial_autoencoder_adds_the_bound_of_the_discriminator():
    model = built(ki.AdversarialAutoencoder, lambda_=3.0)
    loss, (reconstruction, kl, divergence) = loss_of(model)
    assert kl == 0.0
    assert loss == pytest.approx(reconstruction + 3.0 * divergence, rel=1e-6)
    z = model.encoder(X)
    logits = model.divergence.logits(z).numpy().astype("float64")
    seed = tf.random.experimental.stateless_split(SEED)[1]
    reference = model.divergence.reference_samples(
        tf.repeat(z, 8, axis=0),
        model.prior_distribution(),
        tf.random.experimental.stateless_fold_in(seed, 2),
    )
    other = model.divergence.logits(reference).numpy().astype("float64")
    expected = math.log(2) - 0.5 * np.log1p(np.exp(-logits)).mean()
    expected -= 0.5 * np.log1p(np.exp(other)).mean()
    assert divergence == pytest.approx(expected, abs=1e-5)


# === Schedules ===


def test_weights_follow_their_schedules_into_the_loss_and_the_history():
    beta = ki.schedules.Linear(1.0, 5.0, duration=4)
    model = built(ki.BetaVAE, beta=beta, divergence="moment_matching")
    model.compile(keras.optimizers.SGD(0.0), jit_compile=False)
    history = model.fit(X, batch_size=6, epochs=3, verbose=0).history
    np.testing.assert_allclose(history["kl_weight"], [(1 + 2) / 2, (3 + 4) / 2, 5.0], rtol=1e-6)
    assert "divergence_weight" not in history
    assert model.kl_weight == 5.0
    last = {name: values[-1] for name, values in history.items()}
    expected = last["reconstruction_loss"] + 5.0 * last["kl_divergence"]
    assert last["loss"] == pytest.approx(expected, rel=1e-5)
    assert "kl_weight * kl_divergence + 0 * divergence" in model.objective()


def test_a_schedule_in_epochs_is_one_in_steps():
    weights = []
    for schedule in (
        ki.schedules.Cosine(0.0, 1.0, duration=2, unit="epochs"),
        ki.schedules.Cosine(0.0, 1.0, duration=6, unit="steps"),
    ):
        model = built(alpha=schedule, lambda_=20.0, divergence="moment_matching")
        model.compile(keras.optimizers.Adam(1e-2), jit_compile=False)
        model.fit(X, batch_size=4, epochs=3, verbose=0)
        weights.append(model.get_weights())
        assert model.kl_weight == 0.0 and model.divergence_weight == 20.0
    for a, b in zip(*weights, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_a_schedule_goes_on_where_a_saved_model_stopped(tmp_path):
    def fresh():
        alpha = ki.schedules.Sigmoid(0.0, 0.9, duration=3, unit="epochs")
        model = built(alpha=alpha, lambda_=20.0, divergence="moment_matching")
        model.compile(keras.optimizers.Adam(1e-2), jit_compile=False)
        return model

    whole, first = fresh(), fresh()
    whole.fit(X, batch_size=4, epochs=2, verbose=0)
    whole.fit(X, batch_size=4, epochs=2, verbose=0)
    first.fit(X, batch_size=4, epochs=2, verbose=0)
    first.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    assert restored.kl_weight == first.kl_weight < 1
    restored.fit(X, batch_size=4, epochs=2, verbose=0)
    for a, b in zip(whole.get_weights(), restored.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_a_scheduled_weight_of_zero_leaves_its_term_out():
    model = built(alpha=ki.schedules.Constant(1.0), lambda_=2.0)
    terms = {"reconstruction_loss": 2.0, "kl_divergence": tf.constant(float("nan"))}
    assert float(model.weighed(terms | {"divergence": 3.0}, None)) == 8.0


def test_several_draws_average_the_reconstruction():
    model = built(likelihood=ki.likelihoods.Normal(0.5))
    model.num_samples = 3
    _, (reconstruction, _, _) = loss_of(model)
    z = draws_of(model, 3)
    decoded = model.decoder(z.reshape(-1, 3)).numpy().reshape(3, len(X), -1)
    expected = -normal_log_density(X, decoded, 0.5).sum(-1).mean()
    assert reconstruction == pytest.approx(expected, rel=1e-5)


# === Weights on a schedule, and names that stand for a divergence ===


@pytest.mark.parametrize(
    ("model_class", "name", "weight"),
    [
        (ki.FactorVAE, "gamma", "divergence_weight"),
        (ki.AnnealedVAE, "gamma", "kl_weight"),
        (ki.DIPVAE, "lambda_off_diagonal", "divergence_weight"),
        (ki.BetaVAE, "beta", "kl_weight"),
        (ki.MMDVAE, "lambda_", "divergence_weight"),
    ],
)
def test_every_weight_takes_a_schedule(model_class, name, weight):
    model = built(model_class, **{name: ki.schedules.Linear(2.0, 6.0, duration=4)})
    assert model.scheduled_weights == [weight]
    for step, value in ((0, 2.0), (1, 3.0), (4, 6.0), (9, 6.0)):
        assert float(model.weights_at(step)[weight]) == pytest.approx(value)
    assert name in model.get_config()


def test_the_total_correlation_weighs_one_less_than_beta():
    model = built(ki.BetaTCVAE, beta=ki.schedules.Linear(1.0, 5.0, duration=4))
    assert [float(model.weights_at(step)["divergence_weight"]) for step in (0, 2, 8)] == [0, 2, 4]


@pytest.mark.parametrize(
    ("model_class", "divergence"),
    [
        (ki.BetaTCVAE, "mmd"),
        (ki.FactorVAE, "total_correlation"),
        (ki.SteinVAE, "mmd"),
        (ki.AdversarialAutoencoder, "kl"),
        (ki.MMDVAE, "energy_distance"),
    ],
)
def test_a_divergence_that_makes_another_model_is_refused(model_class, divergence):
    with pytest.raises(ValueError, match=f"which {model_class.__name__} is named for"):
        model_class(2, divergence=divergence)
