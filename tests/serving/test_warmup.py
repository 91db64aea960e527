"""The warm-up requests, in the form that TensorFlow Serving reads."""

import os
import sys

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

import keras_infovae as ki
from keras_infovae.serving import warmup
from keras_infovae.serving.samples import Samples
from keras_infovae.utils.row_seeds import packed
from tests.serving.conftest import raw_examples, small


def test_without_the_extra_it_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_serving.apis", None)
    with pytest.raises(ImportError, match=r"`warmup` needs .*keras-infovae\[serving\]"):
        ki.serving.export_for_serving(small(), tmp_path / "model", warmup=raw_examples((5,)))
    assert os.listdir(tmp_path) == []


def test_each_signature_has_two_requests_that_are_answered(classes, loader):
    _, path, differences, (raw, labels) = classes
    requests = []
    for record in tf.data.TFRecordDataset(os.path.join(path, warmup.FILE)):
        log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
        if log.WhichOneof("log_type") == "regress_log":
            request = log.regress_log.request
            examples = request.input.example_list.examples
            inputs = {"inputs": [example.SerializeToString() for example in examples]}
        else:
            request = log.predict_log.request
            inputs = {name: tf.make_ndarray(tensor) for name, tensor in request.inputs.items()}
            inputs = {k: v.tolist() if v.dtype == object else v for k, v in inputs.items()}
        requests.append((request.model_spec.signature_name, inputs))
    assert [name for name, _ in requests] == list(np.repeat(list(differences), 2))
    answers = loader.run(path, requests)
    for (name, inputs), answer, rows in zip(requests, answers, [1, 6] * len(differences)):
        assert {len(value) for value in (*inputs.values(), *answer.values())} == {rows}, name
    by_name = {name: (inputs, answer) for (name, inputs), answer in zip(requests, answers)}
    inputs, answer = by_name["encode"]
    np.testing.assert_array_equal(inputs["x"], raw)
    np.testing.assert_array_equal(inputs["seed"], packed(Samples.SEED, 0, 6))
    np.testing.assert_array_equal(inputs["condition"], labels)
    np.testing.assert_array_equal(
        by_name["regress"][1]["outputs"][:, 0], by_name["score"][1]["score"]
    )
