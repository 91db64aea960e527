"""The local server under load with hostile requests among the good ones.

    python benchmarks/hostile_load.py

lets `--clients` clients, half of them in gRPC and half in REST, ask an exported model for `score`
for `--seconds` seconds. Of the requests, `--hostile` percent are hostile: broken, too large, small
files that keep a decoder busy, bodies of millions of values, and silent connections. There
has to be no error in the answers to the others, and the server's memory has to be flat: its median
over the last fifth of the time at most 5 % above that over the second fifth.
"""

import asyncio
import base64
import collections
import contextlib
import gzip
import json
import os
import random
import struct
import sys
import tempfile
import time
import zlib

import numpy as np
import serving_load
from absl import app, flags, logging
from figures import csv_file

FLAGS = flags.FLAGS
flags.DEFINE_float("hostile", 5, "Percent of hostile requests.", lower_bound=0, upper_bound=100)
COLUMNS = (
    *("seconds", "good_requests", "errors", "p50_ms", "p99_ms", "fifth1_mb", "fifth2_mb"),
    *("fifth3_mb", "fifth4_mb", "fifth5_mb", "most_mb", "log_kb"),
)
_LATE = 60  # seconds after which an answer is an error


def main(_):
    logging.set_verbosity(logging.ERROR)
    if FLAGS.ask:
        asyncio.run(ask(json.loads(FLAGS.ask)))
        return
    import keras_infovae as ki
    from keras_infovae.serving.graph_model import GraphModel

    with tempfile.TemporaryDirectory() as folder:
        directory = os.path.join(folder, "digits")
        model = ki.InfoVAE(latent_dim=16, seed=0, scaling=ki.preprocessors.Scaling(0.0, 16.0))
        model.build((None, 8, 8, 1))
        ki.serving.export_for_serving(model, directory)
        with contextlib.closing(GraphModel(f"{directory}/1")) as loaded:
            scores = loaded.run(serving_load.SIGNATURE, {"x": serving_load.example()})
        flags_of_server = ["--read_seconds=5", "--idle_seconds=10", "--max_connections=128"]
        with serving_load.server(directory, flags_of_server) as (address, root, process):
            job = {
                "address": address,
                "root": root,
                "clients": FLAGS.clients,
                "expected": float(scores["negative_elbo"][0]),
                "seconds": FLAGS.seconds,
                "hostile": FLAGS.hostile / 100,
            }
            asking = serving_load.begin_to_ask(job, __file__)
            sizes = watch_memory(process, FLAGS.seconds)
            outcome = json.loads(asking.communicate()[0])
        log = os.path.getsize(os.path.join(folder, "log.txt"))
    report(outcome, sizes, log)


def report(outcome, sizes, log):
    """Prints what was seen, and keeps it; exits with an error where it may not be."""
    count, errors = len(outcome["seconds"]), outcome["errors"]
    p50, p99 = np.percentile(outcome["seconds"], [50, 99]) * 1e3
    print(
        f"{count} good requests, {len(errors)} errors; {p50:.0f} ms (median), {p99:.0f} ms (99 %)"
    )
    for kind, answers in sorted(outcome["hostile"].items()):
        print(f"    {kind:>24}: {answers}")
    fifths = [np.median(part) / 1e6 for part in np.array_split(sizes, 5)]
    shown = ", ".join(f"{size:.0f}" for size in fifths)
    answers = (FLAGS.seconds, count, len(errors), float(p50), float(p99))
    memory = (*map(float, fifths), max(sizes) / 1e6)
    csv_file.update(COLUMNS, [(*answers, *memory, log / 1e3)], settings=1)
    print(f"memory: {shown} MB in each fifth, {max(sizes) / 1e6:.0f} MB at most")
    print(f"log: {log / 1e3:.1f} kB")
    for error in sorted(set(errors))[:5]:
        print(f"    {error}")
    if errors or fifths[4] > 1.05 * fifths[1]:
        sys.exit("There were errors, or the memory grew")


