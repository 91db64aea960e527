"""The memory that a training on data larger than memory takes.

    python benchmarks/streaming_memory.py                  # 10 GB of .npy, in some minutes

Writes random images to a temporary directory, which is removed in the end, trains one epoch of a
small model over all of them, and prints the peak of the process's memory (VmHWM, which counts every
page that the process held) before and after.
"""

import os
import tempfile
import time

import numpy as np
import tensorflow as tf
from absl import app, flags

import keras_infovae as ki

FLAGS = flags.FLAGS
flags.DEFINE_float("gigabytes", 10.0, "Size of the data.", lower_bound=0.01)
flags.DEFINE_integer("batch_size", 256, "Examples per step.", lower_bound=2)

SHAPE = (64, 64, 3)
BLOCK = 8192  # examples that are written at once


def memory(name):
    """Returns VmHWM (the peak) or VmRSS (now) of this process in MB."""
    with open("/proc/self/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) / 1e3 for line in file if line.startswith(name))


def blocks(count):
    """Yields `count` random images in blocks."""
    for start in range(0, count, BLOCK):
        draws = np.random.default_rng([0, start])
        yield draws.integers(0, 256, (min(BLOCK, count - start), *SHAPE), dtype=np.uint8)


def write_npy(folder, count):
    path = os.path.join(folder, "x.npy")
    header = {"descr": "|u1", "fortran_order": False, "shape": (count, *SHAPE)}
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for block in blocks(count):
            file.write(block.data)
    return path


def train(source):
    """Trains an epoch on `source` and prints what it took."""
    stream = ki.datasets.stream(source, FLAGS.batch_size)
    networks = {name: ki.networks.MLP([32]) for name in ("encoder", "decoder")}
    model = ki.InfoVAE(latent_dim=8, **networks)
    model.compile("adam", jit_compile=False)
    model.fit(tf.data.Dataset.from_tensors(stream.sample("train", FLAGS.batch_size)), verbose=0)
    before, start = memory("VmRSS"), time.perf_counter()
    model.fit(stream.train, validation_data=stream.validation, verbose=0)
    seconds = time.perf_counter() - start
    examples = stream.sizes["train"] + stream.sizes["validation"]
    print(f"memory with the model and a batch, before the epoch: {before:,.0f} MB")
    print(f"peak memory of all: {memory('VmHWM'):,.0f} MB")
    print(f"an epoch with validation: {seconds:,.0f} s, {examples / seconds:,.0f} examples/s")


def main(_):
    count = int(FLAGS.gigabytes * 1e9 / np.prod(SHAPE))
    with tempfile.TemporaryDirectory() as folder:
        path = write_npy(folder, count)
        size = os.path.getsize(path) / 1e9
        print(f".npy: {count:,} images of {SHAPE}, {size:.1f} GB on disk", flush=True)
        train(path)


if __name__ == "__main__":
    app.run(main)
