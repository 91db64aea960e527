"""The gRPC API, by the stubs of tensorflow-serving-api, against the exported file."""

import asyncio
import contextlib
import types

import grpc
import numpy as np
import pytest
import tensorflow as tf

from keras_infovae.serving.server import health
from tests.serving.server.conftest import pixels
from tests.serving.server.test_rest import PREDICT, requests_of


@pytest.fixture(scope="module")
def stub(channel):
    from tensorflow_serving.apis import prediction_service_pb2_grpc

    return prediction_service_pb2_grpc.PredictionServiceStub(channel)


def predict_request(name, inputs, **spec):
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest()
    request.model_spec.name = "digits"
    request.model_spec.signature_name = name
    for key, value in spec.items():
        getattr(request.model_spec, key).value = value
    for key, value in inputs.items():
        request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
    return request


def refused(call, request, code, text=""):
    with pytest.raises(grpc.RpcError) as error:
        call(request, timeout=30)
    assert error.value.code() == code, error.value
    assert text in error.value.details()


@pytest.mark.parametrize("name", PREDICT)
def test_predict_gives_what_the_file_gives(stub, model, name):
    inputs = requests_of(name)
    response = stub.Predict(predict_request(name, inputs, version=3), timeout=30)
    assert response.model_spec.name == "digits"
    assert response.model_spec.version.value == 3
    assert response.model_spec.signature_name == name
    expected = model.run(name, inputs)
    assert set(response.outputs) == set(expected)
    for key, value in expected.items():
        np.testing.assert_array_equal(tf.make_ndarray(response.outputs[key]), value)
        field = "bool_val" if value.dtype == bool else "float_val"  # which simple clients read
        assert len(getattr(response.outputs[key], field)) == value.size


def test_the_default_signature_and_chosen_outputs(stub):
    response = stub.Predict(predict_request("", {"x": pixels(1)}), timeout=30)
    assert response.model_spec.signature_name == "serving_default"
    request = predict_request("score", {"x": pixels(1)})
    request.output_filter.append("kl_divergence")
    assert list(stub.Predict(request, timeout=30).outputs) == ["kl_divergence"]
    request.output_filter.append("kl")
    refused(stub.Predict, request, grpc.StatusCode.INVALID_ARGUMENT, "kl_divergence")


def test_regress(stub, model):
    from tensorflow_serving.apis import regression_pb2

    request = regression_pb2.RegressionRequest()
    request.model_spec.name, request.model_spec.signature_name = "digits", "regress"
    refused(stub.Regress, request, grpc.StatusCode.INVALID_ARGUMENT, "a list of examples")
    x = pixels(2)
    for row in x:
        example = request.input.example_list.examples.add()
        example.features.feature["x"].float_list.value.extend(row.ravel())
    results = stub.Regress(request, timeout=30).result.regressions
    expected = model.run("score", {"x": x})["negative_elbo"]
    np.testing.assert_allclose([result.value for result in results], expected, rtol=1e-6)
    first, second = request.input.example_list.examples
    shared = regression_pb2.RegressionRequest(model_spec=request.model_spec)
    shared.input.example_list_with_context.context.CopyFrom(first)
    shared.input.example_list_with_context.examples.add()
    shared.input.example_list_with_context.examples.add().CopyFrom(second)
    assert stub.Regress(shared, timeout=30).result.regressions == results
    request.model_spec.signature_name = "score"
    refused(stub.Regress, request, grpc.StatusCode.INVALID_ARGUMENT, "tensorflow/serving/predict")


def test_metadata_and_status(stub, channel, model):
    from tensorflow_serving.apis import (
        get_model_metadata_pb2,
        get_model_status_pb2,
        model_service_pb2_grpc,
    )

    request = get_model_metadata_pb2.GetModelMetadataRequest()
    request.model_spec.name = "digits"
    refused(stub.GetModelMetadata, request, grpc.StatusCode.INVALID_ARGUMENT, "signature_def")
    request.metadata_field.append("signature_def")
    response = stub.GetModelMetadata(request, timeout=30)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    assert dict(signatures.signature_def) == model.signatures
    status = model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "digits"
    (only,) = status(request, timeout=30).model_version_status
    assert (only.version, only.state, only.status.error_code) == (3, only.AVAILABLE, 0)
    request.model_spec.version.value = 8
    refused(status, request, grpc.StatusCode.NOT_FOUND, "Version 8")
    request.model_spec.name = "other"
    refused(status, request, grpc.StatusCode.NOT_FOUND, "'other'")


