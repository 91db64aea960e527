"""The process ends when the grace does, whatever runs."""

import base64
import concurrent.futures
import os
import signal
import time

import requests

from tests.serving.server.conftest import PROGRAM
from tests.serving.server.image_bombs import jpeg_of

# The files of version 4 are on a disk that does not answer any more.
HANGING = """
import sys, threading
sys.modules["keras"] = None
import tensorflow as tf
load = tf.compat.v1.saved_model.load
def hang(session, tags, path):
    return threading.Event().wait() if path.endswith("/4") else load(session, tags, path)
tf.compat.v1.saved_model.load = hang
"""


def seconds_to_stop(server):
    start = time.monotonic()
    assert server.stop(signal.SIGTERM) == 0
    return time.monotonic() - start


def test_while_a_batch_runs(own):
    with own("--grace_seconds=0.5", f"--max_image_pixels={10**10}") as server:
        # Half a second each, one after another.
        file = {"b64": base64.b64encode(jpeg_of(4096, 4096, 100)).decode()}
        body = {"signature_name": "score_image_bytes", "inputs": [file] * 40}

        with concurrent.futures.ThreadPoolExecutor() as threads:
            url = f"{server.url}:predict"
            asked = threads.submit(requests.post, url, json=body, timeout=60)
            server.wait_for(lambda: server.metric("keras_infovae_batch_rows_count") >= 1)
            assert seconds_to_stop(server) < 4
            answer = asked.result()
    assert (answer.status_code, answer.json()) == (503, {"error": "The server is stopping"})
    assert "1 threads still run, and are cut off" in server.text


def test_while_a_version_is_read_from_a_dead_disk(own):
    server = own("--grace_seconds=0.5")
    server.program = HANGING + PROGRAM
    with server:
        os.mkdir(server.directory / "4")
        path = f"{server.url}/versions/4"
        server.wait_for(lambda: "LOADING" in requests.get(path, timeout=10).text)
        assert server.post(instances=[[[[0.0]] * 8] * 8])[0] == 200
        assert seconds_to_stop(server) < 4


def test_a_fifo_in_a_version_is_not_opened(own):
    with own() as server:
        os.mkdir(server.directory / "4")
        os.mkfifo(server.directory / "4" / "saved_model.pb")
        server.wait_for(lambda: "Version 4 does not load" in server.text)
        assert server.loaded() == [3]
        assert seconds_to_stop(server) < 4
    assert "saved_model.pb is a FIFO" in server.text
    assert "Stopped\n" in server.text
