"""The base of conditions: what a model is told of each example besides x."""

import numpy as np
import tensorflow as tf

from keras_infovae import typing
from keras_infovae.typing import Tensor
from keras_infovae.utils.arrays import check_finite
from keras_infovae.utils.checks import argument_error
from keras_infovae.utils.serialization import Setting, register


class Condition(Setting):
    """What a model is told of each example besides x, as `size` numbers c: p(x|z, c), q(z|x, c).

    c is appended to the last axis of what the networks see (`append`), so that they need not know
    of it. What c tells need not be in z, and examples can be generated to order.

    Attributes:
        size: how many numbers each example has, an int.
        names: the columns of a table that are the condition; none for other conditions.
        num_classes: the number of classes, or None where the condition is no class.
        expected: what is to be given, in words.
    """

    size = 0
    names = ()
    num_classes = None
    expected = "no condition"

    def array(
        self, condition: typing.Condition, count: int | None = None, repeat: bool = False
    ) -> np.ndarray | None:
        """Returns `condition` as NumPy float32 [count, size], or None where there is none.

        Args:
            condition: what a user gives.
            count: the number of examples. Default None: as many as there are.
            repeat: whether a single one stands for all examples. Default False.

        Raises:
            ValueError, TypeError: naming what is allowed and what was received.
        """
        if condition is None:
            raise ValueError(
                f"Argument `condition` must be given: the model takes {self.expected}. "
                "Received: condition=None"
            )
        values = np.asarray(condition)
        if values.dtype.kind not in "fiub":
            raise TypeError(f"Argument `condition` must be numeric. Received: dtype={values.dtype}")
        if repeat and values.ndim == self._single_rank:
            values = np.repeat(values[None], 1 if count is None else count, axis=0)
        check_finite("condition", values)
        values = self._encoded(values)
        if count is not None and len(values) != count:
            raise ValueError(
                f"Argument `condition` must have a row for each of the {count} examples. Received: "
                f"{len(values)} rows"
            )
        return values.astype("float32")

    def tensor(self, condition: typing.Condition) -> Tensor:
        """Returns `condition` as a tensor float32 [n, size]; inside `tf.function` too."""
        if condition is None:
            raise argument_error("condition", "given: the model takes one", condition)
        condition = tf.convert_to_tensor(condition)
        if tf.executing_eagerly() and condition.shape.rank != 2:  # elsewhere it was checked before
            condition = tf.constant(self.array(condition.numpy()))
        rows = tf.cast(self._encoded_tensor(condition), tf.float32)
        return tf.ensure_shape(rows, [None, self.size])

    _single_rank = 1  # of the condition of one example

    def _encoded(self, values):
        """Returns NumPy `values` [n, ...] as rows [n, size]; raises where they cannot be."""
        raise NotImplementedError(f"{type(self).__name__} does not define `_encoded`")

    def _encoded_tensor(self, values):
        return values


@register
class Unconditional(Condition):
    """No condition."""

    def array(
        self, condition: typing.Condition, count: int | None = None, repeat: bool = False
    ) -> np.ndarray | None:
        """Returns None, the only condition that is taken."""
        if condition is not None:
            raise ValueError(
                "Argument `condition` must be left out: the model was made without the argument "
                f"`condition` and takes none. Received: {type(condition).__name__}"
            )
        return None

    def tensor(self, condition: typing.Condition) -> Tensor:
        """Returns None, the only condition that is taken."""
        return self.array(condition)


def append(tensor: Tensor, condition: Tensor | None) -> Tensor:
    """Returns `tensor` [n, ..., k] with `condition` [n, c] at the end of its last axis.

    Along the other axes the condition is repeated: for an image it becomes c more channels. None
    leaves the tensor as it is.
    """
    if condition is None:
        return tensor
    if tensor.dtype.is_integer:  # of tokens; the condition keeps its fractions
        tensor = tf.cast(tensor, tf.float32)
    condition = tf.cast(condition, tensor.dtype)
    inner = tensor.shape.rank - 2
    condition = tf.reshape(condition, [-1] + [1] * inner + [condition.shape[-1]])
    shape = tf.concat([tf.shape(tensor)[:-1], tf.shape(condition)[-1:]], axis=0)
    return tf.concat([tensor, tf.broadcast_to(condition, shape)], axis=-1)
