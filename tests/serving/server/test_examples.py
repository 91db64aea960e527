"""The input of the Regress API within the limits, before its examples are joined."""

import dataclasses

import pytest
import tensorflow as tf
from tensorflow_serving.apis import input_pb2

from keras_infovae.serving.server import examples
from keras_infovae.serving.server.errors import RequestError
from keras_infovae.serving.server.tensors import InputChecker
from tests.serving.server.conftest import SETTINGS


def checker(**limits):
    return InputChecker(dataclasses.replace(SETTINGS, **limits))


def as_proto(document):
    listed = input_pb2.ExampleListWithContext()

    def fill(example, features):
        for name, value in features.items():
            example.features.feature[name].bytes_list.value.append(value.encode())

    fill(listed.context, document["context"])
    for features in document["examples"]:
        fill(listed.examples.add(), features)
    return input_pb2.Input(example_list_with_context=listed)


READERS = {
    "rest": examples.from_json,
    "grpc": lambda document, limits: examples.from_proto(as_proto(document), limits),
}


@pytest.fixture(params=READERS)
def read(request):
    return READERS[request.param]


def test_an_example_is_the_context_with_its_own_features(read):
    document = {"context": {"x": "shared", "y": "1"}, "examples": [{}, {"x": "own"}]}
    made = [tf.train.Example.FromString(text) for text in read(document, checker())]
    features = [
        {name: value.bytes_list.value[0] for name, value in example.features.feature.items()}
        for example in made
    ]
    assert features == [{"x": b"shared", "y": b"1"}, {"x": b"own", "y": b"1"}]


def test_the_context_counts_once_for_each_example(read):
    document = {"context": {"x": "a" * 1000}, "examples": [{}] * 9 + [{"y": "b" * 50}]}
    size = sum(map(len, read(document, checker())))
    assert size > 10_000
    assert sum(map(len, read(document, checker(max_request_bytes=size)))) == size
    with pytest.raises(RequestError, match="--max_request_bytes") as error:
        read(document, checker(max_request_bytes=size - 1))
    assert (error.value.code, error.value.http_status) == ("INVALID_ARGUMENT", 413)


def test_examples_are_counted_before_they_are_joined(read):
    document = {"context": {}, "examples": [{}] * 5}
    assert len(read(document, checker(max_rows=5))) == 5
    with pytest.raises(RequestError, match=r"rows of a request \(5\).*--max_rows"):
        read(document, checker(max_rows=4))


def test_what_is_beyond_the_rows_is_not_read():
    with pytest.raises(RequestError, match="--max_rows"):
        examples.from_json({"examples": [{}] * 4 + ["not an example"]}, checker(max_rows=4))
