"""Priors against closed forms, quadrature and their own samples."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

import keras_infovae as ki
from keras_infovae.distributions import (
    normal_components,
    projected_normal_components,
    projected_normal_moments,
)
from keras_infovae.utils import probability as tfp

RNG = np.random.default_rng(0)
EVENT_SHAPE = (4,)


@keras.saving.register_keras_serializable("tests")
def laplace_prior(latent_dim):
    tfd = tfp.distributions
    return tfd.Independent(tfd.Laplace(tf.zeros([latent_dim]), 1.0), 1)


@keras.saving.register_keras_serializable("tests")
def wrong_prior(latent_dim):
    tfd = tfp.distributions
    return {
        1: tfd.Normal(0.0, 1.0),
        2: tfd.Independent(tfd.Normal(tf.zeros([5, 2]), 1.0), 1),
        3: tfd.Independent(tfd.Normal(tf.zeros([3], tf.float64), 1.0), 1),
        4: "no distribution",
    }[latent_dim]


def posterior_of(x):
    """Stands for an encoder of x [k, 4] to 2 * latent_dim = 4 numbers."""
    return ki.posteriors.DiagonalNormal().distribution(tf.tanh(x))


EUCLIDEAN = [
    ki.priors.StandardNormal(),
    ki.priors.GaussianMixture(3),
    ki.priors.VampPrior(6),
    ki.priors.MaskedAutoregressiveFlow(3, (16, 8), "tanh"),
    ki.priors.UserDefinedPrior(laplace_prior),
]
SPHERICAL = [ki.priors.UniformSphere(), ki.priors.VonMisesFisherPrior(3.0)]


def name_of(prior):
    return type(prior).__name__


def built(prior, latent_dim=2, spread=0.7):
    """Returns a copy of `prior` with weights moved at random from where they start."""
    keras.utils.set_random_seed(0)
    copy = type(prior).from_config(prior.get_config())
    copy.build(latent_dim, EVENT_SHAPE)
    rng = np.random.default_rng(1)
    for weight in copy.weights:
        weight.assign(weight + spread * rng.normal(size=weight.shape))
    return copy


def square_grid(side, count):
    """Returns z [count^2, 2] over a square around 0, and the area that each stands for."""
    axis = (np.arange(count) + 0.5) / count * 2 * side - side
    grid = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2).astype("float32")
    return grid, (2 * side / count) ** 2


# === What all share ===


@pytest.mark.parametrize("prior", EUCLIDEAN + SPHERICAL, ids=name_of)
def test_samples_and_log_densities_of_every_prior(prior):
    prior = built(prior)
    p = prior.distribution(2, posterior_of)
    assert p.event_shape == [2] and p.batch_shape == [] and p.dtype == tf.float32

    @tf.function
    def sample(n, seed):
        p = prior.distribution(2, posterior_of)
        z = p.sample(n, seed=seed)
        return z, p.log_prob(z)

    z, log_prob = sample(tf.constant(50), tf.constant([0, 1]))
    assert z.shape == (50, 2) and log_prob.shape == (50,)
    np.testing.assert_array_equal(z, sample(tf.constant(50), tf.constant([0, 1]))[0])
    assert np.abs(z - sample(tf.constant(50), tf.constant([0, 2]))[0]).max() > 0
    np.testing.assert_allclose(log_prob, p.log_prob(z.numpy()), rtol=1e-3, atol=1e-3)
    assert prior.support == "sphere" or np.abs(tf.norm(z, axis=-1) - 1).max() > 0.1
    assert prior.support != "sphere" or np.abs(tf.norm(z, axis=-1) - 1).max() < 1e-5


@pytest.mark.parametrize("prior", EUCLIDEAN, ids=name_of)
def test_the_density_integrates_to_one_and_gives_the_moments_of_the_samples(prior):
    p = built(prior, spread=0.4).distribution(2, posterior_of)
    z, area = square_grid(12.0, 1000)
    density = np.exp(p.log_prob(z).numpy().astype("float64")) * area
    # Half the spacing of the grid does not change the sums by more than 1e-3.
    np.testing.assert_allclose(density.sum(), 1.0, atol=2e-3)
    samples = p.sample(20000, seed=[0, 1]).numpy()
    moments = np.concatenate([samples, samples**2, np.abs(samples)], axis=-1)
    error = moments.std(0) / np.sqrt(len(samples))
    expected = density @ np.concatenate([z, z**2, np.abs(z)], axis=-1)
    assert np.all(np.abs(moments.mean(0) - expected) < 4 * error + 4e-3)


@pytest.mark.parametrize("prior", EUCLIDEAN, ids=name_of)
def test_log_densities_are_finite_far_away_with_gradients(prior):
    prior = built(prior)
    z = tf.constant([[1e6, -1e6], [1e-6, 1e6], [0.0, 0.0]])
    with tf.GradientTape() as tape:
        tape.watch(z)
        log_prob = prior.distribution(2, posterior_of).log_prob(z)
    weights = [weight.value for weight in prior.trainable_weights]
    assert np.all(np.isfinite(log_prob))
    for gradient in tape.gradient(log_prob, [z, *weights]):
        assert np.all(np.isfinite(gradient))


@pytest.mark.parametrize("extreme", [-1e6, 1e6])
@pytest.mark.parametrize("prior", EUCLIDEAN, ids=name_of)
def test_extreme_weights_give_finite_densities_and_samples(prior, extreme):
    prior = built(prior)
    for weight in prior.weights:
        weight.assign(tf.fill(weight.shape, extreme))
    p = prior.distribution(2, posterior_of)
    assert np.all(np.isfinite(p.log_prob([[0.0, 0.0], [1.0, -2.0]])))
    assert np.all(np.isfinite(p.sample(5, seed=[0, 0])))


@pytest.mark.parametrize("prior", EUCLIDEAN[:-1], ids=name_of)
def test_one_dimension(prior):
    keras.utils.set_random_seed(0)
    prior = type(prior).from_config(prior.get_config())
    prior.build(1, (2,))
    p = prior.distribution(1, posterior_of)
    z = np.linspace(-20, 20, 4001)[:, None].astype("float32")
    np.testing.assert_allclose(np.exp(p.log_prob(z)).sum() * 0.01, 1.0, atol=1e-3)
    assert p.sample(3, seed=[0, 0]).shape == (3, 1)


@pytest.mark.parametrize("prior", EUCLIDEAN + SPHERICAL, ids=name_of)
def test_everything_is_float32_under_mixed_precision(prior):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        prior = built(prior)
        assert all(weight.dtype == "float32" for weight in prior.weights)
        p = prior.distribution(2, posterior_of)
        assert p.log_prob(p.sample(3, seed=[0, 0])).dtype == tf.float32
    finally:
        keras.config.set_dtype_policy("float32")


@keras.saving.register_keras_serializable("tests")
class PriorHolder(keras.Model):
    def __init__(self, prior):
        super().__init__()
        self.prior = ki.priors.get(prior)

    def build(self, input_shape):
        if not self.prior.built:
            self.prior.build(2, EVENT_SHAPE)
        self.built = True

    def call(self, x):
        return x

    def get_config(self):
        return {"prior": ki.priors.serialize(self.prior)}


@pytest.mark.parametrize("prior", EUCLIDEAN + SPHERICAL, ids=name_of)
def test_weights_are_saved_with_a_model(prior, tmp_path):
    model = PriorHolder(built(prior))
    model.build((None, 4))
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    assert len(restored.weights) == len(model.weights) == len(model.prior.weights)
    for before, after in zip(model.weights, restored.weights):
        np.testing.assert_array_equal(before, after)
    z = tf.math.l2_normalize([[3.0, 4.0]], axis=-1)
    np.testing.assert_array_equal(
        restored.prior.distribution(2, posterior_of).log_prob(z),
        model.prior.distribution(2, posterior_of).log_prob(z),
    )


# === The Gaussian mixture ===


def test_gaussian_mixture_log_density_and_components():
    prior = built(ki.priors.GaussianMixture(3), latent_dim=2)
    logits, means, raw = (weight.numpy() for weight in prior.weights)
    deviations = np.exp(3.5 * np.tanh(raw / 7))
    z = RNG.normal(size=(7, 2))
    log_components = stats.norm.logpdf(z[:, None], means, deviations).sum(-1)
    expected = special.logsumexp(log_components + special.log_softmax(logits), axis=-1)
    p = prior.distribution(2)
    np.testing.assert_allclose(p.log_prob(z.astype("float32")), expected, rtol=1e-5)
    log_weights, component_means, variances = normal_components(p)
    np.testing.assert_allclose(log_weights, special.log_softmax(logits), rtol=1e-5)
    np.testing.assert_array_equal(component_means, means)
    np.testing.assert_allclose(variances, deviations**2, rtol=1e-5)


def test_gaussian_mixture_starts_spread_out_with_about_unit_covariance():
    prior = ki.priors.GaussianMixture(2000, initial_scale=0.5)
    keras.utils.set_random_seed(0)
    prior.build(3)
    p = prior.distribution(3)
    np.testing.assert_allclose(normal_components(p)[2], 0.25, rtol=1e-5)
    # The variance of 2,000 means has the relative standard error sqrt(2 / 2000) = 0.03.
    np.testing.assert_allclose(p.variance(), 1.0, atol=4 * 0.75 * 0.032)
    one_scale = ki.priors.GaussianMixture(2000, initial_scale=1.0)
    one_scale.build(3)
    p = one_scale.distribution(3)
    np.testing.assert_allclose(p.variance(), 1.01, atol=2e-3)
    # Equal components would have equal gradients, and stay equal.
    np.testing.assert_allclose(normal_components(p)[1].numpy().std(axis=0), 0.1, rtol=0.07)


def test_gaussian_mixture_learns_two_clusters():
    keras.utils.set_random_seed(0)
    prior = ki.priors.GaussianMixture(2)
    prior.build(1)
    x = np.concatenate([RNG.normal(-3, 0.5, 300), RNG.normal(2, 0.3, 100)]).astype("float32")
    weights = [weight.value for weight in prior.trainable_weights]
    optimizer = keras.optimizers.Adam(0.05)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(prior.distribution(1).log_prob(x[:, None]))
        optimizer.apply(tape.gradient(loss, weights), prior.trainable_weights)

    for _ in range(400):
        step()
    log_weights, means, variances = normal_components(prior.distribution(1))
    order = np.argsort(means[:, 0])
    np.testing.assert_allclose(np.exp(log_weights)[order], [0.75, 0.25], atol=0.01)
    np.testing.assert_allclose(means.numpy()[order, 0], [x[:300].mean(), x[300:].mean()], atol=0.02)
    deviations = np.sqrt(variances)[order, 0]
    np.testing.assert_allclose(deviations, [x[:300].std(), x[300:].std()], atol=0.03)


# === The VampPrior ===


def test_vamp_prior_is_the_mean_of_posteriors():
    prior = built(ki.priors.VampPrior(6))
    parameters = np.tanh(prior.pseudo_inputs())
    mean, deviation = parameters[:, :2], np.exp(7 * np.tanh(parameters[:, 2:] / 14))
    z = RNG.normal(size=(5, 2))
    components = stats.norm.logpdf(z[:, None], mean, deviation).sum(-1)
    p = prior.distribution(2, posterior_of)
    expected = special.logsumexp(components, axis=-1) - np.log(6)
    np.testing.assert_allclose(p.log_prob(z.astype("float32")), expected, rtol=1e-5)
    log_weights, means, variances = normal_components(p)
    np.testing.assert_allclose(log_weights, -np.log(6), rtol=1e-5)
    np.testing.assert_allclose(means, mean, rtol=1e-5)
    np.testing.assert_allclose(variances, deviation**2, rtol=1e-5)


def test_vamp_prior_keeps_pseudo_inputs_in_their_range_and_learns_them():
    prior = ki.priors.VampPrior(3, value_range=(-1, 2))
    prior.build(2, EVENT_SHAPE)
    assert len(prior.trainable_weights) == 1
    for extreme in (-1e6, 1e6):
        prior.raw_inputs.assign(tf.fill([3, 4], extreme))
        assert np.all((prior.pseudo_inputs() >= -1) & (prior.pseudo_inputs() <= 2))
    prior.raw_inputs.assign(RNG.normal(size=(3, 4)))
    np.testing.assert_allclose(
        prior.pseudo_inputs(), -1 + 3 * special.expit(prior.raw_inputs.numpy()), rtol=1e-5
    )
    with tf.GradientTape() as tape:
        value = prior.distribution(2, posterior_of).log_prob([[0.0, 1.0]])
    assert np.abs(tape.gradient(value, prior.raw_inputs.value)).min() > 0


@pytest.mark.parametrize(
    "posterior", ["full_covariance_normal", "householder", "von_mises_fisher", "deterministic"]
)
def test_vamp_prior_of_every_posterior(posterior):
    posterior = ki.posteriors.get(posterior)
    size = posterior.parameter_size(2)
    prior = ki.priors.VampPrior(5)
    prior.build(2, (size,))
    p = prior.distribution(2, posterior.distribution)
    z = p.sample(6, seed=[0, 1])
    assert z.shape == (6, 2)
    if posterior.has_density:
        components = posterior.distribution(prior.pseudo_inputs())
        expected = special.logsumexp(components.log_prob(z[:, None]), axis=-1) - np.log(5)
        np.testing.assert_allclose(p.log_prob(z), expected, rtol=1e-4, atol=1e-4)


def test_vamp_prior_says_what_is_missing():
    with pytest.raises(ValueError, match="`event_shape` must be the shape of one x"):
        ki.priors.VampPrior().build(2)
    prior = built(ki.priors.VampPrior(2))
    with pytest.raises(ValueError, match="`posterior_of` must be a function"):
        prior.distribution(2)


# === The masked autoregressive flow ===


def test_flow_starts_as_the_standard_normal():
    prior = ki.priors.MaskedAutoregressiveFlow()
    prior.build(3)
    z = RNG.normal(size=(5, 3)).astype("float32")
    standard = ki.priors.StandardNormal().distribution(3)
    np.testing.assert_allclose(prior.distribution(3).log_prob(z), standard.log_prob(z), rtol=1e-5)


@pytest.mark.parametrize("hidden_units", [(16, 16), (2,), (1, 3)])
def test_masked_network_is_autoregressive(hidden_units):
    flow = built(ki.priors.MaskedAutoregressiveFlow(1, hidden_units, "tanh"), latent_dim=4)
    with tf.GradientTape() as tape:
        z = tf.constant(RNG.normal(size=(1, 4)).astype("float32"))
        tape.watch(z)
        output = flow.networks[0](z)
    jacobian = tape.jacobian(output, z)[0, :, :, 0].numpy()  # [row, output, input]
    for row in range(4):
        assert np.all(jacobian[row, :, row:] == 0)
    assert np.all(jacobian[1, :, 0] != 0)
    if hidden_units == (16, 16):
        assert np.all(jacobian[3, :, :3] != 0)


def test_flow_log_density_is_the_change_of_variables():
    p = built(ki.priors.MaskedAutoregressiveFlow(3, (16,), "tanh"), latent_dim=3).distribution(3)
    z = tf.constant(RNG.normal(size=(6, 3)).astype("float32"))
    with tf.GradientTape() as tape:
        tape.watch(z)
        u = p.bijector.inverse(z + 0.0)
    jacobian = tape.batch_jacobian(u, z).numpy().astype("float64")
    expected = stats.norm.logpdf(u).sum(-1) + np.linalg.slogdet(jacobian)[1]
    np.testing.assert_allclose(p.log_prob(z), expected, rtol=1e-4)
    np.testing.assert_allclose(p.bijector.forward(u + 0.0), z, atol=1e-4)
    assert np.abs(jacobian[:, np.triu_indices(3, 1)[0], np.triu_indices(3, 1)[1]]).max() > 1e-3


def test_flow_samples_have_gradients():
    prior = built(ki.priors.MaskedAutoregressiveFlow(2, (8,), "tanh"))
    weights = [weight.value for weight in prior.trainable_weights]

    @tf.function
    def gradients(seed):
        with tf.GradientTape() as tape:
            z = prior.distribution(2).sample(20, seed=seed)
            value = tf.reduce_mean(z**2)
        return tape.gradient(value, weights)

    for gradient in gradients(tf.constant([0, 1])):
        assert np.all(np.isfinite(gradient))


# === On the sphere ===


def test_uniform_sphere_density_and_samples():
    area = {2: 2 * np.pi, 3: 4 * np.pi, 10: 2 * np.pi**5 / special.gamma(5)}
    for latent_dim, expected in area.items():
        p = ki.priors.UniformSphere().distribution(latent_dim)
        z = p.sample(4000, seed=[0, 1])
        np.testing.assert_allclose(p.log_prob(z[:3]), -np.log(expected), rtol=1e-5)
        # Every coordinate has mean 0 and variance 1 / latent_dim.
        assert np.all(np.abs(np.mean(z, 0)) < 4.5 * np.sqrt(1 / latent_dim / 4000))


@pytest.mark.parametrize("latent_dim", [2, 3, 20])
def test_von_mises_fisher_prior_against_scipy(latent_dim):
    p = ki.priors.VonMisesFisherPrior(3.0).distribution(latent_dim)
    z = p.sample(100, seed=[0, 1])
    reference = stats.vonmises_fisher(np.eye(latent_dim)[0], 3.0)
    unit = z.numpy().astype("float64")
    unit /= np.linalg.norm(unit, axis=-1, keepdims=True)
    np.testing.assert_allclose(p.log_prob(z), reference.logpdf(unit), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("prior", SPHERICAL, ids=name_of)
def test_a_sphere_needs_two_dimensions(prior):
    for use in (prior.build, prior.distribution):
        with pytest.raises(ValueError, match="`latent_dim` must be an integer of at least 2"):
            use(1)


# === The user's own ===


def test_user_defined_prior_is_saved_by_its_registered_name():
    prior = ki.priors.UserDefinedPrior(laplace_prior, has_density=False, support="sphere")
    config = json.loads(json.dumps(ki.priors.serialize(prior)))
    assert config["config"]["builder"] == "tests>laplace_prior"
    restored = ki.priors.deserialize(config)
    assert restored.builder is laplace_prior
    assert (restored.has_density, restored.support) == (False, "sphere")
    assert ki.priors.UserDefinedPrior("tests>laplace_prior").builder is laplace_prior
    np.testing.assert_allclose(
        ki.priors.UserDefinedPrior(laplace_prior).distribution(3).log_prob([[1.0, 0.0, -2.0]]),
        stats.laplace.logpdf([1.0, 0.0, -2.0]).sum(),
        rtol=1e-5,
    )


@pytest.mark.parametrize(
    ("builder", "error", "message"),
    [
        (lambda latent_dim: None, ValueError, "register_keras_serializable"),
        ("tests>no_such_function", ValueError, "import the module that registers it"),
        (3, TypeError, "a function of latent_dim"),
    ],
)
def test_user_defined_prior_refuses_what_could_not_be_saved(builder, error, message):
    with pytest.raises(error, match=message):
        ki.priors.UserDefinedPrior(builder)


@pytest.mark.parametrize(
    ("latent_dim", "error", "message"),
    [
        (1, ValueError, r"event shape \[1\] and batch shape \[\]. Received: event shape \[\]"),
        (2, ValueError, r"Received: event shape \[2\] and batch shape \[5\]"),
        (3, ValueError, "float32"),
        (4, TypeError, "returns a TFP distribution"),
    ],
)
def test_user_defined_prior_checks_what_the_function_returns(latent_dim, error, message):
    with pytest.raises(error, match=message):
        ki.priors.UserDefinedPrior(wrong_prior).build(latent_dim)


# === Arguments ===


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: ki.priors.GaussianMixture(0), ValueError, "`num_components` must be an integer"),
        (lambda: ki.priors.GaussianMixture(3, 0.0), ValueError, "`initial_scale` must be at least"),
        (lambda: ki.priors.GaussianMixture(3, 1.5), ValueError, "`initial_scale` must be at most"),
        (lambda: ki.priors.VampPrior(2.0), TypeError, "`num_components` must be an integer"),
        (lambda: ki.priors.VampPrior(2, 1.0), TypeError, "`value_range` must be None or a pair"),
        (lambda: ki.priors.VampPrior(2, (1, 0)), ValueError, "low < high"),
        (lambda: ki.priors.VampPrior(2, support="plane"), ValueError, "`support` must be one of"),
        (lambda: ki.priors.VampPrior(2, (0, 1, 2)), ValueError, "`value_range` must be None or"),
        (lambda: ki.priors.VonMisesFisherPrior(0), ValueError, "`concentration` must be greater"),
        (lambda: ki.priors.MaskedAutoregressiveFlow(0), ValueError, "`num_flows`"),
        (lambda: ki.priors.MaskedAutoregressiveFlow(1, ()), ValueError, "`hidden_units`"),
        (lambda: ki.priors.MaskedAutoregressiveFlow(1, (4,), "rel"), ValueError, "rel"),
        (
            lambda: ki.priors.UserDefinedPrior(laplace_prior, support="torus"),
            ValueError,
            "`support` must be one of",
        ),
    ],
)
def test_arguments_out_of_range_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


# === Moments for closed forms ===


def test_components_of_a_single_normal_and_of_what_is_none():
    tfd = tfp.distributions
    standard = ki.priors.StandardNormal().distribution(3)
    log_weights, means, variances = normal_components(standard)
    np.testing.assert_array_equal(log_weights, [0.0])
    np.testing.assert_array_equal(means, [[0.0] * 3])
    np.testing.assert_array_equal(variances, [[1.0] * 3])
    directions = np.eye(3, dtype="float32")[:2]
    for other in (
        laplace_prior(3),
        ki.priors.UniformSphere().distribution(3),
        built(ki.priors.MaskedAutoregressiveFlow(1), 3).distribution(3),
        tfd.MixtureSameFamily(
            tfd.Categorical([0.0]), tfd.Independent(tfd.Laplace([[0.0]], 1.0), 1)
        ),
    ):
        assert normal_components(other) is None
        assert projected_normal_moments(other, directions) is None
        assert projected_normal_components(other, directions) is None
    full = tfd.MultivariateNormalTriL(tf.zeros([3]), tf.eye(3))
    assert normal_components(full) is None
    assert [t.shape for t in projected_normal_components(full, directions)] == [1, (1, 2), (1, 2)]


def test_projected_components_of_a_mixture():
    p = built(ki.priors.GaussianMixture(3)).distribution(2)
    directions = RNG.normal(size=(5, 2)).astype("float32")
    log_weights, means, variances = projected_normal_components(p, directions)
    expected_log_weights, component_means, component_variances = normal_components(p)
    np.testing.assert_array_equal(log_weights, expected_log_weights)
    np.testing.assert_allclose(means, component_means @ directions.T, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(variances, component_variances @ (directions**2).T, rtol=1e-4)
