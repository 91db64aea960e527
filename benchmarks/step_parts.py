"""What a training step of an MLP spends its time on, beside what its matrix products take alone.

    python benchmarks/step_parts.py                      # about 2 minutes
    python benchmarks/step_parts.py --threads=2 --batch=1024

An InfoVAE (784-512-256, latent 16) takes steps in turn in one process, with and without XLA, and
with more and more left out:

    step              `train_step`, as in `fit`
    Adam of Keras     the same with Keras's eight operations for each weight
    no divergence     the first with a divergence of 0
    no metrics        `update`: no metrics and no counters
    gradients         no optimizer either
    products          the matrix products of the step alone, of the same sizes, in one graph
    limit             what they and Adam's bytes would take at the speed of large ones: a product of
                      matrices of 2,048 and a sum over a long vector, measured in the same turns

The figures are medians and the tenth percentile: of processor time on one thread, which other
programs disturb least, and by the clock on several. "limit" is the same with and without XLA.
"""

import pathlib
import sys
import time

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags
from figures import csv_file

import keras_infovae as ki
from keras_infovae.divergences import Divergence

sys.path.append(str(pathlib.Path(__file__).resolve().parent / "peers"))

import counting

FLAGS = flags.FLAGS
flags.DEFINE_integer("turns", 60, "Each with some steps of every way.", lower_bound=3)
flags.DEFINE_integer("batch", 128, "Of the step.", lower_bound=2)
flags.DEFINE_integer("threads", 1, "That compute.", lower_bound=1)

COLUMNS = ("part", "batch", "threads", "xla", "median_ms", "tenth_percentile_ms")
PIXELS, UNITS, LATENT_DIM = 784, (512, 256), 16
SIDE = 2048  # of the matrices whose product says what the processor can do
LONG = 20_000_000  # numbers of the vectors whose sum says what the memory can do
STEPS = 5  # of a way in a turn


class Nothing(Divergence):
    """A divergence that is 0."""

    def __call__(self, z, prior, posterior=None, seed=None):
        return 0.0 * tf.reduce_sum(z)


class KerasAdam(keras.optimizers.Adam):
    """Adam whose step is Keras's, as that of any class with one of its own."""

    def update_step(self, *arguments):
        super().update_step(*arguments)


def model_of(divergence="mmd", optimizer="adam"):
    keras.utils.set_random_seed(0)
    network = ki.networks.MLP(UNITS)
    model = ki.InfoVAE(
        LATENT_DIM,
        lambda_=10.0,
        divergence=divergence,
        likelihood="bernoulli",
        encoder=network,
        decoder=network,
        seed=0,
    )
    model.build((None, PIXELS))
    model.compile(optimizer)
    model.optimizer.build(model.trainable_variables)
    return model


def parts(x):
    """Returns {part: a function of no arguments that may be traced}."""
    model, of_keras, other = model_of(), model_of(optimizer=KerasAdam()), model_of(Nothing())
    seed = tf.constant([1, 2])

    def gradients():
        with tf.GradientTape() as tape:
            loss = model.batch_loss(x, None, seed, training=True).loss
        return tape.gradient(loss, model.trainable_variables)

    return {
        "step": lambda: model.train_step(x)["loss"],
        "Adam of Keras": lambda: of_keras.train_step(x)["loss"],
        "no divergence": lambda: other.train_step(x)["loss"],
        "no metrics": lambda: model.update(x, None, seed).loss,
        "gradients": gradients,
        "products": lambda: products(model),
    }


def products(model):
    """Returns the matrix products that a step has, forward and backward."""
    layers = [layer for network in (model.encoder, model.decoder) for layer in network.layers]
    kernels = [layer.kernel for layer in layers if hasattr(layer, "kernel")]
    results = []
    for i, kernel in enumerate(kernels):
        rows, columns = kernel.shape
        before, after = _random(FLAGS.batch, rows), _random(FLAGS.batch, columns)
        results.append(tf.matmul(before, kernel))
        results.append(tf.matmul(before, after, transpose_a=True))
        if i:  # what came in needs no gradient
            results.append(tf.matmul(after, kernel, transpose_b=True))
    return results


_KEPT = {}


def _random(*shape):
    """Returns a variable of that shape, so that no compiler computes with its values beforehand."""
    if shape not in _KEPT:
        with tf.init_scope():
            _KEPT[shape] = tf.Variable(tf.random.normal(shape))
    return _KEPT[shape]


def seconds(function, times):
    """Returns the time of one call, of as many."""
    clock = time.process_time if FLAGS.threads == 1 else time.perf_counter
    start = clock()
    for _ in range(times):
        result = function()
    tf.nest.map_structure(lambda value: value.numpy(), result)
    return (clock() - start) / times


def main(arguments):
    if arguments[1:]:
        raise app.UsageError(f"There are no arguments but flags. Received: {arguments[1]!r}")
    tf.config.threading.set_intra_op_parallelism_threads(FLAGS.threads)
    tf.config.threading.set_inter_op_parallelism_threads(FLAGS.threads)
    x = tf.constant(np.random.default_rng(0).random((FLAGS.batch, PIXELS), "float32"))
    ways = {}
    for jit_compile in (False, True):
        for part, function in parts(x).items():
            ways[part, jit_compile] = tf.function(function, jit_compile=jit_compile)
    square, total = tf.random.normal([SIDE, SIDE]), tf.Variable(tf.zeros([LONG]))
    vector = tf.random.normal([LONG])
    ways["square"] = tf.function(lambda: tf.matmul(square, square)[0, 0])
    # In place: new memory would have to be made first.
    ways["sum"] = tf.function(lambda: total.assign_add(vector)[0])
    for function in ways.values():
        seconds(function, 2)
    times = {way: [] for way in ways}
    for _ in range(FLAGS.turns):
        for way, function in ways.items():
            times[way].append(seconds(function, 1 if way in ("square", "sum") else STEPS))
    figures = {way: np.quantile(taken, [0.5, 0.1]) for way, taken in times.items()}
    model = model_of()
    count = counting.count(model.encoder, model.decoder, FLAGS.batch)
    # A product of SIDE^3 multiplications and additions; two vectors are read, and one is written.
    limit = [
        count.seconds(2 * SIDE**3 / square, 3 * 4 * LONG / sum_)
        for square, sum_ in zip(figures.pop("square"), figures.pop("sum"))
    ]
    figures |= {("limit", jit_compile): limit for jit_compile in (False, True)}
    rows = [
        (part, FLAGS.batch, FLAGS.threads, jit_compile, *(float(1e3 * value) for value in values))
        for (part, jit_compile), values in figures.items()
    ]
    csv_file.update(COLUMNS, rows, settings=4)
    for part, batch, threads, jit_compile, median, tenth in rows:
        compiled = "with XLA" if jit_compile else "without XLA"
        print(f"{part:<16}{batch:>6}{threads:>3}  {compiled:<12}{median:>9.2f} ms{tenth:>9.2f} ms")


if __name__ == "__main__":
    app.run(main)
