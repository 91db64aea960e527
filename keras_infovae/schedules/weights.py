"""Arguments that are a number or a schedule."""

from typing import Any

import tensorflow as tf

from keras_infovae.schedules.base import Schedule
from keras_infovae.typing import Tensor
from keras_infovae.utils.checks import argument_error, check_number


def value_at(
    weight: float | Schedule, position_in_steps: Tensor, steps_per_epoch: Any = None
) -> Tensor:
    """Returns the value of `weight` at a step of the training.

    Args:
        weight: a number, which is returned as it is, or a `Schedule`.
        position_in_steps: how many steps have been taken, a number or a tensor.
        steps_per_epoch: steps in an epoch, a number or a tensor; needed by schedules whose unit is
            epochs. Default None.

    Returns:
        A float for a number; for a schedule a float32 tensor.

    Raises:
        ValueError: for a schedule in epochs without `steps_per_epoch`.

    Example:

    >>> import keras_infovae as ki
    >>> warm_up = ki.schedules.Linear(0.0, 1.0, duration=2, unit="epochs")
    >>> float(ki.schedules.value_at(warm_up, 50, steps_per_epoch=100))
    0.25
    >>> ki.schedules.value_at(0.5, 50)
    0.5
    """
    if not isinstance(weight, Schedule):
        return float(weight)
    if weight.unit == "steps":
        return weight(position_in_steps)
    if steps_per_epoch is None:
        raise argument_error("steps_per_epoch", "given for a schedule in epochs", steps_per_epoch)
    return weight(tf.cast(position_in_steps, tf.float32) / tf.cast(steps_per_epoch, tf.float32))


def bounds(weight: float | Schedule) -> tuple[float, float]:
    """Returns (smallest, largest) value of `weight` over the training, two floats.

    Args:
        weight: a number or a `Schedule`.

    Example:

    >>> import keras_infovae as ki
    >>> ki.schedules.bounds(ki.schedules.Linear(1.0, 0.2)), ki.schedules.bounds(3)
    ((0.2, 1.0), (3.0, 3.0))
    """
    if isinstance(weight, Schedule):
        return weight.minimum, weight.maximum
    return float(weight), float(weight)


def check_weight(
    name: str,
    weight: float | Schedule,
    minimum: float | None = None,
    maximum: float | None = None,
    exclusive_minimum: float | None = None,
) -> float | Schedule:
    """Returns `weight` as a float, or the `Schedule` that it is, within limits at all positions.

    Args:
        name: the argument's name, for the error.
        weight: a finite number or a `Schedule`.
        minimum, maximum, exclusive_minimum: limits. Default None: no such limit.

    Raises:
        TypeError: for anything but a number or a schedule.
        ValueError: for a value, or a bound of a schedule, beyond a limit.

    Example:

    >>> import keras_infovae as ki
    >>> ki.schedules.check_weight("alpha", ki.schedules.Linear(0.0, 1.5), maximum=1)
    Traceback (most recent call last):
        ...
    ValueError: Argument `alpha` must be at most 1 at all times. Received: alpha=Linear(start=0.0,
    end=1.5, duration=10000.0, begin=0.0, unit='steps'), which reaches 1.5
    """
    if isinstance(weight, Schedule):
        for bound in bounds(weight):
            _check_bound(name, weight, bound, minimum, maximum, exclusive_minimum)
        return weight
    try:
        return check_number(name, weight, minimum, maximum, exclusive_minimum)
    except TypeError:
        raise argument_error(name, "a number or a schedule", weight, TypeError) from None


def _check_bound(name, schedule, bound, minimum, maximum, exclusive_minimum):
    if minimum is not None and bound < minimum:
        expectation = f"at least {minimum:g}"
    elif maximum is not None and bound > maximum:
        expectation = f"at most {maximum:g}"
    elif exclusive_minimum is not None and bound <= exclusive_minimum:
        expectation = f"greater than {exclusive_minimum:g}"
    else:
        return
    error = argument_error(name, f"{expectation} at all times", schedule)
    raise ValueError(f"{error}, which reaches {bound:g}")
