"""Hamiltonian Monte Carlo."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from keras_infovae.samplers.proposal import Info, metropolis, propose
from keras_infovae.typing import Tensor
from keras_infovae.utils.checks import check_number


def hamiltonian_step(
    density: Callable,
    point: Any,
    step_size: Tensor,
    noise: Callable,
    leapfrog_steps: int = 2,
    temperature: float = 1.0,
    jitter: float = 0.2,
) -> tuple[Any, Info]:
    """Returns (the next point, `Info`); leaves p^(1/T^2) invariant at every step size.

    z moves for `leapfrog_steps` along the dynamics of H(z, p) = |p|^2 / 2 - log p(z) from a
    momentum p ~ N(0, T^2 I), and the end is accepted with probability min(1, exp(-dH / T^2)).
    One gradient a leapfrog step. With a single one and no jitter it is `mala_step`.

    Args:
        density: a function of z [..., d] to a point, such as `with_gradient` gives.
        point: where the step begins, such as `density(z)`.
        step_size: s > 0 of the leapfrog steps, a scalar or of a shape that broadcasts to the rows
            [...]; it must not depend on `point`.
        noise: a function (shape, what), that of `seeded_noise` at one k.
        leapfrog_steps: an int of at least 1. Default 2.
        temperature: T > 0, a scalar. Default 1. Less seeks the modes.
        jitter: from 0 to 1. Default 0.2: each row's step size is s times a number between 0.8 and
            1.2, so that no trajectory closes on itself.

    Raises:
        ValueError, TypeError: for a `jitter` out of range, other `leapfrog_steps`, or a
            `temperature` of at most 0.

    Example:

    >>> import functools
    >>> import tensorflow as tf
    >>> import keras_infovae as ki
    >>> density = ki.samplers.with_gradient(lambda z: -0.5 * tf.reduce_sum(z**2, axis=-1))
    >>> noise = functools.partial(ki.samplers.seeded_noise(tf.constant([0, 1])), 0)
    >>> point, info = ki.samplers.hamiltonian_step(density, density(tf.zeros([5, 2])), 0.1, noise)
    >>> bool(tf.reduce_all(info.acceptance > 0.99))
    True

    References:
        Neal, MCMC Using Hamiltonian Dynamics, arXiv:1206.1901, sections 3.2, 4.2 (jitter) and
        5.2 (one leapfrog step).
    """
    if check_number("jitter", jitter, minimum=0, maximum=1):
        share = noise(tf.shape(point.log_density), "jitter")
        step_size = tf.cast(step_size, tf.float32) * (1.0 - jitter + 2.0 * jitter * share)
    end, probability = propose(density, point, step_size, noise, leapfrog_steps, temperature)
    return metropolis(end, point, probability, noise)
