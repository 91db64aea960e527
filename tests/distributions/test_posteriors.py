"""Posteriors against NumPy, SciPy and their own samples."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

import keras_infovae as ki
from keras_infovae.distributions import projected_normal_moments
from keras_infovae.utils import probability as tfp

RNG = np.random.default_rng(0)
NORMALS = [
    ki.posteriors.DiagonalNormal(),
    ki.posteriors.FullCovarianceNormal(),
    ki.posteriors.HouseholderFlow(num_reflections=3),
]
WITH_DENSITY = [*NORMALS, ki.posteriors.VonMisesFisher()]
EVERY = [*WITH_DENSITY, ki.posteriors.Deterministic()]


def name_of(posterior):
    return type(posterior).__name__


def parameters_of(posterior, latent_dim, n=5, scale=1.0):
    size = posterior.parameter_size(latent_dim)
    return (scale * RNG.normal(size=(n, size))).astype("float32")


def prior_of(posterior, latent_dim):
    """Returns a p(z) on the support of `posterior` to which KL has a closed form."""
    name = {"euclidean": "standard_normal", "sphere": "uniform_sphere"}[posterior.support]
    return ki.priors.get(name).distribution(latent_dim)


def covariance_of(q):
    """Returns the covariance [n, d, d], which TFP does not give for independent values."""
    if isinstance(q, tfp.distributions.Independent):
        return np.eye(q.event_shape[0]) * q.variance().numpy()[:, None]
    return q.covariance().numpy()


# === What all share ===


@pytest.mark.parametrize("latent_dim", [2, 5])
@pytest.mark.parametrize("posterior", EVERY, ids=name_of)
def test_shapes_and_draws(posterior, latent_dim):
    size = posterior.parameter_size(latent_dim)

    @tf.function(input_signature=[tf.TensorSpec([None, size]), tf.TensorSpec([2], tf.int32)])
    def draw(parameters, seed):
        q = posterior.distribution(parameters)
        assert q.event_shape == [latent_dim] and q.dtype == tf.float32
        return q.sample(seed=seed), q.sample(3, seed=seed), q.mean(), q.mode()

    parameters = parameters_of(posterior, latent_dim)
    z, several, mean, mode = draw(parameters, tf.constant([0, 1]))
    assert z.shape == mean.shape == mode.shape == (5, latent_dim)
    assert several.shape == (3, 5, latent_dim)
    np.testing.assert_array_equal(z, draw(parameters, tf.constant([0, 1]))[0])
    q = posterior.distribution(parameters)
    assert q.batch_shape == [5]
    np.testing.assert_allclose(q.sample(seed=[0, 1]), z, atol=1e-5)
    if posterior.has_density:
        assert np.abs(z - draw(parameters, tf.constant([0, 2]))[0]).max() > 1e-3
    if posterior.support == "sphere":
        np.testing.assert_allclose(tf.norm(several, axis=-1), 1.0, atol=1e-5)
        np.testing.assert_allclose(tf.norm(mode, axis=-1), 1.0, atol=1e-5)
    else:
        np.testing.assert_allclose(mode, mean, atol=1e-6)


@pytest.mark.parametrize("posterior", WITH_DENSITY, ids=name_of)
def test_samples_have_the_mean_and_covariance_that_the_distribution_says(posterior):
    q = posterior.distribution(parameters_of(posterior, 3))
    z = q.sample(20000, seed=[0, 1]).numpy()
    mean, covariance = q.mean().numpy(), covariance_of(q)
    np.testing.assert_allclose(q.variance(), np.einsum("nii->ni", covariance), rtol=1e-4)
    error = z.std(0) / np.sqrt(len(z))
    assert np.all(np.abs(z.mean(0) - mean) < 4.5 * error)
    products = (z - mean)[..., None] * (z - mean)[..., None, :]
    error = products.std(0) / np.sqrt(len(z))
    assert np.all(np.abs(products.mean(0) - covariance) < 4.5 * error)


@pytest.mark.parametrize("latent_dim", [2, 3, 10])
@pytest.mark.parametrize("posterior", WITH_DENSITY, ids=name_of)
def test_closed_form_kl_equals_monte_carlo(posterior, latent_dim):
    q = posterior.distribution(parameters_of(posterior, latent_dim))
    p = prior_of(posterior, latent_dim)
    kl = tfp.distributions.kl_divergence(q, p).numpy()
    z = q.sample(4000, seed=[0, latent_dim])
    ratios = (q.log_prob(z.numpy()) - p.log_prob(z)).numpy()
    error = ratios.std(0) / np.sqrt(len(ratios))
    assert kl.shape == (5,) and np.all(kl > 0)
    assert np.all(np.abs(ratios.mean(0) - kl) < 4.5 * error + 1e-4)


@pytest.mark.parametrize("extreme", [-1e6, 0.0, 1e6])
@pytest.mark.parametrize("latent_dim", [2, 16])
@pytest.mark.parametrize("posterior", EVERY, ids=name_of)
def test_extreme_parameters_give_finite_values_and_gradients(posterior, latent_dim, extreme):
    size = posterior.parameter_size(latent_dim)
    one = np.full([1, size], extreme)
    alternating = one * (-1.0) ** np.arange(size)
    parameters = tf.constant(np.concatenate([one, alternating]), tf.float32)
    p = prior_of(posterior, latent_dim)
    with tf.GradientTape() as tape:
        tape.watch(parameters)
        q = posterior.distribution(parameters)
        z = q.sample(seed=[0, 1])
        values = [z, q.mean(), p.log_prob(z)]
        if posterior.has_density:
            values += [q.log_prob(z), tfp.distributions.kl_divergence(q, p)]
        total = tf.add_n([tf.reduce_sum(value) for value in values])
    for value in [*values, tape.gradient(total, parameters)]:
        assert np.all(np.isfinite(value))


@pytest.mark.parametrize("posterior", EVERY, ids=name_of)
def test_everything_is_float32_under_mixed_precision(posterior):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        posterior = type(posterior).from_config(posterior.get_config())
        half = tf.cast(parameters_of(posterior, 3), tf.float16)
        q = posterior.distribution(half)
        assert q.mean().dtype == q.sample(seed=[0, 0]).dtype == tf.float32
    finally:
        keras.config.set_dtype_policy("float32")


def test_kl_is_exact_or_says_that_it_is_not_known():
    kl_divergence = tfp.distributions.kl_divergence
    laplace = tfp.distributions.Independent(tfp.distributions.Laplace(tf.zeros([2]), 1.0), 1)
    mixture, flow = ki.priors.GaussianMixture(2), ki.priors.MaskedAutoregressiveFlow(2, (4,))
    mixture.build(2)
    flow.build(2)
    for posterior in NORMALS:
        q = posterior.distribution(parameters_of(posterior, 2))
        for p in (laplace, mixture.distribution(2), flow.distribution(2)):
            with pytest.raises(NotImplementedError):
                kl_divergence(q, p)


# === The normals ===


def numpy_normal(posterior, parameters, d):
    """Returns the mean [n, d] and covariance [n, d, d] that `parameters` stand for."""
    mean, log_scale, rest = parameters[:, :d], parameters[:, d : 2 * d], parameters[:, 2 * d :]
    if isinstance(posterior, ki.posteriors.DiagonalNormal):
        return mean, np.eye(d) * np.exp(14 * np.tanh(log_scale / 14))[:, None]
    if isinstance(posterior, ki.posteriors.FullCovarianceNormal):
        # The order of TFP's fill_triangular: rows of the values and of their mirror image.
        square = np.concatenate([rest[:, d - 1 :], rest[:, ::-1]], -1).reshape(
            len(mean), d - 1, d - 1
        )
        factor = np.tile(np.eye(d), [len(mean), 1, 1])
        factor[:, 1:, :-1] += np.tril(10 * np.tanh(square / 10))
        factor *= np.exp(7 * np.tanh(log_scale / 7))[:, :, None]
        return mean, factor @ factor.transpose(0, 2, 1)
    rotation = np.eye(d)[None]
    for axis in np.split(rest, rest.shape[-1] // d, axis=-1):
        outer = axis[:, :, None] * axis[:, None] / (axis**2).sum(-1)[:, None, None]
        rotation = (np.eye(d) - 2 * outer) @ rotation
    variance = np.exp(14 * np.tanh(log_scale / 14))
    covariance = (rotation * variance[:, None]) @ rotation.transpose(0, 2, 1)
    return np.einsum("nij,nj->ni", rotation, mean), covariance


@pytest.mark.parametrize("latent_dim", [1, 2, 5])
@pytest.mark.parametrize("posterior", NORMALS, ids=name_of)
def test_normals_against_scipy(posterior, latent_dim):
    parameters = parameters_of(posterior, latent_dim)
    mean, covariance = numpy_normal(posterior, parameters.astype("float64"), latent_dim)
    q = posterior.distribution(parameters)
    np.testing.assert_allclose(q.mean(), mean, atol=1e-5)
    np.testing.assert_allclose(covariance_of(q), covariance, rtol=1e-4, atol=1e-5)
    z = RNG.normal(size=(5, latent_dim))
    expected = [
        stats.multivariate_normal.logpdf(*row) for row in zip(z, mean, covariance, strict=True)
    ]
    np.testing.assert_allclose(q.log_prob(z.astype("float32")), expected, rtol=2e-4, atol=2e-4)
    trace = np.trace(covariance, axis1=1, axis2=2)
    log_determinant = np.linalg.slogdet(covariance)[1]
    kl = 0.5 * (trace + (mean**2).sum(-1) - latent_dim - log_determinant)
    prior = ki.priors.StandardNormal().distribution(latent_dim)
    np.testing.assert_allclose(tfp.distributions.kl_divergence(q, prior), kl, rtol=1e-4)


@pytest.mark.parametrize("posterior", NORMALS[1:], ids=name_of)
def test_kl_to_a_diagonal_normal_that_is_not_standard(posterior):
    tfd = tfp.distributions
    q = posterior.distribution(parameters_of(posterior, 3))
    location, deviation = tf.constant([1.0, 0.0, -2.0]), tf.constant([0.5, 1.0, 3.0])
    p = tfd.Independent(tfd.Normal(location, deviation), 1)
    same = tfd.MultivariateNormalDiag(location, deviation)  # TFP's own formula
    np.testing.assert_allclose(
        tfd.kl_divergence(q, p), tfd.kl_divergence(q, same), rtol=1e-4, atol=1e-5
    )


def test_householder_flow_turns_the_diagonal_normal_and_leaves_its_kl():
    flow, diagonal = ki.posteriors.HouseholderFlow(3), ki.posteriors.DiagonalNormal()
    parameters = parameters_of(flow, 4)
    q, unturned = flow.distribution(parameters), diagonal.distribution(parameters[:, :8])
    eigenvalues = np.linalg.eigvalsh(q.covariance())
    np.testing.assert_allclose(eigenvalues, np.sort(unturned.variance(), -1), rtol=1e-3)
    prior = ki.priors.StandardNormal().distribution(4)
    np.testing.assert_allclose(
        tfp.distributions.kl_divergence(q, prior),
        tfp.distributions.kl_divergence(unturned, prior),
        rtol=1e-4,
    )
    off_diagonal = q.covariance() * (1 - np.eye(4))
    assert np.abs(off_diagonal).max() > 0.1  # and it does turn


@pytest.mark.parametrize("posterior", [*NORMALS, ki.posteriors.Deterministic()], ids=name_of)
def test_projected_moments(posterior):
    q = posterior.distribution(parameters_of(posterior, 4))
    directions = RNG.normal(size=(6, 4)).astype("float32")
    mean, variance = projected_normal_moments(q, directions)
    covariance = covariance_of(q) if posterior.has_density else np.zeros([5, 4, 4])
    np.testing.assert_allclose(mean, q.mean().numpy() @ directions.T, rtol=1e-4, atol=1e-5)
    expected = np.einsum("ri,nij,rj->nr", directions, covariance, directions)
    np.testing.assert_allclose(variance, expected, rtol=1e-4, atol=1e-5)
    assert np.all(variance >= 0)


# === The von Mises-Fisher posterior ===


def von_mises_fisher_parameters(concentration, latent_dim, directions=None):
    """Returns the encoder's output for concentrations [n] and given or random directions."""
    low, high = np.log(0.1), np.log(1e4)
    half = 0.5 * (high - low)
    raw = half * np.arctanh((np.log(concentration) - 0.5 * (low + high)) / half)
    if directions is None:
        directions = RNG.normal(size=(len(raw), latent_dim))
    return np.concatenate([directions, raw[:, None]], -1).astype("float32")


