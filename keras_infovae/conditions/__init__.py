"""What a model is told of each example besides x: a class, or features."""

from keras_infovae.conditions.base import Condition, Unconditional, append
from keras_infovae.conditions.classes import Classes
from keras_infovae.conditions.features import Features
from keras_infovae.utils.checks import argument_error


def get(condition):
    """Returns a `Condition`; None stands for `Unconditional()`.

    Raises:
        TypeError: for anything else.
    """
    if condition is None:
        return Unconditional()
    if not isinstance(condition, Condition):
        raise argument_error(
            "condition",
            "conditions.Classes(n), conditions.Features(n) or None",
            condition,
            TypeError,
        )
    return condition


__all__ = ["Classes", "Condition", "Features", "Unconditional", "append", "get"]
