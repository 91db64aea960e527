"""Batches, limits and the end of a server, by real clients."""

import base64
import concurrent.futures
import contextlib
import json
import signal
import socket
import time

import grpc
import numpy as np
import pytest
import requests
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, regression_pb2

from keras_infovae.serving.server import process
from keras_infovae.serving.server.settings import Settings
from tests.serving.server.conftest import pixels, png
from tests.serving.server.test_grpc import predict_request


def test_requests_of_clients_are_joined_and_a_bad_one_fails_alone(server, model):
    """16 clients at once, one of whom sends values that the model refuses."""
    rows = [pixels(1, seed) for seed in range(16)]
    rows[5] = rows[5] + 100

    def joined():
        """Returns the number of batches of 2 to 16 rows."""
        one, some = (f'keras_infovae_batch_rows_bucket{{le="{n}.0"}}' for n in (1, 16))
        return server.metric(some) - server.metric(one)

    def ask(x):
        return server.post(signature_name="score", instances=x.tolist())

    before = joined()
    with server.busy(), concurrent.futures.ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(ask, rows))
    assert joined() > before
    for index, (x, (status, answer)) in enumerate(zip(rows, answers)):
        if index == 5:
            assert status == 400
            assert "Input `x` must be at most 1" in answer["error"]
            continue
        assert status == 200
        expected = model.run("score", {"x": x})
        for key, value in answer["predictions"][0].items():
            # Sums over a batch of another size are rounded otherwise.
            np.testing.assert_allclose(value, expected[key][0], rtol=1e-5)


def test_a_body_of_100_mb_is_refused_while_it_is_read(server):
    with at_most_more_memory(server, 2 * 32 * 2**20 + 10_000_000):
        # Of the bodies at most one of the largest that is allowed, 32 MiB, is ever kept, in a
        # bytearray that is twice as large while it grows.
        answers = [
            requests.post(f"{server.url}:predict", data=data, timeout=60)
            for data in (b" " * 100_000_000, (b" " * 1_000_000 for _ in range(100)))  # chunked
        ]
    for answer in answers:
        assert answer.status_code == 413
        assert "--max_request_bytes" in answer.json()["error"]


def test_a_context_of_many_examples_is_not_copied_for_each(server, channel):
    """256 KiB for each of 4,096 examples would be 1 GiB."""
    document = {"context": {"x": "a" * 2**18}, "examples": [{"y": 1}] * 4096}
    request = regression_pb2.RegressionRequest()
    request.model_spec.name, request.model_spec.signature_name = "digits", "regress"
    listed = request.input.example_list_with_context
    listed.context.features.feature["x"].bytes_list.value.append(b"a" * 2**18)
    for _ in range(4096):
        listed.examples.add().features.feature["y"].int64_list.value.append(1)
    with at_most_more_memory(server, 50_000_000):
        status, answer = server.post("regress", signature_name="regress", **document)
        call = channel.unary_unary("/tensorflow.serving.PredictionService/Regress")
        with pytest.raises(grpc.RpcError, match="--max_request_bytes") as error:
            call(request.SerializeToString(), timeout=60)
    assert (status, "--max_request_bytes" in answer["error"]) == (413, True)
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT


@contextlib.contextmanager
def at_most_more_memory(server, limit):
    """The server's memory never grows by more than `limit` bytes in the block."""
    before = resident(server.process.pid)
    with open(f"/proc/{server.process.pid}/clear_refs", "w", encoding="ascii") as file:
        file.write("5")  # the peak, VmHWM, begins anew (proc(5))
    yield
    grown = resident(server.process.pid, "VmHWM") - before
    print(f"{grown / 1e6:.1f} MB at the peak")
    assert grown < limit


def resident(process, field="VmRSS"):
    with open(f"/proc/{process}/status", encoding="ascii") as file:
        return 1024 * int(file.read().split(f"{field}:")[1].split()[0])


def test_a_client_that_asks_before_it_sends_is_told_at_once(server):
    host, port = server.root.removeprefix("http://").split(":")
    head = f"POST /v1/models/digits:predict HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\n"
    for length, status in ((10**9, b"413"), (2, b"100")):
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(f"{head}Content-Length: {length}\r\n\r\n".encode())
            assert connection.recv(1000).split()[1] == status


def test_a_request_whose_client_has_gone_is_cancelled(server):
    host, port = server.root.removeprefix("http://").split(":")
    body = json.dumps({"signature_name": "decode", "inputs": [[0.0] * 16]})
    head = f"POST /v1/models/digits:predict HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}"
    cancelled = 'keras_infovae_requests_total{method="predict",protocol="rest",signature="decode",'
    cancelled += 'status="CANCELLED"}'

    def noticed():  # some may be answered in time
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(f"{head}\r\n\r\n{body}".encode())
            time.sleep(0.02)
        return server.metric(cancelled) >= 1

    with server.busy():
        server.wait_for(noticed)


