"""The energy-based prior: laws on a grid in two dimensions, and what a model with it keeps."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.samplers import seeded_noise
from keras_infovae.utils.row_random import seeds_of_rows

AXIS = np.linspace(-6.0, 6.0, 241).astype("float32")
CELL = float(AXIS[1] - AXIS[0]) ** 2
GRID = tf.constant(np.stack(np.meshgrid(AXIS, AXIS), axis=-1).reshape(-1, 2))
X = np.random.default_rng(0).normal(size=(48, 4)).astype("float32")
NETWORK = ki.networks.MLP([6])


def make(size=2, scale=1.0, **settings):
    """Returns a built prior, whose energies are some nats."""
    keras.utils.set_random_seed(1)
    prior = ki.priors.EnergyBased(**{"hidden_units": (8,), "bound": 3.0, "steps": 30} | settings)
    prior.build(size)
    kernel = prior.networks[0].trainable_variables[-1]
    kernel.assign(scale * tf.random.stateless_normal(kernel.shape, [3, 4], stddev=2.0))
    return prior


def log_partition(prior):
    """log Z on the grid."""
    log_base = ki.priors.StandardNormal().distribution(2).log_prob(GRID)
    return tf.reduce_logsumexp(prior.energy(GRID) + log_base) + np.log(CELL)


@pytest.fixture(scope="module")
def prior():
    """A prior whose log Z is known, and as many draws of it."""
    prior = make()
    found = prior.estimate_log_partition()
    draw = tf.function(lambda seed: prior.distribution(2).sample(4000, seed=seed))
    return prior, found, draw(tf.constant([5, 6])).numpy()


def test_log_z_is_that_of_the_grid_and_the_density_integrates_to_one(prior):
    prior, found, _ = prior
    assert abs(float(log_partition(prior))) > 0.2
    assert abs(found.value - float(log_partition(prior))) < 0.05
    assert 0.0 < found.standard_error < 0.05 and 0.6 < found.acceptance < 1.0
    density = tf.exp(prior.distribution(2).log_prob(GRID))
    assert float(tf.reduce_sum(density)) * CELL == pytest.approx(1.0, abs=0.05)
    assert float(tf.reduce_max(tf.abs(prior.energy(GRID)))) <= 3.0


def test_draws_have_the_moments_of_the_grid(prior):
    prior, _, draws = prior
    p = tf.nn.softmax(prior.distribution(2).log_prob(GRID)).numpy().astype("float64")
    mean = p @ GRID.numpy()
    covariance = (GRID.numpy() - mean).T @ ((GRID.numpy() - mean) * p[:, None])
    error = np.sqrt(np.diag(covariance) / len(draws))
    assert np.all(np.abs(draws.mean(axis=0) - mean) < 5 * error)
    np.testing.assert_allclose(np.cov(draws.T), covariance, atol=0.12)
    assert np.abs(covariance - np.eye(2)).max() > 0.3  # it is not the base


def test_the_gradient_is_that_of_the_exact_log_likelihood(prior):
    prior, _, _ = prior
    codes = tf.random.stateless_normal([4000, 2], [1, 2]) * [0.5, 1.5]
    weights = prior.player_variables

    @tf.function
    def gradients():
        with tf.GradientTape(persistent=True) as tape:
            contrast = prior.code_loss(codes, prior.distribution(2), tf.constant([7, 8]))
            exact = log_partition(prior) - tf.reduce_mean(prior.energy(codes))
        return [
            tf.concat([tf.reshape(g, [-1]) for g in tape.gradient(loss, weights)], 0)
            for loss in (contrast, exact)
        ]

    found, exact = (gradient.numpy() for gradient in gradients())
    # Means over 4,000 draws: relative to the whole gradient, a few percent.
    assert np.linalg.norm(found - exact) < 0.1 * np.linalg.norm(exact)


@pytest.mark.slow  # compiles two chains
def test_long_chains_stay_finite_and_at_the_same_energies():
    short, long = make(steps=40), make(steps=400)
    u = tf.random.stateless_normal([1000, 2], [0, 1])
    means = []
    for prior in (short, long):
        _, info = tf.function(prior.run)(u, seeded_noise(tf.constant([2, 3])))
        last = info.log_density[-1].numpy()
        assert np.all(np.isfinite(info.log_density))
        means.append((last.mean(), last.std() / np.sqrt(1000)))
    assert abs(means[0][0] - means[1][0]) < 4 * np.hypot(means[0][1], means[1][1])


def test_a_row_follows_from_its_seed(prior):
    p = prior[0].distribution(2)
    rows = ki.draw_rows(p, seeds_of_rows(4, 0, 5))
    np.testing.assert_allclose(ki.draw_rows(p, seeds_of_rows(4, 3, 2)), rows[3:], atol=1e-4)
    np.testing.assert_allclose(ki.draw_rows(p, seeds_of_rows(4, 0, 5), 2)[0], rows, atol=1e-4)


def test_the_divergence_from_a_normal_is_that_of_its_draws(prior):
    p = prior[0].distribution(2)
    q = ki.posteriors.DiagonalNormal().distribution(tf.constant([[0.3, -0.2, -1.0, 0.5]]))
    z = q.sample(4000, seed=tf.constant([1, 2]))
    by_draws = q.log_prob(z) - p.log_prob(z)
    error = np.std(by_draws) / np.sqrt(4000)
    assert abs(float(p.kl_rows(q, z)[0]) - float(tf.reduce_mean(by_draws))) < 4 * error


def model(seed=0, cls=ki.VAE, prior=None, **settings):
    keras.utils.set_random_seed(seed)
    if prior is None:
        prior = ki.priors.EnergyBased(
            hidden_units=(8,), steps=3, optimizer=settings.pop("by", None)
        )
    networks = {"encoder": NETWORK, "decoder": NETWORK} if cls is not ki.ShortRunModel else {}
    return cls(2, prior=prior, likelihood="normal", seed=seed, **networks, **settings)


def test_with_energies_of_zero_it_is_the_base():
    results = []
    for prior in (None, "standard_normal"):
        one = model(prior=prior)
        one.build((None, 4))
        with tf.GradientTape() as tape:
            result = one.batch_loss(tf.constant(X), None, tf.constant([1, 2]), training=True)
        terms = [result.terms[name] for name in ("reconstruction_loss", "kl_divergence")]
        results.append([*terms, *tape.gradient(result.loss, one.trainable_variables)])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.fixture(scope="module")
def joint():
    """A model that was trained with the prior for two epochs."""
    one = model(by=keras.optimizers.Adam(1e-2))
    one.compile("adam")
    return one, one.fit(X, epochs=2, batch_size=16, verbose=0).history


def test_it_learns_beside_the_model_and_is_known_after_each_epoch(joint):
    one, history = joint
    assert set(history) == {"loss", "reconstruction_loss", "kl_divergence", "adversary_loss"}
    assert "* divergence" not in one.objective()
    assert np.abs(one.prior.networks[0].trainable_variables[-1].numpy()).max() > 0
    assert float(one.prior.log_step_size) > np.log(0.5)
    assert one.elbo(X).shape == (48,)
    annealed = ki.evaluation.marginal_log_likelihood(
        one, X[:3], "annealed_importance", temperatures=60
    )
    p, log_prior = one.likelihood_distribution(GRID), one.prior_distribution().log_prob(GRID)
    exact = [tf.reduce_logsumexp(p.log_prob(x) + log_prior) + np.log(CELL) for x in X[:3]]
    error = annealed.log_likelihood - exact
    assert np.all(np.abs(error) < 5 * annealed.standard_error + 0.02)


@pytest.mark.slow
def test_it_goes_on_where_it_was_saved(joint, tmp_path):
    one, _ = joint
    one.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(restored.generate(4, seed=1), one.generate(4, seed=1), atol=1e-5)
    for each in (one, restored):
        each.fit(X, epochs=1, batch_size=16, verbose=0)
    for a, b in zip(one.get_weights(), restored.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    a, b = (each.prior.player_optimizer.variables for each in (one, restored))
    for first, second in zip(a, b, strict=True):
        np.testing.assert_allclose(first.numpy(), second.numpy(), atol=1e-5)


def test_without_log_z_nothing_is_made_of_it(joint):
    one, _ = joint
    one.train_on_batch(X)
    assert not one.prior.is_normalized
    for call in (
        lambda: one.elbo(X),
        lambda: ki.evaluation.marginal_log_likelihood(one, X),
        lambda: ki.evaluation.marginal_log_likelihood(one, X, "annealed_importance"),
    ):
        with pytest.raises(ValueError, match="is not known.*unnormalized.*estimate_log_partition"):
            call()
    one.prior.estimate_log_partition(chains=16, temperatures=10)
    assert "elbo" in one.capabilities
    with pytest.raises(ValueError, match="needs exact draws"):
        ki.evaluation.bidirectional_monte_carlo(one, 4)


def test_chains_are_run_for_a_divergence_only_where_it_counts(monkeypatch):
    counts = []
    run = ki.priors.EnergyBased.run
    monkeypatch.setattr(ki.priors.EnergyBased, "run", lambda *a: counts.append(0) or run(*a))
    for cls, settings, expected in (
        (ki.VAE, {}, 0),
        (ki.InfoVAE, {"divergence": "moment_matching", "lambda_": 2.0}, 0),
        (ki.InfoVAE, {"divergence": "sliced_wasserstein", "lambda_": 2.0}, 1),
    ):
        one = model(cls=cls, **settings)
        one.build((None, 4))
        counts.clear()
        loss = one.batch_loss(tf.constant(X), None, tf.constant([1, 2]), training=True)
        assert len(counts) == expected or settings.get("divergence") == "moment_matching"
        assert ("divergence" in loss.terms) == bool(settings)


@pytest.mark.slow  # the parts are tested apart
def test_short_chains_for_codes_and_prior_go_together():
    one = model(cls=ki.ShortRunModel, steps=2, decoder=NETWORK)
    history = one.fit(X, epochs=1, verbose=0).history
    assert set(history) == {"loss", "reconstruction_loss", "adversary_loss"}
    assert one.encode(X).shape == (48, 2)
    annealed = {"temperatures": 5, "chains": 2}
    assert ki.evaluation.marginal_log_likelihood(one, X[:2], "annealed_importance", **annealed)


@pytest.mark.slow  # its step is that of any player
def test_two_replicas_are_one_device():
    def trained():
        one = model()
        one.compile("adam", jit_compile=False)
        batches = tf.data.Dataset.from_tensor_slices(X[:31]).batch(16)
        one.fit(batches, epochs=1, verbose=0)
        return one.get_weights()

    expected = trained()
    with ki.training.get_strategy("mirrored").scope():
        found = trained()
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_chains_that_lag_are_told_of():
    prior = make()
    with pytest.warns(UserWarning, match=r"\(adversary_loss of a model\) is -15, below -2"):
        prior.end_epoch({"adversary_loss": -15.0})


@pytest.mark.slow
def test_chains_that_lag_in_a_second_stage_are_told_of():
    model = ki.VAE(2, likelihood="normal", encoder=NETWORK, decoder=NETWORK, seed=0)
    model.build((None, 4))
    settings = {"steps": 1, "step_size": 1e-3, "bound": 50.0}
    prior = ki.priors.EnergyBased(**settings, optimizer=keras.optimizers.Adam(0.05))
    with pytest.warns(UserWarning, match="do not keep up"):
        model.fit_prior(X, prior, epochs=40, seed=0, verbose=0)


def test_steps_that_are_set_after_a_draw_count():
    model = ki.VAE(2, likelihood="normal", encoder=NETWORK, decoder=NETWORK, seed=0)
    model.build((None, 4))
    model.fit_prior(X, make(steps=1), epochs=1, seed=0, verbose=0)
    few = model.generate(3, seed=0)
    model.learned_prior.steps = 40
    assert np.abs(model.generate(3, seed=0) - few).max() > 1e-3
    with pytest.raises(ValueError, match="`steps` must be an integer of at least 1"):
        model.learned_prior.steps = 0


def test_the_divergence_from_a_base_of_layers_is_its_own():
    """With energies of 0 p(z) is the base, whose KL is known but for little, whatever the draw."""
    keras.utils.set_random_seed(0)
    base = ki.priors.Hierarchical(sizes=[2, 2])
    base.build(4)
    prior = ki.priors.EnergyBased(base=base, hidden_units=(4,))
    prior.build(4)
    moments = np.random.default_rng(0).normal(size=(3, 8)).astype("float32")
    q = ki.posteriors.get("diagonal_normal").distribution(moments)
    z = q.sample(1, seed=[0, 1])
    expected = base.distribution(4).kl_rows(q, z)
    np.testing.assert_allclose(prior.distribution(4).kl_rows(q, z), expected, rtol=1e-5)


def test_what_cannot_be_is_refused_by_name():
    for settings, message in (
        ({"base": "maf"}, "`base` must be one of 'hierarchical', 'standard_normal'"),
        ({"base": ki.priors.GaussianMixture(2)}, "`base` must be a prior that is made of noise"),
        ({"bound": 0}, "`bound` must be greater than 0"),
        ({"steps": 0}, "`steps` must be an integer"),
        ({"step_size": "auto"}, "`step_size` must be one of 'adapt'"),
        ({"step_size": -1.0}, "`step_size` must be greater than 0"),
        ({"hidden_units": ()}, "`hidden_units` must be a sequence of at least one"),
    ):
        with pytest.raises(ValueError, match=message):
            ki.priors.EnergyBased(**settings)
    with pytest.raises(TypeError, match="`base` must be a prior,"):
        ki.priors.EnergyBased(base=3)
