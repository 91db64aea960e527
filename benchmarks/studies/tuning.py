"""Whether a search of 20 trials beats the default model, on digits, three seeds.

    python benchmarks/studies/tuning.py --directory=searches/study

Each seed splits the digits anew, trains the default model for 60 epochs, as examples/quickstart.py
does, and searches `HyperModel("info_vae", network=["mlp", "conv"])` by 20 trials of at most 60
epochs, chosen by the importance-weighted bound on the validation digits. The best of 20 on 180
digits flatters itself, so both are also judged on the test digits, which nothing was chosen by.
Writes tuning.csv beside this file; docs/tuning.md shows it. A study that was interrupted goes on.
"""

import csv
import os
import pathlib
import time

import keras
import numpy as np
from absl import app, flags

import keras_infovae as ki
from keras_infovae import evaluation

FLAGS = flags.FLAGS
flags.DEFINE_string("directory", None, "Where the searches are kept.", required=True)
flags.DEFINE_integer("seeds", 3, "How many.", lower_bound=1)
flags.DEFINE_integer("max_trials", 20, "Trials per search.", lower_bound=1)
flags.DEFINE_integer("epochs", 60, "At most, per training.", lower_bound=1)
flags.DEFINE_string("tuner", "bayesian", "As for ki.tuning.tune.")

TABLE = pathlib.Path(__file__).with_suffix(".csv")
COLUMNS = ("seed", "model", "validation_bound", "test_bound", "test_error", "seconds", "settings")


def bound(model, x):
    """Returns the mean importance-weighted bound of 128 draws, nats, and its standard error."""
    bounds = evaluation.importance_weighted_bound(model, x, num_samples=128, seed=1)
    return np.mean(bounds), np.std(bounds, ddof=1) / np.sqrt(len(bounds))


def row(seed, name, model, data, seconds, settings):
    test, error = bound(model, data.test)
    values = (seed, name, bound(model, data.validation)[0], test, error, seconds, settings)
    print(*(f"{v:.2f}" if isinstance(v, float) else v for v in map(plain, values)), flush=True)
    return dict(zip(COLUMNS, map(plain, values)))


def plain(value):
    return round(float(value), 3) if isinstance(value, (float, np.floating)) else value


def default(seed, data):
    start = time.time()
    keras.utils.set_random_seed(seed)
    model = ki.InfoVAE(latent_dim=16, seed=seed, scaling=data.scaling)
    model.compile("adam")
    model.fit(data.train, epochs=FLAGS.epochs, batch_size=64, verbose=0)
    return row(seed, "default", model, data, time.time() - start, "InfoVAE(16)")


def search(seed, data):
    start = time.time()
    found = ki.tuning.tune(
        data,
        ki.tuning.HyperModel("info_vae", network=["mlp", "conv"]),
        directory=os.path.join(FLAGS.directory, f"seed-{seed}"),
        tuner=FLAGS.tuner,
        max_trials=FLAGS.max_trials,
        epochs=FLAGS.epochs,
        seed=seed,
    )
    settings = "; ".join(f"{k} {plain(v)}" for k, v in found.best["hyperparameters"].items())
    return row(seed, FLAGS.tuner, found.load_model(), data, time.time() - start, settings)


def main(_):
    rows = []
    for seed in range(FLAGS.seeds):
        data = ki.datasets.load("digits", seed=seed)
        rows += [default(seed, data), search(seed, data)]
        with open(TABLE, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    app.run(main)
