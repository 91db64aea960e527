"""The path of densities from one that can be drawn from to another."""

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from keras_infovae.samplers.hamiltonian import hamiltonian_step
from keras_infovae.samplers.point import value_and_gradient
from keras_infovae.samplers.proposal import Info
from keras_infovae.typing import Tensor


class AnnealedPoint(NamedTuple):
    """z, and two log densities and their gradients there: the `Point` of a path at any b.

    The two are kept apart because the density at every b, and its gradient, follow from them: a
    new b costs no further evaluation.

    Args:
        z: [..., d].
        b: where on the path, a scalar in [0, 1].
        log_start, log_ratio: log s(z) and log r(z), [...], in nats.
        start_gradient, ratio_gradient: theirs, [..., d].
    """

    z: Any
    b: Any
    log_start: Any
    log_ratio: Any
    start_gradient: Any
    ratio_gradient: Any

    @property
    def log_density(self) -> Tensor:
        """log f_b(z), [...], in nats."""
        return self.log_start + self.b * self.log_ratio

    @property
    def gradient(self) -> Tensor:
        """The gradient of log f_b(z), [..., d]."""
        return self.start_gradient + self.b * self.ratio_gradient


class AnnealedPath(NamedTuple):
    """The unnormalized densities between a start s(z) and s(z) r(z):

        log f_b(z) = log s(z) + b log r(z),        0 <= b <= 1

    Args:
        sample: a function of a seed, int32 [2], that draws z [..., d] from the normalized s.
        log_start: a function of z [..., d] to log s(z), [...].
        log_ratio: a function of z [..., d] to log r(z), [...].
    """

    sample: Callable
    log_start: Callable
    log_ratio: Callable

    def at(self, b: Tensor) -> Callable:
        """Returns f_b as the steps take it: a function of z to the `AnnealedPoint` there."""
        b = tf.convert_to_tensor(b, tf.float32)

        def density(z):
            log_start, start_gradient = value_and_gradient(self.log_start, z)
            log_ratio, ratio_gradient = value_and_gradient(self.log_ratio, z)
            return AnnealedPoint(z, b, log_start, log_ratio, start_gradient, ratio_gradient)

        return density

    def move(
        self, point: Any, b: Tensor, step_size: Tensor, noise: Callable, leapfrog_steps: int
    ) -> "tuple[AnnealedPoint, Info]":
        """Returns (the next point, `Info`) of a Hamiltonian step that leaves f_b invariant.

        Args:
            point: an `AnnealedPoint` of this path, at any b.
            b: a float32 scalar tensor in [0, 1].
            step_size, noise, leapfrog_steps: as for `hamiltonian_step`.
        """
        point = point._replace(b=b)
        return hamiltonian_step(self.at(b), point, step_size, noise, leapfrog_steps)
