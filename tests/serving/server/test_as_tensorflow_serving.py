"""REST answers as TensorFlow Serving gives them.

The statuses are those of its sources: model_servers/http_rest_api_util.cc (the grammar of paths),
http_server.cc (statuses, CORS), server_core.cc (labels), servables/tensorflow/predict_util.cc and
classifier.cc (signatures), util/json_tensor.cc (base64), and net_http's evhttp_request.cc (gzip).
"""

import base64
import gzip
import json
import shutil
import socket

import grpc
import numpy as np
import pytest
import requests
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_service_pb2_grpc,
    prediction_service_pb2_grpc,
)

from keras_infovae.serving.server.errors import RequestError
from keras_infovae.serving.server.rest_path import Target, target
from tests.serving.server.conftest import Server, pixels, png
from tests.serving.server.test_grpc import predict_request

DIGITS = "/v1/models/digits"
X = pixels(1).tolist()


@pytest.mark.parametrize(
    ("verb", "path", "expected"),
    [
        ("POST", f"{DIGITS}:predict", Target("digits", None, None, "predict")),
        ("POST", f"{DIGITS}/versions/03:regress", Target("digits", 3, None, "regress")),
        ("POST", f"{DIGITS}/labels/a%20b:classify", Target("digits", None, "a b", "classify")),
        ("POST", "/V1/Models/a%2Fb:predict", Target("a/b", None, None, "predict")),
        ("GET", DIGITS, Target("digits", None, None, "status")),
        ("GET", f"{DIGITS}/metadata", Target("digits", None, None, "metadata")),
        ("GET", f"{DIGITS}/versions/{2**63 - 1}", Target("digits", 2**63 - 1, None, "status")),
        ("GET", f"{DIGITS}/labels/s/metadata", Target("digits", None, "s", "metadata")),
    ],
)
def test_paths(verb, path, expected):
    assert target(verb, path) == expected


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", f"{DIGITS}:predict"),
        ("POST", DIGITS),
        ("POST", f"{DIGITS}:explain"),
        ("POST", f"{DIGITS}:Predict"),
        ("POST", f"{DIGITS}:predict/"),
        ("POST", f"{DIGITS}/versions/1/labels/a:predict"),
        ("POST", "/v1/models/:predict"),
        ("PUT", f"{DIGITS}:predict"),
        ("DELETE", DIGITS),
        ("HEAD", DIGITS),
        ("GET", f"{DIGITS}/"),
        ("GET", f"{DIGITS}/versions/x"),
        ("GET", f"{DIGITS}/versions/-1"),
        ("GET", f"{DIGITS}/versions/\u0663"),
        ("GET", f"{DIGITS}/versions/{2**63}"),
        ("GET", f"{DIGITS}/versions/{'9' * 5000}"),
        ("GET", f"{DIGITS}/labels/"),
        ("GET", f"{DIGITS}/metadata/more"),
        ("GET", "/v1/models"),
        ("GET", "/v1/models/"),
        ("GET", "/v1/"),
    ],
)
def test_malformed_paths(verb, path):
    with pytest.raises(RequestError) as error:
        target(verb, path)
    assert error.value.http_status == 400
    assert len(str(error.value)) <= 400


@pytest.mark.parametrize(
    ("verb", "path", "status", "text"),
    [
        ("GET", "/v1/models/other", 404, "'digits' is"),
        ("GET", f"{DIGITS}/versions/9", 404, "Version 9"),
        ("GET", f"{DIGITS}/versions/9/metadata", 404, "Version 9"),
        ("GET", f"{DIGITS}/labels/beta/metadata", 400, "label: 'beta'. Labels: none"),
        ("GET", f"{DIGITS}:predict", 400, "Malformed request: GET /v1/models/digits:predict"),
        ("GET", f"{DIGITS}/", 400, "Malformed request"),
        ("PATCH", DIGITS, 400, "Malformed request"),
        ("POST", f"{DIGITS}:explain", 400, "Malformed request"),
        ("POST", f"{DIGITS}:classify", 400, "not for tensorflow/serving/classify"),
        ("POST", "/v1/models/other:predict", 404, "'digits' is"),
        ("POST", f"{DIGITS}/versions/9:regress", 404, "Version 9"),
        ("POST", "/healthz", 405, "must be asked by GET"),
        ("GET", "/", 404, "Not found"),
        ("GET", "/v2/health", 404, "Not found"),
    ],
)
def test_statuses(server, verb, path, status, text):
    answer = requests.request(
        verb, server.root + path, data=b"{}", timeout=10, allow_redirects=False
    )
    assert answer.status_code == status
    assert answer.json().keys() == {"error"}
    assert text.lower() in answer.json()["error"].lower()


@pytest.fixture(scope="module")
def open_server(version, tmp_path_factory):
    """A server with labels, for the pages of other sites too."""
    directory = tmp_path_factory.mktemp("open") / "digits"
    without = shutil.ignore_patterns("assets.extra")
    shutil.copytree(version, directory / "3", ignore=without)
    flags = ["--cors", "--labels=stable:3,later:9"]
    with Server(directory, directory.parent / "log.txt", *flags) as running:
        yield running


