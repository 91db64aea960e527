"""Maximum mean discrepancy: the contract, closed forms, bias, power and memory."""

import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.divergences import expected_maximum_mean_discrepancy, maximum_mean_discrepancy
from keras_infovae.utils import probability as tfp
from tests import contracts
from tests.contracts import normal_posterior

ONE_GAUSSIAN = ki.kernels.Gaussian(bandwidth=1.0, scales=(1.0,))


# === The pure estimators ===


@pytest.mark.parametrize("unbiased", [True, False])
@pytest.mark.parametrize("kernel", contracts.KERNELS, ids=contracts.case_id)
def test_sampled_estimator_is_the_double_sum(kernel, unbiased):
    x, y = tf.random.stateless_normal([2, 7, 3], seed=[0, 0])
    bandwidths = kernel.squared_bandwidths(3, tf.concat([x, y], 0))
    xx, yy, xy = (
        kernel.matrix(a, b, bandwidths).numpy().astype("float64")
        for a, b in ((x, x), (y, y), (x, y))
    )
    if unbiased:
        within = [(k.sum() - np.trace(k)) / (7 * 6) for k in (xx, yy)]
    else:
        within = [k.mean() for k in (xx, yy)]
    value = maximum_mean_discrepancy(x, y, kernel, unbiased=unbiased)
    np.testing.assert_allclose(value, sum(within) - 2 * xy.mean(), atol=2e-6)


def test_groups_leave_out_all_pairs_of_a_group_with_itself():
    x = tf.random.stateless_normal([4, 3, 2], seed=[0, 0])
    y = tf.random.stateless_normal([12, 2], seed=[0, 1])
    flat = tf.reshape(x, [12, 2])
    k = ONE_GAUSSIAN.matrix(flat, flat, [1.0]).numpy()
    group = np.repeat(np.arange(4), 3)
    between = k[group[:, None] != group[None]].mean()
    k_y = ONE_GAUSSIAN.matrix(y, y, [1.0]).numpy()
    within_y = (k_y.sum() - 12) / (12 * 11)
    k_xy = ONE_GAUSSIAN.matrix(flat, y, [1.0]).numpy().mean()
    value = maximum_mean_discrepancy(x, y, ONE_GAUSSIAN)
    np.testing.assert_allclose(value, between + within_y - 2 * k_xy, atol=2e-6)


def test_symmetric_in_its_two_samples():
    x, y = tf.random.stateless_normal([2, 9, 3], seed=[0, 0])
    forward, backward = (
        maximum_mean_discrepancy(a, b, ONE_GAUSSIAN) for a, b in ((x, y), (y, x + 0.0))
    )
    np.testing.assert_allclose(forward, backward, atol=1e-6)


def test_population_value_between_two_normals():
    # N(0, 1) against N(1, 1) in one dimension with k = exp(-d^2 / 2): E k over N(m, 2) differences
    # is 3^(-1/2) exp(-m^2 / 6), so MMD^2 = 2 * 3^(-1/2) * (1 - exp(-1/6)).
    expected = 2 / np.sqrt(3) * (1 - np.exp(-1 / 6))
    mean, one = tf.ones([5, 1]), tf.ones([5, 1])
    value = expected_maximum_mean_discrepancy(mean, one, tf.zeros([1]), tf.ones([1]), ONE_GAUSSIAN)
    np.testing.assert_allclose(value, expected, rtol=1e-5)


@pytest.mark.parametrize("kernel", [k for k in contracts.KERNELS if k.bandwidth != "median"])
def test_unbiased_estimator_has_mean_zero_where_both_are_equal(kernel):
    @tf.function
    def value(seed):
        x, y = tf.unstack(tf.random.stateless_normal([2, 16, 4], seed=[seed, 0]))
        return maximum_mean_discrepancy(x, y, kernel)

    values = np.array([value(tf.constant(seed)) for seed in range(400)])
    assert abs(values.mean()) < 4 * values.std() / np.sqrt(len(values))  # 4 standard errors
    assert values.min() < 0  # it can be negative


