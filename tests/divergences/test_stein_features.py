"""The Stein discrepancy in random features, against its definition in complex numbers."""

import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.divergences import (
    expected_kernelized_stein_discrepancy,
    kernelized_stein_discrepancy,
)
from keras_infovae.divergences.functional.stein_features import (
    stein_features_of_normals,
    stein_features_of_samples,
)
from keras_infovae.utils import probability as tfp
from tests.contracts import normal_posterior

KERNEL = ki.kernels.Gaussian(1.3, (0.5, 1.0))
GRADIENTS = ["stein_variational", "discrepancy"]
PRIOR_MEAN, PRIOR_VARIANCE = [0.3, -0.5, 0.1], [0.8, 1.5, 1.0]


def normals(n, latent_dim):
    """Returns means, variances, those of the prior and frequencies."""
    mean = tf.random.stateless_normal([n, latent_dim], seed=[0, 1])
    variance = tf.random.stateless_uniform([n, latent_dim], [0, 2], minval=0.05, maxval=1.0)
    w = tf.random.stateless_normal([7, latent_dim], seed=[0, 3])
    return mean, variance, PRIOR_MEAN[:latent_dim], PRIOR_VARIANCE[:latent_dim], w


def value_and_gradients(function, tensors):
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = function(*tensors)
    return [value, *tape.gradient(value, tensors)]


def kept_pairs(n, unbiased):
    return ~np.eye(n, dtype=bool) if unbiased and n > 1 else np.ones([n, n], bool)


def definition(mean, variance, prior_mean, prior_variance, w, keep):
    """Returns the discrepancy, E phi and E dphi/dz of each example, by pairs, in float64."""
    mean, variance, m, v, w = (
        np.asarray(tensor, "float64") for tensor in (mean, variance, prior_mean, prior_variance, w)
    )
    f = np.exp(1j * mean @ w.T - 0.5 * variance @ (w**2).T)[..., None]  # [n, F, 1]
    # E exp(i w.z) z = f (mean + i variance w)
    score = -(mean[:, None] + 1j * variance[:, None] * w - m) / v
    a = f * (score + 1j * w)
    pairs = np.einsum("ifd,jfd->ij", a, a.conj()).real / len(w)
    phi = np.einsum("ij,if,jfd->id", keep, f[..., 0].conj(), a).real / len(w)
    slope = np.einsum("ij,if,fd,jfd->id", keep, f[..., 0].conj(), w, a).imag / len(w)
    return pairs[keep].mean(), phi / keep.sum(), slope / keep.sum()


@pytest.mark.parametrize("gradient", GRADIENTS)
@pytest.mark.parametrize("unbiased", [True, False])
@pytest.mark.parametrize(("n", "latent_dim"), [(5, 3), (4, 1), (1, 2)])
def test_of_normals_it_is_the_definition(n, latent_dim, unbiased, gradient):
    mean, variance, *rest = normals(n, latent_dim)
    keep = kept_pairs(n, unbiased)
    found = value_and_gradients(
        lambda *q: stein_features_of_normals(*q, *rest, unbiased, gradient), [mean, variance]
    )
    value, phi, slope = definition(mean, variance, *rest, keep)
    np.testing.assert_allclose(found[0], value, rtol=1e-5, atol=1e-6)
    if gradient == "stein_variational":
        expected = [-phi, -0.5 * slope]
    else:
        expected = _numeric_gradients(lambda *q: definition(*q, *rest, keep)[0], mean, variance)
    for a, b in zip(found[1:], expected):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def _numeric_gradients(function, *tensors, step=1e-5):
    tensors = [np.asarray(tensor, "float64") for tensor in tensors]
    gradients = [np.zeros_like(tensor) for tensor in tensors]
    for tensor, gradient in zip(tensors, gradients):
        for index in np.ndindex(tensor.shape):
            before = tensor[index]
            tensor[index] = before + step
            upper = function(*tensors)
            tensor[index] = before - step
            gradient[index] = (upper - function(*tensors)) / (2 * step)
            tensor[index] = before
    return gradients


