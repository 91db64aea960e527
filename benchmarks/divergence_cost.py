"""Time of a training step with each divergence, as a ratio to the step without one.

    python benchmarks/divergence_cost.py

The model is an InfoVAE of 784 pixels with MLPs of 512 and 256 units; the step without a divergence
is the same step with one that returns 0. Each line times its steps and those of the bare model in
turn, in one process, so that both see the same machine; the figure is the ratio of the medians.
"""

import statistics
import subprocess
import sys
import time

from absl import app, flags
from figures import csv_file

FLAGS = flags.FLAGS
flags.DEFINE_list("case", None, "name,batch,latent_dim: measure this alone, in this process.")
flags.DEFINE_float(
    "seconds", 12.0, "How long one case is timed, after its first step; once at least."
)
flags.DEFINE_list("names", None, "The divergences to measure. Default: all.")

COLUMNS = ("divergence", "batch", "latent_dim", "ms", "ms_without", "ratio")
SIZES = [(128, 16), (128, 64), (1024, 16), (1024, 64), (8192, 16), (8192, 64)]


def divergences():
    """Returns {name: a function that makes the divergence}."""
    from keras_infovae import divergences as d

    mmd = d.MaximumMeanDiscrepancy
    return {
        "mmd": mmd,
        "mmd closed form": lambda: mmd(estimator="closed_form"),
        "mmd random features": lambda: mmd(estimator="random_features"),
        "mmd sampled": lambda: mmd(estimator="sampled"),
        "stein": d.KernelizedSteinDiscrepancy,
        "adversarial": d.Adversarial,
        "kl": d.DensityRatioKL,
        "moment_matching": d.MomentMatching,
        "sliced_wasserstein": d.SlicedWasserstein,
        "energy_distance": d.EnergyDistance,
        "total_correlation": d.TotalCorrelation,
        "total_correlation_critic": d.TotalCorrelationCritic,
        "covariance": d.CovariancePenalty,
    }


def measure(name, batch, latent_dim):
    """Returns (milliseconds of a step with the divergence, of one without)."""
    import numpy as np
    import tensorflow as tf

    import keras_infovae as ki

    class Nothing(ki.divergences.Divergence):
        def __call__(self, z, prior, posterior=None, seed=None):
            return 0.0 * tf.reduce_sum(z)

    x = tf.constant(np.random.default_rng(0).random((batch, 784)).astype("float32"))

    def step_of(divergence):
        model = ki.InfoVAE(latent_dim, lambda_=2.0, divergence=divergence, seed=0)
        model.build((None, 784))
        model.compile("adam")
        model.optimizer.build(model.trainable_variables)
        return tf.function(model.train_step, jit_compile=True)

    steps = [step_of(divergences()[name]()), step_of(Nothing())]
    times = [[], []]
    for step in steps:
        float(step(x)["loss"])
    begin = time.perf_counter()
    while not times[0] or (time.perf_counter() - begin < FLAGS.seconds and len(times[0]) < 300):
        for step, taken in zip(steps, times):
            start = time.perf_counter()
            float(step(x)["loss"])
            taken.append(time.perf_counter() - start)
    return [1e3 * statistics.median(taken) for taken in times]


def main(_):
    if FLAGS.case:
        name, batch, latent_dim = FLAGS.case
        with_it, without = measure(name, int(batch), int(latent_dim))
        ratio = with_it / without
        print(f"{name},{batch},{latent_dim},{with_it:.1f},{without:.1f},{ratio:.2f}")
        return
    print(",".join(COLUMNS), flush=True)
    for name in FLAGS.names or divergences():
        for batch, latent_dim in SIZES:
            argument = f"--case={name},{batch},{latent_dim}"
            result = subprocess.run(
                [sys.executable, __file__, argument, f"--seconds={FLAGS.seconds}"],
                check=True,
                capture_output=True,
                text=True,
            )
            line = result.stdout.strip().splitlines()[-1]
            print(line, flush=True)
            csv_file.update(COLUMNS, [line.split(",")], settings=3)


if __name__ == "__main__":
    app.run(main)