def von_mises_fisher(concentration, latent_dim, directions=None):
    """Returns the batch of q(z|x) with the given concentrations [n]."""
    parameters = von_mises_fisher_parameters(concentration, latent_dim, directions)
    return ki.posteriors.VonMisesFisher().distribution(parameters)


CONCENTRATIONS = [0.11, 1.0, 7.0, 80.0, 9e3]


@pytest.mark.parametrize("latent_dim", [2, 3, 10, 50])
def test_von_mises_fisher_against_scipy_and_bessel_functions(latent_dim):
    q = von_mises_fisher(CONCENTRATIONS, latent_dim)
    k = q.concentration.numpy().astype("float64")
    np.testing.assert_allclose(k, CONCENTRATIONS, rtol=1e-4)
    z = q.sample(seed=[0, 1]).numpy().astype("float64")
    z /= np.linalg.norm(z, axis=-1, keepdims=True)
    m = q.mean_direction.numpy().astype("float64")
    m /= np.linalg.norm(m, axis=-1, keepdims=True)
    expected = [
        float(stats.vonmises_fisher(direction, concentration).logpdf(point))
        for direction, concentration, point in zip(m, k, z, strict=True)
    ]
    np.testing.assert_allclose(q.log_prob(z.astype("float32")), expected, rtol=1e-4, atol=1e-4)
    order = latent_dim / 2 - 1
    ratio = special.ive(order + 1, k) / special.ive(order, k)
    np.testing.assert_allclose(q.mean(), ratio[:, None] * m, rtol=1e-4, atol=1e-6)
    # E log q - E log p, with the exponent taken out of the Bessel function.
    log_normalizer = order * np.log(k) - (order + 1) * np.log(2 * np.pi)
    log_normalizer -= np.log(special.ive(order, k))
    area = np.log(2) + (order + 1) * np.log(np.pi) - special.gammaln(order + 1)
    kl = k * (ratio - 1) + log_normalizer + area
    uniform = ki.priors.UniformSphere().distribution(latent_dim)
    np.testing.assert_allclose(
        tfp.distributions.kl_divergence(q, uniform), kl, rtol=1e-4, atol=2e-5
    )


