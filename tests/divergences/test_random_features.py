"""Random features: kernels from frequencies, pairs without pairs, and sums over replicas."""

import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.divergences import expected_maximum_mean_discrepancy, squared_feature_distances
from keras_infovae.divergences.functional.phases import cosine_and_sine
from keras_infovae.utils import probability as tfp
from keras_infovae.utils import reductions
from tests.contracts import normal_posterior

SEED = tf.constant([3, 4])
MEAN = tf.random.stateless_normal([12, 3], seed=[0, 1])
VARIANCE = tf.random.stateless_uniform([12, 3], seed=[0, 2], minval=0.05, maxval=1.0)
PRIOR = ki.priors.StandardNormal().distribution(3)


def mixture():
    tfd = tfp.distributions
    return tfd.MixtureSameFamily(
        tfd.Categorical(probs=[0.3, 0.7]),
        tfd.MultivariateNormalDiag([[-1.0, 0.0, 1.0], [0.5, 1.0, 0.0]], [[0.5] * 3, [1.2] * 3]),
    )


def test_cosine_and_sine():
    phase = tf.constant(np.linspace(-60, 60, 5001), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(phase)
        cosine, sine = cosine_and_sine(phase)
        total = tf.reduce_sum(2.0 * cosine + 3.0 * sine)
    exact = phase.numpy().astype("float64")
    np.testing.assert_allclose(cosine, np.cos(exact), atol=1e-6)
    np.testing.assert_allclose(sine, np.sin(exact), atol=1e-6)
    expected = 3 * np.cos(exact) - 2 * np.sin(exact)
    np.testing.assert_allclose(tape.gradient(total, phase), expected, atol=5e-6)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_cosine_and_sine_are_bounded_for_phases_that_float32_cannot_tell(jit_compile):
    phase = tf.constant(np.outer([-1.0, 1.0], np.logspace(2, 37, 500)), tf.float32)

    @tf.function(jit_compile=jit_compile)
    def values_and_gradient(phase):
        cosine, sine = cosine_and_sine(phase)
        return cosine, sine, tf.gradients(cosine + sine, phase)[0]

    cosine, sine, gradient = values_and_gradient(phase)
    for value in (cosine, sine, gradient / np.sqrt(2.0)):
        assert np.abs(value).max() <= 1.0 + 1e-6
    np.testing.assert_allclose(cosine**2 + sine**2, 1.0, atol=1e-6)
    for value in values_and_gradient(tf.constant([[np.nan, np.inf, -np.inf]])):
        assert np.all(np.isnan(value))


@pytest.mark.parametrize("unbiased", [True, False])
@pytest.mark.parametrize("groups", [False, True])
def test_of_samples_it_is_the_mean_over_pairs(unbiased, groups):
    x = tf.random.stateless_normal([5, 4, 2] if groups else [5, 2], seed=[0, 0])
    y = tf.random.stateless_normal([6, 2], seed=[0, 1])
    w = tf.random.stateless_normal([7, 2], seed=[0, 2])
    value = squared_feature_distances(x, y, w, unbiased)

    def features(z):
        phase = np.einsum("nsd,fd->nsf", z, w.numpy().astype("float64"))
        return np.exp(1j * phase).mean(axis=1)

    a = features(x.numpy() if groups else x.numpy()[:, None])
    b = features(y.numpy()[:, None])

    def mean_over_pairs(a):
        products = (a[:, None] * a[None].conj()).real
        keep = np.ones(products.shape[:2], bool) if not unbiased else ~np.eye(len(a), dtype=bool)
        return products[keep].mean(axis=0)

    cross = (a.mean(axis=0) * b.mean(axis=0).conj()).real
    expected = mean_over_pairs(a) + mean_over_pairs(b) - 2 * cross
    np.testing.assert_allclose(value, expected, atol=2e-6)


@pytest.mark.parametrize("unbiased", [True, False])
@pytest.mark.parametrize("prior", ["normal", "mixture"])
def test_its_mean_over_frequencies_is_the_closed_form(prior, unbiased):
    prior = PRIOR if prior == "normal" else mixture()
    q, _ = normal_posterior(MEAN, VARIANCE)
    kernel = ki.kernels.Gaussian()
    bandwidths = kernel.squared_bandwidths(3)
    log_weights, *components = ki.distributions.normal_components(prior)
    expected = expected_maximum_mean_discrepancy(
        MEAN, VARIANCE, *components, kernel, bandwidths, unbiased, log_weights
    )
    w = kernel.frequencies(70_000, 3, bandwidths, SEED)
    values = squared_feature_distances(q, prior, w, unbiased).numpy()
    assert abs(values.mean() - expected) < 4 * values.std() / np.sqrt(len(values))
    # Within a scale the frequencies are independent; that they are shared out evenly only helps.


@pytest.mark.parametrize("kernel", ["gaussian", "imq", ki.kernels.RationalQuadratic(1.5, (2.0,))])
def test_frequencies_are_those_of_the_kernel(kernel):
    kernel = ki.kernels.get(kernel)
    bandwidths = kernel.squared_bandwidths(3)
    w = kernel.frequencies(70_000, 3, bandwidths, SEED)
    assert w.shape == (70_000, 3)
    for difference in ([0.5, 0.0, -1.0], [2.0, 2.0, 1.0]):
        values = tf.cos(tf.linalg.matvec(w, tf.constant(difference))).numpy()
        expected = float(kernel.matrix([[0.0] * 3], [difference], bandwidths)[0, 0])
        assert abs(values.mean() - expected) < 4 * values.std() / np.sqrt(len(values))


def test_frequencies_are_rounded_up_to_the_scales():
    kernel = ki.kernels.Gaussian(scales=(1.0, 2.0, 3.0))
    assert kernel.frequencies(4, 2, kernel.squared_bandwidths(2), SEED).shape == (6, 2)


def spread(divergence, q, prior=PRIOR, seeds=100):
    """Returns the mean over seeds, its standard error, and the standard deviation."""

    @tf.function
    def value(seed):
        z = q.sample(seed=tf.stack([seed, 5]))
        return divergence(z, prior, q, seed=tf.stack([seed, 6]))

    values = np.array([value(tf.constant(seed)) for seed in range(seeds)])
    return values.mean(), values.std() / np.sqrt(seeds), values.std()


@pytest.mark.parametrize("kernel", ["gaussian", "imq"])
def test_it_has_the_mean_of_eight_draws_and_less_variance(kernel):
    q, _ = normal_posterior(MEAN, VARIANCE)
    mmd = ki.divergences.MaximumMeanDiscrepancy
    mean, error, deviation = spread(mmd(kernel, estimator="random_features"), q)
    sampled = mmd(kernel, estimator="sampled", num_samples=8)
    expected, expected_error, sampled_deviation = spread(sampled, q)
    assert abs(mean - expected) < 4 * np.hypot(error, expected_error)
    assert deviation < 0.7 * sampled_deviation


def test_any_posterior_and_any_prior_that_can_be_sampled():
    tfd = tfp.distributions
    scale = tf.linalg.LinearOperatorLowerTriangular([[1.0, 0, 0], [0.5, 0.8, 0], [0.0, -0.4, 0.6]])
    full = tfd.MultivariateNormalLinearOperator(MEAN, scale)
    laplace = tfd.Independent(tfd.Laplace(tf.zeros([3]), tf.ones([3])), 1)
    student = tfd.Independent(tfd.StudentT(9.0, MEAN, 0.5), 1)
    mmd = ki.divergences.MaximumMeanDiscrepancy
    for q, prior in ((full, laplace), (student, mixture())):
        mean, error, _ = spread(mmd(estimator="random_features"), q, prior, seeds=100)
        sampled = mmd(estimator="sampled", num_samples=8)
        expected, expected_error, _ = spread(sampled, q, prior, seeds=100)
        assert abs(mean - expected) < 4 * np.hypot(error, expected_error), (q.name, prior.name)


def test_a_batch_of_one_keeps_its_pair():
    w = tf.random.stateless_normal([9, 3], seed=[0, 0])
    q, _ = normal_posterior(MEAN[:1], VARIANCE[:1])
    one = squared_feature_distances(q, PRIOR, w)
    np.testing.assert_allclose(one, squared_feature_distances(q, PRIOR, w, False), atol=1e-7)
    with pytest.raises(ValueError, match="Argument `q` must be samples, or a batch of normals"):
        squared_feature_distances(tfp.distributions.Laplace(MEAN, 1.0), PRIOR, w)


# === Replicas ===


@pytest.mark.parametrize("posterior", ["diagonal_normal", "deterministic", "full", "draws"])
def test_two_replicas_are_one_device(posterior):
    x = tf.random.stateless_normal([29, 5], seed=[1, 0])
    w = tf.random.stateless_normal([40, 3], seed=[1, 1])
    start = tf.random.stateless_normal([5, 6], seed=[1, 2])

    def step(x, encoder):
        with tf.GradientTape() as tape:
            mean, raw = tf.split(reductions.gather(tf.matmul(x, encoder)), 2, axis=-1)
            if posterior == "diagonal_normal":
                q, _ = normal_posterior(mean, 0.1 + tf.sigmoid(raw))
            elif posterior == "deterministic":
                q = tfp.distributions.VectorDeterministic(mean)
            elif posterior == "full":
                q = tfp.distributions.MultivariateNormalTriL(mean, tf.linalg.diag(0.1 + raw**2))
            else:
                q = mean[:, None] + raw[:, None] * tf.constant([[-1.0], [0.5], [2.0]])
            value = tf.reduce_mean(squared_feature_distances(q, mixture(), w))
            share = reductions.share_of_global_value(value)
        return value, tape.gradient(share, encoder)

    value, gradient = step(x, tf.Variable(start))
    strategy = ki.training.get_strategy("mirrored")
    with strategy.scope():
        encoder = tf.Variable(start)
    parts = strategy.experimental_distribute_values_from_function(
        lambda context: x[:16] if context.replica_id_in_sync_group == 0 else x[16:]
    )

    @tf.function
    def distributed(parts):
        values, gradients = strategy.run(step, (parts, encoder))
        return strategy.experimental_local_results(values), strategy.reduce(
            "SUM", gradients, axis=None
        )

    values, total = distributed(parts)
    for replica in values:
        np.testing.assert_allclose(replica, value, atol=1e-6)
    np.testing.assert_allclose(total, gradient, atol=1e-6)


def test_more_replicas_than_rows_leave_some_without():
    strategy = ki.training.get_strategy("mirrored")
    rows = tf.constant([[3.0, 4.0]])

    @tf.function
    def distributed():
        def total():
            return reductions.sum_over_rows(lambda rows: tf.reduce_sum(rows, axis=0), [rows])

        return strategy.experimental_local_results(strategy.run(total))

    for replica in distributed():
        np.testing.assert_array_equal(replica, [3.0, 4.0])
