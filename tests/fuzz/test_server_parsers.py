"""Damaged and made-up requests to the local server's parsers, for as long as is asked for.

    FUZZ_SECONDS=600 python -m pytest -m slow -s tests/fuzz/test_server_parsers.py

Each case is answered or refused by a `RequestError`, in bounded time; nothing else may be raised.
The cases follow from the numbers of their runs, from 0, and from what tests of malformed requests
hold. What was found is in `FOUND`, with which every run begins.
"""

import base64
import gzip
import json
import os
import socket
import time
import types

import numpy as np
import pytest
import requests
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, regression_pb2

from keras_infovae.serving.server import examples, json_form, rest_body, rest_path
from keras_infovae.serving.server.errors import RequestError, from_tensorflow
from keras_infovae.serving.server.grpc_service import GrpcService
from keras_infovae.serving.server.image_header import image_size
from keras_infovae.serving.server.image_work import TooMuchWork, image_work
from keras_infovae.serving.server.loaded_version import LoadedVersion
from keras_infovae.serving.server.service import Service, malformed
from tests.serving.server import test_malformed
from tests.serving.server.conftest import (  # noqa: F401  fixtures
    SETTINGS,
    keras_model,
    pixels,
    png,
    server,
    version,
)
from tests.serving.server.image_bombs import chunk, jpeg_of, png_of, text
from tests.serving.server.test_grpc import predict_request

hypothesis = pytest.importorskip("hypothesis")
st = pytest.importorskip("hypothesis.strategies")

pytestmark = pytest.mark.slow
SECONDS = float(os.environ.get("FUZZ_SECONDS", "60"))
TARGETS = 7  # tests here, which share the time
CASES = 200  # of a run
SLOW = 10.0  # seconds of the processor that no case may take

# === What the cases are made of ===

FOUND = {"json": [], "grpc": [], "regress": [], "image": [], "path": [], "gzip": []}
FOUND["json"] = [  # TensorFlow's error quotes what is no text
    b'{"signature_name": "regress", "instances": [{"b64": "//7/"}]}',
]
FOUND["http"] = [  # a body that is no longer HTTP once its request is at work: a fault in the log
    b"GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nbroken",
    b"POST /v1/models/digits:predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx",
]
NAMES = ["inputs", "instances", "signature_name", "examples", "context", "b64", "x", "seed", "z"]
SIGNATURES = ["score", "encode", "decode", "generate", "regress", "score_image_bytes", ""]
NUMBERS = [0, 1, -1, 0x7F, 0x80, 0xFF, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1]


@st.composite
def damaged(draw, corpus):
    """One of the contents after up to eight changes: bytes, slices, lengths, parts of another."""
    content = bytearray(draw(st.sampled_from(corpus)))
    for _ in range(draw(st.integers(0, 8))):
        at = draw(st.integers(0, len(content)))
        end = min(len(content), at + draw(st.integers(0, 64)))
        kind = draw(st.integers(0, 5))
        if kind == 0:
            content[at:end] = b""
        elif kind == 1:
            content[at:end] = draw(st.binary(max_size=16))
        elif kind == 2:
            content[at:at] = content[at:end] * draw(st.sampled_from([1, 2, 50, 1000]))
        elif kind == 3:
            number = draw(st.sampled_from(NUMBERS))
            order = draw(st.sampled_from(["big", "little"]))
            width = draw(st.sampled_from([1, 2, 4, 8]))
            content[at : at + width] = (number % 256**width).to_bytes(width, order)
        elif kind == 4:
            other = draw(st.sampled_from(corpus))
            start = draw(st.integers(0, len(other)))
            content[at:end] = other[start : start + draw(st.integers(0, 256))]
        elif at < len(content):
            content[at] ^= 1 << draw(st.integers(0, 7))
    return bytes(content[:1_000_000])


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from([2**63, -(2**63) - 1, 10**400, 1e39, "\ud800", 0.1]),
    st.text(max_size=9),
    st.sampled_from(SIGNATURES),
    st.binary(max_size=40).map(lambda content: {"b64": base64.b64encode(content).decode()}),
    st.sampled_from([pixels(1).tolist(), pixels(2).tolist(), [0.0] * 16, [1, 2]]),
)
DOCUMENTS = st.dictionaries(
    st.sampled_from(NAMES) | st.text(max_size=5),
    st.recursive(
        LEAVES,
        lambda inner: (
            st.lists(inner, max_size=5)
            | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner, max_size=4)
        ),
        max_leaves=12,
    ),
    max_size=5,
).map(lambda document: json.dumps(document).encode())


