"""Masses and moments of the standard normal on intervals and polygons, however small."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import special

from keras_infovae.distributions.piecewise_affine import normal_masses, polygon_cells, regions_of
from tests.distributions.piecewise_affine.generators import generator


@pytest.mark.parametrize("jit_compile", [False, True])
def test_log_ndtr_and_its_inverse_are_those_of_scipy(jit_compile):
    x = np.concatenate([np.linspace(-50, 10, 601), -np.logspace(1, 6, 50)])
    log_ndtr, ndtri_exp = (
        tf.function(function, jit_compile=jit_compile)
        for function in (normal_masses.log_ndtr, normal_masses.ndtri_exp)
    )
    found = log_ndtr(tf.constant(x)).numpy()
    np.testing.assert_allclose(found, special.log_ndtr(x), rtol=1e-13)
    log_p = -np.logspace(-5, 6, 200)
    found = ndtri_exp(tf.constant(log_p)).numpy()
    np.testing.assert_allclose(found, special.ndtri_exp(log_p), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("low", [-3.0, -1e-7, 0.0, 4.0, 30.0, 1e3])
@pytest.mark.parametrize("width", [1e-9, 1e-4, 1e-3, 0.1, 3.0])
def test_moments_on_an_interval_are_those_of_quadrature(low, width):
    width = (low + width) - low  # as floats have it
    nodes, weights = np.polynomial.legendre.leggauss(64)
    offset = 0.5 * width * (nodes + 1.0)
    # Relative to the density at the near end, where the mass is too small for a float.
    density = 0.5 * width * weights * np.exp(-0.5 * offset * (2.0 * low + offset))
    if width * low > 300.0:  # beyond what 64 nodes resolve
        return
    mass = density.sum()
    for sign in (1.0, -1.0):
        ends = np.sort([sign * low, sign * (low + width)])
        log_p, mean, square = (
            value.numpy() for value in normal_masses.truncated_moments(*map(tf.constant, ends))
        )
        expected = np.log(mass) - 0.5 * low**2 - 0.5 * np.log(2.0 * np.pi)
        assert log_p == pytest.approx(expected, abs=1e-9, rel=1e-14)
        expected = (density * offset).sum() / mass
        assert sign * mean - low == pytest.approx(expected, abs=1e-9 * max(1.0, low))
        assert square == pytest.approx((density * (low + offset) ** 2).sum() / mass, rel=1e-9)


def test_infinite_and_empty_intervals():
    low, high = tf.constant([-np.inf, -np.inf, 2.0, 5.0]), tf.constant([np.inf, 1.0, np.inf, 5.0])
    low, high = tf.cast(low, tf.float64), tf.cast(high, tf.float64)
    log_p, mean, square = (v.numpy() for v in normal_masses.truncated_moments(low, high))
    expected = [0.0, special.log_ndtr(1.0), special.log_ndtr(-2.0), -np.inf]
    np.testing.assert_allclose(log_p, expected, atol=1e-15)
    hazard = np.exp(-0.5 * np.array([1.0, 4.0])) / np.sqrt(2 * np.pi) / np.exp(log_p[1:3])
    np.testing.assert_allclose(mean, [0.0, -hazard[0], hazard[1], 5.0], atol=1e-14)
    np.testing.assert_allclose(square[:3], [1.0, 1 - hazard[0], 1 + 2 * hazard[1]], rtol=1e-13)
    draws = normal_masses.draw_truncated(low[:3], high[:3], tf.constant([0.3, 0.6, 0.5], "float64"))
    below = special.ndtri([0.3, 0.6 * special.ndtr(1.0), 1 - 0.5 * special.ndtr(-2.0)])
    np.testing.assert_allclose(np.sort(np.abs(draws)), np.sort(np.abs(below)), rtol=0.6)
    assert np.all((draws >= low[:3]) & (draws <= high[:3]))


def test_draws_on_an_interval_have_its_distribution():
    uniform = tf.constant((np.arange(2000) + 0.5) / 2000)
    for ends in ((-1.0, 2.0), (3.0, np.inf), (-np.inf, -40.0), (200.0, 200.001), (1.0, 1.0 + 1e-6)):
        low, high = (tf.fill([2000], tf.constant(end, tf.float64)) for end in ends)
        z = normal_masses.draw_truncated(low, high, uniform).numpy()
        _, mean, square = (v.numpy()[0] for v in normal_masses.truncated_moments(low, high))
        deviation = z.std()
        assert abs(z.mean() - mean) < 0.01 * deviation
        assert np.all(np.diff(z) > 0) or np.all(np.diff(z) < 0)
        assert abs(np.square(z - mean).mean() - np.square(deviation)) < 0.01 * deviation**2
        assert square >= mean**2


def rectangles(count, seed=0):
    """Returns turned rectangles near and far, with the products of one-dimensional moments."""
    rng = np.random.default_rng(seed)
    place = rng.normal(size=(2, count)) * 10 ** rng.uniform(-1, 2.3, (2, count))
    size = 10 ** rng.uniform(-2, 1, (2, count))
    angle = rng.uniform(0, 2 * np.pi, count)
    corners = np.stack([[0, 1, 1, 0], [0, 0, 1, 1]])
    box = place[:, :, None] + size[:, :, None] * corners[:, None]
    turn = np.stack([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    cells = np.einsum("stp,tpv->pvs", turn, box)
    ends = tf.constant(place), tf.constant(place + size)
    log_p, mean, square = (v.numpy() for v in normal_masses.truncated_moments(*ends))
    means = np.einsum("stp,tp->ps", turn, mean)
    inner = np.einsum("sp,tp->pst", mean, mean)
    inner[:, [0, 1], [0, 1]] = square.T
    return cells, log_p.sum(axis=0), means, np.einsum("sap,pab,tbp->pst", turn, inner, turn)


def test_turned_rectangles_have_the_products_of_intervals():
    cells, expected, means, squares = rectangles(3000)
    log_p, mean, square = (v.numpy() for v in polygon_cells.moments(tf.constant(cells)))
    for low, high, tolerance in ((-11, 0, 1e-11), (-1e3, -11, 1e-7), (-1e5, -1e3, 1e-7)):
        part = (expected > low) & (expected <= high)
        assert part.sum() > 500
        np.testing.assert_allclose(log_p[part], expected[part], rtol=0, atol=tolerance)
    np.testing.assert_allclose(mean, means, atol=1e-6)
    np.testing.assert_allclose(square, squares, atol=1e-6, rtol=1e-6)


def test_regions_under_the_prior_have_the_mass_1_and_its_moments():
    cells = regions_of(generator([2, 12, 12, 4], 1.0).layers).cells
    log_p, mean, square = (v.numpy() for v in polygon_cells.moments(tf.constant(cells)))
    mass = np.exp(log_p)
    assert len(mass) > 200
    # Borders are known to the rounding of 10,000, where the plane ends.
    assert mass.sum() == pytest.approx(1.0, abs=1e-12)
    np.testing.assert_allclose(mass @ mean, 0.0, atol=1e-12)
    np.testing.assert_allclose(np.einsum("r,rst->st", mass, square), np.eye(2), atol=1e-12)


def test_draws_within_polygons_have_their_moments():
    cells, _, _, _ = rectangles(8, seed=3)
    some = tf.repeat(tf.constant(cells), 400, axis=0)
    uniform = tf.constant(np.random.default_rng(0).random((3200, 2)))
    z = polygon_cells.draw(some, uniform).numpy().reshape(8, 400, 2)
    _, mean, square = (v.numpy() for v in polygon_cells.moments(tf.constant(cells)))
    deviation = np.sqrt(np.maximum(np.einsum("pss->ps", square) - mean**2, 1e-12))
    # 16 means of 400 draws: within 4 standard errors.
    assert np.all(np.abs(z.mean(axis=1) - mean) < 4 * deviation / 20 + 1e-6)
    np.testing.assert_allclose(z.std(axis=1), deviation, rtol=0.2, atol=1e-5)


@pytest.mark.parametrize("at", [0.0, 1e-15, 1e-9])
def test_wedges_that_meet_at_the_origin_have_the_mass_of_their_angles(at):
    """In polar coordinates N(0, I) has angles that are uniform: P = angle / 2 pi."""
    edges = np.cumsum([0.2, 0.9, 1e-3, 2.0, 0.5, 1.4])
    angles = np.stack([edges, np.roll(edges, -1)])
    angles[1, -1] += 2 * np.pi
    ends = 100.0 * np.stack([np.cos(angles), np.sin(angles)], axis=-1)  # [2, P, 2]
    cells = np.stack([np.full([6, 2], at), *ends], axis=1)
    size = angles[1] - angles[0]
    found, mean, square = polygon_cells.moments(tf.constant(cells))
    np.testing.assert_allclose(np.exp(found), size / (2 * np.pi), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(found, polygon_cells.log_mass(tf.constant(cells)))
    # The length is independent of the angle: its mean is sqrt(pi / 2), that of its square 2.
    middle = (angles[0] + angles[1]) / 2
    radius = np.sqrt(np.pi / 2) * np.sin(size / 2) / (size / 2)
    expected = radius[:, None] * np.stack([np.cos(middle), np.sin(middle)], axis=-1)
    np.testing.assert_allclose(mean, expected, atol=1e-6)
    np.testing.assert_allclose(np.trace(square, axis1=1, axis2=2), 2.0, atol=1e-5)
