"""Regions of two whitened latents: convex polygons, under N(0, I).

The mass of a polygon is that of the wedges that its edges make with the origin,

    P = 1[origin inside] - sum over edges J,
    J = (1 / 2 pi) * integral of exp(-(d^2 + s^2) / 2) d / (d^2 + s^2) over s from s1 to s2

with d the distance of the edge's line along the outward normal and s the place on it. Nearby, J is
a difference of Owen's T function. Far away it is integrated relative to exp(-M^2 / 2), M the
distance of the polygon, so that log P is accurate wherever the polygon is. Moments follow by the
divergence theorem, from the density on the edges alone.

References:
    Owen, Tables for Computing Bivariate Normal Probabilities, 1956, equations 3.1 and 2.3.
"""

import math
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_infovae.distributions.piecewise_affine import normal_masses

_ZERO, _ONE, _INFINITY = np.float64(0.0), np.float64(1.0), np.float64(math.inf)
_NEAR = 5.0  # where an edge is far away
_REACH = 80.0  # s^2 beyond the nearest point of an edge, behind which exp(-40) is left
_TINY = 1e-3  # the extent, in units of the density's scale, of polygons on which it is constant
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_ROUNDING = 1e-13
_AT_A_VERTEX, _NUDGE = 1e-12, 1e-11  # how near the origin is to a vertex, and is moved from it
_MOST_STEPS = 80


class _Edges(NamedTuple):
    """What is known of the edges from `start` [P, V, 2] to `end`, [P, V] but for the vectors."""

    start: tf.Tensor
    end: tf.Tensor
    along: tf.Tensor
    normal: tf.Tensor
    offset: tf.Tensor
    first: tf.Tensor
    last: tf.Tensor
    distance: tf.Tensor
    is_point: tf.Tensor


def _edges(cells):
    start, end = cells, tf.roll(cells, -1, axis=-2)
    vector = end - start
    length = tf.norm(vector, axis=-1)
    along = tf.math.divide_no_nan(vector, length[..., None])
    normal = tf.stack([along[..., 1], -along[..., 0]], axis=-1)
    sizes = tf.reduce_sum(tf.square(start), -1), tf.reduce_sum(tf.square(end), -1)
    nearer = tf.where((sizes[0] < sizes[1])[..., None], start, end)  # has the smaller rounding
    offset = tf.reduce_sum(normal * nearer, axis=-1)
    first, last = tf.reduce_sum(along * start, -1), tf.reduce_sum(along * end, -1)
    ends = tf.sqrt(tf.minimum(*sizes))
    distance = tf.where((first < 0.0) & (last > 0.0), tf.abs(offset), ends)
    return _Edges(start, end, along, normal, offset, first, last, distance, length == 0.0)


def _off_the_origin(cells):
    """Returns polygons [P, V, 2], of which one with a vertex at the origin is moved a little.

    The wedges of the two edges that meet there have no angle of their own, only together. Networks
    without biases have all of their regions meet at 0, and where they are constant, 0 is the mean.
    """
    nearest = tf.reduce_min(tf.norm(cells, axis=-1), axis=-1)
    middle = tf.reduce_mean(cells, axis=-2)
    inwards = tf.math.divide_no_nan(middle, tf.norm(middle, axis=-1, keepdims=True))
    return tf.where(
        (nearest < _AT_A_VERTEX)[:, None, None], cells - _NUDGE * inwards[:, None], cells
    )


def _contains_origin(edges):
    return tf.reduce_all((edges.offset > 0.0) | edges.is_point, axis=-1)


def distance(cells, shift):
    """Returns how far polygons [R, V, 2] are from the points `shift` [n, R, 2], [n, R]."""
    edges = _edges(cells)
    offset = edges.offset - tf.einsum("nrs,rvs->nrv", shift, edges.normal)
    along = tf.einsum("nrs,rvs->nrv", shift, edges.along)
    first, last = edges.first - along, edges.last - along
    beside = tf.maximum(tf.maximum(first, -last), 0.0)
    apart = tf.sqrt(tf.square(offset) + tf.square(beside))
    # Edges without a length have no place of their own; their ends are those of others.
    apart = tf.where(edges.is_point, _INFINITY, apart)
    inside = tf.reduce_all((offset > 0.0) | edges.is_point, axis=-1)
    return tf.where(inside, tf.zeros_like(apart[..., 0]), tf.reduce_min(apart, axis=-1))


def log_mass(cells):
    """Returns log P of polygons [P, V, 2], [P]."""
    cells = _off_the_origin(cells)
    return _log_mass(cells, _edges(cells))[0]


