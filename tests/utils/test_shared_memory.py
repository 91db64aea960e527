"""Tensors of large arrays."""

import numpy as np
import pytest
import tensorflow as tf

from keras_infovae.utils.shared_memory import float32_tensor


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool"])
@pytest.mark.parametrize("shape", [(3,), (5, 7), (2, 3, 1), (4, 0)])
def test_a_tensor_has_the_values_of_the_array_and_is_its_own(shape, dtype):
    array = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    tensor = float32_tensor(array)
    before = array.astype("float32")
    array += array.dtype.type(1)
    assert tensor.dtype == tf.float32
    np.testing.assert_array_equal(tensor, before)


def test_strided_arrays_are_read_in_their_order():
    array = np.arange(24.0).reshape(4, 6)[::-2, ::3]
    np.testing.assert_array_equal(float32_tensor(array), array)


def test_a_tensor_outlives_the_array_and_is_read_by_graphs():
    tensor = float32_tensor(np.ones([1000, 3]))
    rows = tf.data.Dataset.from_tensors(0).map(lambda _: tf.gather(tensor[1:], [0, 998]))
    np.testing.assert_array_equal(next(iter(rows)), np.ones([2, 3]))
