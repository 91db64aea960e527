"""The Metropolis-adjusted Langevin algorithm."""

from collections.abc import Callable
from typing import Any

from keras_infovae.samplers.proposal import Info, metropolis, propose
from keras_infovae.typing import Tensor


def mala_step(
    density: Callable,
    point: Any,
    step_size: Tensor,
    noise: Callable,
    temperature: float = 1.0,
    longest_drift: float | None = None,
) -> tuple[Any, Info]:
    """Returns (the next point, `Info`); leaves p^(1/T^2) invariant at every step size.

        z' = z + s^2/2 grad log p(z) + T s eps,        eps ~ N(0, I)

    is accepted with probability min(1, r), and z kept otherwise:

        T^2 log r = log p(z') - log p(z) + |T eps|^2 / 2
                    - |z - z' - s^2/2 grad log p(z')|^2 / (2 s^2)

    One gradient a step, as without the adjustment: that of the proposal is the next step's.

    Args:
        density: a function of z [..., d] to a point, such as `with_gradient` gives.
        point: where the step begins, such as `density(z)`.
        step_size: s > 0, a scalar or of a shape that broadcasts to the rows [...]; it must not
            depend on `point`.
        noise: a function (shape, what), that of `seeded_noise` at one k.
        temperature: T > 0, a scalar. Default 1. Less seeks the modes.
        longest_drift: the length that s^2/2 grad log p(z) is cut to where it is longer, in units
            of s sqrt(d), the length of the noise at T = 1. Default None: never. What the chain
            leaves invariant is the same.

    Example:

    >>> import functools
    >>> import tensorflow as tf
    >>> import keras_infovae as ki
    >>> density = ki.samplers.with_gradient(lambda z: -0.5 * tf.reduce_sum(z**2, axis=-1))
    >>> noise = functools.partial(ki.samplers.seeded_noise(tf.constant([0, 1])), 0)
    >>> point, info = ki.samplers.mala_step(density, density(tf.zeros([5, 2])), 0.1, noise)
    >>> bool(tf.reduce_all(info.acceptance > 0.99))
    True

    References:
        Roberts and Tweedie, Exponential Convergence of Langevin Distributions and Their Discrete
        Approximations, Bernoulli 1996, section 1.4.2; the cut is that of their MALTA.
    """
    end, probability = propose(
        density,
        point,
        step_size,
        noise,
        temperature=temperature,
        longest_drift=longest_drift,
    )
    return metropolis(end, point, probability, noise)
