"""Counts with a seed per row: Poisson and negative binomial, exact, in loops over all rows at once.

A loop ends when every number is done. A round's numbers come from a stream of its own, and what was
accepted before is kept: what a row gets does not depend on how long others take.
"""

import math

import tensorflow as tf

from keras_infovae.utils import row_random

_LARGE_RATE = 10.0
_MOST_ROUNDS = 64  # each accepts 3 of 4 or more: 1e-38 is left
_MOST_TERMS = 64  # at a rate of 10, 1e-25 is left
_LEAST_TERM = 1e-10  # below it sums of probabilities are all rounding
_LOG_RATE_LIMIT = 80.0


def draw_poisson(distribution, seeds, shape, num_samples):
    """Returns draws of `tfd.Poisson`, [n, *shape] or [num_samples, n, *shape]."""
    draws = _poisson(distribution.log_rate_parameter(), seeds, shape, num_samples)
    return tf.cast(draws, distribution.dtype)


def draw_negative_binomial(distribution, seeds, shape, num_samples):
    """Returns draws of `tfd.NegativeBinomial`: of a Poisson whose rate has a gamma distribution."""
    log_rate = tf.cast(distribution.logits_parameter(), tf.float32) + _log_gamma(
        distribution.total_count, row_random.fold_in(seeds, -1), shape, num_samples
    )
    draws = _poisson(log_rate, seeds, shape, num_samples)
    return tf.cast(draws, distribution.dtype)


def _first_accepted(propose, done, seeds):
    """Returns the first proposal that is accepted, for every number but those that are `done`.

    Args:
        propose: a function of seeds to (proposals, whether they are accepted).
        done: bool, of the shape of the proposals. There the result means nothing.
    """

    def step(i, value, done):
        proposal, accepted = propose(row_random.fold_in(seeds, i))
        value = tf.where(done, value, proposal)
        return i + 1, tf.ensure_shape(value, done.shape), done | accepted

    start = tf.constant(0), tf.zeros_like(done, tf.float32), done
    go_on = lambda i, value, done: ~tf.reduce_all(done)  # noqa: E731
    return tf.while_loop(go_on, step, start, maximum_iterations=_MOST_ROUNDS)[1]


# === Poisson ===


def _poisson(log_rate, seeds, shape, num_samples):
    full_shape = row_random.full_shape(seeds, shape, num_samples)
    log_rate = tf.stop_gradient(tf.cast(log_rate, tf.float32))
    rate = tf.broadcast_to(tf.exp(tf.minimum(log_rate, _LOG_RATE_LIMIT)), full_shape)
    small = rate < _LARGE_RATE
    uniform = row_random.uniform(seeds, shape, num_samples)
    few = _by_inversion(tf.where(small, rate, 0.0), uniform)
    large = tf.maximum(rate, _LARGE_RATE)
    many = _first_accepted(
        lambda seeds: _propose_poisson(large, seeds, shape, num_samples), small, seeds
    )
    return tf.where(small, few, many)


def _by_inversion(rate, uniform):
    """Returns the count of all j with uniform < P(X > j)."""

    def beyond(term, above):
        return (uniform < above) & (term > _LEAST_TERM)

    def step(j, term, above, count):
        count += tf.cast(beyond(term, above), tf.float32)
        term *= rate / (j + 1.0)
        return j + 1.0, term, above - term, count

    start = 0.0, tf.exp(-rate), -tf.math.expm1(-rate), tf.zeros_like(rate)
    go_on = lambda j, term, above, count: tf.reduce_any(beyond(term, above))  # noqa: E731
    return tf.while_loop(go_on, step, start, maximum_iterations=_MOST_TERMS)[3]


