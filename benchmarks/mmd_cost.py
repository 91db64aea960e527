"""Time and memory of the maximum mean discrepancy, with its gradient.

    python benchmarks/mmd_cost.py

Each line is a process of its own, so that its peak of memory is its own: above what the process
held before the first call, in MB. A step is the value and its gradient, compiled by XLA.
"""

import resource
import statistics
import subprocess
import sys
import time

from absl import app, flags
from figures import csv_file

FLAGS = flags.FLAGS
flags.DEFINE_list("case", None, "estimator,batch,latent_dim: measure this alone, in this process.")
flags.DEFINE_integer("largest", 8192, "No larger batches.", lower_bound=1)

COLUMNS = ("estimator", "batch", "latent_dim", "ms", "peak_mb")
CASES = [
    ("closed_form", 128, 16),
    ("closed_form", 128, 64),
    ("closed_form", 1024, 16),
    ("sampled", 128, 16),
    ("sampled", 128, 64),
    ("sampled", 1024, 16),
    ("sampled", 8192, 64),
    ("closed_form", 8192, 64),
]


def peak_megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(estimator, batch, latent_dim):
    """Returns (milliseconds per step, peak megabytes above those before the first step)."""
    import tensorflow as tf

    import keras_infovae as ki

    divergence = ki.divergences.MaximumMeanDiscrepancy(estimator=estimator)
    prior = ki.priors.StandardNormal().distribution(latent_dim)
    posterior = ki.posteriors.DiagonalNormal()

    @tf.function(jit_compile=True)
    def step(parameters, seed):
        with tf.GradientTape() as tape:
            tape.watch(parameters)
            q = posterior.distribution(parameters)
            value = divergence(q.sample(seed=seed), prior, q, seed=seed)
        return value, tape.gradient(value, parameters)

    parameters = tf.random.stateless_normal([batch, 2 * latent_dim], seed=[0, 0])
    seed = tf.constant([1, 2])
    before = peak_megabytes()
    step(parameters, seed)[1].numpy()
    times = []
    for _ in range(40 if batch < 8192 else 1):
        start = time.perf_counter()
        step(parameters, seed)[1].numpy()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3, peak_megabytes() - before


def main(_):
    if FLAGS.case:
        estimator, batch, latent_dim = FLAGS.case
        milliseconds, megabytes = measure(estimator, int(batch), int(latent_dim))
        print(f"{estimator},{batch},{latent_dim},{milliseconds:.4g},{megabytes:.0f}")
        return
    print(",".join(COLUMNS), flush=True)
    for case in (case for case in CASES if case[1] <= FLAGS.largest):
        argument = "--case=" + ",".join(map(str, case))
        command = [sys.executable, __file__, argument]
        result = subprocess.run(command, check=True, capture_output=True, text=True)
        line = result.stdout.strip().splitlines()[-1]
        print(line, flush=True)
        csv_file.update(COLUMNS, [line.split(",")], settings=3)


if __name__ == "__main__":
    app.run(main)