def watch_memory(process, seconds):
    """Returns the resident bytes of a process, twice a second."""
    sizes, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        with open(f"/proc/{process}/statm", encoding="ascii") as file:
            sizes.append(int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
        time.sleep(0.5)
    return sizes


# === The clients ===


async def ask(job):
    """Prints a line when the clients begin, then what `report` takes, as JSON."""
    latencies, errors = [], []
    hostile = collections.defaultdict(collections.Counter)
    draws = random.Random(0)

    async def client(send, kinds):
        while time.perf_counter() < end:
            if draws.random() < job["hostile"]:
                kind = draws.choice(sorted(kinds))
                hostile[kind][await answer_to(kinds[kind])] += 1
                continue
            start = time.perf_counter()
            try:
                await asyncio.wait_for(send(), _LATE)
            except Exception as error:  # of whatever kind: it is counted
                errors.append(f"{type(error).__name__}: {error}")
            latencies.append(time.perf_counter() - start)

    async with contextlib.AsyncExitStack() as stack:
        rest, grpc_kinds = rest_kinds(job), await calls(stack, job)
        protocols = [(serving_load.grpc_client, grpc_kinds), (serving_load.rest_client, rest)]
        clients = []
        for number in range(job["clients"]):
            open_client, kinds = protocols[number % 2]
            clients.append((await open_client(stack, job), kinds))
        print("begin", flush=True)
        end = time.perf_counter() + job["seconds"]
        await asyncio.gather(*(client(*given) for given in clients))
    print(json.dumps({"seconds": latencies, "errors": errors, "hostile": hostile}))


async def answer_to(send):
    try:
        return await asyncio.wait_for(send(), _LATE)
    except Exception as error:  # a closed connection, mostly
        return type(error).__name__


def rest_kinds(job):
    """Returns {what it is: a function that sends a hostile HTTP request and returns the status}."""
    host, port = job["root"].removeprefix("http://").split(":")
    url = f"POST /v1/models/digits:predict HTTP/1.1\r\nHost: {host}\r\n"

    def raw(content, wait=None):
        async def send():
            reader, writer = await asyncio.open_connection(host, int(port))
            try:
                writer.write(content)
                if wait is not None:
                    await asyncio.sleep(wait)
                    return "left"
                return (await reader.readline()).split()[1].decode()
            finally:
                writer.close()

        return send

    def post(body, more=""):
        return raw(f"{url}{more}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    def file(content):
        encoded = base64.b64encode(content).decode()
        document = {"signature_name": "score_image_bytes", "inputs": [{"b64": encoded}]}
        return post(json.dumps(document).encode())

    return {
        "no JSON": post(b"{" * 100),
        "no HTTP": raw(b"\x16\x03\x01" * 100 + b"\r\n\r\n"),
        "two lengths": raw(
            f"{url}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        ),
        "2 million values": post(b'{"inputs": [' + b"0," * 2_000_000 + b"0]}"),
        "10 million values": post(b'{"inputs": [' + b"[]," * 10_000_000 + b"0]}"),
        "40 MB": post(bytes(40_000_000)),
        "a bomb of gzip": post(gzip.compress(bytes(200_000_000)), "Content-Encoding: gzip\r\n"),
        "a bomb of scans": file(b"\xff\xd8\xff\xc2\0\x11\x08\1\0\1\0" + b"\xff\xda\0\2" * 3000),
        "a bomb of texts": file(png(chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(10**8))))),
        "many rows": post(b'{"signature_name": "generate", "inputs": [' + b"1," * 9999 + b"1]}"),
        "many seeds": post(b'{"signature_name": "generate", "inputs": [' + b"1," * 4000 + b"1]}"),
        "a silent connection": raw(b"", 1),
        "half a head": raw(url.encode(), 1),
        "half a body": raw(f"{url}Content-Length: 1000\r\n\r\n".encode() + b"{", 1),
    }


async def calls(stack, job):
    """Returns the same of gRPC."""
    import grpc

    options = [("grpc.use_local_subchannel_pool", 1)]
    channel = await stack.enter_async_context(
        grpc.aio.insecure_channel(job["address"], options=options)
    )
    service = "/tensorflow.serving.PredictionService/"
    predict, regress = (channel.unary_unary(service + name) for name in ("Predict", "Regress"))
    late = channel.stream_unary(service + "Predict")

    def call(method, content):
        async def send():
            try:
                await method(content, timeout=_LATE)
            except grpc.aio.AioRpcError as error:
                return error.code().name
            return "OK"

        return send

    async def without_message():
        async def messages():
            await asyncio.sleep(1)
            yield b""

        return await call(late, messages())()

    many_names = b"\x0a\x08\x0a\x06digits" + b"\x1a\x00" * 1_000_000  # of outputs
    many_examples = b"\x0a\x10\x0a\x06digits\x1a\x06regres" + b"\x12\x04\x0a\x02\x0a\x00" * 100_000
    return {
        "no message of protobuf": call(predict, b"\xff" * 1000),
        "a million names": call(predict, many_names),
        "100,000 examples": call(regress, many_examples),
        "40 MB in gRPC": call(predict, bytes(40_000_000)),
        "a late message": without_message,
    }


def chunk(kind, data=b""):
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def png(more):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes(72)))
    return b"\x89PNG\r\n\x1a\n" + header + more + pixels + chunk(b"IEND")


if __name__ == "__main__":
    app.run(main)
