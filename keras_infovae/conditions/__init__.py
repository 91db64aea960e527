"""What a model is told of each example besides x: a class, features, or columns of a table."""

from typing import Any

from keras_infovae.conditions.base import Condition, Unconditional, append
from keras_infovae.conditions.classes import Classes
from keras_infovae.conditions.columns import Columns
from keras_infovae.conditions.features import Features
from keras_infovae.utils.checks import argument_error


def get(condition: Any) -> Any:
    """Returns a `Condition`; None stands for `Unconditional()`, a list for columns of a table.

    Raises:
        TypeError: for anything else.
    """
    if condition is None:
        return Unconditional()
    if isinstance(condition, (list, tuple)):
        return Columns(condition)
    if not isinstance(condition, Condition):
        raise argument_error(
            "condition",
            "conditions.Classes(n), conditions.Features(n), a list of columns or None",
            condition,
            TypeError,
        )
    return condition


__all__ = ["Classes", "Columns", "Condition", "Features", "Unconditional", "append", "get"]
