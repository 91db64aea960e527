"""A training step with and without XLA: what `compile(jit_compile="auto")` goes by.

    python benchmarks/jit_compile.py                             # about 6 minutes
    python benchmarks/jit_compile.py --networks="MLP 64-32" --turns=5 --csv=/tmp/xla.csv

An InfoVAE with each of the networks below takes steps with and without XLA in turn, in one process,
in as many turns as `--turns`. On one thread the figures are processor time, which other programs
disturb least; on two they are by the clock. Given are the medians of a step and the median of the
ratios of the turns with its quartiles.
"""

import json
import os
import subprocess
import sys
import time

import numpy as np
from absl import app, flags
from figures import csv_file

FLAGS = flags.FLAGS
flags.DEFINE_integer("turns", 25, "Of each case.", lower_bound=3)
flags.DEFINE_list("networks", None, "Of those in the code, by how they begin. Default: all.")
flags.DEFINE_string("case", None, "Only for a process of its own: what to measure, as JSON.")

# Network, batch, threads.
CASES = [
    ("MLP 64-32, 64 numbers", 64, 1),
    ("MLP 512-256, 784 pixels", 32, 1),
    ("MLP 512-256, 784 pixels", 128, 1),
    ("MLP 512-256, 784 pixels", 1024, 1),
    ("conv 32-64, dense 256, 28x28", 32, 1),
    ("conv 32-64, dense 256, 28x28", 128, 1),
    ("MLP 64-32, 64 numbers", 64, 2),
    ("MLP 512-256, 784 pixels", 32, 2),
    ("MLP 512-256, 784 pixels", 128, 2),
    ("MLP 512-256, 784 pixels", 1024, 2),
    ("conv 32-64, dense 256, 28x28", 32, 2),
    ("conv 32-64, dense 256, 28x28", 128, 2),
    ("conv 32-64-128, 64x64x3", 16, 2),
    ("PixelCNN decoder, 28x28", 32, 2),
]
COLUMNS = (
    *("network", "batch", "threads", "without_ms", "with_ms"),
    *("ratio", "ratio_quartile_1", "ratio_quartile_3"),
)
SHORTEST = 0.05  # seconds of a turn of one way


def settings_of(network):
    """Returns (encoder, decoder, shape of x)."""
    from keras_infovae import networks as n

    small, conv = n.Conv((32, 64), dense_units=256), n.Conv((32, 64, 128))
    return {
        "MLP 64-32, 64 numbers": (n.MLP((64, 32)), n.MLP((64, 32)), (64,)),
        "MLP 512-256, 784 pixels": (n.MLP((512, 256)), n.MLP((512, 256)), (784,)),
        "conv 32-64, dense 256, 28x28": (small, small, (28, 28, 1)),
        "conv 32-64-128, 64x64x3": (conv, conv, (64, 64, 3)),
        "PixelCNN decoder, 28x28": (small, n.PixelCNN(), (28, 28, 1)),
    }[network]


def step_of(network, x, jit_compile):
    """Returns a function that takes a training step and waits for it; its graph is made."""
    import keras
    import tensorflow as tf

    import keras_infovae as ki

    keras.utils.set_random_seed(0)
    encoder, decoder, _ = settings_of(network)
    model = ki.InfoVAE(16, encoder=encoder, decoder=decoder, likelihood="bernoulli", seed=0)
    model.build(x.shape)
    model.compile("adam")
    model.optimizer.build(model.trainable_variables)
    step = tf.function(model.train_step, jit_compile=jit_compile)
    batch = tf.constant(x)
    float(step(batch)["loss"])
    return lambda: float(step(batch)["loss"])


def measure(network, batch, threads, turns):
    """Returns what is in the columns after the settings."""
    shape = settings_of(network)[2]
    x = np.random.default_rng(0).random((batch, *shape), "float32")
    clock = time.process_time if threads == 1 else time.perf_counter
    steps = [step_of(network, x, jit_compile) for jit_compile in (False, True)]
    start = clock()
    steps[0]()
    repeats = max(1, round(SHORTEST / (clock() - start)))
    times = np.empty((turns, 2))
    for turn in times:
        for i, step in enumerate(steps):
            start = clock()
            for _ in range(repeats):
                step()
            turn[i] = (clock() - start) / repeats
    ratios = np.quantile(times[:, 0] / times[:, 1], [0.5, 0.25, 0.75])
    return [*(1e3 * np.median(times, axis=0)).tolist(), *ratios.tolist()]


def main(arguments):
    if arguments[1:]:
        raise app.UsageError(f"There are no arguments but flags. Received: {arguments[1]!r}")
    if FLAGS.case:
        print(json.dumps(measure(*json.loads(FLAGS.case))))
        return
    print("".join(f"{name:>{30 if i == 0 else 18}}" for i, name in enumerate(COLUMNS)), flush=True)
    for network, batch, threads in CASES:
        if FLAGS.networks and not any(network.startswith(name) for name in FLAGS.networks):
            continue
        names = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
        case = json.dumps([network, batch, threads, FLAGS.turns])
        output = subprocess.run(
            [sys.executable, __file__, f"--case={case}"],
            env=os.environ | dict.fromkeys(names, str(threads)),
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout
        row = [network, batch, threads, *json.loads(output.splitlines()[-1])]
        csv_file.update(COLUMNS, [row], settings=3)
        shown = [format(value, ".2f") if isinstance(value, float) else value for value in row]
        print("".join(f"{v:>{30 if i == 0 else 18}}" for i, v in enumerate(shown)), flush=True)


if __name__ == "__main__":
    app.run(main)
