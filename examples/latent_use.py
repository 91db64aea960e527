"""What the latents of four models hold, and what they are good for.

    python examples/latent_use.py
    python examples/latent_use.py --seeds=3 --output=latent_use.csv

Three models are trained on handwritten digits: how many nats z tells about an image, how the KL
falls into parts, the error of a classifier on z with 100 labels, and what k-means finds. Four are
trained on blobs, whose size and place are known: how their dimensions separate these. Two minutes a
seed on two processor cores. Each number is a mean over the seeds, followed by the smallest and the
largest where there are several. --output takes them one by one.
"""

import csv
import os

import keras
import numpy as np
from absl import app, flags

import keras_infovae as ki

FLAGS = flags.FLAGS
flags.DEFINE_integer("epochs", 30, "Passes over the training data, per model.", lower_bound=1)
flags.DEFINE_integer("seeds", 1, "Trainings of each model.", lower_bound=1)
flags.DEFINE_string("output", None, "A .csv file for the numbers of each training. Default: none.")

ON_DIGITS = {
    "VAE": lambda seed: ki.VAE(8, seed=seed),
    "InfoVAE": lambda seed: ki.InfoVAE(8, alpha=0.5, seed=seed),
    "MMDVAE": lambda seed: ki.MMDVAE(8, seed=seed),
}
ON_BLOBS = {
    "VAE": lambda seed: ki.VAE(5, seed=seed, **networks()),
    "InfoVAE": lambda seed: ki.InfoVAE(5, seed=seed, **networks()),
    "BetaVAE, beta=4": lambda seed: ki.BetaVAE(5, beta=4.0, seed=seed, **networks()),
    "BetaTCVAE": lambda seed: ki.BetaTCVAE(5, seed=seed, **networks()),
}


def networks():
    """Returns settings for images so small that convolutions gain nothing."""
    return {"encoder": ki.networks.MLP([256, 128]), "decoder": ki.networks.MLP([128, 256])}


def train(make, x, seed):
    """Returns a model that `make(seed)` gives, trained on x."""
    keras.utils.set_random_seed(seed)
    model = make(seed)
    model.compile("adam")
    model.fit(x, epochs=FLAGS.epochs, batch_size=64, verbose=0)
    return model


def on_digits(model, data):
    """Returns the numbers of a model of digits."""
    information = ki.evaluation.mutual_information(model, data.train)
    parts = ki.evaluation.elbo_decomposition(model, data.train)
    report = ki.evaluation.aggregated_posterior_report(model, data.train, data.test)
    z, z_test = model.encode(data.train), model.encode(data.test)
    few = ki.evaluation.semi_supervised_error(
        z, data.train_labels, test=(z_test, data.test_labels), num_labels=100
    )
    clusters = ki.evaluation.clustering_scores(z_test, data.test_labels)
    return {
        "I(x; z), nats": information["mutual_information"],
        "upper bound": information["leave_one_out_upper_bound"],
        "KL, nats": parts["kl_divergence"],
        "total correlation": parts["total_correlation"],
        "dimension-wise KL": parts["dimension_wise_kl"],
        "log det Cov, train": report["train"]["log_det_covariance"],
        "log det Cov, test": report["test"]["log_det_covariance"],
        "error, 100 labels": few["error"],
        "k-means NMI": clusters["normalized_mutual_information"],
    }


def on_blobs(model, data):
    """Returns the numbers of a model of blobs."""
    return ki.evaluation.disentanglement(model, data)


def table(title, models, x, numbers, data):
    """Prints a row for each number and a column for each model; returns the rows of --output."""
    runs = {
        name: [numbers(train(make, x, seed), data) for seed in range(FLAGS.seeds)]
        for name, make in models.items()
    }
    print(f"\n| {title} | " + " | ".join(runs) + " |")
    print("|---" * (len(runs) + 1) + "|")
    rows = []
    for number in next(iter(runs.values()))[0]:
        cells = []
        for name, of_model in runs.items():
            values = np.array([run[number] for run in of_model])
            spread = f" ({values.min():.2f} to {values.max():.2f})" if len(values) > 1 else ""
            cells.append(f"{values.mean():.2f}{spread}")
            rows += [(title, number, name, seed, f"{v:.5g}") for seed, v in enumerate(values)]
        print(f"| {number} | " + " | ".join(cells) + " |", flush=True)
    return rows


def main(arguments):
    if len(arguments) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(arguments[1:])}. See --help.")
    if FLAGS.output and not os.path.isdir(os.path.dirname(FLAGS.output) or "."):
        raise app.UsageError(
            f"--output must be in a folder that is there. Received: {FLAGS.output}"
        )
    digits = ki.datasets.load("digits")
    rows = table("digits", ON_DIGITS, digits.train, on_digits, digits)
    blobs = ki.datasets.blobs()
    x, _ = blobs.sample(4000, seed=1)
    rows += table("blobs", ON_BLOBS, x, on_blobs, blobs)
    if FLAGS.output:
        with open(FLAGS.output, "w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows(
                [("data", "number", "model", "seed", "value"), *rows]
            )


if __name__ == "__main__":
    app.run(main)
