"""fit against a bare loop over the same steps: what the convenience costs.

    python benchmarks/fit_speed.py

For an MLP (784-512-256) and a convolutional network (32-64, dense 256) with 16 latent dimensions on
Fashion-MNIST in batches of 128, trains in turn, in one process,

    bare        a loop of `tf.function(jit_compile=True)` steps, networks, loss and optimizer the
                same, over batches that lie ready in memory
    fit, array  `InfoVAE.fit` of a NumPy array: shuffling, metrics and callbacks included
    fit, data   `InfoVAE.fit` of a `tf.data.Dataset` with shuffle, batch and prefetch

and prints the median time of an epoch in steady state, and its ratio to that of the bare loop.
`fit` is compiled by XLA too, and takes ten steps of the MLP at once, as it does of itself in long
trainings.
"""

import pathlib
import statistics
import sys
import time

import keras
import tensorflow as tf
from absl import app, flags
from figures import csv_file

import keras_infovae as ki
from keras_infovae.utils.randomness import stateless_seed

sys.path.append(str(pathlib.Path(__file__).resolve().parent / "peers"))  # for its `bare_loop`

from bare_loop import bare_step

FLAGS = flags.FLAGS
flags.DEFINE_string("data", "fashion_mnist", "Images of 28x28, a name or a path.")
flags.DEFINE_integer("rounds", 7, "How often each way is measured.", lower_bound=1)

BATCH, EXAMPLES = 128, 12800
COLUMNS = ("network", "way", "ms an epoch", "images/s", "ratio")
NETWORKS = {
    "MLP 784-512-256": (ki.networks.MLP([512, 256]), 10),
    "conv 32-64, dense 256": (ki.networks.Conv([32, 64], dense_units=256), 1),
}


def make_model(network, steps_per_execution=1):
    keras.utils.set_random_seed(0)
    model = ki.InfoVAE(16, encoder=network, decoder=network, seed=0)
    model.compile("adam", jit_compile=True, steps_per_execution=steps_per_execution)
    return model


def bare_epoch(model, x):
    """Returns a function that trains one epoch without `fit`."""
    model.build(x.shape)
    step = bare_step(model, jit_compile=True)
    batches = [tf.constant(x[i : i + BATCH]) for i in range(0, len(x), BATCH)]
    seeds = [stateless_seed(i) for i in range(len(batches))]

    def epoch():
        start = time.perf_counter()
        for batch, seed in zip(batches, seeds):
            loss = step(batch, seed)
        float(loss)
        return time.perf_counter() - start

    return epoch


class EpochTimes(keras.callbacks.Callback):
    """Collects the time of every epoch."""

    def on_train_begin(self, logs=None):
        self.times = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.times.append(time.perf_counter() - self.start)


def fit_epoch(model, data, **options):
    """Returns a function that gives the time of a second epoch of `fit`."""
    times = EpochTimes()

    def epoch():
        model.fit(data, epochs=2, verbose=0, callbacks=[times], **options)
        return times.times[1]

    return epoch


def main(_):
    images = ki.datasets.load(FLAGS.data).train
    print(f"{'network':<24}{'way':<14}{'ms an epoch':>12}{'images/s':>10}{'ratio':>8}")
    for name, (network, at_once) in NETWORKS.items():
        x = images[:EXAMPLES]
        dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(len(x)).batch(BATCH).prefetch(2)
        ways = {
            "bare": bare_epoch(make_model(network), x),
            "fit, array": fit_epoch(make_model(network, at_once), x, batch_size=BATCH),
            "fit, data": fit_epoch(make_model(network, at_once), dataset),
        }
        times = {way: [] for way in ways}
        for round_ in range(FLAGS.rounds + 1):
            for way, epoch in ways.items():
                seconds = epoch()
                if round_:  # the first compiles
                    times[way].append(seconds)
        medians = {way: statistics.median(values) for way, values in times.items()}
        ratios = {
            way: statistics.median(t / b for t, b in zip(values, times["bare"]))
            for way, values in times.items()
        }
        rows = [
            (name, way, 1e3 * seconds, len(x) / seconds, ratios[way])
            for way, seconds in medians.items()
        ]
        csv_file.update(COLUMNS, rows, settings=2)
        for _, way, milliseconds, speed, ratio in rows:
            print(f"{name:<24}{way:<14}{milliseconds:>12.0f}{speed:>10.0f}{ratio:>8.2f}")


if __name__ == "__main__":
    app.run(main)
