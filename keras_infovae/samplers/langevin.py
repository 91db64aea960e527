"""Unadjusted Langevin dynamics."""

from collections.abc import Callable
from typing import Any

from keras_infovae.samplers.proposal import Info, propose
from keras_infovae.typing import Tensor


def langevin_step(
    density: Callable,
    point: Any,
    step_size: Tensor,
    noise: Callable,
    temperature: float = 1.0,
    longest_drift: float | None = None,
) -> tuple[Any, Info]:
    """Returns (the next point, `Info`) of Langevin dynamics, which accepts every proposal:

        z' = z + s^2/2 grad log p(z) + T s eps,        eps ~ N(0, I)

    Its law is p^(1/T^2) up to an error of order s^2: on N(0, v) the stationary variance is
    T^2 v / (1 - s^2 / (4 v)), and from s = 2 sqrt(v) on it diverges. `mala_step` has no such error
    at the same cost. The acceptance in `Info` is the one that `mala_step` would have had, and says
    how large the error is. One gradient a step.

    Args:
        density: a function of z [..., d] to a point, such as `with_gradient` gives.
        point: where the step begins, such as `density(z)`.
        step_size: s > 0, a scalar or of a shape that broadcasts to the rows [...].
        noise: a function (shape, what), that of `seeded_noise` at one k.
        temperature: T > 0, a scalar. Default 1. Less seeks the modes.
        longest_drift: the length that s^2/2 grad log p(z) is cut to where it is longer, in units
            of s sqrt(d), the length of the noise at T = 1. Default None: never. At 1 a chain stays
            finite whatever the density and s are, and one that can converge (s < 2 sqrt(v)) is
            seldom cut where it ends: the gradient is of length sqrt(d / v) there, and is cut from
            2 sqrt(d) / s on.

    Example:

    >>> import functools
    >>> import tensorflow as tf
    >>> import keras_infovae as ki
    >>> density = ki.samplers.with_gradient(lambda z: -0.5 * tf.reduce_sum(z**2, axis=-1))
    >>> noise = functools.partial(ki.samplers.seeded_noise(tf.constant([0, 1])), 0)
    >>> point, info = ki.samplers.langevin_step(density, density(tf.zeros([5, 2])), 0.1, noise)
    >>> point.z.shape, info.acceptance.shape
    (TensorShape([5, 2]), TensorShape([5]))

    References:
        Roberts and Tweedie, Exponential Convergence of Langevin Distributions and Their Discrete
        Approximations, Bernoulli 1996, section 1.4.1.
        Nijkamp, Hill, Zhu, Wu, Learning Non-Convergent Non-Persistent Short-Run MCMC Toward
        Energy-Based Model, arXiv:1904.09770, section 3.1.
    """
    end, probability = propose(
        density,
        point,
        step_size,
        noise,
        temperature=temperature,
        longest_drift=longest_drift,
    )
    return end, Info(probability, end.log_density)
