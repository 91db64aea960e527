"""One server for all tests, of a small model of digits, and the arrays that its answers hold."""

import base64
import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

import grpc
import numpy as np
import pytest
import requests
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.cli.serve import Serve
from keras_infovae.serving import saved_model, signatures, warmup, without_keras
from keras_infovae.serving.graph_model import GraphModel
from keras_infovae.serving.samples import Samples
from keras_infovae.serving.served_model import ServedModel
from keras_infovae.serving.server.settings import Settings

# Runs the server's process, and prints at its end which modules of Keras it holds.
PROGRAM = """
import atexit, runpy, sys
def keras_modules():
    return [n for n, m in sys.modules.items() if m is not None and n.split(".")[0] == "keras"]
atexit.register(lambda: print("keras:", keras_modules()))
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


# The flags' defaults.
SETTINGS = Settings(**Serve().settings(Serve().flag_set().parse(["--directory=."])))


class Server:
    """A running server; the block waits until it is ready, and ends it.

    Attributes:
        program: the Python program that runs it.
    """

    program = PROGRAM

    def __init__(self, directory, log, *flags):
        command = Serve()
        given = [f"--directory={directory}", "--poll_seconds=0.1", "--batch_threads=2", *flags]
        given += ["--port=0", "--rest_port=0"]
        self.settings = command.settings(command.flag_set().parse(given))
        self.directory = pathlib.Path(directory)
        self.log = pathlib.Path(log)

    def __enter__(self):
        module = "keras_infovae.serving.server.process"
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", self.program, without_keras.FILE, module]
                + [json.dumps(self.settings)],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"},
            )
        found = self.wait_for(
            lambda: re.search(r"gRPC on (\S+), REST on (http://[^/]+)", self.text)
        )
        self.address, self.root = found.groups()
        self.url = f"{self.root}/v1/models/{self.settings['model_name']}"
        self.wait_for(lambda: requests.get(f"{self.root}/healthz", timeout=10).ok)
        return self

    def __exit__(self, *exception):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    @property
    def text(self):
        return self.log.read_text(encoding="utf-8")

    def wait_for(self, condition, seconds=60):
        end = time.monotonic() + seconds
        while not (found := condition()):
            assert self.process.poll() is None, self.text
            assert time.monotonic() < end, self.text
            time.sleep(0.02)
        return found

    def stop(self, number=signal.SIGTERM):
        """Returns the exit status."""
        self.process.send_signal(number)
        return self.process.wait(30)

    def post(self, verb="predict", path="", **document):
        """Returns (status, document) of a POST; the body is JSON."""
        answer = requests.post(f"{self.url}{path}:{verb}", json=document, timeout=30)
        return answer.status_code, answer.json()

    @contextlib.contextmanager
    def busy(self):
        """Both threads have work, and requests wait, for as long as the block lasts."""
        stop = threading.Event()
        large = np.zeros([2048, 2048, 1], "uint8")  # little to send, and long to decode and resize
        files = [{"b64": base64.b64encode(tf.io.encode_png(large).numpy()).decode()}]

        def ask():
            while not stop.is_set():
                assert (
                    self.post(
                        signature_name="encode_image_bytes",
                        inputs={"image_bytes": files, "seed": [0]},
                    )[0]
                    == 200
                )

        with concurrent.futures.ThreadPoolExecutor(6) as threads:
            asking = [threads.submit(ask) for _ in range(6)]
            try:
                self.wait_for(lambda: self.metric("keras_infovae_queued_requests") >= 2)
                yield
            finally:
                stop.set()
        for future in asking:
            future.result()

    def loaded(self):
        """Returns the numbers of the versions that are available."""
        states = requests.get(self.url, timeout=10).json()["model_version_status"]
        return [int(state["version"]) for state in states if state["state"] == "AVAILABLE"]

    def metric(self, name):
        """Returns the sum of the samples of a metric whose names and labels begin like this."""
        text = requests.get(f"{self.root}/metrics", timeout=10).text
        lines = [line for line in text.splitlines() if line.startswith(name)]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


@pytest.fixture(scope="session")
def keras_model():
    """Returns the model that is served."""
    networks = {name: ki.networks.MLP([8]) for name in ("encoder", "decoder")}
    model = ki.InfoVAE(16, seed=1, scaling=ki.preprocessors.Scaling(0.0, 16.0), **networks)
    model.build((None, 8, 8, 1))
    ki.evaluation.calibrate_anomaly_threshold(model, pixels(5) / 16.0, 0.5)
    return model


@pytest.fixture(scope="session")
def version(keras_model, tmp_path_factory):
    """The path of a version with warm-up requests, as export writes it (which compares it too)."""
    path = tmp_path_factory.mktemp("serving") / "digits" / "3"
    served = ServedModel(keras_model)
    chosen = signatures.choose("all", served)
    methods = {signature.name: signature.method for signature in chosen}
    saved_model.write(str(path), saved_model.trace_all(chosen, served), None, methods)
    warmup.write(str(path), chosen, Samples(served, pixels(2)))
    return path


@pytest.fixture(scope="session")
def server(version, tmp_path_factory):
    with Server(version.parent, tmp_path_factory.mktemp("log") / "server.txt") as running:
        yield running


@pytest.fixture
def own(version, tmp_path):
    """Makes a server of the test's own, without warm-up requests, which take time."""
    directory = tmp_path / "digits"
    shutil.copytree(version, directory / "3", ignore=shutil.ignore_patterns("assets.extra"))

    def start(*flags):
        return Server(directory, tmp_path / "log.txt", *flags)

    return start


@pytest.fixture(scope="session")
def channel(server):
    with grpc.insecure_channel(server.address) as channel:
        yield channel


@pytest.fixture(scope="session")
def model(version):
    """The same file in this process."""
    with contextlib.closing(GraphModel(str(version))) as model:
        yield model


def pixels(rows, seed=0):
    return np.random.default_rng(seed).integers(0, 17, (rows, 8, 8, 1)).astype("float32")


def png(rows, seed=0):
    return [tf.io.encode_png(image.astype("uint8")).numpy() for image in pixels(rows, seed)]
