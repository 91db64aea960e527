"""A value with the gradient of another."""

import tensorflow as tf

from keras_infovae.typing import Tensor


def with_gradient_of(value: Tensor, surrogate: Tensor) -> Tensor:
    """Returns `value`, whose gradient is that of `surrogate`, of the same shape."""
    return tf.stop_gradient(value - surrogate) + surrogate
