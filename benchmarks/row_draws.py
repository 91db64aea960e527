"""Draws with a seed per row against one seed for all: `draw_rows` and `distribution.sample`.

    python benchmarks/row_draws.py

For every prior (16 dimensions), posterior (16) and likelihood (64 values, as 8x8 images where it is
for images) both draw 10,000 rows, as `tf.function`s in turn in one process; the figures are medians
and their ratio. The noise alone comes first: `row_random.normal` and `tf.random.stateless_normal`.
"""

import math
import statistics
import time

import keras
import tensorflow as tf
from absl import app, flags
from figures import csv_file

import keras_infovae as ki
from keras_infovae.distributions.row_draws import draw_rows
from keras_infovae.utils import row_random

FLAGS = flags.FLAGS
flags.DEFINE_integer("rows", 10_000, "How many rows are drawn.", lower_bound=1)
flags.DEFINE_integer("rounds", 7, "How often each way is measured.", lower_bound=1)
flags.DEFINE_bool("jit_compile", False, "Compile by XLA.")
flags.DEFINE_list("names", None, "The members to measure. Default: all.")

LATENT_DIM = 16
COLUMNS = ("member", "jit_compile", "sample_ms", "rows_ms", "ratio")
NOISE = [16, 784]
POSTERIORS = [
    "diagonal_normal",
    "full_covariance_normal",
    "householder",
    "von_mises_fisher",
    "deterministic",
]
PRIORS = {
    "standard_normal": ki.priors.StandardNormal(),
    "gaussian_mixture": ki.priors.GaussianMixture(),
    "vamp": ki.priors.VampPrior(),
    "maf": ki.priors.MaskedAutoregressiveFlow(),
    "uniform_sphere": ki.priors.UniformSphere(),
    "prior von_mises_fisher": ki.priors.VonMisesFisherPrior(),
}
MIXED = [("normal", 32), ("categorical", 16), ("poisson", 16)]
LIKELIHOODS = {
    "bernoulli": ((8, 8, 1), ki.likelihoods.Bernoulli()),
    "normal": ((64,), ki.likelihoods.Normal()),
    "laplace": ((64,), ki.likelihoods.Laplace()),
    "student_t": ((64,), ki.likelihoods.StudentT()),
    "continuous_bernoulli": ((8, 8, 1), ki.likelihoods.ContinuousBernoulli()),
    "categorical": ((8, 8), ki.likelihoods.Categorical()),
    "discretized_logistic_mixture": ((8, 8, 1), ki.likelihoods.DiscretizedLogisticMixture()),
    "poisson": ((64,), ki.likelihoods.Poisson()),
    "negative_binomial": ((64,), ki.likelihoods.NegativeBinomial()),
    "zero_inflated_negative_binomial": ((64,), ki.likelihoods.ZeroInflatedNegativeBinomial()),
    "mixed_columns": ((64,), ki.likelihoods.MixedColumns(MIXED)),
}


def parameters_of(*shape):
    return tf.random.stateless_normal([FLAGS.rows, *shape], seed=[3, 4])


def pairs():
    """Yields (name, a function of one seed, a function of the seeds of rows)."""
    rows = FLAGS.rows
    for size in NOISE:
        yield (
            f"normal noise, {size}",
            lambda seed, size=size: tf.random.stateless_normal([rows, size], seed),
            lambda seeds, size=size: row_random.normal(seeds, [size]),
        )
    for name, prior in PRIORS.items():
        posterior_of = ki.posteriors.DiagonalNormal().distribution
        prior.build(LATENT_DIM, (2 * LATENT_DIM,))

        def distribution(prior=prior, posterior_of=posterior_of):
            return prior.distribution(LATENT_DIM, posterior_of)

        yield (
            name,
            lambda seed, distribution=distribution: distribution().sample(rows, seed=seed),
            lambda seeds, distribution=distribution: draw_rows(distribution(), seeds),
        )
    for name in POSTERIORS:
        posterior = ki.posteriors.get(name)
        yield (name, *batched(posterior, parameters_of(posterior.parameter_size(LATENT_DIM))))
    for name, (shape, likelihood) in LIKELIHOODS.items():
        likelihood.build(shape)
        yield (name, *batched(likelihood, parameters_of(*likelihood.parameter_shape(shape))))


def batched(member, parameters):
    return (
        lambda seed: member.distribution(parameters).sample(seed=seed),
        lambda seeds: draw_rows(member.distribution(parameters), seeds),
    )


def measure(*ways):
    """Returns the median seconds of each of the ways, (function, argument); nan for what fails."""
    compiled = [(tf.function(f, jit_compile=FLAGS.jit_compile), argument) for f, argument in ways]
    times = [[] for _ in ways]
    for round_ in range(FLAGS.rounds + 1):
        for (function, argument), collected in zip(compiled, times):
            start = time.perf_counter()
            try:
                function(argument).numpy()
                elapsed = time.perf_counter() - start
            except tf.errors.InvalidArgumentError:  # XLA does not have TensorFlow's gamma draws
                elapsed = math.nan
            if round_:  # the first makes the graph
                collected.append(elapsed)
    return [statistics.median(collected) for collected in times]


def main(_):
    keras.utils.set_random_seed(0)
    seed, seeds = tf.constant([1, 2]), row_random.seeds_of_rows(1, 0, FLAGS.rows)
    print(f"{'member':<34}{'sample ms':>11}{'rows ms':>10}{'ratio':>8}", flush=True)
    for name, sample, rows in pairs():
        if FLAGS.names and name not in FLAGS.names:
            continue
        plain, by_row = measure((sample, seed), (rows, seeds))
        numbers = [1e3 * plain, 1e3 * by_row, by_row / plain]
        numbers = [None if math.isnan(number) else number for number in numbers]
        csv_file.update(COLUMNS, [(name, FLAGS.jit_compile, *numbers)], settings=2)
        print(
            f"{name:<34}{1e3 * plain:>11.1f}{1e3 * by_row:>10.1f}{by_row / plain:>8.2f}", flush=True
        )


if __name__ == "__main__":
    app.run(main)
