"""The loss: against NumPy, term by term, and what the names of the family stand for."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki

X = np.random.default_rng(0).random((12, 5)).astype("float32")
NETWORK = ki.networks.MLP([6], "tanh")


def built(model_class=ki.InfoVAE, **arguments):
    """Returns a model for X whose weights follow from seed 0."""
    keras.utils.set_random_seed(0)
    model = model_class(3, encoder=NETWORK, decoder=NETWORK, seed=0, **arguments)
    model.build((None, *X.shape[1:]))
    return model


# === The terms against NumPy ===


def numpy_terms(model, x, seed):
    """Returns the three terms of InfoVAE with a normal likelihood of scale 0.5, in float64."""
    parameters = model.encoder(x).numpy().astype("float64")
    mean, raw = np.split(parameters, 2, axis=1)
    variance = np.exp(14 * np.tanh(raw / 14))
    z_seed = tf.random.experimental.stateless_split(seed)[0]
    z = model.posterior_distribution(x).sample(seed=z_seed).numpy()
    noise = (z - mean) / np.sqrt(variance)
    assert np.abs(noise).max() < 5 and noise.std() > 0.7  # z = mean + standard deviation * noise
    decoded = model.decoder(z).numpy().astype("float64")
    log_likelihood = -0.5 * ((x - decoded) / 0.5) ** 2 - np.log(0.5 * np.sqrt(2 * np.pi))
    kl = 0.5 * (mean**2 + variance - 1 - np.log(variance))
    return -log_likelihood.sum(1).mean(), kl.sum(1).mean(), numpy_mmd(mean, variance)


def numpy_mmd(mean, variance):
    """Returns the unbiased MMD^2 to N(0, I), z integrated out: the mean of 7 Gaussian kernels."""
    n, dim = mean.shape
    p_mean, p_variance = np.zeros(dim), np.ones(dim)

    def expected_kernel(m1, v1, m2, v2):
        values = []
        for scale in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0):
            h = dim * scale
            spread = h + v1 + v2
            values.append(np.prod(np.sqrt(h / spread) * np.exp(-0.5 * (m1 - m2) ** 2 / spread)))
        return np.mean(values)

    pairs = [
        expected_kernel(mean[i], variance[i], mean[j], variance[j])
        for i in range(n)
        for j in range(n)
        if i != j
    ]
    cross = [expected_kernel(mean[i], variance[i], p_mean, p_variance) for i in range(n)]
    prior = expected_kernel(p_mean, p_variance, p_mean, p_variance)
    return np.mean(pairs) + prior - 2 * np.mean(cross)


@pytest.mark.parametrize(("alpha", "lambda_"), [(0.0, 1.0), (0.3, 50.0), (1.0, 7.0), (-2.0, 3.0)])
def test_loss_and_terms_are_those_of_numpy(alpha, lambda_):
    model = built(alpha=alpha, lambda_=lambda_, likelihood=ki.likelihoods.Normal(0.5))
    seed = tf.constant([3, 4])
    result = model.batch_loss(X, None, seed)
    terms = [float(term) for term in result.terms.values()]
    expected = numpy_terms(model, X, seed)
    np.testing.assert_allclose(terms, expected, rtol=2e-5, atol=2e-6)
    loss = expected[0] + (1 - alpha) * expected[1] + (alpha + lambda_ - 1) * expected[2]
    assert model.kl_weight == 1 - alpha
    assert model.divergence_weight == pytest.approx(alpha + lambda_ - 1, abs=1e-12)
    np.testing.assert_allclose(float(result.loss), loss, rtol=1e-4)


def loss_of(model, *values):
    """Returns the loss that terms of these values come to."""
    return float(model.weighed(dict(zip(model.term_names, values, strict=True)), None))


def test_a_term_of_weight_zero_is_reported_but_cannot_spoil_the_loss():
    model = built(ki.VAE)
    assert model.divergence_weight == 0
    assert loss_of(model, 2.0, 3.0, float("inf")) == 5.0
    model = built(ki.MMDVAE, lambda_=2.0)
    assert loss_of(model, 2.0, float("nan"), 3.0) == 8.0


def test_deterministic_posterior_has_no_kl_and_needs_alpha_1():
    model = built(ki.MMDVAE, posterior="deterministic")
    assert float(model.batch_loss(X, None, tf.constant([0, 0])).terms["kl_divergence"]) == 0.0
    with pytest.raises(ValueError, match="`alpha` must be 1 for a posterior without a density"):
        ki.InfoVAE(2, posterior="deterministic")


# === The family ===


@pytest.mark.parametrize(
    ("model_class", "arguments", "alpha", "lambda_"),
    [
        (ki.VAE, {}, 0.0, 1.0),
        (ki.BetaVAE, {"beta": 4.0}, -3.0, 4.0),
        (ki.BetaVAE, {"beta": 0.1}, 0.9, 0.1),
        (ki.MMDVAE, {"lambda_": 20.0}, 1.0, 20.0),
        (ki.MMDVAE, {}, 1.0, "auto"),
    ],
)
def test_a_member_is_the_infovae_that_it_names(model_class, arguments, alpha, lambda_):
    named = built(model_class, **arguments)
    info_vae = built(alpha=alpha, lambda_=lambda_)
    assert named.kl_weight == pytest.approx(info_vae.kl_weight, abs=1e-12)
    assert named.divergence_weight == pytest.approx(info_vae.divergence_weight, abs=1e-12)
    histories = []
    for model in (named, info_vae):
        model.compile(keras.optimizers.Adam(1e-2), run_eagerly=True)
        histories.append(model.fit(X, batch_size=4, epochs=2, verbose=0).history)
    for term, values in histories[0].items():
        np.testing.assert_allclose(values, histories[1][term], rtol=1e-5, atol=1e-7)
    for a, b in zip(named.get_weights(), info_vae.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_weights_of_vae_and_beta_vae_are_exactly_zero_where_they_should_be():
    # 1 - beta + beta - 1 is not 0 in floating point for every order of the operations.
    for beta in np.random.default_rng(0).uniform(0.01, 10, size=200):
        assert ki.BetaVAE(2, beta=beta).divergence_weight == 0
    assert ki.VAE(2).divergence_weight == 0
    assert ki.MMDVAE(2, lambda_=3).kl_weight == 0


# === lambda_="auto" ===


def test_auto_lambda_is_a_number_that_is_shown_and_kept(tmp_path):
    model = built()
    assert model.lambda_ == "auto" and model.lambda_value == 300
    assert ki.MMDVAE(2).lambda_value == ki.InfoVAE(2, alpha=1.0).lambda_value == 1000
    assert ki.InfoVAE(2, alpha=0.5).lambda_value == 650
    assert ki.InfoVAE(2, alpha=-3.0).lambda_value == 300
    assert "+ 299 * divergence" in model.objective()
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    assert restored.lambda_ == "auto" and restored.lambda_value == 300


def test_the_objective_is_printed_with_its_weights_and_a_batch_too_small_is_told(capsys):
    model = built(alpha=0.25, lambda_=10)
    with pytest.warns(UserWarning, match="cannot see a wrong variance .* a batch of 6"):
        model.fit(X, batch_size=6, epochs=1, verbose=2)
    printed = capsys.readouterr().out
    assert "0.75 * kl_divergence + 9.25 * divergence" in printed


# === Evaluation ===


def test_elbo_is_the_negative_loss_of_the_vae_in_expectation():
    model = built(ki.VAE, divergence="moment_matching")
    elbo = np.mean([model.elbo(X, seed=seed).mean() for seed in range(200)])
    losses = []
    for seed in range(200):
        terms = model.batch_loss(X, None, tf.constant([seed, 1])).terms
        losses.append(float(terms["reconstruction_loss"] + terms["kl_divergence"]))
    error = np.std(losses) * np.sqrt(2 / 200)
    assert abs(elbo + np.mean(losses)) < 4 * error


def test_evaluate_does_not_depend_on_what_was_evaluated_before():
    model = built(lambda_=10.0, divergence="sliced_wasserstein")  # which draws
    first = model.evaluate(X, batch_size=5, verbose=0)
    model.evaluate(X[:3], verbose=0)
    model.elbo(X)
    assert model.evaluate(X, batch_size=5, verbose=0) == first
    assert model.evaluate(X, batch_size=5, verbose=0, return_dict=False)[0] == first["loss"]
