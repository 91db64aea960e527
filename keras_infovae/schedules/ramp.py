"""The base of schedules that go from one value to another in a stated time."""

import tensorflow as tf

from keras_infovae.schedules.base import UNITS, Schedule
from keras_infovae.typing import Tensor
from keras_infovae.utils.checks import argument_error, check_choice, check_number


class Ramp(Schedule):
    """A schedule that leaves `start` at `begin` and is at `end` from `begin + duration` on:

        value = start + (end - start) * shape(progress)
        progress = clip((position - begin) / duration, 0, 1)

    A subclass gives `shape`, which rises from shape(0) = 0 to shape(1) = 1. The values stay within
    start and end, and are exactly these before and after, whatever rounding does to `shape`.

    Args:
        start: the value until `begin`. Default 0.
        end: the value from `begin + duration` on. Default 1.
        duration: how long the way from one to the other takes, in `unit`. Default 10,000.
        begin: the position of its first change, in `unit`, at least 0. Default 0.
        unit: `"steps"` (default) or `"epochs"`, of `duration` and `begin`, which may be fractions.

    Raises:
        ValueError, TypeError: for values that are not finite numbers, a duration that is not
            positive, a negative `begin`, or an unknown unit.
    """

    def __init__(
        self,
        start: float = 0.0,
        end: float = 1.0,
        duration: float = 10_000,
        begin: float = 0,
        unit: str = "steps",
    ) -> None:
        self.start = check_number("start", start)
        self.end = check_number("end", end)
        self.duration = check_number("duration", duration)
        if self.duration <= 0:
            raise argument_error(
                "duration", "greater than 0: a schedule cannot end before it begins", duration
            )
        self.begin = check_number("begin", begin, minimum=0)
        self.unit = check_choice("unit", unit, UNITS)

    @property
    def minimum(self) -> float:
        return min(self.start, self.end)

    @property
    def maximum(self) -> float:
        return max(self.start, self.end)

    @property
    def final(self) -> float:
        return self.end

    def shape(self, progress: Tensor) -> Tensor:
        """Returns how much of the way is done, from 0 to 1, for a tensor `progress` in [0, 1]."""
        raise NotImplementedError(f"{type(self).__name__} does not define `shape`")

    def __call__(self, position):
        elapsed = tf.cast(position, tf.float32) - self.begin
        start, end = tf.constant(self.start, tf.float32), tf.constant(self.end, tf.float32)
        done = self.shape(self._progress(elapsed))
        # The two-sided form is exact at both ends; start + (end - start) * 1 need not be `end`.
        value = start * (1.0 - done) + end * done
        value = tf.clip_by_value(value, tf.minimum(start, end), tf.maximum(start, end))
        value = tf.where(elapsed >= self.duration, end, value)
        return tf.where(elapsed <= 0.0, start, value)

    def _progress(self, elapsed):
        return tf.clip_by_value(elapsed / self.duration, 0.0, 1.0)
