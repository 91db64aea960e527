"""Log-probabilities of counts that keep their digits in float32 where the counts are large.

In x log m - m - log(x!), three terms of the size of x log x leave a few nats. Loader's saddle-point
form has no such difference. With the deviance D(x, m) = x log(x / m) - x + m and Stirling's error
e(x) = log(x!) - (x + 1/2) log x + x - (1/2) log(2 pi),

    log Poisson(x; m) = -D(x, m) - e(x) - (1/2) log(2 pi x)

References:
    Loader, Fast and Accurate Computation of Binomial Probabilities, 2000.
"""

import functools
import math

import tensorflow as tf

from keras_infovae.utils import probability as tfp

_FEW = 5.0  # below it, log(x!) itself; from it on, the series of Stirling's error to 4e-11
_NEAR = 1.0 / 3.0  # |x - m| / (x + m) below which the deviance is a series: m within twice x


def log_poisson(x, log_mean):
    """Returns log Poisson(x; m) in nats, float32 of the shape that the arguments broadcast to.

    It has a gradient with respect to log m, x - m, and none with respect to x.

    Args:
        x: counts, float32.
        log_mean: log m, float32, at most 88.

    Example:

    >>> from keras_infovae.distributions.likelihoods.count_probabilities import log_poisson
    >>> log_poisson([0.0, 2.0], 0.0).numpy().round(4)
    array([-1.    , -1.6931], dtype=float32)
    """
    return _poisson(*_broadcast(x, log_mean))


def log_negative_binomial(x, log_mean, log_dispersion):
    """Returns log NB(x; mean m, variance m + d m^2) in nats, float32, shaped as `log_poisson`'s.

    Loader's form, for r = 1 / d and the mean y = m (1 + d x) / (1 + d m) between m and x, is

        log NB(x) = log Poisson(x; y) - D(r, r y / m) - (1/2) log(1 + d x) + e(x + r) - e(r)

    of which the first term alone is left as d goes to 0. It has a gradient with respect to log m
    and log d, and none with respect to x.

    Args:
        x: counts, float32.
        log_mean: log m, float32.
        log_dispersion: log d, float32; log(d m) is at most 88.

    Example:

    >>> from keras_infovae.distributions.likelihoods.count_probabilities import (
    ...     log_negative_binomial)
    >>> log_negative_binomial([0.0, 2.0], 0.0, 0.0).numpy().round(4)  # log of 1/2 and of 1/8
    array([-0.6931, -2.0794], dtype=float32)
    """
    x, log_mean, log_dispersion = _broadcast(x, log_mean, log_dispersion)
    size = tf.exp(-log_dispersion)
    value = _without_stirling_errors(x, log_mean, log_dispersion)
    return value + _stirling_error(x + size) - _stirling_error(size)


@tf.custom_gradient
def _poisson(x, log_mean):
    mean = tf.exp(log_mean)
    excess = x - mean
    return _value(x, mean, log_mean, excess), lambda upstream: (None, upstream * excess)


@tf.custom_gradient
def _without_stirling_errors(x, log_mean, log_dispersion):
    """Returns the first three terms of `log_negative_binomial`."""
    mean, dispersion, size = tf.exp(log_mean), tf.exp(log_dispersion), tf.exp(-log_dispersion)
    excess = (x - mean) / (1.0 + dispersion * mean)  # x - y
    ratio = (1.0 + dispersion * x) / (1.0 + dispersion * mean)  # y / m
    log_ratio = tf.math.log(ratio)
    deviance = _deviance(size, size * ratio, -excess, -log_ratio)
    poisson = _value(x, mean * ratio, log_mean + log_ratio, excess)

    def gradient(upstream):
        by_log_dispersion = deviance - 0.5 * dispersion * x / (1.0 + dispersion * x)
        return None, upstream * excess, upstream * by_log_dispersion

    return poisson - deviance - 0.5 * tf.math.log1p(dispersion * x), gradient


def _value(x, mean, log_mean, excess):
    """Returns log Poisson(x; mean), with `excess` = x - mean to more digits than a difference."""
    few, many = tf.minimum(x, _FEW), tf.maximum(x, _FEW)
    saddle_point = (
        -_deviance(many, mean, excess, tf.math.log(many) - log_mean)
        - _stirling_error(many)
        - 0.5 * tf.math.log(2.0 * math.pi * many)
    )
    return tf.where(x < _FEW, few * log_mean - mean - tf.math.lgamma(few + 1.0), saddle_point)


def _deviance(x, mean, excess, log_ratio):
    """Returns x log(x / mean) - x + mean, where x - mean and log(x / mean) are known as well."""
    share = excess / (x + mean)
    # log(x / mean) = 2 atanh(share) = 2 (share + share^3 / 3 + share^5 / 5 + ...)
    near = tf.clip_by_value(share, -_NEAR, _NEAR)
    square = tf.square(near)
    series = square / 17.0
    for odd in range(15, 1, -2):
        series = square * (1.0 / odd + series)
    near = excess * near + 2.0 * x * near * series
    return tf.where(tf.abs(share) < _NEAR, near, x * log_ratio - excess)


def _stirling_error(x):
    """Returns log(x!) - (x + 1/2) log x + x - (1/2) log(2 pi), for x > 0."""
    # The branch that is not taken is finite, and so are its gradients.
    few, many = tf.minimum(x, _FEW), tf.maximum(x, _FEW)
    exact = tf.math.lgamma(few + 1.0) - (few + 0.5) * tf.math.log(few) + few
    square = tf.square(1.0 / many)
    series = 1.0 / 1680.0 - square / 1188.0
    for divisor in (1260.0, 360.0, 12.0):
        series = 1.0 / divisor - square * series
    return tf.where(x < _FEW, exact - 0.5 * math.log(2.0 * math.pi), series / many)


def _broadcast(*tensors):
    # By an addition rather than `broadcast_to`, whose gradient XLA cannot compile where the size of
    # the batch is unknown.
    zeros = functools.reduce(tf.add, map(tf.zeros_like, tensors))
    return [tensor + zeros for tensor in tensors]


def poisson(log_mean):
    """Returns TFP's Poisson distribution of the means exp(log_mean), by `log_poisson`."""
    return _classes()[0](log_rate=log_mean)


def negative_binomial(log_mean, log_dispersion):
    """Returns TFP's negative binomial distribution, by `log_negative_binomial`."""
    return _classes()[1](log_mean, log_dispersion)


@functools.cache
def _classes():
    tfd = tfp.distributions

    class Poisson(tfd.Poisson):
        def _log_prob(self, x):
            return log_poisson(x, self.log_rate)

    class NegativeBinomial(tfd.NegativeBinomial):
        def __init__(self, log_mean, log_dispersion):
            parameters = dict(locals())
            # In logarithms throughout: a mean of 0, as a share may have, needs no case of its own.
            super().__init__(
                total_count=tf.exp(-log_dispersion),
                logits=log_mean + log_dispersion,
                require_integer_total_count=False,
            )
            self._parameters = parameters

        @classmethod
        def _parameter_properties(cls, dtype, num_classes=None):
            return dict.fromkeys(("log_mean", "log_dispersion"), tfp.util.ParameterProperties())

        def _log_prob(self, x):
            own = self.parameters
            return log_negative_binomial(x, own["log_mean"], own["log_dispersion"])

    return Poisson, NegativeBinomial
