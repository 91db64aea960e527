"""The variational bound on log p(x) of a diffusion."""

import math

import numpy as np
import tensorflow as tf

from keras_infovae.distributions.diffusion.noise import (
    FIRST_TIME,
    log_kept,
    log_ratio,
    noised,
    time_of,
)
from keras_infovae.utils.row_random import fold_in, normal, uniform


def variational_bound(denoise, x, seeds, steps):
    """Returns an unbiased estimate of a lower bound of log p(x) of each row, float32 [n], in nats:

        log p(x) >= -KL(q(x_1|x) || N(0, I)) - (D / 2) log(2 pi / R) - (R / 2) E |x - x^(f)|^2
                    - (1/2) integral E |x - x^(u)|^2 dr

    over the ratio r = a / (1 - a) of signal to noise from that of time 1 to R, that of f =
    FIRST_TIME, with x^(u) = denoise(x_u, u): the bound in the limit of many steps, whose last one
    is p(x|x_f) = N(x^(f), I / R). The integral is taken over log r, where its integrand
    r |x - x^|^2 is about D or less, at one time in each of `steps` equal parts, drawn anew in
    each, and with noise of its own. For a denoiser that is E[x|x_u] the bound is log p(x) but for
    the two ends.

    Args:
        denoise: a function of (x_u [n, ...], u [n]) to the x that it expects.
        x: float32 [n, ...].
        seeds: int32 [n, 2], of the noise.
        steps: the number of parts, at least 1; `denoise` is called once more.

    References:
        Kingma, Salimans, Poole, Ho, Variational Diffusion Models, arXiv:2107.00630, equations 11
        and 17.
    """
    event_shape = tuple(x.shape[1:])
    size, axes = math.prod(event_shape), list(range(1, x.shape.rank))
    low, high = log_ratio(1.0), log_ratio(FIRST_TIME)
    part = (high - low) / steps

    def error(i, time):
        noise = normal(fold_in(seeds, 2 * i), event_shape)
        x_u = tf.ensure_shape(noised(x, time, noise), x.shape)
        return tf.reduce_sum(tf.square(x - denoise(x_u, time)), axis=axes)

    def step(i, total):
        place = uniform(fold_in(seeds, 2 * i + 1), [])
        log_r = low + part * (tf.cast(i, tf.float32) + place)
        return i + 1, total + tf.exp(log_r) * error(i, time_of(log_r))

    _, total = tf.while_loop(
        lambda i, _: i < steps,
        step,
        (tf.constant(0), tf.zeros(tf.shape(x)[:1])),
        shape_invariants=(tf.TensorShape([]), tf.TensorShape([None])),
        maximum_iterations=steps,
    )
    total *= part
    total += np.exp(high) * error(steps, tf.fill(tf.shape(x)[:1], FIRST_TIME))
    last = np.exp(log_kept(1.0))
    squares = tf.reduce_sum(tf.square(x), axis=axes)
    start = 0.5 * (last * squares - size * (last + np.log1p(-last)))
    return -start - 0.5 * size * (math.log(2.0 * math.pi) - high) - 0.5 * total
