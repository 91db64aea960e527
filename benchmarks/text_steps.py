"""How long a training step takes of a language model, a VAE and short-run inference on texts.

    python benchmarks/text_steps.py                      # about 3 minutes
    python benchmarks/text_steps.py --way=before         # of an older version, with PYTHONPATH

Texts are random: batches of 100, a vocabulary of 2,000, lengths like those of the sentences of
benchmarks/studies/text_real.py (3 to 60 tokens, 30 on the mean). Networks are those of that study
(GRU of 64 units, embeddings of 48); short-run inference takes its 20 steps. The models take steps
in turn in one process on one thread, with and without XLA. The figures are medians and tenth
percentiles of processor time, which other programs disturb least.
"""

import time

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags
from figures import csv_file

import keras_infovae as ki

FLAGS = flags.FLAGS
flags.DEFINE_integer("turns", 15, "Each with a step of every model.", lower_bound=3)
flags.DEFINE_integer("batch", 100, "Texts of a step.", lower_bound=2)
flags.DEFINE_integer("vocabulary", 2000, "Different tokens.", lower_bound=2)
flags.DEFINE_integer("longest", 60, "The most tokens of a text.", lower_bound=3)
flags.DEFINE_string("way", "now", "What the rows are called.")

COLUMNS = ("way", "vocabulary", "longest", "model", "xla", "median_ms", "tenth_percentile_ms")
LATENT_DIM = 16
MODELS = {
    "language model": lambda: ki.LatentVariableModel(
        1, inference="from_prior", decoder=network(), likelihood=likelihood(), seed=0
    ),
    "VAE": lambda: ki.VAE(
        LATENT_DIM, encoder=network(), decoder=network(), likelihood=likelihood(), seed=0
    ),
    "short-run": lambda: ki.ShortRunModel(
        LATENT_DIM, decoder=network(), likelihood=likelihood(), seed=0
    ),
}


def network():
    """Returns the encoder or decoder of all models."""
    return ki.networks.Recurrent(64, 48, word_dropout=0.2)


def likelihood():
    """Returns that of all models."""
    return ki.likelihoods.TokenSequence(FLAGS.vocabulary)


def texts():
    """Returns [batch, longest + 1] numbers of tokens."""
    draw = np.random.default_rng(0)
    lengths = draw.integers(3, FLAGS.longest + 1, FLAGS.batch)[:, None]
    numbers = draw.integers(1, FLAGS.vocabulary, (FLAGS.batch, FLAGS.longest + 1))
    return np.where(np.arange(FLAGS.longest + 1) < lengths, numbers, 0).astype("float32")


def step_of(make, x, jit_compile):
    """Returns a function that takes a training step, traced and compiled."""
    keras.utils.set_random_seed(0)
    model = make()
    model.build(x.shape)
    model.compile(keras.optimizers.Adam(2e-3, global_clipnorm=5.0))
    model.optimizer.build(model.trainable_variables)
    step = tf.function(lambda: model.train_step(x)["loss"], jit_compile=jit_compile)
    step()
    return step


def main(arguments):
    if arguments[1:]:
        raise app.UsageError(f"There are no arguments but flags. Received: {arguments[1]!r}")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    x = tf.constant(texts())
    ways = {
        (name, jit_compile): step_of(make, x, jit_compile)
        for jit_compile in (False, True)
        for name, make in MODELS.items()
    }
    times = {way: [] for way in ways}
    for _ in range(FLAGS.turns):
        for way, step in ways.items():
            start = time.process_time()
            step().numpy()
            times[way].append(time.process_time() - start)
    rows = [
        (FLAGS.way, FLAGS.vocabulary, FLAGS.longest, *way, *map(float, quantiles))
        for way, taken in times.items()
        for quantiles in [1e3 * np.quantile(taken, [0.5, 0.1])]
    ]
    csv_file.update(COLUMNS, rows, settings=5)
    for *_, name, jit_compile, median, tenth in rows:
        compiled = "with XLA" if jit_compile else "without XLA"
        print(f"{name:<16}{compiled:<12}{median:>9.1f} ms{tenth:>9.1f} ms")


if __name__ == "__main__":
    app.run(main)
