"""Exact draws from p(z|x) with any number of latents, along lines of random directions.

Along a line z + t u the generator is piecewise affine in t and the prior is N(-z . u, 1), so that
the conditional density of t is a mixture of truncated normals, of which a draw is exact: no step is
ever rejected, and p(z|x) stays as it is.

References:
    Smith, Efficient Monte Carlo Procedures for Generating Points Uniformly Distributed over Bounded
    Regions, 1984 (hit and run).
"""

import numpy as np
import tensorflow as tf

from keras_infovae.distributions.piecewise_affine import normal_masses

_MOST_NUMBERS = 2**24  # of lines, intervals and values of x together


_LINES = tf.TensorSpec([None, None], tf.float64)
_POINTS = tf.TensorSpec([None], tf.float64)
_log_mass = tf.function(normal_masses.log_mass, [_LINES] * 2, autograph=False)
_draw = tf.function(normal_masses.draw_truncated, [_POINTS] * 3, autograph=False)


def sweep(layers, x, z, rng):
    """Returns z after one move along a random line each, [n, S].

    Args:
        layers: `AffineLayer`s whose outputs are in units of the noise.
        x: [n, D], in these units.
        z: [n, S].
        rng: a NumPy generator.
    """
    direction = rng.normal(size=z.shape)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    uniform = rng.random((2, len(z)))
    units = sum(layer.kernel.shape[1] for layer in layers)
    size = max(1, _MOST_NUMBERS // (units * x.shape[1]))
    moved = np.empty_like(z)
    for start in range(0, len(z), size):
        rows = slice(start, start + size)
        moved[rows] = _move(layers, x[rows], z[rows], direction[rows], uniform[:, rows])
    return moved


def _move(layers, x, z, direction, uniform):
    knots, slopes, offsets = split_lines(layers, z, direction)
    edge = np.full((len(z), 1), np.inf)
    low, high = np.concatenate([-edge, knots], axis=1), np.concatenate([knots, edge], axis=1)
    residual = x[:, None] - offsets
    along = (z * direction).sum(axis=1)[:, None]  # the prior's mean of t, with its sign changed
    precision = 1.0 + np.square(slopes).sum(axis=2)
    mean = ((slopes * residual).sum(axis=2) - along) / precision
    height = 0.5 * (precision * mean**2 - np.square(residual).sum(axis=2) - np.log(precision))
    is_real = low < high
    low, high = np.where(is_real, low, 0.0), np.where(is_real, high, 1.0)
    root = np.sqrt(precision)
    ends = tf.constant((low - mean) * root), tf.constant((high - mean) * root)
    log_weight = np.where(is_real, height + _log_mass(*ends).numpy(), -np.inf)
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    sums = np.cumsum(weight, axis=1)
    chosen = (sums <= uniform[0][:, None] * sums[:, -1:]).sum(axis=1)[:, None]
    ends = (np.take_along_axis(end.numpy(), chosen, axis=1)[:, 0] for end in ends)
    y = _draw(*map(tf.constant, ends), tf.constant(uniform[1])).numpy()
    mean, root = (np.take_along_axis(a, chosen, axis=1)[:, 0] for a in (mean, root))
    return z + (mean + y / root)[:, None] * direction


def split_lines(layers, origin, direction):
    """Returns where lines origin + t direction, [n, S] each, cross the borders of regions.

    Returns:
        (knots t [n, K - 1], sorted, inf where a line has less; slopes and offsets of the layers'
        outputs as functions of t on each of the K intervals, [n, K, D]).
    """
    slopes, offsets = direction[:, None], origin[:, None]
    knots = np.full((len(origin), 0), np.inf)
    for layer in layers:
        slopes, offsets = slopes @ layer.kernel, offsets @ layer.kernel + layer.bias
        if layer.slope == 1.0:
            continue
        low = np.concatenate([np.full((len(knots), 1), -np.inf), knots], axis=1)[..., None]
        high = np.concatenate([knots, np.full((len(knots), 1), np.inf)], axis=1)[..., None]
        with np.errstate(divide="ignore", invalid="ignore"):
            roots = -offsets / slopes
        roots = np.where((roots > low) & (roots < high), roots, np.inf).reshape(len(knots), -1)
        refined = np.sort(np.concatenate([knots, roots], axis=1), axis=1)
        refined = refined[:, : np.isfinite(refined).sum(axis=1).max(initial=0)]
        middle = _middles(refined)
        parents = (knots[:, None, :] < middle[:, :, None]).sum(axis=2)[..., None]
        slopes, offsets = (np.take_along_axis(a, parents, axis=1) for a in (slopes, offsets))
        knots = refined
        factor = np.where(slopes * middle[..., None] + offsets > 0, 1.0, layer.slope)
        slopes, offsets = slopes * factor, offsets * factor
    return knots, slopes, offsets


def _middles(knots):
    """Returns a t within each interval, [n, K]; any for those that are not real."""
    if not knots.shape[1]:
        return np.zeros((len(knots), 1))
    finite = np.where(np.isfinite(knots), knots, 0.0)
    low = np.concatenate([finite[:, :1] - 2.0, finite], axis=1)
    last = np.isfinite(knots)
    high = np.concatenate([knots, np.full((len(knots), 1), np.inf)], axis=1)
    low_is_real = np.concatenate([np.ones((len(knots), 1), bool), last], axis=1)
    low = np.where(low_is_real, low, 0.0)
    return np.where(np.isfinite(high), 0.5 * (low + np.where(np.isfinite(high), high, 0)), low + 1)
