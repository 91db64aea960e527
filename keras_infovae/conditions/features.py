"""Real numbers as a condition."""

from keras_infovae.conditions.base import Condition
from keras_infovae.utils.checks import check_integer
from keras_infovae.utils.serialization import register


@register
class Features(Condition):
    """Real numbers of each example, [n, size], told as they are.

    Args:
        size: how many, at least 1.

    Example:

    >>> import keras_infovae as ki
    >>> ki.conditions.Features(2).array([[0.5, 1.0]]).shape
    (1, 2)
    """

    def __init__(self, size: int) -> None:
        self.size = check_integer("size", size)

    @property
    def expected(self) -> str:
        """What is to be given, in words."""
        return f"features of shape [examples, {self.size}]"

    def _encoded(self, values):
        if values.ndim != 2 or values.shape[1] != self.size:
            raise ValueError(
                f"Argument `condition` must be {self.expected}. Received: shape={values.shape}"
            )
        return values
