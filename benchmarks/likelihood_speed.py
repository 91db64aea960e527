"""Estimates of log p(x) against the passes through the decoder that they take.

    python benchmarks/likelihood_speed.py
    python benchmarks/likelihood_speed.py --examples=1000 --data=mnist.npz

For a VAE (latent 10, an MLP decoder, Bernoulli likelihood) on 28x28 images, measures in turn in
one process `marginal_log_likelihood` by annealed importance sampling and by importance sampling,
each with everything that belongs to it (making the graph, the pilot run, the batches), and

    passes   as many log p(x|z), for annealing with their gradients by z, in the same batches,
             in one compiled loop that does nothing else
    network  the same of the decoder alone, without the likelihood
    loop     the method in a plain Python loop, not compiled, over the examples and its steps (all
             chains of an example at once), or over its draws; measured on a part and multiplied
"""

import math
import pathlib
import time

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags
from figures import csv_file

import keras_infovae as ki
from keras_infovae.evaluation.likelihood import methods
from keras_infovae.samplers import pilot
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.graphs import one_graph

FLAGS = flags.FLAGS
flags.DEFINE_integer("examples", 166, "Digits whose likelihood is estimated.", lower_bound=1)
flags.DEFINE_integer("chains", 16, "Of annealing.", lower_bound=1)
flags.DEFINE_integer("temperatures", 500, "Of annealing.", lower_bound=2)
flags.DEFINE_integer("leapfrog_steps", 2, "Of annealing.", lower_bound=1)
flags.DEFINE_integer("num_samples", 5000, "Draws of importance sampling.", lower_bound=2)
flags.DEFINE_integer("loop_draws", 20, "That the plain loop is measured for.", lower_bound=1)
flags.DEFINE_list("hidden_units", ["512", "256"], "Of the networks.")
flags.DEFINE_bool(
    "cpu_time", False, "Measure CPU seconds, for a machine that does other things too."
)
flags.DEFINE_string("data", None, "A .npz or .npy of 28x28 images. Default: random ones.")

LATENT_DIM = 10
BATCH_SIZE = 256  # by default
COLUMNS = ("method", "examples", "data", "seconds", "passes_s", "network_s", "loop_s", "ratio")
SHAPE = (28, 28, 1)


def load_images():
    if FLAGS.data is None:
        return (np.random.default_rng(0).random((FLAGS.examples, *SHAPE)) < 0.2).astype("float32")
    data = ki.datasets.load(FLAGS.data)
    return np.concatenate([data.train, data.test]).reshape(-1, *SHAPE)[: FLAGS.examples]


def make_model(x):
    keras.utils.set_random_seed(0)
    networks = ki.networks.MLP([int(units) for units in FLAGS.hidden_units])
    model = ki.VAE(LATENT_DIM, encoder=networks, decoder=networks, seed=0)
    model.compile("adam")
    model.fit(x, epochs=2, verbose=0)
    return model


def clock():
    return time.process_time() if FLAGS.cpu_time else time.perf_counter()


def seconds(function, *arguments):
    start = clock()
    result = function(*arguments)
    if isinstance(result, tf.Tensor):
        result.numpy()
    return clock() - start


def seconds_of_passes(evaluate, rows, count, gradient):
    """Returns the seconds of `count` evaluations of a function of z [rows, latent_dim]."""

    @one_graph
    def run(z, count):
        def once(i, z):
            if gradient:
                change = tfp.math.value_and_gradient(evaluate, z)[1]
            else:
                change = tf.reduce_mean(evaluate(z))
            return i + 1, z + 1e-6 * change

        return tf.while_loop(lambda i, z: i < count, once, (0, z), parallel_iterations=1)[1]

    z = tf.random.stateless_normal([rows, LATENT_DIM], seed=[0, 0])
    run(z, tf.constant(2)).numpy()  # makes the graph
    return seconds(run, z, tf.constant(count))


def pass_ways(model, x, rows):
    """Returns {way: a function of z [rows, latent_dim]}; row i is of example i mod n."""
    repeated = tf.constant(np.resize(x, (rows, *SHAPE)))
    weights = tf.random.stateless_normal([rows, *SHAPE], seed=[1, 1])
    return {
        "passes": lambda z: model.likelihood_distribution(z).log_prob(repeated),
        "network": lambda z: tf.reduce_sum(model.decoder(z) * weights, axis=[1, 2, 3]),
    }


def report(name, whole, passes, loop):
    print(f"{name}: {whole:.1f} s for {FLAGS.examples} examples")
    for way, elapsed in passes.items():
        print(f"  {way:<8}{elapsed:>10.1f} s, ratio {whole / elapsed:.2f}")
    print(f"  {'loop':<8}{loop:>10.1f} s, {loop / whole:.0f} times as long", flush=True)
    data = pathlib.Path(FLAGS.data).name if FLAGS.data else "random"
    row = (name, FLAGS.examples, data, whole, passes["passes"], passes["network"], loop)
    csv_file.update(COLUMNS, [(*row, whole / passes["passes"])], settings=3)


def annealed(model, x):
    def estimate(x, temperatures):
        return ki.evaluation.marginal_log_likelihood(
            model,
            x,
            "annealed_importance",
            chains=FLAGS.chains,
            temperatures=temperatures,
            leapfrog_steps=FLAGS.leapfrog_steps,
        )

    whole = seconds(estimate, x, FLAGS.temperatures)
    size = methods.examples_at_once(len(x), SHAPE, FLAGS.chains, BATCH_SIZE)
    batches = math.ceil(len(x) / size)
    pilot_passes = 1 + pilot.PILOT_TEMPERATURES * FLAGS.leapfrog_steps
    chain_passes = 1 + (FLAGS.temperatures - 1) * FLAGS.leapfrog_steps
    runs = [(size * pilot.PILOT_DRAWS, pilot_passes), (size * FLAGS.chains, chain_passes)]
    passes = dict.fromkeys(pass_ways(model, x, 1), 0.0)
    for rows, count in runs:
        for way, evaluate in pass_ways(model, x, rows).items():
            passes[way] += batches * seconds_of_passes(evaluate, rows, count, gradient=True)

    tf.config.run_functions_eagerly(True)
    one = seconds(estimate, x[:1], 2) / (pilot_passes + 1 + FLAGS.leapfrog_steps)
    tf.config.run_functions_eagerly(False)
    report(
        "annealed importance sampling",
        whole,
        passes,
        one * (pilot_passes + chain_passes) * len(x),
    )


def importance(model, x):
    def estimate(x, num_samples):
        return ki.evaluation.marginal_log_likelihood(model, x, num_samples=num_samples)

    whole = seconds(estimate, x, FLAGS.num_samples)
    rounds = math.ceil(FLAGS.num_samples / methods.most_decodes(SHAPE))
    draws = math.ceil(FLAGS.num_samples / rounds)
    size = methods.examples_at_once(len(x), SHAPE, draws, BATCH_SIZE)
    rows = draws * size
    total = rounds * math.ceil(len(x) / size)
    passes = {
        way: seconds_of_passes(evaluate, rows, total, gradient=False)
        for way, evaluate in pass_ways(model, x, rows).items()
    }
    estimate(x[:1], 1)
    start = clock()
    for _ in range(FLAGS.loop_draws):
        estimate(x[:1], 1)
    one = (clock() - start) / FLAGS.loop_draws
    report("importance sampling", whole, passes, one * FLAGS.num_samples * len(x))


def main(_):
    x = load_images()
    model = make_model(x)
    annealed(model, x)
    importance(model, x)


if __name__ == "__main__":
    app.run(main)
