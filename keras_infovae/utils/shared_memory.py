"""Tensors of large arrays."""

import math

import numpy as np
import tensorflow as tf

_ALIGNMENT = 64  # bytes: TensorFlow's operations read whole vectors of the processor


def float32_tensor(array):
    """Returns a copy of a NumPy array as a float32 tensor in host memory.

    There is one copy, where `tf.constant` holds two for as long as the tensor lives.

    Args:
        array: NumPy, of any type that float32 can stand for; changing it later does not change the
            tensor.

    Example:

    >>> import numpy as np
    >>> from keras_infovae.utils.shared_memory import float32_tensor
    >>> float32_tensor(np.array([1, 2])).numpy()
    array([1., 2.], dtype=float32)
    """
    size = math.prod(array.shape)
    memory = np.empty(4 * size + _ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    aligned = memory[start : start + 4 * size].view(np.float32).reshape(array.shape)
    np.copyto(aligned, array, casting="same_kind")
    return tf.experimental.dlpack.from_dlpack(aligned.__dlpack__())
