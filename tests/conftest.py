"""What every test runs under."""

import gc
import sys

import pytest
import tensorflow as tf

# Without this a failing assert in a shared suite would show no values.
pytest.register_assert_rewrite("tests.contracts")

# Two devices for the tests of replicas. It has to be said before TensorFlow first computes.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)


@pytest.fixture(autouse=True, scope="module")
def own_models_end_with_the_file():
    """Forgets the models that the tests of a file registered, and the module they came from."""
    from keras_infovae.models import registry  # after the devices are set

    known = dict(registry.members)
    yield
    registry.members.clear()
    registry.members.update(known)
    sys.modules.pop("my_models", None)


def pytest_collection_finish(session):
    """Has Python look for garbage less often: what TensorFlow keeps is large, and is not any."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture
def rewritten(monkeypatch):
    """The functions that AutoGraph rewrites, or finds rewritten before, by name."""
    from tensorflow.python.autograph.pyct.transpiler import PyToPy

    names, original = [], PyToPy.transform_function

    def counted(self, function, context):
        names.append(f"{function.__module__}.{function.__qualname__}")
        return original(self, function, context)

    monkeypatch.setattr(PyToPy, "transform_function", counted)
    return names
