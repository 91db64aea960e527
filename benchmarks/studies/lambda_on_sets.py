"""What `lambda_="auto"` gives up and wins on tables, counts and images, against the VAE.

    python benchmarks/studies/lambda_on_sets.py --output=lambda_on_sets.csv --mnist=mnist \
        --sets_folder=SETS
    python benchmarks/studies/lambda_on_sets.py --output=lambda_on_sets.csv --summary

Trains a VAE and InfoVAE at alpha 0, 0.5 and 1 with the default weight and with fixed ones, with
default networks, until the validation loss falls no more, and writes one row per model: of test
rows the ELBO in nats (the mean over 16 draws of z; of tables in units of their columns' standard
deviations), the KL, the active units, the p-value of the MMD between codes and prior, log det
Cov[q(z)], and the accuracy of a logistic regression on the codes. convert_sets.py makes SETS. Rows
that are there already are not made again.
"""

import itertools
import time

import keras
import numpy as np
import real_sets
import table
from absl import app, flags

import keras_infovae as ki

WEIGHTS = ["0:1", "0:auto", "0.5:auto", "1:auto", "0:100", "0:1000", "1:100"]
FLAGS = flags.FLAGS
flags.DEFINE_string("output", "lambda_on_sets.csv", "The table; rows are added to it.")
flags.DEFINE_list("weights", WEIGHTS, "Of each model alpha:lambda.")
flags.DEFINE_integer("seeds", 3, "Models, and splits, per setting.", lower_bound=1)
flags.DEFINE_bool("summary", False, "Train nothing; print the means over seeds of --output.")

SETTINGS = ("set", "alpha", "lambda_", "seed")
RESULTS = ("elbo", "kl", "active", "mmd_p_value", "log_det", "probe", "best_epoch", "seconds")


def run(data, alpha, lambda_, seed):
    """Returns the results of one model."""
    from sklearn.linear_model import LogisticRegression

    keras.utils.set_random_seed(seed)
    weight = lambda_ if lambda_ == "auto" else float(lambda_)
    model = ki.InfoVAE(
        data.latent_dim, alpha=float(alpha), lambda_=weight, likelihood=data.likelihood, seed=seed
    )
    start = time.perf_counter()
    best, _ = real_sets.train(model, data)
    seconds = time.perf_counter() - start
    kl = model.evaluate(data.test, batch_size=256, verbose=0)["kl_divergence"]
    fit = ki.evaluation.mmd_to_prior(model, data.test)
    codes = model.encode(data.test)
    active = np.sum(np.var(codes, axis=0) > 0.01)
    probe = LogisticRegression(max_iter=1000).fit(model.encode(data.train), data.train_labels)
    return (
        real_sets.elbo(model, data.test),
        kl,
        active,
        fit["mmd_p_value"],
        ki.evaluation.log_det_covariance(model, data.test),
        probe.score(codes, data.test_labels),
        best,
        seconds,
    )


def print_summary():
    """Prints the means over seeds as a Markdown table."""
    rows = table.read_rows(FLAGS.output)
    names = RESULTS[:-1]
    print(f"| set | alpha | lambda_ | seeds | {' | '.join(names)} |\n|{'---|' * (len(names) + 4)}")
    for case in sorted({tuple(row[name] for name in SETTINGS[:-1]) for row in rows}):
        found = [row for row in rows if tuple(row[name] for name in SETTINGS[:-1]) == case]
        means = [f"{np.mean([float(row[name]) for row in found]):.3g}" for name in names]
        print(f"| {' | '.join(case)} | {len(found)} | {' | '.join(means)} |")


def main(_):
    if FLAGS.summary:
        return print_summary()
    done = table.cases_of(FLAGS.output, SETTINGS)
    for seed, name in itertools.product(range(FLAGS.seeds), real_sets.names()):
        data = real_sets.parts(name, seed)
        for weights in FLAGS.weights:
            alpha, lambda_ = weights.split(":")
            if (name, alpha, lambda_, str(seed)) in done:
                continue
            numbers = run(data, alpha, lambda_, seed)
            row = [name, alpha, lambda_, seed, *(f"{number:.5g}" for number in numbers)]
            print(*row, flush=True)
            table.add_rows(FLAGS.output, (*SETTINGS, *RESULTS), [row])
            keras.backend.clear_session()


if __name__ == "__main__":
    app.run(main)
