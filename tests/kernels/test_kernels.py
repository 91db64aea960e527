"""Kernels: the contract, closed forms and bandwidth rules."""

import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from tests import contracts


@pytest.mark.parametrize("kernel", contracts.KERNELS, ids=contracts.case_id)
def test_contract(kernel):
    contracts.run_kernel_contract(kernel)


@pytest.mark.parametrize(
    ("kernel", "formula"),
    [
        (ki.kernels.Gaussian, lambda d2, h: np.exp(-d2 / (2 * h))),
        (ki.kernels.InverseMultiquadratic, lambda d2, h: 2 * h / (2 * h + d2)),
        (ki.kernels.RationalQuadratic, lambda d2, h: (1 + d2 / h) ** -0.5),  # rate 1/2
    ],
    ids=contracts.case_id,
)
def test_is_the_mean_of_the_documented_formula(kernel, formula):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(5, 3)), rng.normal(size=(4, 3))
    d2 = ((x[:, None] - y[None]) ** 2).sum(-1)
    kernel = kernel(bandwidth=2.0, scales=(0.5, 1.0, 4.0))
    bandwidths = kernel.squared_bandwidths(3).numpy()
    np.testing.assert_array_equal(bandwidths, [2.0, 4.0, 16.0])
    expected = np.mean([formula(d2, h) for h in bandwidths], axis=0)
    value = kernel.matrix(x.astype("float32"), y.astype("float32"), bandwidths)
    np.testing.assert_allclose(value, expected, atol=1e-6)


def test_dimension_rule_is_the_latent_dimension():
    kernel = ki.kernels.Gaussian(scales=(1.0, 2.0))
    np.testing.assert_array_equal(kernel.squared_bandwidths(16), [16.0, 32.0])


@pytest.mark.parametrize("count", [2, 3, 8, 9])
def test_median_rule_is_half_the_median_squared_distance(count):
    x = np.random.default_rng(count).normal(size=(count, 2)).astype("float32")
    pairs = [((x[i] - x[j]) ** 2).sum() for i in range(count) for j in range(i)]
    expected = np.sort(pairs)[(len(pairs) - 1) // 2] / 2  # the lower median
    (value,) = ki.kernels.Gaussian("median", (1.0,)).squared_bandwidths(2, x)
    np.testing.assert_allclose(value, expected, rtol=1e-4)


def test_median_rule_near_the_dimension_rule_for_normal_samples():
    # For two normals ||z - z'||^2 / 2 is chi-square with 16 degrees: its median is 15.34.
    x = tf.random.stateless_normal([512, 16], seed=[0, 0])
    (value,) = ki.kernels.Gaussian("median", (1.0,)).squared_bandwidths(16, x)
    # 512 samples give the median of pairs a standard error of about 0.25 here (bootstrap).
    assert abs(float(value) - 15.34) < 1.0


def test_median_rule_stops_the_gradient_and_survives_equal_samples():
    x = tf.ones([6, 2])
    with tf.GradientTape() as tape:
        tape.watch(x)
        (value,) = ki.kernels.Gaussian("median", (1.0,)).squared_bandwidths(2, x)
    assert tape.gradient(value, x) is None
    assert float(value) > 0


@pytest.mark.parametrize(
    "kernel", [ki.kernels.InverseMultiquadratic(), ki.kernels.RationalQuadratic()]
)
def test_no_closed_form_is_said(kernel):
    ones = tf.ones([2, 2])
    assert not kernel.has_normal_expectation
    with pytest.raises(ValueError, match="closed form"):
        kernel.normal_expectation(ones, ones, ones, ones, [1.0])


def test_normal_expectation_in_one_dimension_by_quadrature():
    # E k over z ~ N(0.3, 0.5), z' ~ N(-1, 2), by Gauss-Hermite quadrature over z - z'.
    kernel = ki.kernels.Gaussian(bandwidth=0.7, scales=(1.0, 3.0))
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    difference = 1.3 + np.sqrt(2.5) * nodes
    expected = np.mean(
        [
            (weights * np.exp(-(difference**2) / (2 * h))).sum() / np.sqrt(2 * np.pi)
            for h in kernel.squared_bandwidths(1)
        ]
    )
    value = kernel.normal_expectation(
        tf.constant([[0.3]]),
        tf.constant([[0.5]]),
        tf.constant([[-1.0]]),
        tf.constant([[2.0]]),
        kernel.squared_bandwidths(1),
    )
    np.testing.assert_allclose(value, [[expected]], rtol=1e-5)


def test_normal_expectation_of_points_is_the_kernel():
    x, y = tf.random.stateless_normal([2, 5, 3], seed=[0, 0])
    kernel = ki.kernels.Gaussian()
    bandwidths = kernel.squared_bandwidths(3)
    expected = kernel.matrix(x, y, bandwidths)
    value = kernel.normal_expectation(x, tf.zeros_like(x), y, tf.zeros_like(y), bandwidths)
    np.testing.assert_allclose(value, expected, atol=1e-6)
