"""What a client answers is what the model answers, whatever lies between them."""

import concurrent.futures
import json
import os
import socket
import subprocess
import sys
import threading
import time

import grpc
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.serving.client import retries
from tests.serving.client import model_server
from tests.serving.client.conftest import ADDRESSES
from tests.serving.conftest import IMAGE, raw_examples

RAW = np.rint(raw_examples(IMAGE, 16.0))
CLOSE = {"rtol": 1e-5, "atol": 1e-5}  # rounding, as at export


def test_methods_answer_as_those_of_the_model(client, model):
    """With the same seeds the draws of all rows are the same, not of the first alone."""
    x = RAW / 16.0
    z = model.encode(x)
    scores = client.all_scores(RAW)
    levels = np.rint(RAW * (255 / 16))  # a file's levels stand for the raw range, 0 to 16
    files = [tf.io.encode_png(image.astype("uint8")).numpy() for image in levels]
    shown = (levels / 255).astype("float32")
    for answer, expected in (
        (client.encode(RAW), z),
        (client.encode(RAW, sample=True, seed=3), model.encode(x, sample=True, seed=3)),
        (client.decode(z), 16.0 * model.decode(z)),
        (client.reconstruct(RAW), 16.0 * model.reconstruct(x)),
        (client.generate(6, seed=3), 16.0 * model.generate(6, seed=3)),
        (client.elbo(RAW), model.elbo(x)),
        (client.elbo(RAW, seed=2**31 - 1), model.elbo(x, seed=2**31 - 1)),
        (client.score(RAW), model.score(x)),
        (scores["negative_elbo"], model.score(x, "negative_elbo")),
        (scores["reconstruction_loss"], model.score(x, "reconstruction_loss")),
        (client.encode_image_bytes(files, sample=True, seed=0), model.encode(shown, True, seed=0)),
        (client.score_image_bytes(files), model.score(shown)),
    ):
        assert answer.dtype == np.float32
        np.testing.assert_allclose(answer, expected, **CLOSE)
    assert set(scores) == {"score", "negative_elbo", "reconstruction_loss", "kl_divergence"}
    with pytest.raises(ki.serving.ServingError, match="NOT_FOUND: there are"):
        client.log_prob(RAW)


def test_without_a_seed_draws_are_new(client):
    first, second = (client.generate(3) for _ in range(2))
    assert np.abs(first - second).max() > 1e-3
    first, second = (client.encode(RAW, sample=True) for _ in range(2))
    assert np.abs(first - second).max() > 1e-3


def test_both_protocols_answer_to_the_bit_alike(server, running):
    z = np.random.default_rng(0).normal(size=(50, 3)).astype("float32")
    grpc_client, rest_client = (
        ki.serving.Client(address, model_name="digits") for address in running[1].values()
    )
    with grpc_client, rest_client:
        np.testing.assert_array_equal(grpc_client.decode(z), rest_client.decode(z))
        np.testing.assert_array_equal(grpc_client.generate(5, 1), rest_client.generate(5, 1))


def test_large_batches_go_in_parts_and_come_back_in_order(make_client, server):
    z = np.random.default_rng(0).normal(size=(23, 3)).astype("float32")
    whole = make_client().decode(z)
    server.reset()
    server.faults.extend(["slow"] + [None] * 5)  # the first part is the last to be answered
    np.testing.assert_allclose(make_client(max_rows=4, concurrency=3).decode(z), whole, **CLOSE)
    assert sorted(server.requests) == sorted([("decode", 4)] * 5 + [("decode", 3)])
    assert 2 <= server.most_at_once <= 3
    server.reset()
    # 16 values of 4 bytes come back for a row of 3.
    np.testing.assert_allclose(make_client(max_bytes=640).decode(z), whole, **CLOSE)
    assert sorted(n for _, n in server.requests) == [3, 10, 10]
    parts, whole = (make_client(max_rows=rows).generate(9, seed=2) for rows in (4, 9))
    np.testing.assert_allclose(parts, whole, **CLOSE)


def test_threads_share_a_client(client):
    z = np.random.default_rng(0).normal(size=(16, 2, 3)).astype("float32")
    alone = [client.decode(part) for part in z]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        np.testing.assert_array_equal(list(pool.map(client.decode, z)), alone)


def test_conditions(classes):
    model, path, _, (x, labels) = classes
    with (
        model_server.rest_address(model_server.ModelServer(path)) as address,
        ki.serving.Client(address, model_name="digits") as client,
    ):
        expected = model.encode(x, condition=labels)
        np.testing.assert_allclose(client.encode(x, condition=labels), expected, **CLOSE)
        twos = client.generate(4, seed=0, condition=2)
        np.testing.assert_array_equal(twos, client.generate(4, seed=0, condition=[2] * 4))
        np.testing.assert_allclose(twos, model.generate(4, seed=0, condition=2), **CLOSE)
        with pytest.raises(ValueError, match=r"takes \['condition', 'seed'\]"):
            client.generate(4)
        with pytest.raises(ki.serving.ServingError, match="(?s)HTTP 400.*labels from 0 to 2"):
            client.generate(4, condition=3)


