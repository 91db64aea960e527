"""The memory that a training on data larger than memory takes.

    python benchmarks/streaming_memory.py                            # 10 GB of .npy
    python benchmarks/streaming_memory.py --format=tfrecord --gigabytes=1
    python benchmarks/streaming_memory.py --format=parquet --gigabytes=1

Writes random data to a temporary directory, which is removed in the end, trains one epoch of a
small model over all of it with validation, and prints the peak of the process's memory (VmHWM,
pages of mapped files included) before and after.
"""

import multiprocessing
import os
import tempfile
import time

import numpy as np
import tensorflow as tf
from absl import app, flags
from figures import csv_file

import keras_infovae as ki

FLAGS = flags.FLAGS
flags.DEFINE_float("gigabytes", 10.0, "Size of the data.", lower_bound=0.01)
flags.DEFINE_enum("format", "npy", ["npy", "tfrecord", "parquet"], "How the data is stored.")
flags.DEFINE_integer("batch_size", 256, "Examples per step.", lower_bound=2)

FIGURES = (
    *("format", "gigabytes", "examples", "before_mb", "peak_mb", "epoch_s"),
    *("examples/s", "read_examples/s"),
)
IMAGE = (64, 64, 3)  # uint8
COLUMNS = 256  # float32
BLOCK = 8192  # examples that are written at once


def memory(name):
    """Returns VmHWM (the peak) or VmRSS (now) of this process in MB."""
    with open("/proc/self/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) / 1e3 for line in file if line.startswith(name))


def images(count):
    """Yields `count` random images in blocks."""
    for start in range(0, count, BLOCK):
        draws = np.random.default_rng([0, start])
        yield draws.integers(0, 256, (min(BLOCK, count - start), *IMAGE), dtype=np.uint8)


def write_npy(path, gigabytes):
    count = int(gigabytes * 1e9 / np.prod(IMAGE))
    header = {"descr": "|u1", "fortran_order": False, "shape": (count, *IMAGE)}
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for block in images(count):
            file.write(block.data)


def write_tfrecord(path, gigabytes):
    count = int(gigabytes * 1e9 / np.prod(IMAGE))
    ki.datasets.write_tfrecords(path, images(count), examples_per_file=BLOCK)


def write_parquet(path, gigabytes):
    import pyarrow
    from pyarrow import parquet

    names = [f"column{i}" for i in range(COLUMNS)]
    schema = pyarrow.schema([(name, pyarrow.float32()) for name in names])
    with parquet.ParquetWriter(path, schema, compression="none", use_dictionary=False) as writer:
        for number in range(int(gigabytes * 1e9 / (4 * COLUMNS * BLOCK))):
            draws = np.random.default_rng([0, number])
            block = draws.standard_normal((COLUMNS, BLOCK), np.float32)
            writer.write_table(pyarrow.table(dict(zip(names, block)), schema=schema))


def train(source):
    """Trains an epoch on `source`, prints what it took and puts it into the file of figures."""
    is_table = FLAGS.format == "parquet"
    stream = ki.datasets.stream(source, FLAGS.batch_size, standardize=is_table)
    print(f"{stream}, scanned", flush=True)
    networks = {name: ki.networks.MLP([32]) for name in ("encoder", "decoder")}
    likelihood = "normal" if is_table else "bernoulli"
    model = ki.InfoVAE(latent_dim=8, likelihood=likelihood, **networks)
    model.compile("adam", jit_compile=False)
    batch = tf.data.Dataset.from_tensors(stream.sample("train", FLAGS.batch_size))
    model.fit(batch, validation_data=batch, verbose=0)
    before, start = memory("VmRSS"), time.perf_counter()
    model.fit(stream.train, validation_data=stream.validation, verbose=0)
    epoch = time.perf_counter() - start
    examples = stream.sizes["train"] + stream.sizes["validation"]
    print(f"memory before the epoch, with TensorFlow and the model: {before:,.0f} MB")
    peak = memory("VmHWM")
    print(f"peak memory of the whole process: {peak:,.0f} MB")
    print(f"an epoch with validation: {epoch:,.0f} s, {examples / epoch:,.0f} examples/s")
    start = time.perf_counter()
    for _ in stream.train:
        pass
    reading = stream.sizes["train"] / (time.perf_counter() - start)
    print(f"the reading alone: {reading:,.0f} examples/s")
    row = (
        FLAGS.format,
        FLAGS.gigabytes,
        sum(stream.sizes.values()),
        before,
        peak,
        epoch,
        examples / epoch,
    )
    csv_file.update(FIGURES, [(*row, reading)], settings=2)


def main(_):
    write = {"npy": write_npy, "tfrecord": write_tfrecord, "parquet": write_parquet}[FLAGS.format]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, f"x.{FLAGS.format}" if FLAGS.format != "tfrecord" else "x")
        # In a process of its own: what writing takes is not what training takes.
        writer = multiprocessing.get_context("spawn").Process(
            target=write, args=(path, FLAGS.gigabytes)
        )
        writer.start()
        writer.join()
        files = (
            [os.path.join(path, name) for name in os.listdir(path)]
            if os.path.isdir(path)
            else [path]
        )
        size = sum(os.path.getsize(file) for file in files)
        print(f"{FLAGS.format}: {size / 1e9:.1f} GB in {len(files)} file(s)", flush=True)
        train(path)


if __name__ == "__main__":
    app.run(main)
