"""What the defaults give on counts: 700 cells of 765 genes, and why.

    python benchmarks/studies/counts.py --sets_folder=SETS --output=counts.csv
    python benchmarks/studies/counts.py --output=counts.csv --summary

Trains InfoVAE(10) with a negative binomial of observed library sizes, and with one thing changed,
on 70 % of the cells until the validation loss of 15 % falls no more, as `keras-infovae train` does.
"slow dispersions" is without what the first `fit` learns of the data: dispersions start at 1 and
are weights like others, and the decoder does not know the shares. Writes the ELBO of the cells in
nats (the mean over 16 draws of z) and the normalized mutual information of the types of cells and
ten clusters of all codes (k-means), of some models for each split. convert_sets.py makes SETS. Rows
that are there already are not made again.
"""

import itertools
import time
from unittest import mock

import keras
import numpy as np
import real_sets
import table
from absl import app, flags

import keras_infovae as ki
from keras_infovae.distributions.likelihoods import negative_binomial

FLAGS = flags.FLAGS
flags.DEFINE_string("output", "counts.csv", "The table; rows are added to it.")
flags.DEFINE_list("ways", None, "The ways to study. Default: all.")
flags.DEFINE_integer("splits", 3, "Into cells to train, to stop by and to test.", lower_bound=1)
flags.DEFINE_integer("models", 3, "Of each way and split.", lower_bound=1)
flags.DEFINE_bool("summary", False, "Train nothing; print the means over seeds of --output.")

SETTINGS = ("way", "split", "seed")
RESULTS = ("elbo", "train_elbo", "kl", "nmi", "dispersion", "best_epoch", "epochs", "seconds")


class WithoutMoments(ki.likelihoods.NegativeBinomial):
    """Dispersions start at 1, and shares are all the same."""

    def learn_moments(self, x):
        pass


SMALL = {name: ki.networks.MLP((128,)) for name in ("encoder", "decoder")}
# Of each way the class, its arguments, the likelihood and how fast dispersions are.
WAYS = {
    "default": (ki.InfoVAE, {}, ki.likelihoods.NegativeBinomial, 10.0),
    "slow dispersions": (ki.InfoVAE, {}, WithoutMoments, 1.0),
    "networks of 128": (ki.InfoVAE, SMALL, ki.likelihoods.NegativeBinomial, 10.0),
}


def run(way, split, seed):
    """Returns the results of one model."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import normalized_mutual_info_score

    data = real_sets.parts("cells", split)
    keras.utils.set_random_seed(seed)
    kind, options, likelihood, speed = WAYS[way]
    with mock.patch.object(negative_binomial, "_SPEED", speed):
        likelihood = likelihood(library_size="observed")
        model = kind(data.latent_dim, likelihood=likelihood, seed=seed, **options)
        start = time.perf_counter()
        best, epochs = real_sets.train(model, data)
        seconds = time.perf_counter() - start
        bounds = real_sets.elbo(model, data.test), real_sets.elbo(model, data.train)
        kl = model.evaluate(data.test, batch_size=256, verbose=0)["kl_divergence"]
        codes = model.encode(np.concatenate([data.train, data.test]))
    clusters = KMeans(10, n_init=10, random_state=0).fit_predict(codes)
    types = np.concatenate([data.train_labels, data.test_labels])
    agreement = normalized_mutual_info_score(types, clusters)
    dispersion = np.median(np.exp(speed * likelihood.scaled_log_dispersion.numpy()))
    return *bounds, kl, agreement, dispersion, best, epochs, seconds


def print_summary():
    """Prints means over models, and of their ELBO over those of each split, a row for each way."""
    rows = table.read_rows(FLAGS.output)
    print(f"| way | {' | '.join(RESULTS[:-1])} | by split: elbo |\n|{'---|' * (len(RESULTS) + 1)}")
    for way in dict.fromkeys(row["way"] for row in rows):
        found = [row for row in rows if row["way"] == way]
        means = [f"{np.mean([float(row[name]) for row in found]):.4g}" for name in RESULTS[:-1]]
        of_split = {}
        for row in found:
            of_split.setdefault(row["split"], []).append(float(row["elbo"]))
        splits = ", ".join(f"{np.mean(of_split[split]):.1f}" for split in sorted(of_split))
        print(f"| {way} | {' | '.join(means)} | {splits} |")


def main(_):
    if FLAGS.summary:
        return print_summary()
    done = table.cases_of(FLAGS.output, SETTINGS)
    cases = itertools.product(range(FLAGS.models), range(FLAGS.splits), FLAGS.ways or WAYS)
    for model, split, way in cases:
        # The first model of a split has the split's number as its seed, the others the next ones.
        seed = (split + model) % max(FLAGS.models, FLAGS.splits)
        if (way, str(split), str(seed)) not in done:
            row = [way, split, seed, *(f"{value:.5g}" for value in run(way, split, seed))]
            print(*row, flush=True)
            table.add_rows(FLAGS.output, (*SETTINGS, *RESULTS), [row])
            keras.backend.clear_session()


if __name__ == "__main__":
    app.run(main)
