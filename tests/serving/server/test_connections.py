"""Slow, silent and many connections: each is closed in time, and others are answered meanwhile."""

import contextlib
import json
import resource
import socket
import time

import grpc
import numpy as np
import pytest

from keras_infovae.serving.server.connections import connection_limit
from tests.serving.server.conftest import Server, pixels
from tests.serving.server.test_grpc import predict_request

HEAD = "POST /v1/models/digits:predict HTTP/1.1\r\nHost: a\r\n"
MOST = 12


@pytest.fixture(scope="module")
def impatient(version, tmp_path_factory):
    """A server that waits for a second, and takes 12 connections."""
    flags = ["--read_seconds=1", "--idle_seconds=1.5", f"--max_connections={MOST}"]
    log = tmp_path_factory.mktemp("log") / "impatient.txt"
    with Server(version.parent, log, *flags) as running:
        yield running


@contextlib.contextmanager
def connection(server):
    host, port = server.root.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as opened:
        yield opened


def seconds_to_close(opened, drip=b"", every=0.1):
    """Returns (seconds until the server closes, what it said), sending `drip` again and again."""
    start, said = time.monotonic(), b""
    opened.settimeout(every)
    while time.monotonic() < start + 10:
        try:
            received = opened.recv(2**16)
            said += received
            if not received:
                break
        except TimeoutError:
            with contextlib.suppress(OSError):  # the next read will tell
                opened.sendall(drip)
        except ConnectionError:
            break
    return time.monotonic() - start, said


def answers(server):
    start = time.monotonic()
    assert server.post(instances=pixels(1).tolist())[0] == 200
    return time.monotonic() - start


SLOW = {
    "nothing": ("", b"", None),
    "part of a line": ("POS", b"", None),
    "a head, byte by byte": (HEAD, b"a", None),
    "a head without an end": (HEAD, b"X-A: b\r\n", None),
    "no body": (HEAD + "Content-Length: 10\r\n\r\n", b"", b"408"),
    "a body, byte by byte": (HEAD + "Content-Length: 1000\r\n\r\n", b"1", b"408"),
    "a body in chunks": (HEAD + "Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n", b"408"),
    "a body for no one": (
        "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 999\r\n\r\n",
        b"1",
        b"200",
    ),
    "after an answer": ("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", b"", b"200"),
}


@pytest.mark.parametrize("name", SLOW)
def test_slow_requests_are_closed_in_time(impatient, name):
    sent, drip, status = SLOW[name]
    with connection(impatient) as opened:
        opened.sendall(sent.encode())
        seconds, said = seconds_to_close(opened, drip)
    assert 0.5 < seconds < 5
    assert (said.split()[1] if said else None) == status
    if status == b"408":
        assert b"--read_seconds" in said


def test_an_answer_that_is_not_read_is_given_up(impatient):
    body = json.dumps({"signature_name": "generate", "inputs": list(range(4096))})
    request = f"{HEAD}Content-Length: {len(body)}\r\n\r\n{body}".encode()
    with connection(impatient) as opened:
        opened.sendall(request * 4)  # 5 MB each: more than the system keeps
        impatient.wait_for(lambda: impatient.metric("keras_infovae_batch_rows_sum") >= 4096)
        time.sleep(4)
        received = 0
        with contextlib.suppress(ConnectionError, TimeoutError):
            while part := opened.recv(2**20):
                received += len(part)
    assert received < 20_000_000
    assert answers(impatient) < 5


def test_silent_connections_do_not_keep_others_out(impatient):
    with contextlib.ExitStack() as stack:
        for _ in range(5 * MOST):
            stack.enter_context(connection(impatient)).sendall(b"POST /")
        assert answers(impatient) < 1  # before any of them is late


def test_where_all_connections_are_at_work_a_new_one_is_told(impatient):
    with contextlib.ExitStack() as stack:
        for _ in range(MOST):
            opened = stack.enter_context(connection(impatient))
            opened.sendall(f"{HEAD}Content-Length: 9\r\n\r\n".encode())
        time.sleep(0.2)
        with connection(impatient) as refused:
            said = seconds_to_close(refused)[1]
    assert said.split()[1] == b"503"
    assert json.loads(said.split(b"\r\n\r\n")[1]).keys() == {"error"}
    impatient.wait_for(lambda: answers(impatient) < 5)


def test_silent_connections_to_grpc_are_closed(impatient):
    host, port = impatient.address.rsplit(":", 1)
    content = predict_request("generate", {"seed": np.array([1])}).SerializeToString()
    with contextlib.ExitStack() as stack:
        silent = [
            stack.enter_context(socket.create_connection((host, int(port)), timeout=10))
            for _ in range(2 * MOST)
        ]
        start = time.monotonic()
        for opened in silent:
            seconds_to_close(opened)
        assert time.monotonic() - start < 8
        with grpc.insecure_channel(impatient.address) as channel:
            call = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
            call(content, timeout=30, wait_for_ready=True)


def test_a_call_without_its_message_is_ended(impatient):
    def messages():
        time.sleep(3)
        yield b""

    with grpc.insecure_channel(impatient.address) as channel:
        call = channel.stream_unary("/tensorflow.serving.PredictionService/Predict")
        start = time.monotonic()
        with pytest.raises(grpc.RpcError, match="--read_seconds") as error:
            call(messages(), timeout=20, wait_for_ready=True)
        assert time.monotonic() - start < 5
        assert error.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        with pytest.raises(grpc.RpcError, match="must have a message") as error:
            call(iter([]), timeout=20)
        assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT


BROKEN_BODIES = {
    "of a page": b"GET /healthz HTTP/1.1\r\nHost: a\r\n",
    "of a prediction": HEAD.encode(),
    "of nothing": b"POST / HTTP/1.1\r\nHost: a\r\n",
}


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("name", BROKEN_BODIES)
def test_a_body_that_is_broken_while_its_request_is_at_work(impatient, name, at_once):
    with connection(impatient) as opened:
        head = BROKEN_BODIES[name] + b"Transfer-Encoding: chunked\r\n\r\n1\r\n"
        opened.sendall(head + (b"broken" if at_once else b""))
        if not at_once:
            time.sleep(0.2)  # some have their answer now
            opened.sendall(b"broken")
        seconds, said = seconds_to_close(opened)
    assert seconds < 3
    assert said.count(b"HTTP/1.1 ") == 1
    assert said.split()[1] in (b"400", b"200", b"404")
    assert "Traceback" not in impatient.text


def test_the_log_stays_short(impatient):
    """After all of this, and a thousand broken requests."""
    for _ in range(10):
        with connection(impatient) as opened:
            opened.sendall(b"no HTTP at all\r\n\r\n" * 100)
            assert seconds_to_close(opened)[1].split()[1] == b"400"
    assert "Traceback" not in impatient.text
    assert len(impatient.text.splitlines()) < 20, impatient.text


def test_connections_are_fewer_than_open_files(monkeypatch):
    allowed = {}
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (256, allowed["hard"]))
    monkeypatch.setattr(resource, "setrlimit", lambda kind, limits: allowed.update(set=limits))
    for hard, expected in ((256, 8), (1256, 500), (2**20, 512), (resource.RLIM_INFINITY, 512)):
        allowed["hard"] = hard
        assert connection_limit(512) == expected
    assert allowed["set"] == (2**16, resource.RLIM_INFINITY)  # all that is allowed is asked for
    assert connection_limit(3) == 8