def test_what_is_not_there(stub):
    from tensorflow_serving.apis import classification_pb2, inference_pb2, regression_pb2

    not_found, invalid = grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT
    request = predict_request("generate", {"seed": [1]})
    request.model_spec.name = "other"
    refused(stub.Predict, request, not_found, "'digits' is")
    refused(stub.Predict, predict_request("generate", {"seed": [1]}, version=8), not_found, "8")
    no_signature = grpc.StatusCode.FAILED_PRECONDITION
    refused(stub.Predict, predict_request("no such", {"seed": [1]}), no_signature, "generate")
    request = predict_request("generate", {"seed": [1]})
    request.model_spec.version_label = "beta"
    refused(stub.Predict, request, invalid, "label: 'beta'. Labels: none")
    request = regression_pb2.RegressionRequest(model_spec={"name": "digits"})
    request.model_spec.signature_name = "no such"
    refused(stub.Regress, request, invalid, "There is no signature")
    request = classification_pb2.ClassificationRequest(model_spec={"name": "digits"})
    refused(stub.Classify, request, invalid, "not for tensorflow/serving/classify")
    request.model_spec.signature_name = "no such"
    refused(stub.Classify, request, invalid, "There is no signature")
    unimplemented = grpc.StatusCode.UNIMPLEMENTED
    refused(stub.MultiInference, inference_pb2.MultiInferenceRequest(), unimplemented)


def test_outputs_are_named_once(stub):
    request = predict_request("score", {"x": pixels(1)})
    request.output_filter.extend(["score"] * 100_000)
    refused(stub.Predict, request, grpc.StatusCode.INVALID_ARGUMENT, "'score' twice")


@pytest.mark.parametrize("service", ["", "PredictionService", "tensorflow.serving.ModelService"])
def test_health(channel, service):
    check = channel.unary_unary("/grpc.health.v1.Health/Check")
    # As the protocol writes them: field 1 of the request is text, of the response 1 for SERVING.
    name = service.encode()
    request = b"\x0a" + bytes([len(name)]) + name if name else b""
    assert check(request, timeout=30) == b"\x08\x01"
    watched = channel.unary_stream("/grpc.health.v1.Health/Watch")(request, timeout=30)
    assert next(watched) == b"\x08\x01"
    watched.cancel()


def test_the_health_of_another_service(channel):
    check = channel.unary_unary("/grpc.health.v1.Health/Check")
    refused(check, b"\x0a\x01x", grpc.StatusCode.NOT_FOUND, "no service 'x'")
    watched = channel.unary_stream("/grpc.health.v1.Health/Watch")(b"\x0a\x01x", timeout=30)
    assert next(watched) == b"\x08\x03"  # SERVICE_UNKNOWN
    watched.cancel()


def test_health_changes_when_versions_do():
    """And a watch ends when the server does, for which the end would wait."""
    service = types.SimpleNamespace(ready=False, stopping=False)

    async def watch():
        told = []
        async for answer in health.Health(service)._watch(health.Request(), None):
            told.append(answer.status)
            service.ready, service.stopping = len(told) == 1, len(told) >= 2
        return told

    told = [health.NOT_SERVING, health.SERVING, health.NOT_SERVING]
    assert asyncio.run(asyncio.wait_for(watch(), 10)) == told


def test_a_request_past_its_deadline_is_cancelled(stub, server):
    request = predict_request("decode", {"z": np.zeros((7, 16), "float32")})
    cancelled = 'keras_infovae_requests_total{method="predict",protocol="grpc",signature="decode",'
    cancelled += 'status="CANCELLED"}'

    def noticed():  # some may be late before they arrive, or answered in time
        with contextlib.suppress(grpc.RpcError):
            stub.Predict(request, timeout=0.02)
        return server.metric(cancelled) >= 1

    with server.busy():
        server.wait_for(noticed)
    server.wait_for(lambda: server.metric("keras_infovae_queued_requests") == 0)