@pytest.mark.parametrize("concentration", [0.2, 5.0, 300.0])
def test_von_mises_fisher_integrates_to_one_on_the_circle_and_the_sphere(concentration):
    angle = (np.arange(4000) + 0.5) * np.pi / 4000
    for latent_dim, circumference in ((2, 2.0), (3, 2 * np.pi * np.sin(angle))):
        directions = np.eye(latent_dim)[:1]
        q = von_mises_fisher([concentration], latent_dim, directions)
        z = np.zeros([4000, latent_dim], "float32")
        z[:, 0], z[:, 1] = np.cos(angle), np.sin(angle)
        total = np.sum(np.exp(q.log_prob(z)) * circumference) * np.pi / 4000
        np.testing.assert_allclose(total, 1.0, rtol=1e-4)


@pytest.mark.parametrize("latent_dim", [2, 3, 10, 50])
def test_von_mises_fisher_samples_follow_the_density(latent_dim):
    count = 20000
    q = von_mises_fisher(CONCENTRATIONS, latent_dim)
    z = q.sample(count, seed=[0, latent_dim]).numpy()
    cosine = np.sum(z * q.mean_direction.numpy(), -1)
    # The distribution function by a sum over the angle, independent of the implementation's grid.
    angle = np.linspace(1e-9, np.pi, 100001)
    for i, k in enumerate(q.concentration.numpy().astype("float64")):
        log_density = k * (np.cos(angle) - 1) + (latent_dim - 2) * np.log(np.sin(angle) + 1e-300)
        cdf = np.cumsum(np.exp(log_density - log_density.max()))
        # The angle from the distance to the mean direction: its arc cosine would lose all digits.
        distance = np.linalg.norm(z[:, i] - q.mean_direction[i], axis=-1)
        drawn = 2 * np.arcsin(np.minimum(distance / 2, 1))
        known = np.interp(drawn, angle, cdf / cdf[-1])
        assert stats.kstest(known, "uniform").pvalue > 1e-4, k
    # Around the mean direction no tangent is preferred.
    tangents = z - cosine[..., None] * q.mean_direction.numpy()
    tangents /= np.linalg.norm(tangents, axis=-1, keepdims=True) + 1e-12
    assert np.abs(tangents.mean(0)).max() < 4.5 / np.sqrt(count)