def _log_mass(cells, edges):
    """Returns (log P, M^2 / 2, whether the polygon is tiny, its centroid)."""
    inside = _contains_origin(edges)
    near = tf.where(inside, tf.zeros_like(edges.distance[:, 0]), tf.reduce_min(edges.distance, -1))
    half = 0.5 * tf.square(near)
    wedges = tf.reduce_sum(_wedges(edges, half), axis=-1)
    relative = tf.where(inside, _ONE, tf.zeros_like(half)) - wedges
    area, centroid = _centroid(cells)
    log_area = tf.math.log(tf.maximum(area, 1e-300))
    flat = log_area - 0.5 * tf.reduce_sum(tf.square(centroid), -1) - math.log(2.0 * math.pi)
    extent = tf.norm(tf.reduce_max(cells, -2) - tf.reduce_min(cells, -2), axis=-1)
    is_tiny = (extent * (1.0 + near) < _TINY) | (relative <= 0.0)
    log_p = tf.math.log(tf.where(is_tiny, _ONE, relative)) - half
    return tf.where(is_tiny, flat, log_p), half, is_tiny, centroid


def _wedges(edges, half):
    """Returns J exp(half) of each edge, [P, V]."""
    offset, first, last, distance = edges.offset, edges.first, edges.last, edges.distance
    half = half[:, None] + tf.zeros_like(offset)
    near = tf.where(distance < _NEAR)
    far = tf.where((distance >= _NEAR) & ~edges.is_point)
    picked = [tf.gather_nd(g, near) for g in (offset, first, last, half)]
    values = tf.scatter_nd(near, _near_wedge(*picked), tf.shape(offset, tf.int64))
    picked = [tf.gather_nd(g, far) for g in (offset, first, last, half)]
    return values + tf.scatter_nd(far, _far_wedge(*picked), tf.shape(offset, tf.int64))


def _near_wedge(offset, first, last, half):
    sign = tf.where(offset > 0.0, _ONE, -_ONE)
    angle = tf.sign(last) * _owens_t(tf.abs(offset), tf.abs(last))
    angle -= tf.sign(first) * _owens_t(tf.abs(offset), tf.abs(first))
    return sign * angle * tf.exp(half)


def _owens_t(h, k):
    """Returns T(h, k / h), Owen's function, for h, k >= 0 of which one is at most 5."""
    low, high = tf.minimum(h, k), tf.maximum(h, k)
    nodes, weights = 0.5 * (_NODES + 1.0), 0.5 * _WEIGHTS
    share = tf.math.divide_no_nan(low, high)[..., None] * nodes
    integrand = tf.exp(-0.5 * tf.square(low[..., None] * nodes)) / (1.0 + tf.square(share))
    ratio = tf.math.divide_no_nan(low, high)
    base = ratio * tf.exp(-0.5 * tf.square(high)) * tf.linalg.matvec(integrand, weights)
    base /= 2.0 * math.pi
    tails = [0.5 * tf.math.erfc(side / math.sqrt(2.0)) for side in (h, k)]
    return tf.where(k <= h, base, 0.5 * (tails[0] + tails[1]) - tails[0] * tails[1] - base)


def _far_wedge(offset, first, last, half):
    nearest = tf.where((first < 0.0) & (last > 0.0), _ZERO, tf.minimum(tf.abs(first), tf.abs(last)))
    reach = tf.sqrt(tf.square(nearest) + _REACH)
    first, last = (tf.clip_by_value(end, -reach, reach) for end in (first, last))
    foot = tf.clip_by_value(tf.zeros_like(offset), first, last)
    total = tf.zeros_like(offset)
    for low, high in ((first, foot), (foot, last)):
        s = 0.5 * (low + high)[:, None] + 0.5 * (high - low)[:, None] * _NODES
        squared = tf.square(offset)[:, None] + tf.square(s)
        integrand = tf.exp(tf.minimum(half[:, None] - 0.5 * squared, 0.0)) / squared
        total += 0.5 * (high - low) * tf.linalg.matvec(integrand, _WEIGHTS)
    return total * offset / (2.0 * math.pi)


def _centroid(cells):
    """Returns the area [P] and the centroid [P, 2] of polygons."""
    base = cells[:, :1]
    vectors = cells - base
    following = tf.roll(vectors, -1, axis=-2)
    cross = vectors[..., 0] * following[..., 1] - vectors[..., 1] * following[..., 0]
    area = 0.5 * tf.reduce_sum(cross, axis=-1)
    moment = tf.reduce_sum((vectors + following) * cross[..., None], axis=-2) / 6.0
    middle = tf.reduce_mean(vectors, axis=-2)
    offset = tf.where((area > 1e-300)[:, None], moment / tf.maximum(area, 1e-300)[:, None], middle)
    return area, base[:, 0] + offset


def moments(cells):
    """Returns (log P [P], E[y] [P, 2], E[y y'] [P, 2, 2]) within polygons [P, V, 2]."""
    cells = _off_the_origin(cells)
    edges = _edges(cells)
    log_p, _, is_tiny, centroid = _log_mass(cells, edges)
    crossed = normal_masses.log_mass(edges.first, edges.last)
    on_line = tf.exp(normal_masses.log_density(edges.offset) + crossed - log_p[:, None])
    on_line = tf.where(edges.is_point, tf.zeros_like(on_line), on_line)
    at_start, at_end = (
        tf.exp(-0.5 * tf.reduce_sum(tf.square(z), -1) - log_p[:, None]) / (2.0 * math.pi)
        for z in (edges.start, edges.end)
    )
    mean = -tf.einsum("pv,pvs->ps", on_line, edges.normal)
    square = tf.einsum("pv,pvs,pvt->pst", edges.offset * on_line, edges.normal, edges.normal)
    mixed = tf.einsum("pv,pvs,pvt->pst", at_start - at_end, edges.along, edges.normal)
    square = (
        tf.eye(2, dtype=tf.float64) - square - 0.5 * (mixed + tf.linalg.matrix_transpose(mixed))
    )
    mean = tf.where(is_tiny[:, None], centroid, mean)
    mean = tf.clip_by_value(mean, tf.reduce_min(cells, -2), tf.reduce_max(cells, -2))
    outer = mean[:, :, None] * mean[:, None, :]
    return log_p, mean, tf.where(is_tiny[:, None, None], outer, square)


