"""How the leapfrog steps of annealed importance sampling are best spent.

    python benchmarks/annealing_settings.py

On a decoder x|z ~ N(W z + b, 0.5^2 I) with normal entries in W (10 latents, 20 values), whose
log p(x) is exact, measures for each schedule, and for 2,500 leapfrog steps per chain spent on many
temperatures or on long transitions: the mean error over 20 examples of 16 chains, and the mean
standard deviation of log w over the chains, in nats. No times: any load will do.
"""

import keras
import numpy as np
from absl import app, flags
from figures import csv_file

import keras_infovae as ki
from keras_infovae.utils.row_seeds import packed

FLAGS = flags.FLAGS
flags.DEFINE_integer("latent_dim", 10, "Dimensions of z.", lower_bound=1)
flags.DEFINE_integer("values", 20, "Dimensions of x.", lower_bound=1)
flags.DEFINE_integer("most", 2500, "Temperatures of a setting.", lower_bound=2)
flags.DEFINE_integer("seed", 0, "Of W, b, x and the chains.", lower_bound=0)

COLUMNS = ("schedule", "temperatures", "leapfrog_steps", "error", "deviation")
SCALE = 0.5
CHAINS = 16
SETTINGS = [(2500, 1), (1250, 2), (500, 5), (250, 10)]  # temperatures, leapfrog steps


def make_model(rng):
    """Returns (model, x [20, values], log p(x) [20])."""
    w = rng.normal(size=(FLAGS.values, FLAGS.latent_dim))
    b = rng.normal(size=FLAGS.values)
    layer = keras.layers.Dense(FLAGS.values)
    decoder = keras.Sequential([keras.Input((FLAGS.latent_dim,)), layer])
    layer.set_weights([w.T, b])
    model = ki.VAE(FLAGS.latent_dim, decoder=decoder, likelihood=ki.likelihoods.Normal(scale=SCALE))
    model.build((None, FLAGS.values))
    noise = SCALE * rng.normal(size=(20, FLAGS.values))
    x = rng.normal(size=(20, FLAGS.latent_dim)) @ w.T + b + noise
    covariance = w @ w.T + SCALE**2 * np.eye(FLAGS.values)
    quadratic = np.sum((x - b) @ np.linalg.inv(covariance) * (x - b), axis=1)
    exact = -0.5 * (quadratic + np.linalg.slogdet(2 * np.pi * covariance)[1])
    return model, x.astype("float32"), exact


def main(_):
    model, x, exact = make_model(np.random.default_rng(FLAGS.seed))
    print(f"{'schedule':<10}{'temperatures':>13}{'leapfrog':>10}{'error':>9}{'deviation':>11}")
    for schedule in ("adaptive", "sigmoid", "linear"):
        for temperatures, leapfrog_steps in SETTINGS:
            if temperatures > FLAGS.most:
                continue
            method = ki.evaluation.AnnealedImportanceSampling(
                CHAINS, temperatures, leapfrog_steps, schedule
            )
            seeds = packed(FLAGS.seed, 0, len(x))
            batches = method.log_weights(model, x, None, seeds, len(x), 0)
            log_weights = np.concatenate([batch.log_weights for batch in batches], axis=1)
            error = np.mean(np.log(np.mean(np.exp(log_weights - exact), axis=0)))
            deviation = np.mean(np.std(log_weights, axis=0, ddof=1))
            row = (schedule, temperatures, leapfrog_steps, float(error), float(deviation))
            csv_file.update(COLUMNS, [row], settings=3)
            print(
                f"{schedule:<10}{temperatures:>13}{leapfrog_steps:>10}{error:>9.3f}"
                f"{deviation:>11.2f}",
                flush=True,
            )


if __name__ == "__main__":
    app.run(main)
