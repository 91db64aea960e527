"""What sampling z costs a divergence, against integrating it out, over the weight lambda_.

    python benchmarks/studies/sampled_or_integrated.py --output=sampled_or_integrated.csv
    python benchmarks/studies/sampled_or_integrated.py --summary --output=sampled_or_integrated.csv

Trains InfoVAE (alpha = 0, 8x8 digits, latent 10, MLPs of 128-128) for each divergence, estimator
and weight, and writes one row per model. Rows that are there already are not made again.
"""

import time

import keras
import numpy as np
import table
from absl import app, flags

import keras_infovae as ki

FLAGS = flags.FLAGS
flags.DEFINE_string("output", "sampled_or_integrated.csv", "The table; rows are added to it.")
flags.DEFINE_list("divergences", None, "The divergences to study. Default: all.")
flags.DEFINE_list("estimators", None, "The estimators to study. Default: all.")
flags.DEFINE_list("lambdas", ["1", "10", "100", "1000", "10000"], "The weights; auto is one.")
flags.DEFINE_integer("seeds", 1, "Models per setting.", lower_bound=1)
flags.DEFINE_integer("steps", 2000, "Steps per model.", lower_bound=1)
flags.DEFINE_bool("summary", False, "Train nothing; print --output as a Markdown table.")

SETTINGS = ("divergence", "estimator", "lambda_", "seed")
RESULTS = ("kl", "log_det_train", "iw_bound", "active", "probe_accuracy", "seconds")


def cases():
    """Returns {divergence: {estimator: a function that makes it}}."""
    d = ki.divergences
    mmd, energy, swd = d.MaximumMeanDiscrepancy, d.EnergyDistance, d.SlicedWasserstein
    stein = d.KernelizedSteinDiscrepancy
    sampled = {"1 draw": 1, "8 draws": 8}

    def by_draws(make, **arguments):
        return {
            name: lambda draws=draws: make(num_samples=draws, **arguments)
            for name, draws in sampled.items()
        }

    return {
        "mmd": by_draws(mmd, estimator="sampled")
        | {
            "integrated": lambda: mmd(estimator="closed_form"),
            "random features": lambda: mmd(estimator="random_features"),
        },
        "energy_distance": by_draws(energy, estimator="sampled")
        | {"integrated": lambda: energy(estimator="closed_form")},
        "sliced_wasserstein": by_draws(swd),
        "stein": by_draws(stein, estimator="sampled") | {"integrated": stein},
        "adversarial": by_draws(d.Adversarial, hidden_units=(64, 64)),
        "kl": by_draws(d.DensityRatioKL, hidden_units=(64, 64)),
        "moment_matching": {"integrated": d.MomentMatching},
        "covariance": {"integrated": d.CovariancePenalty},
    }


def run(data, divergence, lambda_, seed):
    """Returns the results of one trained model."""
    keras.utils.set_random_seed(seed)
    network = ki.networks.MLP((128, 128))
    model = ki.InfoVAE(
        10, lambda_=lambda_, divergence=divergence, encoder=network, decoder=network, seed=seed
    )
    model.compile("adam", jit_compile=False)
    epochs = round(FLAGS.steps * 100 / len(data.train))
    model.fit(data.train, epochs=epochs, batch_size=100, verbose=0)
    summary = ki.evaluation.summarize(model, data.test, num_samples=64)
    return {
        "kl": summary["kl_divergence"],
        "log_det_train": ki.evaluation.log_det_covariance(model, data.train),
        "iw_bound": summary["importance_weighted_bound"],
        "active": summary["active_units"],
        "probe_accuracy": probe_accuracy(model, data),
    }


def probe_accuracy(model, data):
    """Returns the test accuracy of a logistic regression on the posterior means."""
    from sklearn.linear_model import LogisticRegression

    probe = LogisticRegression(max_iter=1000)
    probe.fit(model.encode(data.train), data.train_labels)
    return probe.score(model.encode(data.test), data.test_labels)


def print_summary():
    names = ("divergence", "estimator", "lambda_", *RESULTS[:-1])
    print(f"| {' | '.join(names)} |\n|" + "---|" * len(names))
    for row in table.read_rows(FLAGS.output):
        print(f"| {' | '.join(row[name] for name in names)} |")


def main(_):
    if FLAGS.summary:
        return print_summary()
    done = table.cases_of(FLAGS.output, SETTINGS)
    data = ki.datasets.load("digits", validation_fraction=0.0, test_fraction=0.1)
    for seed in range(FLAGS.seeds):
        for name, estimators in cases().items():
            if FLAGS.divergences and name not in FLAGS.divergences:
                continue
            for lambda_ in FLAGS.lambdas:
                for estimator, make in estimators.items():
                    settings = (name, estimator, lambda_, str(seed))
                    if settings in done or estimator not in (FLAGS.estimators or estimators):
                        continue
                    start = time.time()
                    try:
                        weight = lambda_ if lambda_ == "auto" else float(lambda_)
                        results = run(data, make(), weight, seed)
                    except FloatingPointError as error:
                        print(settings, error, flush=True)
                        results = dict.fromkeys(RESULTS[:-1], float("nan"))
                    results["seconds"] = time.time() - start
                    row = [np.format_float_positional(v, 3, trim="-") for v in results.values()]
                    print(*settings, *row, flush=True)
                    table.add_rows(FLAGS.output, SETTINGS + RESULTS, [[*settings, *row]])


if __name__ == "__main__":
    app.run(main)
