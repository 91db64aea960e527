"""A ramp along half a cosine."""

import math

import tensorflow as tf

from keras_infovae.schedules.ramp import Ramp
from keras_infovae.typing import Tensor
from keras_infovae.utils.serialization import register


@register
class Cosine(Ramp):
    """From `start` to `end` along half a cosine, level at both ends:

        value = start + (end - start) * (1 - cos(pi * progress)) / 2

    Args:
        start, end: default 0 and 1. See `Ramp` for all of them.
        duration: how long it takes, in `unit`. Default 10,000.
        begin: where it starts, in `unit`. Default 0.
        unit: `"steps"` (default) or `"epochs"`.

    Example:

    >>> import keras_infovae as ki
    >>> ki.schedules.Cosine(0.0, 2.0, duration=90)([0, 30, 60, 90]).numpy().round(4).tolist()
    [0.0, 0.5, 1.5, 2.0]
    """

    def shape(self, progress: Tensor) -> Tensor:
        return 0.5 * (1.0 - tf.cos(math.pi * progress))
