"""A straight ramp."""

from keras_infovae.schedules.ramp import Ramp
from keras_infovae.typing import Tensor
from keras_infovae.utils.serialization import register


@register
class Linear(Ramp):
    """From `start` to `end` in a straight line; the usual warm-up of a KL weight:

        value = start + (end - start) * progress

    Args:
        start, end: default 0 and 1. See `Ramp` for all of them.
        duration: how long it takes, in `unit`. Default 10,000.
        begin: where it starts, in `unit`. Default 0.
        unit: `"steps"` (default) or `"epochs"`.

    Example:

    >>> import keras_infovae as ki
    >>> warm_up = ki.schedules.Linear(0.0, 2.0, duration=10, begin=5, unit="epochs")
    >>> warm_up([0, 5, 7.5, 15, 100]).numpy().tolist()
    [0.0, 0.0, 0.5, 2.0, 2.0]

    References:
        Bowman et al., Generating Sentences from a Continuous Space, arXiv:1511.06349, section 3.1.
    """

    def shape(self, progress: Tensor) -> Tensor:
        return progress