@pytest.mark.parametrize("latent_dim", [2, 3, 10, 50])
def test_gradients_of_expectations_are_those_of_the_closed_forms(latent_dim):
    """E (a . z)^2 + b . z has the gradient of a' Cov a + (a . mean)^2 + b . mean."""
    posterior = ki.posteriors.VonMisesFisher()
    parameters = tf.constant(von_mises_fisher_parameters(CONCENTRATIONS, latent_dim))
    a, b = tf.constant(RNG.normal(size=(2, latent_dim)), tf.float32)

    def exact(parameters):
        q = posterior.distribution(parameters)
        spread = tf.einsum("i,nij,j->n", a, q.covariance(), a)
        along = tf.linalg.matvec(q.mean(), a)
        return spread + along**2 + tf.linalg.matvec(q.mean(), b)

    @tf.function
    def estimate(parameters, seed):
        with tf.GradientTape() as tape:
            tape.watch(parameters)
            z = posterior.distribution(parameters).sample(1000, seed=seed)
            value = tf.linalg.matvec(z, a) ** 2 + tf.linalg.matvec(z, b)
            value = tf.reduce_sum(tf.reduce_mean(value, 0))
        return tape.gradient(value, parameters)

    with tf.GradientTape() as tape:
        tape.watch(parameters)
        value = exact(parameters)
    expected = tape.gradient(value, parameters).numpy()
    gradients = np.array([estimate(parameters, tf.constant([0, i])) for i in range(40)])
    error = gradients.std(0, ddof=1) / np.sqrt(40)
    scale = np.abs(expected).max()
    assert expected.shape == (len(CONCENTRATIONS), latent_dim + 1)
    # Some 300 comparisons at 5 standard errors (t distribution, 39 degrees of freedom).
    assert np.all(np.abs(gradients.mean(0) - expected) < 5 * error + 1e-5 * scale)
    assert np.all(error[:, -1] < 0.1 * np.abs(expected[:, -1]) + 0.02 * scale)  # and it is sharp


