"""The warm-up requests, in the form that TensorFlow Serving reads."""

import importlib.util
import os

import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.serving import warmup
from tests.serving.conftest import raw_examples, small

INSTALLED = importlib.util.find_spec("tensorflow_serving") is not None


@pytest.mark.skipif(INSTALLED, reason="tensorflow-serving-api is installed")
def test_without_the_extra_it_is_named(tmp_path):
    with pytest.raises(ImportError, match=r"`warmup` needs .*keras-infovae\[serving\]"):
        ki.serving.export_for_serving(small(), tmp_path / "model", warmup=raw_examples((5,)))
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not INSTALLED, reason="tensorflow-serving-api is not installed")
def test_each_signature_has_two_requests(exported):
    from tensorflow_serving.apis import prediction_log_pb2

    raw = raw_examples((5,))
    path, _ = exported(small(), ["encode", "regress"], warmup=raw)
    file = os.path.join(path, warmup.FILE)
    logs = [
        prediction_log_pb2.PredictionLog.FromString(record.numpy())
        for record in tf.data.TFRecordDataset(file)
    ]
    kinds = [log.WhichOneof("log_type") for log in logs]
    assert kinds == ["predict_log"] * 2 + ["regress_log"] * 2
    for log, rows in zip(logs[:2], (1, 6)):
        request = log.predict_log.request
        assert request.model_spec.signature_name == "encode"
        np.testing.assert_array_equal(tf.make_ndarray(request.inputs["x"]), raw[:rows])
        np.testing.assert_array_equal(tf.make_ndarray(request.inputs["seed"]), np.arange(rows))
    example = logs[3].regress_log.request.input.example_list.examples[2]
    np.testing.assert_array_equal(example.features.feature["x"].float_list.value, raw[2])
