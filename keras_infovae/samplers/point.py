"""A point, and what is known of the density there."""

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from keras_infovae.utils import probability as tfp
from keras_infovae.utils.checks import argument_error


class Point(NamedTuple):
    """z, and log p(z) and its gradient there: what a step begins with, and ends with.

    Args:
        z: [..., d]. All axes but the last are rows: chains of their own.
        log_density: log p(z) up to a constant, [...], in nats.
        gradient: of log p(z), [..., d].
    """

    z: Any
    log_density: Any
    gradient: Any


def with_gradient(log_density: Callable) -> Callable:
    """Returns a density as the steps take it: a function of z [..., d] to the `Point` there.

    Args:
        log_density: a function of z [..., d] to log p(z) up to a constant, [...], in which no row
            depends on another.

    Raises:
        ValueError: at z, if what the function gives there does not follow from z by differentiable
            operations.

    Example:

    >>> import tensorflow as tf
    >>> point = with_gradient(lambda z: -0.5 * tf.reduce_sum(z**2, axis=-1))(tf.ones([3, 2]))
    >>> point.log_density.shape, point.gradient[0].numpy().tolist()
    (TensorShape([3]), [-1.0, -1.0])
    """
    return lambda z: Point(z, *value_and_gradient(log_density, z))


def value_and_gradient(function, z):
    """Returns `function(z)` [...] and its gradient by z [..., d]."""
    # TFP knows its own draws again, and a density that it remembers has no gradient.
    value, gradient = tfp.math.value_and_gradient(function, tf.identity(z))
    if gradient is None:
        raise argument_error("log_density", "a differentiable function of z", function)
    return value, gradient