@pytest.mark.parametrize("unbiased", [True, False])
@pytest.mark.parametrize("latent_dim", [1, 3, 12])
def test_closed_form_is_the_expectation_of_the_sampled_estimator(latent_dim, unbiased):
    rng = np.random.default_rng(latent_dim)
    mean = tf.constant(rng.normal(size=(6, latent_dim)), tf.float32)
    variance = tf.constant(rng.uniform(0.05, 2.0, size=(6, latent_dim)), tf.float32)
    prior_mean, prior_variance = tf.fill([latent_dim], 0.2), tf.fill([latent_dim], 0.8)
    kernel = ki.kernels.Gaussian()
    closed = expected_maximum_mean_discrepancy(
        mean, variance, prior_mean, prior_variance, kernel, unbiased=unbiased
    )

    @tf.function
    def sampled(seed):
        # The V-statistic of the closed form pairs each q(z|x_i) with itself by two independent
        # draws, so z and z' are drawn apart: E k(z, z') + E k(y, y') - E k(z, y) - E k(z', y').
        noise = tf.unstack(tf.random.stateless_normal([2, 6, latent_dim], seed=[seed, 0]))
        z, z2 = (mean + tf.sqrt(variance) * n for n in noise)
        noise = tf.unstack(tf.random.stateless_normal([2, 6, latent_dim], seed=[seed, 1]))
        y, y2 = (prior_mean + tf.sqrt(prior_variance) * n for n in noise)
        h = kernel.squared_bandwidths(latent_dim)
        zz = kernel.matrix(z, z2, h)
        qq = (tf.reduce_sum(zz) - tf.linalg.trace(zz)) / 30 if unbiased else tf.reduce_mean(zz)
        cross = tf.reduce_mean(kernel.matrix(z, y, h) + kernel.matrix(z2, y2, h))
        return qq + tf.reduce_mean(kernel.matrix(y, y2, h)) - cross

    values = np.array([sampled(tf.constant(seed)) for seed in range(2000)])
    assert abs(values.mean() - float(closed)) < 4 * values.std() / np.sqrt(len(values))


@pytest.mark.parametrize("unbiased", [True, False])
@pytest.mark.parametrize("count", [1, 7])
def test_points_are_normals_without_a_width(count, unbiased):
    """Of a mixture of unequal weights, with a gradient in the points that is the same too."""
    rng = np.random.default_rng(0)
    z = tf.constant(rng.normal(size=(count, 3)), tf.float32)
    components = [tf.constant(v, tf.float32) for v in (rng.normal(size=(2, 3)), rng.random((2, 3)))]
    values, gradients = [], []
    for variance in (None, tf.zeros_like(z)):
        with tf.GradientTape() as tape:
            tape.watch(z)
            value = expected_maximum_mean_discrepancy(
                *(z, variance, *components, ki.kernels.get("gaussian")),
                unbiased=unbiased,
                prior_log_weights=tf.math.log([0.3, 0.7]),
            )
        values.append(value)
        gradients.append(tape.gradient(value, z))
    # Rounding of float32, in squared distances that are matrix products in the one and not in the
    # other.
    np.testing.assert_allclose(*values, atol=1e-6)
    np.testing.assert_allclose(*gradients, atol=1e-6)


def test_closed_form_has_the_same_mean_and_less_variance_than_the_sampled_estimator():
    mean = tf.random.stateless_normal([32, 4], seed=[0, 0]) * 0.8
    q, _ = normal_posterior(mean, 0.36 + 0.0 * mean)
    prior = ki.priors.StandardNormal().distribution(4)
    closed = float(ki.divergences.get("mmd")(mean, prior, q))

    def spread(num_samples):
        divergence = ki.divergences.MaximumMeanDiscrepancy(
            estimator="sampled", num_samples=num_samples
        )

        @tf.function
        def value(seed):
            seeds = tf.random.experimental.stateless_split(tf.stack([seed, 0]), 2)
            return divergence(q.sample(seed=seeds[0]), prior, q, seed=seeds[1])

        values = np.array([value(tf.constant(seed)) for seed in range(300)])
        assert abs(values.mean() - closed) < 4 * values.std() / np.sqrt(len(values))
        return values.std()

    assert spread(8) < 0.5 * spread(1)


def test_a_batch_of_one_is_defined():
    one = tf.zeros([1, 3])
    args = (tf.zeros([3]), tf.ones([3]), ki.kernels.Gaussian())
    np.testing.assert_allclose(expected_maximum_mean_discrepancy(one, one + 1, *args), 0, atol=1e-6)
    assert float(expected_maximum_mean_discrepancy(one, one + 0.01, *args)) > 0.01
    assert float(maximum_mean_discrepancy(one, one + 3.0, ki.kernels.Gaussian())) > 0


# === What the estimator sees ===


