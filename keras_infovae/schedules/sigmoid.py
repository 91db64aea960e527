"""A ramp along a logistic curve."""

import math

import tensorflow as tf

from keras_infovae.schedules.ramp import Ramp
from keras_infovae.typing import Tensor
from keras_infovae.utils.checks import check_number
from keras_infovae.utils.serialization import register


@register
class Sigmoid(Ramp):
    """From `start` to `end` along a logistic curve, stretched to reach both exactly:

        value = start + (end - start) * (s(progress) - s(0)) / (s(1) - s(0))
        s(t) = 1 / (1 + exp(-steepness * (t - 1/2)))

    Args:
        start, end: default 0 and 1. See `Ramp` for all of them.
        duration: how long it takes, in `unit`. Default 10,000.
        begin: where it starts, in `unit`. Default 0.
        unit: `"steps"` (default) or `"epochs"`.
        steepness: positive; near 0 is a straight line, far above 10 a jump halfway. Default 10.

    Example:

    >>> import keras_infovae as ki
    >>> ki.schedules.Sigmoid(0.0, 2.0, duration=100)([0, 25, 50, 100]).numpy().round(3)
    array([0.  , 0.14, 1.  , 2.  ], dtype=float32)

    References:
        Bowman et al., Generating Sentences from a Continuous Space, arXiv:1511.06349, section 3.1.
    """

    def __init__(
        self,
        start: float = 0.0,
        end: float = 1.0,
        duration: float = 10_000,
        begin: float = 0,
        unit: str = "steps",
        steepness: float = 10.0,
    ) -> None:
        super().__init__(start, end, duration, begin, unit)
        self.steepness = check_number("steepness", steepness, exclusive_minimum=0)

    def shape(self, progress: Tensor) -> Tensor:
        # s(t) = (1 + tanh(steepness * (t - 1/2) / 2)) / 2, whose stretched form divides by its end.
        curve = tf.tanh(0.5 * self.steepness * (progress - 0.5))
        return 0.5 * (1.0 + curve / math.tanh(0.25 * self.steepness))
