"""`grpc.health.v1`, by which load balancers and Kubernetes ask whether a server is ready.

Its three messages are stated here: the package that holds them, grpcio-health-checking, would be
one more dependency for ten lines (the protocol: grpc/health/v1/health.proto).
"""

import asyncio

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

NAME = "grpc.health.v1.Health"
UNKNOWN, SERVING, NOT_SERVING, SERVICE_UNKNOWN = range(4)
_LOOK_SECONDS = 0.5  # between two looks for those who watch
# The server as a whole, and its services by both names that TensorFlow Serving is asked for.
_SERVICES = {""} | {
    prefix + name
    for prefix in ("", "tensorflow.serving.")
    for name in ("PredictionService", "ModelService")
}


def _messages():
    """Returns the classes of the request and of the response."""
    file = descriptor_pb2.FileDescriptorProto(
        name="grpc/health/v1/health.proto", package="grpc.health.v1", syntax="proto3"
    )
    kinds = descriptor_pb2.FieldDescriptorProto
    field = {"number": 1, "label": kinds.LABEL_OPTIONAL}
    request = file.message_type.add(name="HealthCheckRequest")
    request.field.add(name="service", type=kinds.TYPE_STRING, **field)
    response = file.message_type.add(name="HealthCheckResponse")
    status = response.enum_type.add(name="ServingStatus")
    for number, name in enumerate(("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")):
        status.value.add(name=name, number=number)
    enum = ".grpc.health.v1.HealthCheckResponse.ServingStatus"
    response.field.add(name="status", type=kinds.TYPE_ENUM, type_name=enum, **field)
    pool = descriptor_pool.DescriptorPool()  # of its own: the package may be there too
    pool.Add(file)
    return [
        message_factory.GetMessageClass(pool.FindMessageTypeByName(f"grpc.health.v1.{name}"))
        for name in ("HealthCheckRequest", "HealthCheckResponse")
    ]


Request, Response = _messages()


class Health:
    """Answers `Check` and `Watch`.

    Args:
        service: the `Service`, which is ready or not, and may be stopping.
    """

    def __init__(self, service):
        self._service = service

    def handler(self):
        """Returns the handler for `grpc.aio.server().add_generic_rpc_handlers`."""
        either = (Request.FromString, Response.SerializeToString)
        methods = {
            "Check": grpc.unary_unary_rpc_method_handler(self._check, *either),
            "Watch": grpc.unary_stream_rpc_method_handler(self._watch, *either),
        }
        return grpc.method_handlers_generic_handler(NAME, methods)

    def _status(self, service):
        if service not in _SERVICES:
            return SERVICE_UNKNOWN
        return SERVING if self._service.ready else NOT_SERVING

    async def _check(self, request, context):
        status = self._status(request.service)
        if status == SERVICE_UNKNOWN:
            known = ", ".join(map(repr, sorted(_SERVICES)))
            message = f"There is no service {request.service!r:.100}. There are: {known}"
            await context.abort(grpc.StatusCode.NOT_FOUND, message)
        return Response(status=status)

    async def _watch(self, request, context):
        told = None
        while not (self._service.stopping and told == NOT_SERVING):
            status = self._status(request.service)
            if status != told:
                told = status
                yield Response(status=status)
            await asyncio.sleep(_LOOK_SECONDS)
