"""A server of one exported model on loopback, in gRPC and REST, that fails on demand."""

import base64
import collections
import concurrent.futures
import contextlib
import http.server
import json
import os
import ssl
import threading
import time

import grpc
import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

SLOW_SECONDS = 0.5
NAME = "digits"


class Fault(Exception):
    """A gRPC status, an HTTP status (None: the connection is dropped) and a message."""


FAULTS = {
    "unavailable": Fault(grpc.StatusCode.UNAVAILABLE, 503, "starting"),
    "exhausted": Fault(grpc.StatusCode.RESOURCE_EXHAUSTED, 429, "a full queue"),
    "invalid": Fault(grpc.StatusCode.INVALID_ARGUMENT, 400, "Input `x` must be finite."),
    "too large": Fault(grpc.StatusCode.RESOURCE_EXHAUSTED, 413, "Sent message larger than max"),
    "gone": Fault(grpc.StatusCode.NOT_FOUND, 404, "there is no such version"),
    "dropped": Fault(grpc.StatusCode.UNAVAILABLE, None, "gone"),
}


class ModelServer:
    """What both protocols answer with, and what they were asked.

    Attributes:
        faults: names of FAULTS, or "slow", used up by one request each.
        requests: (signature, number of rows) of each request.
        most_at_once: of requests that were under way at the same time.
        headers: of the last request, by names in lower case.
        named: the version or label that the last request named, or None.
        states: {version: state}.
        newest: the version that answers unless another is named. Version 2 adds 1 to all numbers,
            `encode` has no `log_variance` there, and `decode` has an output `twice`.
        swap_after: how many requests are answered before `newest` is 2; None (default) for all.
        unloads: whether version 1 is gone then.
    """

    def __init__(self, path):
        self._functions = tf.saved_model.load(path).signatures
        with open(os.path.join(path, "saved_model.pb"), "rb") as file:
            saved = saved_model_pb2.SavedModel.FromString(file.read())
        signature_map = get_model_metadata_pb2.SignatureDefMap(
            signature_def=saved.meta_graphs[0].signature_def
        )
        self.signature_maps = {1: signature_map, 2: _second_version(signature_map)}
        self._lock = threading.Lock()
        self.reset()

    def reset(self):
        self.faults, self.requests, self.headers = collections.deque(), [], {}
        self.states, self.named = {1: "AVAILABLE"}, None
        self.most_at_once = self._at_once = 0
        self.newest, self.swap_after, self.unloads = 1, None, False

    def version(self, named):
        """Returns the version that answers; `named` is a number, a label or neither."""
        version = int(named) if str(named).isdigit() else self.newest
        if version == 1 and self.newest == 2 and self.unloads:
            raise FAULTS["gone"]
        return version

    def predict(self, name, inputs, named):
        with self._lock:
            if self.swap_after is not None and len(self.requests) == self.swap_after:
                self.newest = 2
            self.requests.append((name, len(next(iter(inputs.values())))))
            fault = self.faults.popleft() if self.faults else None
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            if fault == "slow":
                time.sleep(SLOW_SECONDS)
            elif fault is not None:
                raise FAULTS[fault]
            version = self.version(named)
            function = self._functions[name]
            specs = function.structured_input_signature[1]
            given = {key: tf.constant(inputs[key], spec.dtype) for key, spec in specs.items()}
            outputs = {key: value.numpy() for key, value in function(**given).items()}
            return _second_answer(name, outputs) if version == 2 else outputs
        finally:
            with self._lock:
                self._at_once -= 1


def _second_answer(name, outputs):
    outputs = {key: value + 1 for key, value in outputs.items() if key != "log_variance"}
    return outputs | ({"twice": 2 * outputs["x"]} if name == "decode" else {})


def _second_version(signature_map):
    second = type(signature_map)()
    second.CopyFrom(signature_map)
    del second.signature_def["encode"].outputs["log_variance"]
    outputs = second.signature_def["decode"].outputs
    outputs["twice"].CopyFrom(outputs["x"])
    return second


@contextlib.contextmanager
def grpc_address(server, certificate=None):
    """Serves by gRPC; gives "host:port"."""
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        running = grpc.server(pool)
        servicer = _Servicer(server)
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(servicer, running)
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(servicer, running)
        if certificate is None:
            port = running.add_insecure_port("127.0.0.1:0")
        else:
            pair = [tuple(path.read_bytes() for path in certificate)]
            port = running.add_secure_port("localhost:0", grpc.ssl_server_credentials(pair))
        running.start()
        yield f"{'127.0.0.1' if certificate is None else 'localhost'}:{port}"
        running.stop(None).wait()


