"""Logistic distributions rounded to levels 0, 1, ..., num_levels - 1, as pure functions.

A logistic variable y of the given location and scale, both in levels, is rounded to the nearest
level; what lies beyond the ends goes to them. So P(level >= k) = P(y > k - 1/2), 1 <= k < levels.
"""

import tensorflow as tf

_FINE_SCALE = 0.7  # below it, in levels, the mean is summed and not integrated
_WINDOW = 7  # edges on each side that are summed: beyond, exp(-7 / 0.7) = 5e-5 of a level is left


def log_probability(level, location, log_scale, num_levels):
    """Returns log P(level), finite for all finite arguments; shapes are broadcast.

    With b = (level + 1/2 - location) / scale and a = b - 1 / scale,

        log P = log(sigmoid(b) - sigmoid(a))
              = log sigmoid(b) + log sigmoid(-a) + log(1 - exp(-1 / scale))

    which, unlike the difference itself, does not cancel far from the location. The factor of the
    edge that an end level does not have is left out, and with it the last term.
    """
    inverse_scale = tf.exp(-log_scale)
    upper = (level + 0.5 - location) * inverse_scale
    lower = (level - 0.5 - location) * inverse_scale
    at_most = tf.math.log_sigmoid(upper)
    at_least = tf.math.log_sigmoid(-lower)
    # log(1 - exp(-1 / scale)) from either side of log(2), where each form is exact.
    narrow = inverse_scale > 0.7
    one = tf.ones_like(inverse_scale)
    between = tf.where(
        narrow,
        tf.math.log1p(-tf.exp(-tf.where(narrow, inverse_scale, one))),
        tf.math.log(-tf.math.expm1(-tf.where(narrow, one, inverse_scale))),
    )
    inside = at_most + at_least + between
    return tf.where(level <= 0.0, at_most, tf.where(level >= num_levels - 1, at_least, inside))


def mean(location, log_scale, num_levels):
    """Returns the mean level, E[level] = sum over k = 1 ... num_levels - 1 of P(y > k - 1/2).

    Exact to 1e-2 levels (to 1e-3 for scales below 1e4). Where the scale is small few terms are
    neither 0 nor 1, and these are summed. Else the sum is the integral of P(y > t) from 0 to
    num_levels - 1 by the midpoint rule, whose error is known from the slopes at both ends (Euler
    and Maclaurin).
    """
    last = num_levels - 1.0
    scale = tf.exp(log_scale)
    # From the nearer end, where nothing large cancels: E[level] = last - E[last - level].
    nearer = tf.minimum(location, last - location)
    expected = tf.where(
        scale < _FINE_SCALE,
        _summed(nearer, tf.minimum(scale, _FINE_SCALE), last),
        _integrated(nearer, tf.maximum(scale, _FINE_SCALE), last),
    )
    return tf.where(location > last - location, last - expected, expected)


def _summed(location, scale, last):
    nearest = tf.round(tf.clip_by_value(location + 0.5, -1.0 - _WINDOW, last))
    total = tf.clip_by_value(nearest - _WINDOW - 1.0, 0.0, last)  # the terms before are 1
    for k in (nearest + offset for offset in range(-_WINDOW, _WINDOW + 1)):
        term = tf.sigmoid((location + 0.5 - k) / scale)
        total += tf.where((k >= 1.0) & (k <= last), term, tf.zeros_like(term))
    return total


def _integrated(location, scale, last):
    first, final = location / scale, (location - last) / scale
    integral = scale * (tf.nn.softplus(first) - tf.nn.softplus(final))
    slopes = tf.sigmoid(final) * tf.sigmoid(-final) - tf.sigmoid(first) * tf.sigmoid(-first)
    return integral + slopes / (24.0 * scale)


def quantile(uniform, location, log_scale, num_levels):
    """Returns the level at which the distribution function reaches `uniform`, between 0 and 1."""
    noise = tf.math.log(uniform) - tf.math.log1p(-uniform)
    value = location + tf.exp(log_scale) * noise
    return tf.clip_by_value(tf.round(value), 0.0, num_levels - 1.0)
