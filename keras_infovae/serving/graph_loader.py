"""A process that runs exported signatures by TensorFlow's graph loader, with no Keras in it.

Run by `without_keras.py`, it reads one JSON line per model from its standard input,

    {"directory": ..., "signatures": [the signature of each request], "requests": FILE.npz,
     "responses": FILE.npz}

runs the requests (arrays named "number/input"), writes the responses ("number/output") and answers
with a line {"error": null or text}. Bytes are in base64, since NumPy's arrays of them lose zeros at
their end. `GraphLoader` is the other end.
"""

import base64
import contextlib
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

from keras_infovae.serving import without_keras


class GraphLoader(contextlib.AbstractContextManager):
    """The process, for as long as the block lasts. It computes on the CPU.

    TensorFlow Serving's C++ loader and this one read the same signatures in the same way.
    """

    def __init__(self):
        self._process = None

    def __exit__(self, *exception):
        if self._process is not None:
            self._process.terminate()
            self._process.communicate()

    def start(self):
        """Starts the process, unless it runs already; it takes seconds to be ready for `run`."""
        if self._process is not None:
            return
        self._process = subprocess.Popen(
            [sys.executable, without_keras.FILE, __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1"},
        )

    def run(self, directory, requests):
        """Returns the outputs of each request, [{output: array}].

        Args:
            directory: of a SavedModel.
            requests: [(signature, {input: array})]; strings as lists of bytes.

        Raises:
            RuntimeError: with what TensorFlow said, when the model does not load or run.
        """
        self.start()
        with tempfile.TemporaryDirectory() as folder:
            job = {
                "directory": os.path.abspath(directory),
                "signatures": [signature for signature, _ in requests],
                "requests": os.path.join(folder, "requests.npz"),
                "responses": os.path.join(folder, "responses.npz"),
            }
            arrays = {
                f"{number}/{name}": _encoded(value)
                for number, (_, inputs) in enumerate(requests)
                for name, value in inputs.items()
            }
            np.savez(job["requests"], **arrays)
            with contextlib.suppress(BrokenPipeError):  # the answer will be empty
                self._process.stdin.write(json.dumps(job) + "\n")
                self._process.stdin.flush()
            answer = self._process.stdout.readline()
            error = json.loads(answer)["error"] if answer else "its process ended"
            if error is not None:
                raise RuntimeError(f"The exported model does not run without Keras: {error}")
            return _by_number(job["responses"], len(requests))


def _encoded(value):
    if len(value) and isinstance(value[0], bytes):
        return np.array([base64.b64encode(content) for content in value])
    return np.asarray(value)


def _decoded(value):
    """Returns an array as it was; bytes as objects."""
    if value.dtype.kind != "S":
        return value
    decoded = np.empty(len(value), object)
    decoded[:] = [base64.b64decode(item) for item in value]
    return decoded


def _by_number(path, count):
    """Returns the arrays of a file as [{name: array}]."""
    values = [{} for _ in range(count)]
    with np.load(path) as arrays:
        for key in arrays.files:
            number, name = key.split("/", 1)
            values[int(number)][name] = _decoded(arrays[key])
    return values


def main(_):
    """Answers until its standard input ends."""
    from keras_infovae.serving.graph_model import GraphModel

    def run(job):
        responses = {}
        model = GraphModel(job["directory"])
        with contextlib.closing(model):
            requests = _by_number(job["requests"], len(job["signatures"]))
            for number, name in enumerate(job["signatures"]):
                for key, value in model.run(name, requests[number]).items():
                    responses[f"{number}/{key}"] = _encoded(value)
        np.savez(job["responses"], **responses)

    for line in sys.stdin:
        error = None
        try:
            run(json.loads(line))
        except Exception as problem:  # any of them is the answer
            error = f"{type(problem).__name__}: {problem}"
        print(json.dumps({"error": error}), flush=True)