def _propose_poisson(rate, seeds, shape, num_samples):
    """Returns proposals and whether they are accepted, for rates of at least 10.

    References:
        Hörmann, The Transformed Rejection Method for Generating Poisson Random Variables,
        Insurance: Mathematics and Economics 12 (1993), algorithm PTRS.
    """
    uniform = row_random.uniform(seeds, [2, *shape], num_samples)
    u, v = tf.unstack(uniform, axis=1 if num_samples is None else 2)
    u -= 0.5
    b = 0.931 + 2.53 * tf.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    edge = tf.maximum(0.5 - tf.abs(u), 1e-9)
    count = tf.floor((2.0 * a / edge + b) * u + rate + 0.43)
    at_once = (edge >= 0.07) & (v <= 0.9277 - 3.6224 / (b - 2.0))
    never = (count < 0.0) | ((edge < 0.013) & (v > edge))
    height = tf.math.log(v * inverse_alpha / (a / tf.square(edge) + b))
    return count, at_once | (~never & (height <= _log_probability(count, rate)))


def _log_probability(count, rate):
    """Returns log(exp(-rate) rate^count / count!), without large terms that cancel.

    References:
        Loader, Fast and Accurate Computation of Binomial Probabilities (2000), equation 4 for the
        Poisson distribution: by Stirling's series, and the deviance of the count.
    """
    count = tf.maximum(count, 0.0)
    safe = tf.maximum(count, 1.0)
    x = (safe - rate) / rate
    # (1 + x) log(1 + x) - x = x^2 / 2 - x^3 / 6 + x^4 / 12 - ...
    near = tf.abs(x) < 0.1
    small = tf.where(near, x, 0.0)
    series = tf.zeros_like(x)
    for n in range(9, 1, -1):
        series = (-1.0) ** n / (n * (n - 1)) + small * series
    deviance = tf.where(near, tf.square(small) * series, (1.0 + x) * tf.math.log1p(x) - x)
    inverse = 1.0 / safe
    stirling = inverse * (1 / 12 - inverse**2 * (1 / 360 - inverse**2 / 1260))
    positive = -rate * deviance - stirling - 0.5 * tf.math.log(2.0 * math.pi * safe)
    return tf.where(count < 1.0, -rate, positive)


# === Gamma ===


def _log_gamma(concentration, seeds, shape, num_samples):
    """Returns logarithms of draws from the gamma distribution of rate 1.

    In logarithms: draws at concentrations below 0.01 are too small for float32.

    References:
        Marsaglia and Tsang, A Simple Method for Generating Gamma Variables, ACM Transactions on
        Mathematical Software 26 (2000), sections 2 and 6.
    """
    concentration = tf.stop_gradient(tf.cast(concentration, tf.float32))
    boosted = tf.where(concentration < 1.0, concentration + 1.0, concentration)
    d = boosted - 1.0 / 3.0
    c = tf.math.rsqrt(9.0 * d)

    def propose(seeds):
        w = c * row_random.normal(seeds, shape, num_samples)
        uniform = row_random.uniform(row_random.fold_in(seeds, 0), shape, num_samples)
        inside = w > -1.0
        w = tf.where(inside, w, 0.0)
        return 3.0 * tf.math.log1p(w), inside & (tf.math.log(uniform) < d * _log_ratio(w))

    none = tf.zeros(row_random.full_shape(seeds, shape, num_samples), tf.bool)
    value = _first_accepted(propose, none, seeds) + tf.math.log(d)
    uniform = row_random.uniform(seeds, shape, num_samples)
    return value + tf.where(concentration < 1.0, tf.math.log(uniform) / concentration, 0.0)


def _log_ratio(w):
    """Returns x^2 / (2 d) + 1 - v + log v at v = (1 + w)^3 and w = x / sqrt(9 d), -3/4 w^4 + ..."""
    near = tf.abs(w) < 0.1
    small = tf.where(near, w, 0.0)
    series = tf.zeros_like(w)
    for n in range(9, 3, -1):
        series = 3.0 * (-1.0) ** (n + 1) / n + small * series
    apart = 3.0 * (tf.math.log1p(w) - w + 0.5 * tf.square(w)) - w**3
    return tf.where(near, small**4 * series, apart)
