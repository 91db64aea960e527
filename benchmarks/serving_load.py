"""The local server under load: requests per second and latencies, and a swap of versions.

    python benchmarks/serving_load.py

exports an untrained InfoVAE of digits with the default networks, and for gRPC and REST, with and
without batching, lets `--clients` clients ask for `score`, one row per request, on loopback for
`--seconds` seconds. Each client sends its next request when it has the last answer. The clients run
in a process of their own. Half-way through the last case a new version replaces the one that
answers. An answer that is not right is an error; there has to be none.

`ratio` compares with the same file called in process by TensorFlow's graph loader, rows/s over
rows/s: one row per call, and 32 rows per call.
"""

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

import numpy as np
from absl import app, flags, logging
from figures import csv_file

FLAGS = flags.FLAGS
flags.DEFINE_integer("seconds", 60, "Of load in each case.", lower_bound=1, upper_bound=3600)
flags.DEFINE_integer("clients", 32, "That ask at the same time.", lower_bound=1, upper_bound=256)
flags.DEFINE_list("serve", [], "More flags for the server, such as --batch_timeout_ms=0.")
# What the process of the clients is told.
flags.DEFINE_string("ask", None, "Only for the clients' own process: what to ask, as JSON.")

SIGNATURE = "score"
CASES = [
    ("gRPC, batching", "grpc", []),
    ("gRPC, no batching", "grpc", ["--nobatching"]),
    ("REST, batching", "rest", []),
    ("REST, no batching", "rest", ["--nobatching"]),
    ("gRPC, batching, a swap", "grpc", []),
    ("REST, batching, a swap", "rest", []),
]
COLUMNS = ("case", "requests", "errors", "requests/s", "p50 ms", "p99 ms", "ratio 1", "ratio 32")


def example():
    return np.random.default_rng(0).integers(0, 17, (1, 8, 8, 1)).astype("float32")


# === The clients ===


async def ask(job):
    """Prints a line when the clients begin, then {"seconds": [of each request], "errors": []}."""
    latencies, errors = [], []

    async def client(send):
        while time.perf_counter() < end:
            start = time.perf_counter()
            try:
                await send()
            except Exception as error:  # of whatever kind: it is counted
                errors.append(f"{type(error).__name__}: {error}")
            latencies.append(time.perf_counter() - start)

    async with contextlib.AsyncExitStack() as stack:
        open_client = {"grpc": grpc_client, "rest": rest_client}[job["protocol"]]
        senders = [await open_client(stack, job) for _ in range(job["clients"])]
        print("begin", flush=True)
        end = time.perf_counter() + job["seconds"]
        await asyncio.gather(*map(client, senders))
    print(json.dumps({"seconds": latencies, "errors": errors}))


async def grpc_client(stack, job):
    import grpc
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "digits", SIGNATURE
    request.inputs["x"].CopyFrom(tf.make_tensor_proto(example()))
    content = request.SerializeToString()
    channel = await stack.enter_async_context(grpc.aio.insecure_channel(job["address"]))
    call = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")

    async def send():
        response = predict_pb2.PredictResponse.FromString(await call(content, timeout=60))
        check(response.outputs["negative_elbo"].float_val[0], job)

    return send


async def rest_client(stack, job):
    """A plain HTTP/1.1 client that keeps its connection, for little work on this side."""
    host, port = job["root"].removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    stack.callback(writer.close)
    body = json.dumps({"signature_name": SIGNATURE, "instances": example().tolist()}).encode()
    head = f"POST /v1/models/digits:predict HTTP/1.1\r\nHost: {host}\r\n"
    content = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    async def send():
        writer.write(content)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
        answer = json.loads(await reader.readexactly(length))
        check(answer["predictions"][0]["negative_elbo"], job)

    return send


def check(score, job):
    # The rounding of sums depends on the size of the batch.
    if not abs(score - job["expected"]) <= 1e-4 * abs(job["expected"]):
        raise ValueError(f"{score} instead of {job['expected']}")


# === The server, and the file in process ===


