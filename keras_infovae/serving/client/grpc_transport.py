"""TensorFlow Serving's gRPC API. Its messages hold TensorFlow's: this imports TensorFlow."""

import grpc
import tensorflow as tf
from google.protobuf import json_format
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from keras_infovae.serving.client.serving_error import ServingError
from keras_infovae.serving.client.tensors import read_signatures
from keras_infovae.utils.checks import argument_error

_TRANSIENT = ("UNAVAILABLE", "RESOURCE_EXHAUSTED")
_OPTIONS = (
    # The client cuts its requests itself; 4 MB is gRPC's limit for an answer otherwise.
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    # Attempts are counted by `with_retries`; gRPC's own would multiply them, and its pause of up to
    # two minutes between connections would leave no time for them.
    ("grpc.enable_retries", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
)


class GrpcTransport:
    """A channel to a server; may be used by several threads.

    Args:
        address: "host:port".
        model_name: of the model on the server.
        version: None, a number, or a label.
        headers: {name: value}, sent as metadata.
        credentials: None for no encryption, or `grpc.ChannelCredentials`.
    """

    def __init__(self, address, model_name, version, headers, credentials):
        if credentials is not None and not isinstance(credentials, grpc.ChannelCredentials):
            expectation = "None or grpc.ChannelCredentials for gRPC"
            raise argument_error("credentials", expectation, type(credentials), TypeError)
        self._address, self._model_name, self._version = address, model_name, version
        self._headers = [(name.lower(), value) for name, value in headers.items()]
        if credentials is None:
            self._channel = grpc.insecure_channel(address, _OPTIONS)
        else:
            self._channel = grpc.secure_channel(address, credentials, _OPTIONS)
        self._predictions = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)
        self._models = model_service_pb2_grpc.ModelServiceStub(self._channel)

    def close(self):
        self._channel.close()

    def predict(self, signature, inputs, outputs, seconds, version=None):
        """Returns {output: array} for {input: array}, or None where they are not `outputs`.

        A number as `version` takes the place of the transport's own.
        """
        request = predict_pb2.PredictRequest()
        self._name_model(request.model_spec, self._version if version is None else version)
        request.model_spec.signature_name = signature
        for name, array in inputs.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(array))
        response = self._ask(self._predictions.Predict, request, seconds, signature)
        if set(response.outputs) != set(outputs):
            return None
        return {name: tf.make_ndarray(tensor) for name, tensor in response.outputs.items()}

    def metadata(self, seconds):
        """Returns (the version's number, signatures as `read_signatures` has them)."""
        request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
        self._name_model(request.model_spec, self._version)
        response = self._ask(self._predictions.GetModelMetadata, request, seconds)
        signatures = get_model_metadata_pb2.SignatureDefMap()
        response.metadata["signature_def"].Unpack(signatures)
        as_json = json_format.MessageToDict(signatures, preserving_proto_field_name=True)
        return response.model_spec.version.value, read_signatures(as_json)

    def states(self, seconds):
        """Returns {version: its state}, such as {1: "AVAILABLE"}."""
        request = get_model_status_pb2.GetModelStatusRequest()
        self._name_model(request.model_spec, self._version)
        response = self._ask(self._models.GetModelStatus, request, seconds)
        state = get_model_status_pb2.ModelVersionStatus.State
        return {s.version: state.Name(s.state) for s in response.model_version_status}

    def _name_model(self, model_spec, version):
        model_spec.name = self._model_name
        if isinstance(version, str):
            model_spec.version_label = version
        elif version is not None:
            model_spec.version.value = version

    def _ask(self, method, request, seconds, signature=None):
        try:
            return method(request, timeout=seconds, metadata=self._headers)
        except grpc.RpcError as error:
            status, details = error.code().name, error.details() or ""
            # The same status, but no time will make the message smaller.
            transient = status in _TRANSIENT and "larger than max" not in details
            raise ServingError(
                self._address, self._model_name, signature, status, details, transient
            ) from error
