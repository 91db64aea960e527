"""How long a dropped iterator of tf.data waits, with and without the thread that tunes it.

    python benchmarks/tuned_pipelines.py                         # about 2 minutes, most of it idle

For each kind of pipeline below, tuned and not, makes as many iterators as `--iterators` at once,
takes a batch every tenth of a second, drops each after 22 to 25 s in a thread of its own, and says
how many took more than a second to drop, and the longest.

    shuffled    shuffled, batched and fetched two batches ahead, as `fit` does with an array
    AUTOTUNE    parallel calls and buffers left to TensorFlow
"""

import threading
import time

import numpy as np
import tensorflow as tf
from absl import app, flags
from figures import csv_file

FLAGS = flags.FLAGS
flags.DEFINE_integer("iterators", 24, "Of each kind.", lower_bound=1)
flags.DEFINE_float("seconds", 22.0, "That an iterator is there at least.", lower_bound=0.0)

COLUMNS = ("pipeline", "tuned", "iterators", "waited", "longest_s")


def shuffled(x):
    return tf.data.Dataset.from_tensor_slices(x).shuffle(len(x)).repeat().batch(32).prefetch(2)


def automatic(x):
    data = tf.data.Dataset.from_tensor_slices(x).repeat().batch(32)
    calls = tf.data.AUTOTUNE
    return data.map(lambda batch: batch + 1.0, num_parallel_calls=calls).prefetch(calls)


def seconds_to_drop(data, index, taken):
    """Puts the seconds that the end of an iterator took into `taken[index]`."""
    iterator = iter(data)
    end = time.perf_counter() + FLAGS.seconds + 3.0 * index / FLAGS.iterators
    while time.perf_counter() < end:
        next(iterator)
        time.sleep(0.1)
    start = time.perf_counter()
    del iterator
    taken[index] = time.perf_counter() - start


def main(arguments):
    if arguments[1:]:
        raise app.UsageError(f"There are no arguments but flags. Received: {arguments[1]!r}")
    x = np.random.default_rng(0).random((4096, 16), "float32")
    for name, pipeline in (("shuffled", shuffled), ("AUTOTUNE", automatic)):
        for tuned in (True, False):
            options = tf.data.Options()
            options.autotune.enabled = tuned
            data = pipeline(x).with_options(options)
            taken = [0.0] * FLAGS.iterators
            threads = [
                threading.Thread(target=seconds_to_drop, args=(data, index, taken))
                for index in range(FLAGS.iterators)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            row = (name, tuned, len(taken), sum(value > 1.0 for value in taken), max(taken))
            csv_file.update(COLUMNS, [row], settings=3)
            print(", ".join(f"{a}: {b}" for a, b in zip(COLUMNS, row)), flush=True)


if __name__ == "__main__":
    app.run(main)