# === Faults ===


@pytest.mark.parametrize("faults", [["unavailable", "unavailable"], ["dropped"]])
def test_what_may_pass_is_tried_again(client, server, faults):
    server.faults.extend(faults)
    assert client.decode(np.zeros((1, 3))).shape == (1, *IMAGE)
    assert len(server.requests) == len(faults) + 1


def test_a_server_that_asks_for_patience_gets_it(make_client, server, address):
    client = make_client()
    client.metadata()
    server.faults.append("exhausted")
    begin = time.monotonic()
    client.decode(np.zeros((1, 3)))
    assert len(server.requests) == 2
    if address.startswith("http"):
        assert time.monotonic() - begin >= 1.0  # what Retry-After says


@pytest.mark.parametrize(
    ("fault", "statuses"),
    [
        ("invalid", ("INVALID_ARGUMENT", "HTTP 400")),
        ("too large", ("RESOURCE_EXHAUSTED", "HTTP 413")),
    ],
)
def test_what_will_not_pass_is_not_tried_again(client, server, address, fault, statuses):
    server.faults.append(fault)
    with pytest.raises(ki.serving.ServingError) as caught:
        client.decode(np.zeros((1, 3)))
    error = caught.value
    assert len(server.requests) == 1
    assert error.status == statuses[address.startswith("http")]
    assert error.details == model_server.FAULTS[fault].args[2]
    assert f"Signature `decode` of model `digits` was not answered by {address}" in str(error)


def test_attempts_are_counted(make_client, server):
    server.faults.extend(["unavailable"] * 3)
    with pytest.raises(ki.serving.ServingError, match="UNAVAILABLE: starting|HTTP 503: starting"):
        make_client(retries=2).decode(np.zeros((1, 3)))
    assert len(server.requests) == 3


def test_all_attempts_have_one_deadline(make_client, server):
    client = make_client(retries=100)
    client.metadata()
    client.timeout = 1.0
    server.faults.extend(["unavailable"] * 100)
    begin = time.monotonic()
    with pytest.raises(ki.serving.ServingError):
        client.decode(np.zeros((1, 3)))
    assert time.monotonic() - begin < 10.0  # all of the pauses would be more than 200 s
    assert 2 <= len(server.requests) < 20
    server.reset()
    server.faults.append("slow")  # for longer than that
    client.timeout = model_server.SLOW_SECONDS / 2
    with pytest.raises(ki.serving.ServingError, match="DEADLINE_EXCEEDED"):
        client.decode(np.zeros((1, 3)))
    assert len(server.requests) == 1


def test_pauses_grow_and_differ(monkeypatch):
    pauses, clock = [], [0.0]
    monkeypatch.setattr(retries.time, "sleep", lambda s: (pauses.append(s), clock.append(s)))
    monkeypatch.setattr(retries.time, "monotonic", lambda: sum(clock))

    def fail(_):
        raise ki.serving.ServingError("a", "m", None, "UNAVAILABLE", "", is_transient=True)

    with pytest.raises(ki.serving.ServingError):
        retries.with_retries(fail, retries.Deadline(1000.0), 9)
    longest = np.minimum(5.0, 0.1 * 2.0 ** np.arange(9))
    assert np.all(np.array(pauses) <= longest) and np.all(np.array(pauses) >= longest / 2)
    assert len(set(pauses / longest)) == 9


def test_one_failed_part_is_the_answer(make_client, server):
    server.faults.extend([None, "invalid", *["slow"] * 7])
    with pytest.raises(ki.serving.ServingError, match="must be finite"):
        make_client(max_rows=1, concurrency=1).decode(np.zeros((9, 3)))
    assert len(server.requests) <= 4  # the others are not sent any more


def test_without_a_server(address):
    scheme = "http://" if address.startswith("http") else ""
    with ki.serving.Client(f"{scheme}127.0.0.1:9", model_name="m", retries=1) as client:
        assert not client.ready()
        with pytest.raises(
            ki.serving.ServingError, match="Model `m` was not answered.*UNAVAILABLE"
        ):
            client.metadata()
        with pytest.raises(ki.serving.ServingError, match="not ready after 0.3 s.*UNAVAILABLE"):
            client.wait_until_ready(0.3)