def draw(cells, uniform):
    """Returns a draw within each of the polygons [P, V, 2], [P, 2], by uniform numbers [P, 2].

    The first coordinate by the inverse of its distribution function, which is a ratio of masses of
    polygons, by Newton's method within halved brackets; the second, given the first, is a normal on
    an interval.
    """
    total, target = log_mass(cells), uniform[:, 0]
    low, high = tf.reduce_min(cells[..., 0], -1), tf.reduce_max(cells[..., 0], -1)

    def is_open(low, high, place, error):
        wide = high - low > _ROUNDING * (1.0 + tf.abs(place))
        return (tf.abs(error) > _ROUNDING) & wide

    def step(low, high, place, error):
        section = _section(cells, place)
        now = tf.exp(log_mass(_left_of(cells, place, *section)) - total) - target
        moves = is_open(low, high, place, error)
        low = tf.where(moves & (now < 0.0), place, low)
        high = tf.where(moves & (now >= 0.0), place, high)
        log_slope = normal_masses.log_density(place) + normal_masses.log_mass(*section) - total
        newton = place - now * tf.exp(-log_slope)
        inside = (newton > low) & (newton < high)
        following = tf.where(inside, newton, 0.5 * (low + high))
        done = tf.abs(now) <= _ROUNDING
        place = tf.where(moves & ~done, following, place)
        return low, high, place, tf.where(moves, now, error)

    _, _, first, _ = tf.while_loop(
        lambda *state: tf.reduce_any(is_open(*state)),
        step,
        (low, high, 0.5 * (low + high), tf.ones_like(low)),
        maximum_iterations=_MOST_STEPS,
    )
    second = normal_masses.draw_truncated(*_section(cells, first), uniform[:, 1])
    return tf.stack([first, second], axis=-1)


def _left_of(cells, limit, low, high):
    """Returns the parts of polygons left of limits [P], with twice the vertices.

    What lies beyond becomes the section at the limit, of which `low` and `high` are the ends.
    """
    end = tf.roll(cells, -1, axis=-2)
    limit, low, high = limit[:, None], low[:, None], high[:, None]
    x, x_end = cells[..., 0], end[..., 0]
    crosses = (x - limit) * (x_end - limit) < 0.0
    share = tf.where(crosses, (limit - x) / tf.where(crosses, x_end - x, _ONE), _ZERO)
    y = tf.where(x > limit, tf.clip_by_value(cells[..., 1], low, high), cells[..., 1])
    kept = tf.stack([tf.minimum(x, limit), y], axis=-1)
    met = tf.stack(
        [limit + tf.zeros_like(x), (cells + share[..., None] * (end - cells))[..., 1]], -1
    )
    met = tf.where(crosses[..., None], met, kept)
    shape = tf.shape(cells)
    return tf.reshape(tf.stack([kept, met], axis=2), [shape[0], 2 * shape[1], 2])


def _section(cells, first):
    """Returns between which second coordinates polygons lie where the first one is given, [P]."""
    end = tf.roll(cells, -1, axis=-2)
    x, x_end, place = cells[..., 0], end[..., 0], first[:, None]
    crosses = (tf.minimum(x, x_end) <= place) & (place <= tf.maximum(x, x_end)) & (x != x_end)
    share = tf.where(crosses, (place - x) / tf.where(crosses, x_end - x, _ONE), 0.0)
    y = cells[..., 1] + share * (end[..., 1] - cells[..., 1])
    low = tf.reduce_min(tf.where(crosses, y, _INFINITY), axis=-1)
    high = tf.reduce_max(tf.where(crosses, y, -_INFINITY), axis=-1)
    middle = tf.reduce_mean(cells[..., 1], axis=-1)
    known = tf.reduce_any(crosses, axis=-1)
    return tf.where(known, low, middle), tf.where(known, high, middle)


def nearest(cells):
    """Returns the point nearest to 0 of each of the polygons [P, V, 2], [P, 2]."""
    edges = _edges(cells)
    place = tf.clip_by_value(tf.zeros_like(edges.offset), edges.first, edges.last)
    points = edges.start + (place - edges.first)[..., None] * edges.along
    best = tf.argmin(tf.reduce_sum(tf.square(points), -1), axis=-1)
    found = tf.gather(points, best, batch_dims=1)
    return tf.where(_contains_origin(edges)[:, None], tf.zeros_like(found), found)
