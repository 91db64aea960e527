"""The standard normal on an interval: its mass, relatively accurate however small, and moments.

Everything is float64 and elementwise.
"""

import math

import numpy as np
import tensorflow as tf

from keras_infovae.utils import probability as tfp

_ZERO = np.float64(0.0)  # a number of Python would be a float32 where it comes first
_ROOT_2, _LOG_ROOT_2_PI = math.sqrt(2.0), 0.5 * math.log(2.0 * math.pi)
_NARROW = 1e-3  # a width, in units of the density's scale: a series in it is exact to 1e-13
_FAR_OUT, _NEWTON_STEPS = -10.0, 4  # a logarithm of a probability, and how often from there


def log_ndtr(x):
    """Returns log P(z < x), with a relative error of 1e-15 in P wherever x is."""
    low = tf.minimum(x, -1.0)
    below = tf.math.log(0.5 * tfp.math.erfcx(-low / _ROOT_2)) - 0.5 * tf.square(low)
    above = tf.math.log1p(-0.5 * tf.math.erfc(tf.maximum(x, -1.0) / _ROOT_2))
    return tf.where(x < -1.0, below, above)


def log_density(x):
    """Returns log N(x; 0, 1)."""
    return -0.5 * tf.square(x) - _LOG_ROOT_2_PI


def ndtri_exp(log_p):
    """Returns x with log P(z < x) = log_p, by Newton's method where P is small.

    It would be no float then; and under XLA `tf.math.ndtri` loses the digits of P below 1e-6, and
    is infinite below 1e-16.
    """
    start = -tf.sqrt(tf.maximum(-2.0 * log_p - tf.math.log(tf.maximum(-2.0 * log_p, 1.0)), 0.0))
    x = tf.where(log_p < _FAR_OUT, start, tf.math.ndtri(tf.exp(tf.maximum(log_p, _FAR_OUT))))
    for _ in range(_NEWTON_STEPS):
        error = log_ndtr(x) - log_p
        step = error * tf.exp(log_ndtr(x) - log_density(x))
        x = tf.where(log_p < _FAR_OUT, x - step, x)
    return x


def log_mass(low, high):
    """Returns log P(low < z < high), as long as low < high; -inf for an interval of no length."""
    return _on_the_right(low, high)[2]


def truncated_moments(low, high):
    """Returns (log P, E[z], E[z^2]) of z ~ N(0, 1) within low < z < high.

    An interval without length has the mass 0 and its own place for a mean.
    """
    near, far, log_p, flipped, ratio = _on_the_right(low, high)
    width = far - near
    finite = tf.math.is_finite(far)
    # phi(near) / P and phi(far) / P. Far out the exponents of both would cancel: they are left out.
    hazard = math.sqrt(2.0 / math.pi) / tfp.math.erfcx(tf.maximum(near, 0.0) / _ROOT_2)
    outside = hazard / (1.0 - ratio)
    first = tf.where(near > 0.0, outside, tf.exp(log_density(near) - log_p))
    bounded = tf.where(finite, far, 0.0)
    decay = tf.exp(-0.5 * tf.where(finite, width, 0.0) * (bounded + near))
    second = tf.where(near > 0.0, outside * decay, tf.exp(log_density(bounded) - log_p))
    second = tf.where(finite, second, 0.0)
    start = tf.where(tf.math.is_finite(near), near, 0.0)
    mean = first - second
    square = 1.0 + start * first - bounded * second
    middle, is_narrow = _narrow(near, far)
    small = tf.square(tf.where(is_narrow, width, 0.0)) / 12.0
    mean = tf.where(is_narrow, middle * (1.0 - small), mean)
    mean = tf.clip_by_value(mean, near, far)
    variance = tf.where(is_narrow, small, tf.clip_by_value(square - tf.square(mean), 0.0, 1.0))
    return log_p, tf.where(flipped, -mean, mean), tf.square(mean) + variance


def draw_truncated(low, high, uniform):
    """Returns z ~ N(0, 1) within low < z < high, by the inverse of its distribution function.

    Args:
        low, high: the interval.
        uniform: in (0, 1), of the same shape.
    """
    near, far, log_p, flipped, _ = _on_the_right(low, high)
    beyond = log_ndtr(-far)
    log_tail = beyond + tf.math.log1p(uniform * tf.math.expm1(log_ndtr(-near) - beyond))
    far_out = tf.math.log(uniform) + log_p  # of which exp(-beyond) is infinite
    large = log_ndtr(-near) - beyond > 500.0
    log_tail = tf.where(large | (far == math.inf), far_out, log_tail)
    z = tf.clip_by_value(-ndtri_exp(log_tail), near, far)
    is_narrow = _narrow(near, far)[1]
    even = near + uniform * tf.where(is_narrow, far - near, 0.0)
    z = tf.where(is_narrow, even, z)
    return tf.where(flipped, -z, z)


def _on_the_right(low, high):
    """Returns (near, far, log P, flipped, Q(far) / Q(near)) of an interval, or of its mirror image.

    The one of the two is taken whose middle is not negative, so that near is the denser end.
    """
    flipped = low + high < 0.0
    near, far = tf.where(flipped, -high, low), tf.where(flipped, -low, high)
    start = tf.maximum(near, 0.0)
    tails = tfp.math.erfcx(far / _ROOT_2) / tfp.math.erfcx(start / _ROOT_2)
    width = tf.where(tf.math.is_finite(far), far - start, math.inf)
    ratio = tf.where(far == math.inf, _ZERO, tails * tf.exp(-0.5 * width * (far + start)))
    ratio = tf.minimum(ratio, 1.0)
    right = log_ndtr(-start) + tf.math.log1p(-ratio)
    around = -0.5 * (tf.math.erfc(-near / _ROOT_2) + tf.math.erfc(far / _ROOT_2))
    log_p = tf.where(near > 0.0, right, tf.math.log1p(tf.maximum(around, -1.0)))
    middle, is_narrow = _narrow(near, far)
    width = tf.where(is_narrow, far - near, 0.0)
    series = tf.math.log1p(tf.square(width) * (tf.square(middle) - 1.0) / 24.0)
    log_p = tf.where(is_narrow, log_density(middle) + tf.math.log(width) + series, log_p)
    return near, far, log_p, flipped, ratio


def _narrow(near, far):
    """Returns (the middle, whether a series in the width will do)."""
    narrow = (far - near) * (1.0 + tf.abs(far)) < _NARROW
    return tf.where(narrow, 0.5 * (near + far), 0.0), narrow
