"""Ramps that are repeated."""

import tensorflow as tf

from keras_infovae.schedules.ramp import Ramp
from keras_infovae.typing import Tensor
from keras_infovae.utils.checks import argument_error, check_integer, check_number
from keras_infovae.utils.serialization import register


@register
class Cyclical(Ramp):
    """`cycles` times from `start` to `end`: each cycle a straight ramp, then level at `end`:

        value = start + (end - start) * min(tau / ratio, 1)
        tau = fraction of (cycles * (position - begin) / duration),      the place in the cycle

    A KL weight that returns to 0 lets the decoder learn to use z again, from codes that are already
    of use. Before `begin` the value is `start`, from `begin + duration` on it is `end`.

    Args:
        start, end: default 0 and 1. See `Ramp` for the arguments not described here.
        duration: how long all cycles take together, in `unit`. Default 10,000.
        begin: where the first starts, in `unit`. Default 0.
        unit: `"steps"` (default) or `"epochs"`.
        cycles: M of the reference, at least 1. Default 4, as there.
        ratio: R of the reference, the part of a cycle that the ramp takes, in (0, 1]. Default 0.5,
            as there.

    Raises:
        ValueError, TypeError: besides those of `Ramp`, for less than one cycle or a ratio outside
            (0, 1].

    Example:

    >>> import keras_infovae as ki
    >>> weight = ki.schedules.Cyclical(duration=200, cycles=2)
    >>> weight([0, 25, 50, 99, 100, 125, 200]).numpy().tolist()
    [0.0, 0.5, 1.0, 1.0, 0.0, 0.5, 1.0]

    References:
        Fu et al., Cyclical Annealing Schedule, arXiv:1903.10145.
    """

    def __init__(
        self,
        start: float = 0.0,
        end: float = 1.0,
        duration: float = 10_000,
        begin: float = 0,
        unit: str = "steps",
        cycles: int = 4,
        ratio: float = 0.5,
    ) -> None:
        super().__init__(start, end, duration, begin, unit)
        self.cycles = check_integer("cycles", cycles)
        self.ratio = check_number("ratio", ratio)
        if not 0 < self.ratio <= 1:
            raise argument_error("ratio", "in (0, 1]", ratio)

    def shape(self, progress: Tensor) -> Tensor:
        return progress

    def _progress(self, elapsed):
        # The product is an exact integer at steps, where a cycle's length need not be: a cycle
        # that begins at a step begins there and not one step later.
        place = tf.math.floormod(elapsed * self.cycles, self.duration) / self.duration
        return tf.minimum(place / self.ratio, 1.0)
