"""What every test runs under."""

import gc

import pytest
import tensorflow as tf

# Without this a failing assert in a shared suite would show no values.
pytest.register_assert_rewrite("tests.contracts")

# Two devices for the tests of replicas. It has to be said before TensorFlow first computes.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)


def pytest_collection_finish(session):
    """Has Python look for garbage less often: what TensorFlow keeps is large, and is not any."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