def test_a_body_that_stalls_is_a_deadline_that_is_over():
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer():
            connection = listening.accept()[0]
            with connection:
                connection.recv(1 << 16)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")
                connection.recv(1)  # until the client hangs up

        threading.Thread(target=answer, daemon=True).start()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with (
            ki.serving.Client(address, model_name="m", timeout=0.3) as client,
            pytest.raises(ki.serving.ServingError) as caught,
        ):
            client.metadata()
    assert (caught.value.status, caught.value.is_transient) == ("DEADLINE_EXCEEDED", False)


@pytest.mark.parametrize("scheme", ["", "http://"])
def test_waiting_for_a_silent_server_takes_no_longer_than_told(scheme):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"{scheme}127.0.0.1:{silent.getsockname()[1]}"
        begin = time.monotonic()
        with (
            ki.serving.Client(address, model_name="m") as client,
            pytest.raises(ki.serving.ServingError, match="not ready after 0.5 s"),
        ):
            client.wait_until_ready(0.5)
        assert time.monotonic() - begin < 3.0  # of the 5 s that a status may take otherwise


# === The server ===


def test_metadata_is_that_of_the_export(client, images):
    with open(os.path.join(images[1], "signatures.json"), encoding="utf-8") as file:
        exported = json.load(file)["signatures"]
    metadata = client.metadata()
    assert (metadata["model_name"], metadata["version"]) == ("digits", 1)
    assert set(metadata["signatures"]) == set(exported)
    for name, signature in metadata["signatures"].items():
        assert signature == {side: exported[name][side] for side in ("inputs", "outputs")}


def test_ready_is_a_version_that_is_available(client, server):
    server.states = {1: "LOADING"}
    assert not client.ready()
    with pytest.raises(ki.serving.ServingError, match="last heard: {1: 'LOADING'}"):
        client.wait_until_ready(0.3)
    server.states = {1: "UNLOADING", 2: "AVAILABLE"}
    assert client.ready()
    client.wait_until_ready(0.3)


@pytest.mark.parametrize("named", [1, "stable"])
def test_versions_labels_and_headers_are_sent(make_client, server, named):
    client = make_client(version=named, headers={"Authorization": "Bearer me"})
    client.decode(np.zeros((1, 3)))
    assert str(server.named) == str(named)
    assert server.headers["authorization"] == "Bearer me"


def test_signatures_are_learned_anew_after_an_error(client, server, monkeypatch):
    learned = []
    learn = client._transport.metadata
    monkeypatch.setattr(client._transport, "metadata", lambda s: learned.append(s) or learn(s))
    for _ in range(3):
        client.decode(np.zeros((1, 3)))
    assert len(learned) == 1
    server.faults.append("invalid")
    with pytest.raises(ki.serving.ServingError):
        client.decode(np.zeros((1, 3)))
    client.decode(np.zeros((1, 3)))
    assert len(learned) == 2


def test_a_closed_client_says_so(client):
    client.close()
    for call in (client.metadata, client.ready, lambda: client.generate(1)):
        with pytest.raises(RuntimeError, match="is closed"):
            call()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """(Key, certificate) of localhost, signed by itself."""
    folder = tmp_path_factory.mktemp("certificate")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    files = ["-nodes", "-keyout", key, "-out", certificate, "-days", "2"]
    try:
        subprocess.run([*command, *files, *names], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no openssl")
    return key, certificate


@pytest.mark.parametrize("protocol", list(ADDRESSES))
def test_encrypted(server, certificate, protocol):
    trusted = {
        "grpc": lambda: grpc.ssl_channel_credentials(certificate[1].read_bytes()),
        "rest": lambda: str(certificate[1]),
    }[protocol]()
    untrusted = grpc.ssl_channel_credentials() if protocol == "grpc" else None
    with ADDRESSES[protocol](server, certificate) as address:
        with ki.serving.Client(address, model_name="digits", credentials=trusted) as client:
            assert client.generate(2, seed=0).shape == (2, *IMAGE)
        settings = {"model_name": "digits", "retries": 0, "timeout": 5}
        with (
            ki.serving.Client(address, credentials=untrusted, **settings) as client,
            pytest.raises(ki.serving.ServingError, match="UNAVAILABLE"),
        ):
            client.generate(1)


REST_ALONE = """
import sys, types
sys.modules["keras_infovae"] = package = types.ModuleType("keras_infovae")
package.__path__ = [sys.argv[1]]  # without its __init__, which imports TensorFlow
from keras_infovae.serving import Client
with Client(sys.argv[2], model_name="digits") as client:
    print(client.generate(2, seed=0).shape)
assert not {"tensorflow", "keras", "grpc", "google.protobuf"} & set(sys.modules)
"""


def test_rest_needs_numpy_and_requests_alone(server, running):
    folder = os.path.dirname(ki.__file__)
    done = subprocess.run(
        [sys.executable, "-c", REST_ALONE, folder, running[1]["rest"]],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "(2, 4, 4, 1)\n"
