"""Step sizes by the rate of acceptance."""

import math

import tensorflow as tf

from keras_infovae.typing import Tensor

_SMALLEST, _LARGEST = 1e-6, 1e3


def adapt_step_size(
    log_step_size: Tensor, acceptance: Tensor, target: float = 0.7, rate: float = 0.02
) -> Tensor:
    """Returns the logarithm of a step size for the next chain, by how often the last one accepted:

        log s + rate * (mean acceptance - target)

    To be used between chains, with log s kept as a weight: within a chain the step size has to be
    constant, because steps that follow the draws that they move do not leave p invariant.

    Args:
        log_step_size: log s, a float32 tensor: a scalar, or one for each of the last rows.
        acceptance: as `Info` has it, [..., *shape of log_step_size]; the mean is over the axes in
            front.
        target: between 0 and 1. Default 0.7.
        rate: > 0. Default 0.02.

    Returns:
        A float32 tensor of the shape of log_step_size, at least log 1e-6 and at most log 1e3.

    Example:

    >>> import tensorflow as tf
    >>> log_size = adapt_step_size(tf.constant(0.0), acceptance=tf.fill([30, 8], 0.9))
    >>> round(float(log_size), 4)
    0.004

    References:
        Andrieu and Thoms, A Tutorial on Adaptive MCMC, Statistics and Computing 2008, algorithm 4.
    """
    axes = range(acceptance.shape.rank - log_step_size.shape.rank)
    mean = tf.reduce_mean(acceptance, axis=list(axes))
    log_step_size = log_step_size + rate * (mean - target)
    return tf.clip_by_value(log_step_size, math.log(_SMALLEST), math.log(_LARGEST))
