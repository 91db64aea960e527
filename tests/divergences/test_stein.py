"""The kernelized Stein discrepancy: its definition, its closed form and its two gradients."""

import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.divergences import (
    expected_kernelized_stein_discrepancy,
    kernelized_stein_discrepancy,
)
from keras_infovae.utils import probability as tfp
from tests.contracts import normal_posterior

KERNELS = [
    ki.kernels.Gaussian(1.3, (0.5, 1.0)),
    ki.kernels.InverseMultiquadratic(1.3, (0.5, 1.0)),
    ki.kernels.RationalQuadratic(1.3, (0.5, 1.0), 0.7),
]
MEAN = tf.random.stateless_normal([5, 2], seed=[0, 1])
VARIANCE = tf.random.stateless_uniform([5, 2], seed=[0, 2], minval=0.05, maxval=1.0)
PRIOR_MEAN, PRIOR_VARIANCE = tf.constant([0.3, -0.5]), tf.constant([0.8, 1.5])


def score_of(z):
    return -(z - PRIOR_MEAN) / PRIOR_VARIANCE


def parts_of_definition(kernel, x, y):
    """Returns k, grad_x k, grad_y k and trace grad_x grad_y k of two vectors, by autodiff."""
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape(persistent=True) as inner:
            inner.watch([x, y])
            k = kernel.matrix(x[None], y[None], kernel.squared_bandwidths(len(x)))[0, 0]
        by_x, by_y = inner.gradient(k, [x, y])
        del inner
    jacobian = outer.jacobian(by_y, x)
    return k.numpy(), by_x.numpy(), by_y.numpy(), np.trace(jacobian.numpy())


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: type(kernel).__name__)
def test_value_and_direction_are_those_of_the_definitions(kernel):
    z = tf.random.stateless_normal([3, 2], seed=[1, 0]) * 1.2
    score = score_of(z).numpy()
    u, phi = np.zeros([3, 3]), np.zeros([3, 3, 2])
    for i in range(3):
        for j in range(3):
            if i == j:  # where autodiff of a distance has no value
                h = kernel.squared_bandwidths(2)
                first = float(kernel.radial_derivatives(0.0, h)[1])
                k, by_i, by_j, trace = 1.0, np.zeros(2), np.zeros(2), -2 * 2 * first
            else:
                k, by_i, by_j, trace = parts_of_definition(kernel, z[i], z[j])
            u[i, j] = k * score[i] @ score[j] + score[i] @ by_j + score[j] @ by_i + trace
            phi[i, j] = k * score[j] + by_j  # of z_i, from z_j
    bandwidths = kernel.squared_bandwidths(2)
    off = ~np.eye(3, dtype=bool)
    for unbiased, keep in ((True, off), (False, np.ones([3, 3], bool))):
        with tf.GradientTape() as tape:
            tape.watch(z)
            value = kernelized_stein_discrepancy(z, score_of(z), kernel, bandwidths, unbiased)
        np.testing.assert_allclose(value, u[keep].mean(), rtol=1e-4)
        expected = -(phi * keep[..., None]).sum(axis=1) / keep.sum()
        np.testing.assert_allclose(tape.gradient(value, z), expected, atol=1e-5)


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: type(kernel).__name__)
def test_radial_derivatives_are_derivatives(kernel):
    t = tf.constant([0.3, 1.0, 7.0])
    bandwidths = kernel.squared_bandwidths(2)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(t)
        k, first, second = kernel.radial_derivatives(t, bandwidths)
    points = tf.stack([tf.sqrt(t), tf.zeros_like(t)], axis=1)
    expected = kernel.matrix(tf.zeros([1, 2]), points, bandwidths)[0]
    np.testing.assert_allclose(k, expected, rtol=1e-5)
    np.testing.assert_allclose(first, tape.gradient(k, t), rtol=1e-5)
    np.testing.assert_allclose(second, tape.gradient(first, t), rtol=1e-5)


