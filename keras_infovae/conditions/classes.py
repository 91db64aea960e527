"""Labels as a condition."""

import numpy as np
import tensorflow as tf

from keras_infovae.conditions.base import Condition
from keras_infovae.utils.checks import argument_error, check_integer
from keras_infovae.utils.serialization import register


@register
class Classes(Condition):
    """A class of each example: integer labels [n] from 0 to num_classes - 1, told as one-hot rows.

    Args:
        num_classes: at least 2.

    Example:

    >>> import keras_infovae as ki
    >>> model = ki.InfoVAE(latent_dim=2, condition=ki.conditions.Classes(3))
    >>> model.condition.array([2, 0]).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """

    _single_rank = 0

    def __init__(self, num_classes: int) -> None:
        self.num_classes: int = check_integer("num_classes", num_classes, minimum=2)

    @property
    def size(self) -> int:
        """The number of classes."""
        return self.num_classes

    @property
    def expected(self) -> str:
        """What is to be given, in words."""
        return f"integer labels of shape [examples], from 0 to {self.num_classes - 1}"

    def _encoded(self, values):
        if values.ndim != 1 or np.any(values != np.floor(values)):
            raise ValueError(
                f"Argument `condition` must be {self.expected}. Received: shape={values.shape}, "
                f"dtype={values.dtype}"
            )
        outside = values[(values < 0) | (values >= self.num_classes)]
        if len(outside):
            raise argument_error(
                "condition", f"labels from 0 to {self.num_classes - 1}", outside[0]
            )
        return np.eye(self.num_classes, dtype="float32")[values.astype(int)]

    def _encoded_tensor(self, values):
        if values.shape.rank == 1:
            return tf.one_hot(tf.cast(values, tf.int32), self.num_classes)
        return values
