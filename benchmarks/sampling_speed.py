"""Draws from autoregressive decoders: the fast way against the plain loop.

    python benchmarks/sampling_speed.py

For `PixelCNN` with its defaults on 28x28 gray and 32x32 color images, and `Recurrent` with its
defaults on sequences of 40 out of 30 tokens, all with 16 latent dimensions, measures

    pass    the parameters at all positions of a known x at once, as in training
    fast    the decoder's own `draw`, which computes what each position adds
    plain   `AutoregressiveDecoder.draw`, which takes one pass for every position

as `tf.function`s in turn in one process, and prints medians, the examples per second of the fast
way, and the ratio of plain to fast. Where the plain loop would take more than a minute its time is
that of its passes, and marked so: "~".
"""

import math
import statistics
import time

import keras
import tensorflow as tf
from absl import app, flags
from figures import csv_file

import keras_infovae as ki
from keras_infovae.utils.row_random import seeds_of_rows

FLAGS = flags.FLAGS
flags.DEFINE_integer("rounds", 5, "How often each way is measured.", lower_bound=1)
flags.DEFINE_list("batches", ["4", "32", "256"], "Numbers of examples drawn at once.")
flags.DEFINE_bool("jit_compile", False, "Compile by XLA.")

LATENT_DIM = 16
COLUMNS = ("decoder", "batch", "pass_ms", "draw_s", "examples/s", "plain_s", "plain_is", "ratio")
LONGEST = 60  # seconds that a plain loop may take
# Name, network, likelihood, shape of x.
CASES = [
    ("PixelCNN, 28x28", ki.networks.PixelCNN(), ki.likelihoods.Bernoulli(), (28, 28, 1)),
    (
        "PixelCNN, 32x32x3",
        ki.networks.PixelCNN(),
        ki.likelihoods.DiscretizedLogisticMixture(),
        (32, 32, 3),
    ),
    ("Recurrent, 40 tokens", ki.networks.Recurrent(), ki.likelihoods.Categorical(), (40, 30)),
]


def make_ways(network, likelihood, shape):
    """Returns the number of positions and {way: a function of z, the seeds and x}."""
    keras.utils.set_random_seed(0)
    likelihood.build(shape)
    decoder = network.decoder(LATENT_DIM, likelihood.parameter_shape(shape), shape)
    plain = ki.networks.AutoregressiveDecoder.draw
    ways = {
        "pass": lambda z, seeds, x: decoder([z, x]),
        "fast": lambda z, seeds, x: decoder.draw(z, likelihood, seeds),
        "plain": lambda z, seeds, x: plain(decoder, z, likelihood, seeds),
    }
    compiled = {
        way: tf.function(function, jit_compile=FLAGS.jit_compile) for way, function in ways.items()
    }
    return math.prod(shape[: decoder.position_axes]), compiled


def seconds(function, *arguments):
    start = time.perf_counter()
    function(*arguments).numpy()
    return time.perf_counter() - start


def measure(ways, positions, shape, batch):
    """Returns ({way: seconds}, whether the time of "plain" was measured)."""
    z = tf.random.stateless_normal([batch, LATENT_DIM], seed=[0, 0])
    x = tf.zeros([batch, *shape])
    arguments = z, seeds_of_rows(1, 0, batch), x
    times = {"pass": [], "fast": []}
    for round_ in range(FLAGS.rounds + 1):
        for way, collected in times.items():
            elapsed = seconds(ways[way], *arguments)
            if round_:  # the first makes the graph
                collected.append(elapsed)
    medians = {way: statistics.median(collected) for way, collected in times.items()}
    medians["plain"] = positions * medians["pass"]
    measured = medians["plain"] < LONGEST
    if measured:
        # Once is enough: it is long, and its ratio large. Making the graph is not part of it.
        graph = ways["plain"].get_concrete_function(*arguments)
        medians["plain"] = seconds(graph, *arguments)
    return medians, measured


def main(_):
    print(
        f"{'decoder':<22}{'batch':>6}{'pass ms':>10}{'fast s':>9}{'examples/s':>12}"
        f"{'plain s':>10}{'ratio':>8}"
    )
    for name, network, likelihood, shape in CASES:
        positions, ways = make_ways(network, likelihood, shape)
        for batch in map(int, FLAGS.batches):
            times, measured = measure(ways, positions, shape, batch)
            mark, plain_is = ("", "measured") if measured else ("~", "its passes")
            fast, plain = times["fast"], times["plain"]
            row = (name, batch, 1e3 * times["pass"], fast, batch / fast, plain, plain_is)
            csv_file.update(COLUMNS, [(*row, plain / fast)], settings=2)
            print(
                f"{name:<22}{batch:>6}{times['pass'] * 1e3:>10.1f}{fast:>9.3f}"
                f"{batch / fast:>12.1f}{mark + format(plain, '.1f'):>10}"
                f"{mark + format(plain / fast, '.0f'):>8}",
                flush=True,
            )


if __name__ == "__main__":
    app.run(main)
