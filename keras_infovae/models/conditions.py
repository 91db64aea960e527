"""What encoder and decoder are told besides x and z: labels or features of each example."""

import numpy as np
import tensorflow as tf

from keras_infovae.utils.arrays import check_finite
from keras_infovae.utils.checks import argument_error


def append_condition(tensor, condition):
    """Returns `tensor` [n, ..., k] with `condition` [n, c] at the end of its last axis.

    Along the other axes the condition is repeated: for an image it becomes c more channels. None
    leaves the tensor as it is.
    """
    if condition is None:
        return tensor
    condition = tf.cast(condition, tensor.dtype)
    inner = tensor.shape.rank - 2
    condition = tf.reshape(condition, [-1] + [1] * inner + [condition.shape[-1]])
    shape = tf.concat([tf.shape(tensor)[:-1], tf.shape(condition)[-1:]], axis=0)
    return tf.concat([tensor, tf.broadcast_to(condition, shape)], axis=-1)


def as_condition_array(condition, size, count=None, num_classes=None, repeat=False):
    """Returns `condition` as NumPy float32 [count, size]; labels become one-hot rows.

    Args:
        condition: labels [count] of integers where `num_classes` is given, else features
            [count, size] of real numbers.
        size: the number of values per example that the model takes; 0 takes none.
        count: the number of examples. Default None: as many as there are.
        num_classes: the number of classes, or None.
        repeat: whether a single label or row stands for all examples. Default False.

    Raises:
        ValueError, TypeError: naming what is allowed and what was received.
    """
    if condition is None:
        if size:
            raise ValueError(
                "Argument `condition` must be given: the model takes "
                f"{_expected(size, num_classes)}. Received: condition=None"
            )
        return None
    if not size:
        raise ValueError(
            "Argument `condition` must be left out: the model takes none (ConditionalInfoVAE "
            f"does). Received: {type(condition).__name__}"
        )
    values = np.asarray(condition)
    if repeat and values.ndim == (0 if num_classes else 1):
        values = np.repeat(values[None], count, axis=0)
    if values.dtype.kind not in "fiub":
        raise TypeError(f"Argument `condition` must be numeric. Received: dtype={values.dtype}")
    check_finite("condition", values)
    if num_classes is None:
        if values.ndim != 2 or values.shape[1] != size:
            raise ValueError(
                f"Argument `condition` must be {_expected(size, num_classes)}. Received: "
                f"shape={values.shape}"
            )
    else:
        values = _one_hot(values, num_classes)
    if count is not None and len(values) != count:
        raise ValueError(
            f"Argument `condition` must have a row for each of the {count} examples. Received: "
            f"{len(values)} rows"
        )
    return values.astype("float32")


def _one_hot(labels, num_classes):
    if labels.ndim != 1 or np.any(labels != np.floor(labels)):
        raise ValueError(
            f"Argument `condition` must be {_expected(num_classes, num_classes)}. Received: "
            f"shape={labels.shape}, dtype={labels.dtype}"
        )
    outside = labels[(labels < 0) | (labels >= num_classes)]
    if len(outside):
        raise argument_error("condition", f"labels from 0 to {num_classes - 1}", outside[0])
    return np.eye(num_classes, dtype="float32")[labels.astype(int)]


def _expected(size, num_classes):
    if num_classes is None:
        return f"features of shape [examples, {size}]"
    return f"integer labels of shape [examples], from 0 to {num_classes - 1}"