@contextlib.contextmanager
def server(directory, more):
    """Gives a running server's gRPC address, its REST root and the number of its process."""
    from keras_infovae.cli.serve import Serve
    from keras_infovae.serving import without_keras

    command = Serve()
    given = [f"--directory={directory}", "--port=0", "--rest_port=0", *more, *FLAGS.serve]
    settings = command.settings(command.flag_set().parse(given))
    module = "keras_infovae.serving.server.process"
    log = os.path.join(os.path.dirname(directory), "log.txt")
    with open(log, "w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [sys.executable, without_keras.FILE, module, json.dumps(settings)],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        started = re.search(r"gRPC on (\S+), REST on (http://[^/]+)", process.stdout.readline())
        if not started:
            with open(log, encoding="utf-8") as errors:
                sys.exit(f"The server did not start:\n{errors.read()}")
        wait_for(started[2], 1)
        yield *started.groups(), process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def wait_for(root, number):
    """Waits until a version answers."""
    while True:
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"{root}/v1/models/digits") as answer,
        ):
            states = json.load(answer)["model_version_status"]
            if any(s["version"] == str(number) and s["state"] == "AVAILABLE" for s in states):
                return
        time.sleep(0.05)


def in_process(model, rows, seconds):
    """Returns the rows per second of calls of `rows` rows in this process."""
    inputs = {"x": np.repeat(example(), rows, axis=0)}
    model.run(SIGNATURE, inputs)
    calls, start = 0, time.perf_counter()
    while time.perf_counter() < start + seconds:
        model.run(SIGNATURE, inputs)
        calls += 1
    return rows * calls / (time.perf_counter() - start)


def measure(case, directory, expected):
    name, protocol, more = case
    with server(directory, more) as (address, root, _):
        job = {
            "protocol": protocol,
            "address": address,
            "root": root,
            "clients": FLAGS.clients,
            "expected": expected,
        }
        # Shorter, for the first runs of each size of batch.
        begin_to_ask(job | {"seconds": 2}).communicate()
        asking = begin_to_ask(job | {"seconds": FLAGS.seconds})
        if "swap" in name:
            time.sleep(FLAGS.seconds / 2)
            shutil.copytree(f"{directory}/1", f"{directory}/.copy")
            os.rename(f"{directory}/.copy", f"{directory}/2")
            wait_for(root, 2)
        outcome = json.loads(asking.communicate()[0])
    shutil.rmtree(f"{directory}/2", ignore_errors=True)
    return outcome


def begin_to_ask(job, script=__file__):
    """Returns the process of the clients, once they begin."""
    process = subprocess.Popen(
        [sys.executable, os.path.abspath(script), f"--ask={json.dumps(job)}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    process.stdout.readline()
    return process


def main(_):
    logging.set_verbosity(logging.ERROR)
    if FLAGS.ask:
        asyncio.run(ask(json.loads(FLAGS.ask)))
        return
    import keras_infovae as ki
    from keras_infovae.serving.graph_model import GraphModel

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        directory = os.path.join(folder, "digits")
        model = ki.InfoVAE(latent_dim=16, seed=0, scaling=ki.preprocessors.Scaling(0.0, 16.0))
        model.build((None, 8, 8, 1))
        ki.serving.export_for_serving(model, directory, warmup=np.repeat(example(), 8, axis=0))
        loaded = GraphModel(f"{directory}/1")
        expected = float(loaded.run(SIGNATURE, {"x": example()})["negative_elbo"][0])
        alone = {size: in_process(loaded, size, min(5, FLAGS.seconds)) for size in (1, 32)}
        loaded.close()
        for size, speed in alone.items():
            print(f"In process, {size:>2} rows per call: {speed:9.0f} rows/s")
        print("".join(f"{column:>{24 if i == 0 else 11}}" for i, column in enumerate(COLUMNS)))
        for case in CASES:
            outcome = measure(case, directory, expected)
            count, errors = len(outcome["seconds"]), outcome["errors"]
            speed = (count - len(errors)) / FLAGS.seconds
            p50, p99 = np.percentile(outcome["seconds"], [50, 99]) * 1e3
            ratios = [speed / alone[size] for size in (1, 32)]
            rows.append([case[0], count, len(errors), speed, float(p50), float(p99), *ratios])
            print(
                f"{case[0]:>24}{count:>11}{len(errors):>11}{speed:>11.0f}{p50:>11.2f}{p99:>11.2f}"
                f"{ratios[0]:>11.3f}{ratios[1]:>11.3f}",
                flush=True,
            )
            for error in sorted(set(errors))[:3]:
                print(f"    {error}")
    for size, speed in alone.items():
        rows.append((f"in process, {size} rows per call", None, 0, speed, *[None] * 4))
    csv_file.update(COLUMNS, rows, settings=1)
    if any(row[2] for row in rows):
        sys.exit("There were errors")


if __name__ == "__main__":
    app.run(main)
