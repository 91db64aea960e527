"""Draws by a denoiser, in one compiled loop."""

import numpy as np
import tensorflow as tf

from keras_infovae.distributions.diffusion.noise import falling_times, log_kept
from keras_infovae.utils.row_random import fold_in, normal


def draw(denoise, seeds, event_shape, table, noisy=True):
    """Returns a draw of x for each seed, float32 [n, *event_shape].

    From x_1 ~ N(0, I) to the mean of x given the least noisy time, with x^ = denoise(x_u, u):

        e   = (x_u - sqrt(a_u) x^) / sqrt(1 - a_u)
        v   = noise_share^2 (1 - a_s) / (1 - a_u) (1 - a_u / a_s)
        x_s = sqrt(a_s) x^ + sqrt(1 - a_s - v) e + sqrt(v) noise

    where s is the time after u. A noise share of 1 is ancestral sampling, which has the variances
    of x_s given x_u and x; 0 is DDIM, a function of x_1 alone.

    Args:
        denoise: a function of (x_u [n, *event_shape], u [n]) to the x that it expects.
        seeds: int32 [n, 2], of which each row's draw follows.
        event_shape: the shape of one x.
        table: the `coefficients` of the steps, [steps, 6]. `denoise` is called once in each. A
            variable may change after what draws was compiled.
        noisy: whether a step may add noise; False, for a noise share of 0, spares the drawing.
            Default True.

    References:
        Ho, Jain, Abbeel, arXiv:2006.11239, algorithm 2.
        Song, Meng, Ermon, Denoising Diffusion Implicit Models, arXiv:2010.02502, equations 12, 16.
    """
    table = tf.cast(table, tf.float32)
    steps = tf.shape(table)[0]

    def step(i, x_u):
        time, signal, spread, next_signal, kept_noise, new_noise = tf.unstack(table[i])
        x = denoise(x_u, tf.fill(tf.shape(x_u)[:1], time))
        new = next_signal * x + kept_noise * (x_u - signal * x) / spread
        if noisy:
            new += new_noise * normal(fold_in(seeds, i + 1), event_shape)
        return i + 1, tf.ensure_shape(new, [None, *event_shape])

    start = normal(fold_in(seeds, 0), event_shape)
    _, x = tf.while_loop(
        lambda i, _: i < steps,
        step,
        (tf.constant(0), start),
        shape_invariants=(tf.TensorShape([]), tf.TensorShape([None, *event_shape])),
        maximum_iterations=steps,
    )
    return x


def coefficients(steps, noise_share=1.0):
    """Returns the numbers of each step, float64 [steps, 6], at times from 1 to FIRST_TIME.

    They are u, sqrt(a_u), sqrt(1 - a_u), sqrt(a_s), sqrt(1 - a_s - v) and sqrt(v). After the last
    time comes s = 0, without noise.

    Args:
        steps: how many, at least 2.
        noise_share: from 0 to 1. Default 1.
    """
    times = falling_times(steps)
    log_now, log_next = log_kept(times), log_kept(np.append(times[1:], 0.0))
    now, left, new = (-np.expm1(log) for log in (log_now, log_next, log_now - log_next))
    variances = noise_share**2 * left / now * new
    kept_noise = np.sqrt(np.maximum(left - variances, 0.0))
    signal, next_signal = np.exp(0.5 * log_now), np.exp(0.5 * log_next)
    columns = [times, signal, np.sqrt(now), next_signal, kept_noise, np.sqrt(variances)]
    return np.stack(columns, axis=1)