def bodies():
    for body, _ in test_malformed.rest_cases():
        body = json.dumps(body) if isinstance(body, dict) else body
        body = body.encode() if isinstance(body, str) else body
        if len(body) < 20_000:
            yield body
    yield json.dumps(
        {"signature_name": "encode", "inputs": {"x": pixels(2).tolist(), "seed": [1, 2]}}
    ).encode()


def fuzz(strategy, check, found):
    """Checks what was found, then runs of made-up cases until the time is over."""
    for case in found:
        check(case)
    end, run = time.monotonic() + SECONDS / TARGETS, 0
    while time.monotonic() < end:

        @hypothesis.seed(run)
        @hypothesis.settings(
            max_examples=CASES,
            deadline=None,
            database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(strategy)
        def once(case):
            if time.monotonic() > end + 60:
                return
            start = time.process_time()
            check(case)
            assert time.process_time() - start < SLOW

        once()
        run += 1
    print(f"{run * CASES} cases")


@pytest.fixture(scope="module")
def served(version):  # noqa: F811
    """A version in this process, and the service that checks requests to it."""
    loaded = LoadedVersion(3, str(version))
    yield types.SimpleNamespace(version=loaded, service=Service(SETTINGS, None, None, None))
    loaded.close()


def compute(served, name, inputs):
    """Runs what was let through; the model may refuse it, and gives finite numbers."""
    try:
        outputs = served.version.run(name, inputs)
    except Exception as error:  # TensorFlow's, of any kind
        assert from_tensorflow(error).code == "INVALID_ARGUMENT"
        return
    assert all(np.isfinite(value).all() for value in outputs.values())


# === The targets ===


def test_bodies_of_json(served):
    service = served.service

    def check(body):
        try:
            document = json_form.parse(body, SETTINGS.max_json_values)
            name, signature = service.signature(served.version, json_form.signature_name(document))
            if "examples" in document:
                inputs = {"inputs": examples.from_json(document, service.checker)}
            else:
                form = json_form.form_of(document)
                inputs = json_form.arrays(document, form, signature, service.checker)
            service.checked(signature, inputs)
        except RequestError as error:
            assert len(str(error)) <= 400
        else:
            compute(served, name, inputs)

    corpus = [*bodies(), *FOUND["json"]]
    fuzz(st.one_of(damaged(corpus), DOCUMENTS), check, corpus)


def test_messages_of_prediction(served):
    service = GrpcService(served.service)

    def check(content):
        try:
            with malformed("The request"):
                request = predict_pb2.PredictRequest.FromString(content)
            name = request.model_spec.signature_name
            name, signature = served.service.signature(served.version, name)
            inputs, _, _ = service._inputs(request, signature)
        except RequestError as error:
            assert len(str(error)) <= 400
        else:
            compute(served, name, inputs)

    made = [
        predict_request("score", {"x": pixels(2)}),
        predict_request("encode", {"x": pixels(1), "seed": np.array([1])}),
        predict_request("score_image_bytes", {"image_bytes": png(2)}),
    ]
    for proto in (made[0].inputs["x"], made[1].inputs["x"]):  # in the field of its type
        proto.float_val.extend(tf.make_ndarray(proto).ravel())
        proto.tensor_content = b""
    corpus = [request.SerializeToString() for request in made]
    corpus += [content for content, _ in test_malformed.grpc_cases() if len(content) < 20_000]
    fuzz(damaged(corpus + FOUND["grpc"]), check, FOUND["grpc"])


def test_messages_of_regression(served):
    def check(content):
        try:
            with malformed("The request"):
                request = regression_pb2.RegressionRequest.FromString(content)
            inputs = {"inputs": examples.from_proto(request.input, served.service.checker)}
            served.service.checked(served.version.signatures["regress"], inputs)
        except RequestError as error:
            assert len(str(error)) <= 400
        else:
            compute(served, "regress", inputs)

    request = regression_pb2.RegressionRequest(model_spec={"name": "digits"})
    listed = request.input.example_list_with_context
    listed.context.features.feature["x"].float_list.value.extend([1.0] * 64)
    listed.examples.add().features.feature["x"].float_list.value.extend([2.0] * 64)
    corpus = [request.SerializeToString()]
    fuzz(damaged(corpus + FOUND["regress"]), check, FOUND["regress"])


def test_files_of_images():
    """What the header check lets through, TensorFlow decodes or refuses in bounded time."""

    def check(content):
        size = image_size(content)
        if size is None or size[0] * size[1] > 2**20:
            return
        try:
            image_work(content, *size)
        except TooMuchWork:
            return
        try:
            image = tf.io.decode_png(content)
        except tf.errors.InvalidArgumentError:
            return
        assert (image.shape[1], image.shape[0]) == size

    noise = np.random.default_rng(0).integers(0, 256, (30, 20, 3), "uint8")
    corpus = [
        *png(2),
        tf.io.encode_jpeg(noise).numpy(),
        tf.io.encode_jpeg(noise, progressive=True).numpy(),
        tf.io.encode_png(noise).numpy(),
        jpeg_of(64, 64, 5),
        png_of(before=text(1000) + text(100, b"iTXt") + text(200, b"iCCP"), after=chunk(b"abCd")),
        *FOUND["image"],
    ]
    fuzz(damaged(corpus), check, FOUND["image"])


def test_paths():
    def check(case):
        try:
            found = rest_path.target(*case)
        except RequestError as error:
            assert (error.code, len(str(error)) <= 400) == ("INVALID_ARGUMENT", True)
        else:
            assert found.version is None or 0 <= found.version < 2**63

    parts = st.sampled_from(
        ["/v1", "/models", "/", ":", "digits", "predict", "metadata", "/versions/", "/labels/"]
        + ["%2F", "%", "%ff", "%00", "1", "9" * 30, "\u0663", "..", "?", "#", " "]
    )
    paths = st.lists(parts | st.text(max_size=4), max_size=9).map("".join)
    known = paths.map(lambda path: f"/v1/models/digits{path}")
    verbs = st.sampled_from(["GET", "POST", "PUT", ""])
    fuzz(st.tuples(verbs, paths | known), check, FOUND["path"])


def test_bodies_of_gzip():
    def check(body):
        try:
            assert len(rest_body.inflated(body, 10_000)) <= 10_000
        except RequestError as error:
            assert error.http_status in (400, 413)

    parts = [gzip.compress(content) for content in (b"", b"{}", bytes(5000), bytes(20_000))]
    fuzz(damaged([*parts, parts[1] + parts[2], *FOUND["gzip"]]), check, FOUND["gzip"])


def test_bytes_to_the_port(server):  # noqa: F811
    """Whatever comes, the server answers others, and none of its answers is a fault of its own."""
    host, port = server.root.removeprefix("http://").split(":")

    def check(content):
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.settimeout(5)
            said = b""
            try:
                connection.sendall(content)
                connection.shutdown(socket.SHUT_WR)
                while part := connection.recv(2**16):
                    said += part
            except OSError:  # it has closed the connection already
                pass
        statuses = [part[:3] for part in said.split(b"HTTP/1.1 ")[1:]]
        assert b"500" not in statuses, said
        assert server.process.poll() is None

    corpus = [*FOUND["http"]]
    for body in list(bodies())[::7]:
        head = "POST /v1/models/digits:predict HTTP/1.1\r\nHost: a\r\nX-Y: z\r\n"
        corpus.append(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        chunked = f"{head}Transfer-Encoding: chunked\r\n\r\n{len(body):x}\r\n".encode()
        corpus.append(chunked + body + b"\r\n0\r\n\r\n")
    for path in ("/v1/models/digits", "/healthz", "/metrics", "/v1/models/digits/metadata"):
        corpus.append(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n".encode())
    fuzz(damaged(corpus), check, corpus)
    assert requests.get(f"{server.root}/healthz", timeout=30).ok
    assert server.post(instances=pixels(1).tolist())[0] == 200
    assert "Traceback" not in server.text