def signal_to_noise(divergence, latent_dim, batch=128, repeats=60):
    """Returns mean MMD^2 of N(0, I/4) samples over the standard deviation of it at equality."""
    prior = ki.priors.StandardNormal().distribution(latent_dim)

    @tf.function
    def value(seed, scale):
        z = tf.random.stateless_normal([batch, latent_dim], seed=[seed, latent_dim]) * scale
        return divergence(z, prior, None, seed=tf.stack([seed, 7]))

    shrunk, equal = (
        np.array([value(tf.constant(seed), tf.constant(scale)) for seed in range(repeats)])
        for scale in (0.5, 1.0)
    )
    return shrunk.mean() / equal.std()


@pytest.mark.parametrize("latent_dim", [2, 16, 64, 256])
def test_default_sees_a_posterior_of_a_quarter_of_the_variance(latent_dim):
    # A signal below 3 standard deviations of the noise would be lost in it.
    assert signal_to_noise(ki.divergences.get("mmd"), latent_dim) > 9


def test_the_kernel_of_the_authors_goes_blind_as_the_latent_grows():
    # exp(-d^2 / D^2), that is sigma^2 = D^2 / 2.
    def authors(latent_dim):
        kernel = ki.kernels.Gaussian(bandwidth=latent_dim / np.sqrt(2), scales=(1.0,))
        return ki.divergences.MaximumMeanDiscrepancy(kernel, estimator="sampled")

    assert signal_to_noise(authors(2), 2) > 9
    assert signal_to_noise(authors(256), 256) < 3


# === The estimator that is chosen ===


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("kernel", ["gaussian", ki.kernels.Gaussian("median")])
def test_auto_is_the_same_where_the_size_of_the_batch_is_not_known(kernel, jit_compile):
    divergence = ki.divergences.MaximumMeanDiscrepancy(kernel)
    prior = ki.priors.StandardNormal().distribution(2)

    def value_and_gradient(mean):
        with tf.GradientTape() as tape:
            tape.watch(mean)
            q, z = normal_posterior(mean, 0.5 + 0.0 * mean)
            value = divergence(z, prior, q, seed=tf.constant([1, 1]))
        return value, tape.gradient(value, mean)

    unknown = tf.function(
        value_and_gradient,
        input_signature=[tf.TensorSpec([None, 2])],
        jit_compile=jit_compile,
    )
    for count in (64, 65):  # the last of the closed form, the first of random features
        mean = tf.random.stateless_normal([count, 2], seed=[0, 0])
        result = unknown(mean)
        if jit_compile and (count > 64 or divergence.kernel.needs_samples):
            assert np.all(np.isfinite(result[1]))  # XLA draws other numbers from the same seed
            continue
        for a, b in zip(result, value_and_gradient(mean)):
            np.testing.assert_allclose(a, b, atol=1e-5)


def test_a_gradient_costs_no_graph_where_each_branch_has_its_own():
    prior = ki.priors.StandardNormal().distribution(2)

    def value(mean):
        q, z = normal_posterior(mean, 0.5 + 0.0 * mean)
        return ki.divergences.MaximumMeanDiscrepancy()(z, prior, q, seed=tf.constant([1, 1]))

    def value_and_gradient(mean):
        with tf.GradientTape() as tape:
            tape.watch(mean)
            result = value(mean)
        return result, tape.gradient(result, mean)

    alone, derived = (
        tf.function(function, input_signature=[tf.TensorSpec([None, 2])]).get_concrete_function()
        for function in (value, value_and_gradient)
    )
    # A loop derived a second time would be a function more.
    assert _count_of_functions(derived) == _count_of_functions(alone)


def _count_of_functions(function):
    return len(function.graph.as_graph_def().library.function)