@contextlib.contextmanager
def rest_address(server, certificate=None):
    """Serves by REST; gives "http://host:port"."""
    handler = type("Handler", (_Handler,), {"model_server": server})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        running.daemon_threads = True
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate[1], certificate[0])
            running.socket = context.wrap_socket(running.socket, server_side=True)
        threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True).start()
        scheme, host = ("http", "127.0.0.1") if certificate is None else ("https", "localhost")
        yield f"{scheme}://{host}:{running.server_port}"
        running.shutdown()


class _Servicer:
    """The methods of both services that a client uses; the others are not implemented."""

    def __init__(self, server):
        self._server = server

    def __getattr__(self, name):
        if name[0].isupper():
            return lambda request, context: context.abort(grpc.StatusCode.UNIMPLEMENTED, name)
        raise AttributeError(name)

    def Predict(self, request, context):
        server, spec = self._server, request.model_spec
        server.headers = dict(context.invocation_metadata())
        server.named = _named(spec)
        if spec.name != NAME:
            context.abort(grpc.StatusCode.NOT_FOUND, f"there is no model {spec.name}")
        inputs = {name: tf.make_ndarray(tensor) for name, tensor in request.inputs.items()}
        try:
            outputs = server.predict(spec.signature_name, inputs, server.named)
        except Fault as fault:
            context.abort(fault.args[0], fault.args[2])
        except tf.errors.InvalidArgumentError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, error.message)
        response = predict_pb2.PredictResponse()
        for name, array in outputs.items():
            response.outputs[name].CopyFrom(tf.make_tensor_proto(array))
        return response

    def GetModelMetadata(self, request, context):
        try:
            version = self._server.version(_named(request.model_spec))
        except Fault as fault:
            context.abort(fault.args[0], fault.args[2])
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        response.model_spec.name, response.model_spec.version.value = NAME, version
        response.metadata["signature_def"].Pack(self._server.signature_maps[version])
        return response

    def GetModelStatus(self, request, context):
        response = get_model_status_pb2.GetModelStatusResponse()
        for version, state in self._server.states.items():
            value = get_model_status_pb2.ModelVersionStatus.State.Value(state)
            response.model_version_status.add(version=version, state=value)
        return response


def _named(spec):
    return spec.version_label or (spec.version.value if spec.HasField("version") else None)


class _Handler(http.server.BaseHTTPRequestHandler):
    model_server = None
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        server = self.model_server
        if self.path.endswith("/metadata"):
            try:
                version = server.version(self._named())
            except Fault as fault:
                self._answer(fault.args[1], {"error": fault.args[2]})
                return
            signatures = json_format.MessageToDict(
                server.signature_maps[version], preserving_proto_field_name=True
            )
            spec = {"name": NAME, "signature_name": "", "version": str(version)}
            self._answer(200, {"model_spec": spec, "metadata": {"signature_def": signatures}})
        else:
            states = [
                {"version": str(version), "state": state, "status": {"error_code": "OK"}}
                for version, state in server.states.items()
            ]
            self._answer(200, {"model_version_status": states})

    def do_POST(self):
        server = self.model_server
        server.headers = {name.lower(): value for name, value in self.headers.items()}
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server.named = self._named()
        if NAME not in self.path:
            self._answer(404, {"error": "there is no such model"})
            return
        inputs = {name: _decoded(values) for name, values in body["inputs"].items()}
        try:
            outputs = server.predict(body["signature_name"], inputs, server.named)
        except Fault as fault:
            if fault.args[1] is None:
                self.close_connection = True
            else:
                self._answer(fault.args[1], {"error": fault.args[2]})
        except tf.errors.InvalidArgumentError as error:
            self._answer(400, {"error": error.message})
        else:
            values = {name: array.tolist() for name, array in outputs.items()}
            named = values if len(values) > 1 else next(iter(values.values()))
            self._answer(200, {"outputs": named})

    def _named(self):
        path = self.path.removesuffix(":predict").removesuffix("/metadata").split("/")
        return path[-1] if path[-2] in ("versions", "labels") else None

    def _answer(self, status, content):
        text = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        if status == 429:
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(text)


def _decoded(values):
    if isinstance(values[0], dict):
        return np.array([base64.b64decode(value["b64"]) for value in values], object)
    return np.array(values)
