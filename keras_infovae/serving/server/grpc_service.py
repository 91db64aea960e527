"""TensorFlow Serving's gRPC services."""

import logging
import math

import grpc
import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    predict_pb2,
    regression_pb2,
)

from keras_infovae.serving.server import examples
from keras_infovae.serving.server.errors import RequestError, input_error
from keras_infovae.serving.server.service import malformed, no_classes, read
from keras_infovae.serving.signatures import regress

_LOG = logging.getLogger("keras_infovae.serve")


class GrpcService:
    """Answers PredictionService and ModelService by a `Service`.

    Requests are taken as bytes and parsed here, because what the generated code cannot parse it
    answers as a fault of the server's. A call whose client has gone, or whose deadline has passed,
    is cancelled by gRPC, and with it what waits in the batcher.
    """

    def __init__(self, service):
        self._service = service

    def handlers(self):
        """Returns the handlers for `grpc.aio.server().add_generic_rpc_handlers`."""
        prediction = {
            "Predict": (predict_pb2.PredictRequest, self._predict),
            "Regress": (regression_pb2.RegressionRequest, self._regress),
            "GetModelMetadata": (
                get_model_metadata_pb2.GetModelMetadataRequest,
                self._metadata,
            ),
            "Classify": (None, self._no_classes),
            "MultiInference": (None, self._no_classes),
        }
        status = {"GetModelStatus": (get_model_status_pb2.GetModelStatusRequest, self._status)}
        return [
            grpc.method_handlers_generic_handler(
                f"tensorflow.serving.{name}",
                {method: self._handler(method, *answer) for method, answer in methods.items()},
            )
            for name, methods in (("PredictionService", prediction), ("ModelService", status))
        ]

    def _handler(self, method, request_class, answer):
        async def handle(content, context):
            with self._service.metrics.request("grpc", method.lower()) as observed:
                try:
                    with malformed("The request"):
                        request = request_class.FromString(content) if request_class else None
                    response = await answer(request, len(content), observed)
                    return response.SerializeToString()
                except RequestError as error:
                    observed.status, message = error.code, str(error)
                except Exception:
                    _LOG.exception("A request failed")
                    observed.status, message = "INTERNAL", "The server failed; its log says why"
            await context.abort(grpc.StatusCode[observed.status], message)

        return grpc.unary_unary_rpc_method_handler(handle)

    async def _predict(self, request, size, observed):
        service = self._service
        with self._lend(request.model_spec) as version:
            name, signature = service.signature(version, request.model_spec.signature_name)
            wanted = request.output_filter or signature.outputs
            for output in wanted:
                if output not in signature.outputs:
                    known = ", ".join(signature.outputs)
                    raise input_error("output_filter", f"of {known}", repr(output))
            inputs, rows, pixels = await read(size, self._inputs, request, signature)
            observed.signature = name
            outputs = await service.run(version, name, inputs, rows, pixels)
            response = predict_pb2.PredictResponse()
            self._set_spec(response.model_spec, version, name)
            for output in wanted:
                response.outputs[output].CopyFrom(_proto(outputs[output]))
            return response

    def _inputs(self, request, signature):
        """Returns ({name: array}, rows, pixels); makes no array whose shape does not fit."""
        checker, specs = self._service.checker, signature.inputs
        checker.check_names(specs, request.inputs)
        shapes = {}
        for name, proto in request.inputs.items():
            shape = [dim.size for dim in proto.tensor_shape.dim]
            if proto.dtype != specs[name].dtype or proto.tensor_shape.unknown_rank:
                dtype = tf.DType(proto.dtype).name if proto.dtype in _DTYPES else proto.dtype
                raise input_error(name, specs[name], f"{dtype} of shape {shape}")
            shapes[name] = shape
        rows = checker.check_shapes(specs, shapes)
        inputs = {}
        for name, proto in request.inputs.items():
            if not math.prod(shapes[name]) or not proto.ListFields()[2:]:
                raise input_error(name, specs[name], "a tensor without values")
            # Where values are missing, `make_ndarray` repeats the last, which may be long.
            if proto.dtype == tf.string and len(proto.string_val) != math.prod(shapes[name]):
                found = f"{len(proto.string_val)} in `string_val`"
                raise input_error(name, f"{math.prod(shapes[name])} strings", found)
            with malformed(f"Input `{name}`"):
                inputs[name] = tf.make_ndarray(proto)
        return inputs, rows, checker.check_values(inputs)

    async def _regress(self, request, size, observed):
        service = self._service
        with self._lend(request.model_spec) as version:
            given = request.model_spec.signature_name
            name, signature = service.signature(version, given, regress.METHOD)
            given = await read(size, examples.from_proto, request.input, service.checker)
            inputs = {regress.INPUT: given}
            rows, pixels = service.checked(signature, inputs)
            observed.signature = name
            outputs = await service.run(version, name, inputs, rows, pixels)
            response = regression_pb2.RegressionResponse()
            self._set_spec(response.model_spec, version, name)
            for value in outputs[regress.OUTPUT].ravel().tolist():
                response.result.regressions.add(value=value)
            return response

    async def _metadata(self, request, size, observed):
        if list(request.metadata_field) != ["signature_def"]:
            given = list(request.metadata_field)
            raise input_error("metadata_field", "['signature_def']", given)
        with self._lend(request.model_spec) as version:
            response = get_model_metadata_pb2.GetModelMetadataResponse()
            self._set_spec(response.model_spec, version, "")
            response.metadata["signature_def"].Pack(
                get_model_metadata_pb2.SignatureDefMap(signature_def=version.definitions)
            )
            return response

    async def _status(self, request, size, observed):
        self._service.check_model(request.model_spec.name)
        response = get_model_status_pb2.GetModelStatusResponse()
        for number, state in self._service.states(_version(request.model_spec)).items():
            response.model_version_status.add(
                version=number,
                state=state.state,
                status={"error_code": 2 if state.error else 0, "error_message": state.error},
            )
        return response

    async def _no_classes(self, request, size, observed):
        raise no_classes()

    def _lend(self, spec):
        return self._service.lend(spec.name, _version(spec))

    def _set_spec(self, spec, version, signature):
        spec.name = self._service.settings.model_name
        spec.version.value = version.number
        spec.signature_name = signature


_DTYPES = set(
    tensor_pb2.TensorProto().DESCRIPTOR.fields_by_name["dtype"].enum_type.values_by_number
)
_DTYPES -= {0}


def _version(spec):
    choice = spec.WhichOneof("version_choice")
    if choice == "version_label":
        raise input_error("version_label", "left out: versions have no labels", spec.version_label)
    return spec.version.value if choice else None


def _proto(array):
    """Returns a TensorProto with its values in the field of its type, as TensorFlow Serving has it.

    (TensorFlow's own function writes bytes, `tensor_content`, which not every client reads.)
    """
    if array.dtype != np.float32:
        return tf.make_tensor_proto(array)
    shape = tf.TensorShape(array.shape).as_proto()
    return tensor_pb2.TensorProto(
        dtype=tf.float32.as_datatype_enum, tensor_shape=shape, float_val=array.ravel()
    )