@pytest.mark.parametrize("latent_dim", [2, 10])
def test_kl_to_a_von_mises_fisher_prior(latent_dim):
    q = von_mises_fisher(CONCENTRATIONS, latent_dim)
    p = ki.priors.VonMisesFisherPrior(4.0).distribution(latent_dim)
    kl = tfp.distributions.kl_divergence(q, p).numpy()
    z = q.sample(4000, seed=[0, 1])
    ratios = (q.log_prob(z) - p.log_prob(z)).numpy()
    assert np.all(np.abs(ratios.mean(0) - kl) < 4.5 * ratios.std(0) / np.sqrt(4000) + 1e-4)
    same = von_mises_fisher([4.0], latent_dim, np.eye(latent_dim)[:1])
    np.testing.assert_allclose(tfp.distributions.kl_divergence(same, p), 0.0, atol=1e-5)


def test_kl_has_a_gradient_at_large_concentrations():
    """KL grows by (latent_dim - 1) / 2 per unit of the logarithm of a large concentration."""
    for latent_dim in (2, 10, 50):
        log_concentration = tf.constant(np.log([1e3, 1e4]), tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(log_concentration)
            q = von_mises_fisher([1.0, 1.0], latent_dim)
            q = q.copy(concentration=tf.exp(log_concentration))
            uniform = ki.priors.UniformSphere().distribution(latent_dim)
            kl = tfp.distributions.kl_divergence(q, uniform)
        slope = tape.gradient(kl, log_concentration)
        np.testing.assert_allclose(slope, (latent_dim - 1) / 2, rtol=0.03)


def test_concentrations_stay_within_their_bounds():
    posterior = ki.posteriors.VonMisesFisher(0.5, 100.0)
    q = posterior.distribution([[1.0, 0.0, -1e6], [1.0, 0.0, 0.0], [1.0, 0.0, 1e6]])
    np.testing.assert_allclose(q.concentration, [0.5, np.sqrt(50.0), 100.0], rtol=1e-4)


@pytest.mark.slow
def test_von_mises_fisher_compiles_by_xla():
    posterior = ki.posteriors.VonMisesFisher()
    parameters = parameters_of(posterior, 4)

    def gradient(parameters):
        with tf.GradientTape() as tape:
            tape.watch(parameters)
            value = tf.reduce_sum(posterior.distribution(parameters).sample(seed=[0, 1]) ** 3)
        return tape.gradient(value, parameters)

    compiled = tf.function(gradient, jit_compile=True)(tf.constant(parameters))
    assert np.all(np.isfinite(compiled)) and np.abs(compiled).max() > 0


# === Arguments ===


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: ki.posteriors.HouseholderFlow(0), ValueError, "`num_reflections` must be"),
        (lambda: ki.posteriors.HouseholderFlow(1.5), TypeError, "`num_reflections` must be"),
        (lambda: ki.posteriors.VonMisesFisher(0.0), ValueError, "`minimum_concentration`"),
        (lambda: ki.posteriors.VonMisesFisher(2.0, 1.0), ValueError, "must be greater than 2"),
        (
            lambda: ki.posteriors.VonMisesFisher().parameter_size(1),
            ValueError,
            "`latent_dim` must be an integer of at least 2",
        ),
    ],
)
def test_arguments_out_of_range_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