def test_auto_takes_the_estimator_that_is_documented(monkeypatch):
    def spy(name):
        def estimator(*arguments, **_):
            seen.append((name, *(tuple(a.shape) for a in arguments[:2] if tf.is_tensor(a))))
            return tf.constant([0.0])[0]

        return estimator

    for name in (
        "mmd.expected_maximum_mean_discrepancy",
        "mmd.maximum_mean_discrepancy",
        "integrated.squared_feature_distances",
    ):
        kind = name.split(".")[1].split("_")[0]
        monkeypatch.setattr(f"keras_infovae.divergences.{name}", spy(kind))
    normal = ki.priors.StandardNormal().distribution(2)
    tfd = tfp.distributions
    laplace = tfd.Independent(tfd.Laplace(tf.zeros([2]), tf.ones([2])), 1)
    mmd = ki.divergences.MaximumMeanDiscrepancy

    def of(divergence, count=6, prior=normal, q=None):
        nonlocal seen
        seen = []
        zeros = tf.zeros([count, 2])
        if q is None:
            q, _ = normal_posterior(zeros, zeros + 1)
        divergence(zeros, prior, None if q == "points" else q(zeros) if callable(q) else q)
        return seen

    seen = []
    assert [s[0] for s in of(mmd(), 64)] == ["expected"]
    assert of(mmd(), 65) == [("squared",)]
    assert of(mmd("imq")) == [("squared",)]
    assert of(mmd("imq"), q=tfd.VectorDeterministic) == [("squared",)]
    assert of(mmd(), prior=laplace) == [("squared", (1024, 2))]
    assert of(mmd("imq"), q="points") == [("squared", (6, 1, 2))]

    def student(z):
        return tfd.Independent(tfd.StudentT(5.0, z, 1.0), 1)

    assert of(mmd(), q=student) == [("squared", (6, 8, 2))]
    assert of(mmd(estimator="random_features"), q=student) == [("squared", (6, 8, 2))]
    sampled = mmd(estimator="sampled")
    assert of(sampled) == [("maximum", (6, 1, 2), (6, 2))]
    sampled = mmd(estimator="sampled", num_samples=3)
    assert of(sampled) == [("maximum", (6, 3, 2), (18, 2))]
    assert of(sampled, q=tfd.VectorDeterministic) == [("maximum", (6, 1, 2), (6, 2))]


def test_closed_form_is_refused_where_there_is_none():
    with pytest.raises(ValueError, match="estimator.*this kernel"):
        ki.divergences.MaximumMeanDiscrepancy("imq", estimator="closed_form")
    tfd = tfp.distributions
    laplace = tfd.Independent(tfd.Laplace(tf.zeros([2]), tf.ones([2])), 1)
    with pytest.raises(ValueError, match="diagonal normal"):
        ki.divergences.MaximumMeanDiscrepancy(estimator="closed_form")(tf.zeros([4, 2]), laplace)


# === Blocks ===


@pytest.mark.parametrize("estimator", ["closed_form", "sampled"])
def test_blocks_change_nothing(monkeypatch, estimator):
    from keras_infovae.divergences.functional import blockwise

    mean = tf.random.stateless_normal([23, 3], seed=[0, 0])
    prior = ki.priors.StandardNormal().distribution(3)
    divergence = ki.divergences.MaximumMeanDiscrepancy(estimator=estimator)

    def value_and_gradient():
        @tf.function(jit_compile=True)
        def compute(mean):
            with tf.GradientTape() as tape:
                tape.watch(mean)
                q, z = normal_posterior(mean, 0.5 + 0.0 * mean)
                value = divergence(z, prior, q, seed=tf.constant([1, 1]))
            return value, tape.gradient(value, mean)

        return compute(mean)

    whole = value_and_gradient()
    # A pair takes 7 scales, times 3 dimensions in closed form. Blocks of 4 rows (12 where sampled)
    # leave a last one that is not full; then blocks of one row.
    for elements in (23 * 7 * 3 * 4, 1):
        monkeypatch.setattr(blockwise, "BLOCK_ELEMENTS", elements)
        for a, b in zip(value_and_gradient(), whole):
            np.testing.assert_allclose(a, b, atol=1e-6)


def test_blockwise_gradient_is_that_of_the_plain_double_sum(monkeypatch):
    from keras_infovae.divergences.functional import blockwise
    from keras_infovae.divergences.functional.blockwise import pairwise_sum

    monkeypatch.setattr(blockwise, "BLOCK_ELEMENTS", 20)  # two of the nine rows
    x = tf.random.stateless_normal([9, 2], seed=[0, 0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        plain = tf.reduce_sum(ONE_GAUSSIAN.matrix(x, x, [1.0]))
        blocks = pairwise_sum(lambda a, b: ONE_GAUSSIAN.matrix(a[0], b[0], [1.0]), [x], [x])
        blocks = 3.0 * blocks
    np.testing.assert_allclose(blocks, 3 * plain, rtol=1e-6)
    np.testing.assert_allclose(tape.gradient(blocks, x), 3 * tape.gradient(plain, x), atol=1e-5)
