"""TensorFlow Serving's gRPC services."""

import asyncio
import logging
import math

import grpc
import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    predict_pb2,
    regression_pb2,
)

from keras_infovae.serving.server import examples
from keras_infovae.serving.server.errors import RequestError, input_error
from keras_infovae.serving.server.health import Health
from keras_infovae.serving.server.service import malformed
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
            "Classify": (classification_pb2.ClassificationRequest, self._classify),
            "MultiInference": (None, self._several),
        }
        status = {"GetModelStatus": (get_model_status_pb2.GetModelStatusRequest, self._status)}
        handlers = [
            grpc.method_handlers_generic_handler(
                f"tensorflow.serving.{name}",
                {method: self._handler(method, *answer) for method, answer in methods.items()},
            )
            for name, methods in (("PredictionService", prediction), ("ModelService", status))
        ]
        return [*handlers, Health(self._service).handler()]

    def _handler(self, method, request_class, answer):
        service = self._service

        def parsed(content):
            with malformed("The request"):
                return request_class.FromString(content) if request_class else None

        async def answered(context, observed):
            content = await self._content(context)
            async with service.requests.share() as take:
                await take(len(content))
                request = await service.read(len(content), parsed, content)
                response = await answer(request, len(content), observed)
                return await service.read(len(content), response.SerializeToString)

        async def handle(_, context):
            with service.metrics.request("grpc", method.lower()) as observed:
                try:
                    return await answered(context, observed)
                except RequestError as error:
                    observed.status, message = error.code, str(error)
                except Exception:
                    _LOG.exception("A request failed")
                    observed.status, message = "INTERNAL", "The server failed; its log says why"
            await context.abort(grpc.StatusCode[observed.status], message)

        # A client sees no difference to a call of one message. Here the wait for it has an end.
        return grpc.stream_unary_rpc_method_handler(handle)

    async def _content(self, context):
        """Returns the bytes of a call's message."""
        seconds = self._service.settings.read_seconds
        try:
            content = await asyncio.wait_for(context.read(), seconds)
        except asyncio.TimeoutError:
            message = f"The request must arrive within {seconds:g} s, the server's --read_seconds"
            raise RequestError("DEADLINE_EXCEEDED", message) from None
        if content is grpc.aio.EOF:
            raise RequestError("INVALID_ARGUMENT", "A call must have a message. Received: none")
        return content

    async def _predict(self, request, size, observed):
        service = self._service
        with self._lend(request.model_spec) as version:
            name, signature = service.signature(version, request.model_spec.signature_name)
            wanted = _wanted(request.output_filter, signature.outputs)
            inputs, rows, pixels = await service.read(size, self._inputs, request, signature)
            observed.signature = name
            async with service.answer(version, name, inputs, rows, pixels) as outputs:
                response = predict_pb2.PredictResponse()
                self._set_spec(response.model_spec, version, name)
                for output in wanted:
                    _fill(response.outputs[output], outputs[output])
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
            self._check_count(name, proto, math.prod(shapes[name]))
            with malformed(f"Input `{name}`"):
                inputs[name] = tf.make_ndarray(proto)
        pixels = checker.check_values(inputs, signature.pixels, signature.missing)
        return inputs, rows, pixels

    @staticmethod
    def _check_count(name, proto, count):
        """Raises where a tensor has more values than its shape; all would be read one by one."""
        for field, values in proto.ListFields():
            if field.name.endswith("_val") and len(values) > count:
                found = f"{len(values)} in `{field.name}`"
                raise input_error(name, f"{count} values", found)

    async def _regress(self, request, size, observed):
        service = self._service
        with self._lend(request.model_spec) as version:
            given = request.model_spec.signature_name
            name, signature = service.signature(version, given, regress.METHOD)
            given = await service.read(size, examples.from_proto, request.input, service.checker)
            inputs = {regress.INPUT: given}
            rows, pixels = service.checked(signature, inputs)
            observed.signature = name
            async with service.answer(version, name, inputs, rows, pixels) as outputs:
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

    async def _classify(self, request, size, observed):
        with self._lend(request.model_spec) as version:
            self._service.no_classes(version, request.model_spec.signature_name)

    async def _several(self, request, size, observed):
        message = "MultiInference is not implemented: ask for one signature at a time"
        raise RequestError("UNIMPLEMENTED", message)

    def _lend(self, spec):
        return self._service.lend(spec.name, _version(spec), spec.version_label or None)

    def _set_spec(self, spec, version, signature):
        spec.name = self._service.settings.model_name
        spec.version.value = version.number
        spec.signature_name = signature


TENSOR_FIELDS = tensor_pb2.TensorProto.DESCRIPTOR.fields_by_name
_DTYPES = set(TENSOR_FIELDS["dtype"].enum_type.values_by_number) - {0}


def _version(spec):
    return spec.version.value if spec.HasField("version") else None


def _wanted(output_filter, outputs):
    """Returns the names of the outputs that are asked for: all, unless some are named."""
    for number, output in enumerate(output_filter):
        if output not in outputs:
            known = ", ".join(outputs)
            raise input_error("output_filter", f"of {known}", repr(output))
        if output in output_filter[:number]:  # of which there are no more than outputs
            raise input_error("output_filter", "of different outputs", f"{output!r} twice")
    return output_filter or outputs


_FLOATS = TENSOR_FIELDS["float_val"].number << 3 | 2  # the tag of packed numbers


def _fill(proto, array):
    """Sets a TensorProto, its values in the field of its type, as TensorFlow Serving has it.

    (TensorFlow's own function writes bytes, `tensor_content`, which not every client reads.)
    """
    if array.dtype != np.float32:
        proto.CopyFrom(tf.make_tensor_proto(array))
        return
    proto.dtype = tf.float32.as_datatype_enum
    proto.tensor_shape.CopyFrom(tf.TensorShape(array.shape).as_proto())
    # Packed floats are written as they stand in memory. Protobuf would take them one by one.
    values = array.astype("<f4", copy=False).tobytes()
    proto.MergeFromString(bytes([_FLOATS]) + _varint(len(values)) + values)


def _varint(number):
    """Returns an integer as protobuf writes lengths: 7 bits in each byte, the lowest first."""
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])
