"""How much noise there is at each time of a diffusion, from 0 (none) to 1:

    x_u = sqrt(a(u)) x + sqrt(1 - a(u)) noise,      a(u) = exp(-0.1 u - 9.95 u^2)

The rate of noise grows from 0.1 to 20. At u = 1, 4e-5 of x is left; the least noisy time that is
looked at, FIRST_TIME, has a standard deviation of 0.01.

References:
    Ho, Jain, Abbeel, Denoising Diffusion Probabilistic Models, arXiv:2006.11239, section 4, whose
    variances are these at 1,000 steps.
    Song et al., Score-Based Generative Modeling through Stochastic Differential Equations,
    arXiv:2011.13456, appendix C.
"""

import numpy as np
import tensorflow as tf

FIRST_TIME = 1e-3
_LINEAR, _SQUARE = 0.1, 9.95


def log_kept(time):
    """Returns log a(u), of a number, an array or a tensor."""
    return -time * (_LINEAR + _SQUARE * time)


def scales(time, rank):
    """Returns sqrt(a) and sqrt(1 - a), float32 [n, 1, ...] of `rank` axes, for times [n]."""
    log_a = tf.reshape(log_kept(time), [-1] + [1] * (rank - 1))
    return tf.exp(0.5 * log_a), tf.sqrt(-tf.math.expm1(log_a))


def noised(x, time, noise):
    """Returns x_u for x [n, ...], times [n] and noise of the shape of x."""
    signal, spread = scales(time, x.shape.rank)
    return signal * x + spread * noise


def denoised(x_u, time, noise):
    """Returns the x of which, with this noise, x_u was made: the inverse of `noised`."""
    signal, spread = scales(time, x_u.shape.rank)
    return (x_u - spread * noise) / signal


def log_ratio(time):
    """Returns log(a / (1 - a)), of signal to noise, of numbers or an array, float64."""
    log_a = log_kept(np.asarray(time, "float64"))
    return log_a - np.log(-np.expm1(log_a))


def time_of(log_ratio):
    """Returns the times of these log ratios, a tensor: the inverse of `log_ratio`."""
    size = tf.math.softplus(-log_ratio)  # -log a
    return 2.0 * size / (_LINEAR + tf.sqrt(_LINEAR**2 + 4.0 * _SQUARE * size))


def falling_times(steps):
    """Returns `steps` times from 1 to FIRST_TIME, evenly, float64 [steps]."""
    return np.linspace(1.0, FIRST_TIME, steps)