def test_a_version_by_its_label_in_rest(open_server):
    expected = open_server.post(instances=X)
    assert expected[0] == 200
    assert open_server.post(path="/labels/stable", instances=X) == expected
    url = open_server.url
    metadata = requests.get(f"{url}/labels/stable/metadata", timeout=10).json()
    assert metadata["model_spec"]["version"] == "3"
    states = requests.get(f"{url}/labels/any", timeout=10).json()
    assert states == requests.get(url, timeout=10).json()  # of all, whatever the label
    for label, status, text in (
        ("beta", 400, "Labels: later, stable"),
        ("later", 404, "Version 9"),
    ):
        answer = requests.get(f"{url}/labels/{label}/metadata", timeout=10)
        assert (answer.status_code, text in answer.text) == (status, True)


def test_a_version_by_its_label_in_grpc(open_server):
    request = predict_request("generate", {"seed": np.array([1])})
    request.model_spec.version_label = "stable"
    with grpc.insecure_channel(open_server.address) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        assert stub.Predict(request, timeout=30).model_spec.version.value == 3
        status = model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus
        request = get_model_status_pb2.GetModelStatusRequest(model_spec=request.model_spec)
        (only,) = status(request, timeout=30).model_version_status  # of all, whatever the label
    assert only.version == 3


@pytest.mark.parametrize("name", ["no such", "regress "])
def test_an_unknown_signature_is_400(server, name):
    for verb in ("predict", "regress", "classify"):
        status, answer = server.post(verb, signature_name=name, instances=X, examples=[{"x": 1}])
        assert (status, "There is no signature" in answer["error"]) == (400, True)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text,
        lambda text: text.rstrip("="),
        lambda text: "\n".join(text[at : at + 8] for at in range(0, len(text), 8)),
    ],
    ids=["padded", "bare", "in lines"],
)
def test_base64(server, change):
    content = next(file for file in png(20) if len(file) % 3)
    file = {"b64": change(base64.b64encode(content).decode())}
    assert server.post(signature_name="score_image_bytes", inputs=[file])[0] == 200


@pytest.mark.parametrize("text", ["AA=", "AAA==", "A", "AAAAA", "=", "A=A=", "AA-_"])
def test_broken_base64(server, text):
    status, answer = server.post(signature_name="score_image_bytes", inputs=[{"b64": text}])
    assert (status, "base64" in answer["error"]) == (400, True)


def post_gzip(server, body, encoding="gzip"):
    headers = {"Content-Encoding": encoding}
    return requests.post(f"{server.url}:predict", data=body, headers=headers, timeout=60)


def test_bodies_of_gzip(server):
    body = json.dumps({"instances": X}).encode()
    expected = server.post(instances=X)[1]
    for compressed in (gzip.compress(body), gzip.compress(body[:9]) + gzip.compress(body[9:])):
        answer = post_gzip(server, compressed)
        assert (answer.status_code, answer.json()) == (200, expected)
    for broken in (body, b"\x1f\x8b", gzip.compress(body)[:-9], gzip.compress(body) + b"more"):
        answer = post_gzip(server, broken)
        assert (answer.status_code, "not gzip" in answer.text) == (400, True)
    assert post_gzip(server, b"").status_code == 400
    answer = post_gzip(server, gzip.compress(b"") * 100_000)  # to go through all takes minutes
    assert (answer.status_code, "at most 16 parts" in answer.text) == (400, True)
    bomb = gzip.compress(bytes(100_000_000))
    assert len(bomb) < 100_000
    answer = post_gzip(server, bomb)
    assert (answer.status_code, "--max_request_bytes" in answer.text) == (413, True)
    assert post_gzip(server, body, "deflate").status_code == 415
    assert post_gzip(server, body, "identity").status_code == 200


@pytest.mark.parametrize(
    "head",
    [
        "HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked",
        "HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5",
        "HTTP/1.0\r\nTransfer-Encoding: chunked",
        "HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6",
        "HTTP/1.1\r\nContent-Length: +5",
        "HTTP/1.1\r\nTransfer-Encoding: xchunked",
        "HTTP/1.1\r\nTransfer-Encoding: chunked, identity",
    ],
)
def test_requests_of_which_proxies_differ_where_they_end_are_refused(server, head):
    host, port = server.root.removeprefix("http://").split(":")
    hidden = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"
    for path in ("POST /v1/models/digits:predict", "POST /healthz", "GET /healthz"):
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            request = f"{path} {head}\r\nHost: a\r\n\r\n0\r\n\r\n{hidden}"
            connection.sendall(request.encode())
            said = b""
            while part := connection.recv(2**16):
                said += part
        assert said.split()[1] in (b"400", b"501")
        assert said.count(b"HTTP/1.1 ") == 1  # and the connection is closed


def test_pages_of_other_sites_are_let_in_by_a_flag_alone(server, open_server):
    asked = {"Origin": "https://example.com", "Access-Control-Request-Method": "POST"}
    for running, allowed in ((server, None), (open_server, "*")):
        answers = [
            requests.options(f"{running.url}:predict", headers=asked, timeout=10),
            requests.get(running.url, headers=asked, timeout=10),
            requests.get(f"{running.url}/versions/x", headers=asked, timeout=10),
        ]
        assert [answer.status_code for answer in answers] == [200, 200, 400]
        for answer in answers:
            assert answer.headers.get("Access-Control-Allow-Origin") == allowed
        assert requests.options(running.url, timeout=10).status_code == 400