def test_a_grpc_message_that_is_too_large(server, channel):
    call = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
    with pytest.raises(grpc.RpcError) as error:
        call(bytes(33 * 2**20), timeout=60)
    assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_rows_and_pixels(server):
    status, answer = server.post(signature_name="generate", inputs=list(range(4097)))
    assert (status, "--max_rows" in answer["error"]) == (413, True)
    assert server.post(signature_name="generate", instances=list(range(4097)))[0] == 413


def test_a_stop_answers_what_is_in_flight_and_keras_was_never_there(own):
    size = 2048 * 8 * 8 * 4  # of an answer to 2,048 seeds
    with own("--max_image_pixels=100", "--nobatching", f"--max_response_bytes={size}") as server:
        status, answer = server.post(
            signature_name="score_image_bytes",
            inputs=[{"b64": content} for content in encoded(png(2))],
        )
        assert status == 400  # each has 64
        assert "at most 100 pixels in all" in answer["error"]
        seeds = list(range(2048))
        status, answer = server.post(signature_name="generate", inputs=[*seeds, 2048])
        assert (status, "the server's --max_response_bytes" in answer["error"]) == (413, True)
        with concurrent.futures.ThreadPoolExecutor(6) as threads:
            asked = [
                threads.submit(server.post, signature_name="generate", inputs=seeds)
                for _ in range(6)
            ]
            # Two run, the others wait: they came at once, with batching off.
            server.wait_for(lambda: server.metric("keras_infovae_queued_requests") >= 1)
            assert server.stop(signal.SIGTERM) == 0
            assert [future.result()[0] for future in asked] == [200] * 6
    assert "keras: []" in server.text
    assert "Stopped" in server.text
    assert "Traceback" not in server.text


def encoded(files):
    return [base64.b64encode(content).decode() for content in files]


def test_answers_do_not_wait_for_acknowledgements(own):
    with (
        process._listen(Settings(**own().settings)) as listener,
        socket.create_connection(listener.getsockname()),
        listener.accept()[0] as connection,
    ):
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("flag", ["port", "rest_port"])
def test_a_port_in_use(own, capsys, flag):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = own().settings | {flag: taken.getsockname()[1]}
        assert process.main([json.dumps(settings)]) == 2
    error = capsys.readouterr().err
    message = f"keras-infovae serve: error: Argument `--{flag}` must be a port that can be listened"
    assert error.startswith(message)
    assert "in use" in error


LONG = {
    "numbers": b'{"inputs": [' + b"0," * 8_000_000 + b"0]}",
    "lists": b'{"inputs": [' + b"[]," * 6_000_000 + b"[]]}",
    "nested lists": b'{"inputs": ' + b"[" * 8_000_000,
    "objects": b'{"inputs": [' + b"{}," * 6_000_000 + b"{}]}",
    "names": b"{" + b'"a":1,' * 4_000_000 + b'"a":1}',
    "texts": b'{"inputs": [' + b'"",' * 6_000_000 + b'""]}',
    "escapes": b'{"inputs": ["' + b"\\n" * 8_000_000 + b'"]}',
}


@pytest.mark.parametrize("name", LONG)
def test_a_body_of_many_values_is_refused_before_it_is_read(server, name):
    """Made into objects, each would take seconds and a gigabyte."""
    with at_most_more_memory(server, 150_000_000):
        start = time.monotonic()
        answer = requests.post(f"{server.url}:predict", data=LONG[name], timeout=60)
        seconds = time.monotonic() - start
    assert (answer.status_code, "--max_json_values" in answer.text) == (413, True)
    assert seconds < 3


def test_others_are_answered_while_large_bodies_are_read(server):
    """2 million values, the most of a body, are read and refused for their shape."""
    body = b'{"inputs": [' + b"[1]," * 1_000_000 + b"[1]]}"
    stop = []

    def ask():
        while not stop:
            answer = requests.post(f"{server.url}:predict", data=body, timeout=60)
            assert (answer.status_code, "float32 of shape" in answer.text) == (400, True)

    with concurrent.futures.ThreadPoolExecutor(3) as threads:
        asking = [threads.submit(ask) for _ in range(3)]
        slowest, end = 0, time.monotonic() + 3
        while time.monotonic() < end:
            start = time.monotonic()
            assert requests.get(f"{server.root}/healthz", timeout=30).ok
            slowest = max(slowest, time.monotonic() - start)
        stop.append(True)
        for asked in asking:
            asked.result()
    print(f"{slowest:.2f} s at most")
    assert slowest < 2


def test_large_answers_are_the_same_in_both_protocols(server, channel, model):
    """In JSON they are written in parts."""
    seeds = np.arange(300)
    expected = model.run("generate", {"seed": seeds})["x"]
    for form, key in (("inputs", "outputs"), ("instances", "predictions")):
        status, answer = server.post(signature_name="generate", **{form: seeds.tolist()})
        assert status == 200
        np.testing.assert_array_equal(np.array(answer[key], "float32"), expected)
    call = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
    content = call(predict_request("generate", {"seed": seeds}).SerializeToString(), timeout=30)
    output = predict_pb2.PredictResponse.FromString(content).outputs["x"]
    assert len(output.float_val) == expected.size
    np.testing.assert_array_equal(tf.make_ndarray(output), expected)