@pytest.mark.parametrize("gradient", GRADIENTS)
@pytest.mark.parametrize("draws", [1, 3])
def test_of_samples_it_is_the_definition_for_points(draws, gradient):
    z, _, m, v, w = normals(4 * draws, 3)
    bandwidths = KERNEL.squared_bandwidths(3)

    def score(z):
        return -(z - m) / v

    def of_groups(z):
        return tf.reshape(z, [4, draws, 3])

    # A point is a normal without variance. All pairs are those of features, own ones the kernel's.
    def expected(z):
        all_pairs = stein_features_of_normals(z, 0.0 * z, m, v, w, False, gradient)
        points = [of_groups(z), of_groups(score(z))]
        within = [
            kernelized_stein_discrepancy(p, s, KERNEL, bandwidths, False, gradient)
            for p, s in zip(*points)
        ]
        return (4.0 * all_pairs - tf.add_n(within) / 4.0) / 3.0

    def found(z):
        return stein_features_of_samples(
            of_groups(z), of_groups(score(z)), w, KERNEL, bandwidths, True, gradient
        )

    for a, b in zip(value_and_gradients(found, [z]), value_and_gradients(expected, [z])):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("gradient", GRADIENTS)
def test_its_mean_over_frequencies_is_the_closed_form(gradient):
    mean, variance, m, v, _ = normals(5, 3)
    bandwidths = KERNEL.squared_bandwidths(3)
    w = KERNEL.frequencies(200_000, 3, bandwidths, tf.constant([5, 6]))
    found = value_and_gradients(
        lambda *q: stein_features_of_normals(*q, m, v, w, True, gradient), [mean, variance]
    )
    expected = value_and_gradients(
        lambda *q: expected_kernelized_stein_discrepancy(*q, m, v, bandwidths, True, gradient),
        [mean, variance],
    )
    for a, b in zip(found, expected):  # about 0.5 % of the largest by chance
        np.testing.assert_allclose(a, b, atol=0.03 * np.abs(b).max())


def test_auto_takes_features_above_64_examples_also_where_the_number_is_known_late():
    prior = ki.priors.StandardNormal().distribution(2)

    def of(estimator, mean):
        stein = ki.divergences.KernelizedSteinDiscrepancy(estimator=estimator)
        with tf.GradientTape() as tape:
            tape.watch(mean)
            q, z = normal_posterior(mean, 0.3 + 0.0 * mean)
            total = stein(z, prior, q, seed=tf.constant([1, 2]))
        return total, tape.gradient(total, mean)

    late = tf.function(lambda mean: of("auto", mean), input_signature=[tf.TensorSpec([None, 2])])
    mean = tf.random.stateless_normal([65, 2], seed=[0, 1])
    for a, b in zip(late(mean), of("random_features", mean)):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    for a, b in zip(of("auto", mean[:64]), of("closed_form", mean[:64])):
        np.testing.assert_allclose(a, b)


def test_a_prior_without_moments_and_any_kernel_take_draws():
    tfd = tfp.distributions
    prior = tfd.MixtureSameFamily(
        tfd.Categorical(probs=[0.3, 0.7]),
        tfd.MultivariateNormalDiag([[-1.0, 0.0], [0.5, 1.0]], [[0.5] * 2, [1.2] * 2]),
    )
    q, z = normal_posterior(*(tensor[:, :2] for tensor in normals(40, 3)[:2]))
    for kernel in ("gaussian", "imq"):
        by = {
            name: ki.divergences.KernelizedSteinDiscrepancy(
                kernel, estimator=name, num_samples=16, num_features=20_000
            )(z, prior, q, tf.constant([1, 2]))
            for name in ("auto", "sampled")
        }
        np.testing.assert_allclose(by["auto"], by["sampled"], rtol=0.3)