@pytest.mark.parametrize("gradient", ["stein_variational", "discrepancy"])
@pytest.mark.parametrize("unbiased", [True, False])
def test_closed_form_is_the_expectation_of_value_and_gradient(unbiased, gradient):
    kernel = KERNELS[0]
    bandwidths = kernel.squared_bandwidths(2)
    options = (kernel, bandwidths, unbiased, gradient)
    with tf.GradientTape() as tape:
        tape.watch([MEAN, VARIANCE])
        closed = expected_kernelized_stein_discrepancy(
            MEAN, VARIANCE, PRIOR_MEAN, PRIOR_VARIANCE, *options[1:]
        )
    expected = np.concatenate([[closed], *map(np.ravel, tape.gradient(closed, [MEAN, VARIANCE]))])

    @tf.function
    def sampled(seed):
        mean, variance = tf.identity(MEAN), tf.identity(VARIANCE)
        with tf.GradientTape() as tape:
            tape.watch([mean, variance])
            # Two draws of each z: the V-statistic pairs an example with itself by independent ones.
            noise = tf.random.stateless_normal([5, 2, 2], seed=[seed, 0])
            z = mean[:, None] + tf.sqrt(variance)[:, None] * noise
            if unbiased:
                value = kernelized_stein_discrepancy(z, score_of(z), *options)
            else:
                value = _between_draws(z, options)
        gradients = tape.gradient(value, [mean, variance])
        return tf.concat([[value], *[tf.reshape(g, [-1]) for g in gradients]], axis=0)

    def _between_draws(z, options):
        kernel, bandwidths, _, gradient = options

        def mean_of_all(z):
            return kernelized_stein_discrepancy(z, score_of(z), kernel, bandwidths, False, gradient)

        # all pairs of ten draws, less those within the first five and within the second
        both = mean_of_all(tf.reshape(z, [10, 2]))
        return 2.0 * both - 0.5 * (mean_of_all(z[:, 0]) + mean_of_all(z[:, 1]))

    values = np.array([sampled(tf.constant(seed)) for seed in range(1500)])
    errors = values.std(axis=0) / np.sqrt(len(values))
    # 4.5 standard errors for the largest of 21 numbers
    assert np.abs((values.mean(axis=0) - expected) / errors).max() < 4.5


def test_gradient_of_the_discrepancy_is_that_of_the_value():
    kernel = KERNELS[0]
    direction = tf.random.stateless_normal([5, 2], seed=[2, 2])

    def value(step):
        return expected_kernelized_stein_discrepancy(
            MEAN + step * direction,
            VARIANCE,
            PRIOR_MEAN,
            PRIOR_VARIANCE,
            kernel.squared_bandwidths(2),
            gradient="discrepancy",
        )

    step = tf.constant(0.0)
    with tf.GradientTape() as tape:
        tape.watch(step)
        total = value(step)
    numeric = (value(0.01) - value(-0.01)) / 0.02
    np.testing.assert_allclose(tape.gradient(total, step), numeric, rtol=1e-2)


def test_the_direction_takes_particles_to_the_prior():
    prior = tfp.distributions.MultivariateNormalDiag([2.0, -1.0], [0.5, 1.0])
    stein = ki.divergences.KernelizedSteinDiscrepancy(unbiased=False)
    z = tf.Variable(tf.random.stateless_normal([60, 2], seed=[0, 0]) * 0.1)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            value = stein(z, prior)
        z.assign_sub(60 * 0.5 * tape.gradient(value, z))
        return value

    values = [float(step()) for _ in range(200)]
    assert values[-1] < 0.01 * values[0]
    # Deterministic particles of this kernel sit at the right mean, and fill most of the spread.
    np.testing.assert_allclose(tf.reduce_mean(z, axis=0), [2.0, -1.0], atol=0.05)
    np.testing.assert_allclose(tf.math.reduce_std(z, axis=0), [0.5, 1.0], rtol=0.2)


@pytest.mark.parametrize("kernel", ["gaussian", "imq"])
def test_zero_at_equality_for_a_mixture(kernel):
    tfd = tfp.distributions
    prior = tfd.MixtureSameFamily(
        tfd.Categorical(probs=[0.3, 0.7]),
        tfd.MultivariateNormalDiag([[-1.0, 0.0], [0.5, 1.0]], [[0.5] * 2, [1.2] * 2]),
    )
    stein = ki.divergences.get("stein") if kernel == "gaussian" else KERNELS[1]
    stein = stein if kernel == "gaussian" else ki.divergences.KernelizedSteinDiscrepancy(stein)

    @tf.function
    def value(seed, shift):
        return stein(prior.sample(40, seed=tf.stack([seed, 0])) + shift, prior, seed=[0, 0])

    equal, moved = (
        np.array([value(tf.constant(seed), tf.constant(shift)) for seed in range(100)])
        for shift in (0.0, 1.0)
    )
    assert abs(equal.mean()) < 4 * equal.std() / 10
    assert moved.mean() > equal.std()


def test_closed_form_is_refused_where_there_is_none():
    with pytest.raises(ValueError, match="estimator.*this kernel"):
        ki.divergences.KernelizedSteinDiscrepancy("imq", estimator="closed_form")
    laplace = tfp.distributions.Independent(tfp.distributions.Laplace([0.0] * 2, [1.0] * 2), 1)
    q, z = normal_posterior(MEAN, VARIANCE)
    with pytest.raises(ValueError, match="diagonal normals"):
        ki.divergences.KernelizedSteinDiscrepancy(estimator="closed_form")(z, laplace, q)


def test_an_unknown_gradient_is_refused():
    arguments = MEAN, MEAN, KERNELS[0], KERNELS[0].squared_bandwidths(2)
    with pytest.raises(ValueError, match="`gradient` must be one of"):
        kernelized_stein_discrepancy(*arguments, gradient="steepest")
