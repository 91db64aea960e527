"""A digit that no training saw, told by models with and without energies.

    python benchmarks/studies/held_out_digits.py --output=held_out_digits.csv --data=mnist
    python benchmarks/studies/held_out_digits.py --output=held_out_digits.csv --summary

As in the tables of the papers on energy-based priors (Pang et al., arXiv:2006.08205, table 3; Cui,
Wu, Han, arXiv:2306.06323): one digit is held out, models learn four fifths of the others, and are
asked about the last fifth and all images of that digit, of which the average precision tells how
far these are on top. Of 10,000 images of MNIST at most.

A VAE of 16 latents, multilayer perceptrons of 256-256, a normal likelihood of scale 0.15, 3,000
steps of 100 and energies on its codes for as many; the same with two layers, of 16 and 8 latents.
Scores are that of the papers, -log p(x, z) at the encoder's mean (`joint`), and what `model.score`
gives without being asked, the negative ELBO over 64 draws; beside them the distance to the fifth
nearest training image. Rows that are there already are not made again. About ten minutes on one
processor core.
"""

import keras
import numpy as np
import table
from absl import app, flags
from sklearn import metrics, neighbors

import keras_infovae as ki

FLAGS = flags.FLAGS
flags.DEFINE_string("output", "held_out_digits.csv", "The table; rows are added to it.")
flags.DEFINE_string("data", "mnist", "A name or path for `datasets.load`.")
flags.DEFINE_list("digits", ["1", "4", "5", "7", "9"], "The digits to hold out, each by itself.")
flags.DEFINE_integer("seeds", 3, "Splits and trainings per digit.", lower_bound=1)
flags.DEFINE_bool("summary", False, "Train nothing; print the means over seeds of --output.")

SETTINGS = ("digit", "model", "score", "seed")
COLUMNS = (*SETTINGS, "average_precision", "roc_auc", "share_of_anomalies")
SCALE, BATCH, STEPS = 0.15, 100, 3000
MODELS = {"vae": ("standard_normal", 16), "two_layers": ("hierarchical", 24)}


def split(images, labels, digit, seed):
    """Returns (training images, test images, which of these are of the digit)."""
    usual, held_out = images[labels != digit], images[labels == digit]
    usual = usual[np.random.default_rng(seed).permutation(len(usual))]
    train, test = np.split(usual, [4 * len(usual) // 5])
    unusual = np.arange(len(test) + len(held_out)) >= len(test)
    return train, np.concatenate([test, held_out]), unusual


def models(train, seed):
    """Gives (name, model), each model before its second stage and after it."""
    options = {"epochs": -(-STEPS * BATCH // len(train)), "batch_size": BATCH, "verbose": 0}
    network = ki.networks.MLP((256, 256))
    networks = {"encoder": network, "decoder": network}
    for name, (prior, latent_dim) in MODELS.items():
        keras.utils.set_random_seed(seed)
        likelihood = ki.likelihoods.Normal(SCALE)
        settings = {"likelihood": likelihood, "divergence": "moment_matching", "seed": seed}
        model = ki.VAE(latent_dim, prior=prior, **settings, **networks)
        model.compile(keras.optimizers.Adam(1e-3))
        model.fit(train, **options)
        yield name, model
        base = "standard_normal" if name == "vae" else model.prior
        model.fit_prior(train, ki.priors.EnergyBased(base=base), seed=seed, **options)
        yield f"{name}, energies", model


def scores(model, x):
    """Returns {name: the scores of x, the larger, the more unusual}."""
    z = model.encode(x)
    squares = ((x - model.decode(z)) ** 2).reshape(len(x), -1).sum(1) / (2.0 * SCALE**2)
    return {
        "joint": squares - model.prior_distribution().log_prob(z).numpy(),
        "default": model.score(x),
    }


def measured(images, labels, digit, seed):
    """Gives (model, score, average precision, ROC-AUC, share of anomalies)."""
    train, test, unusual = split(images, labels, digit, seed)

    def row(model, score, values):
        precision = metrics.average_precision_score(unusual, values)
        return model, score, precision, metrics.roc_auc_score(unusual, values), unusual.mean()

    flat = [x.reshape(len(x), -1) for x in (train, test)]
    distances, _ = neighbors.NearestNeighbors(n_neighbors=5).fit(flat[0]).kneighbors(flat[1])
    yield row("neighbors", "distance", distances[:, -1])
    for name, model in models(train, seed):
        for score, values in scores(model, test).items():
            yield row(name, score, values)


def print_summary():
    """Prints average precisions, means over seeds, as a Markdown table."""
    import pandas as pd

    rows = pd.read_csv(FLAGS.output)
    index = ["model", "score"]
    means = rows.pivot_table("average_precision", index, "digit", sort=False)
    print(f"| model | score | {' | '.join(map(str, means))} |")
    print("|" + "---|" * (2 + means.shape[1]))
    for names, values in means.iterrows():
        print(f"| {' | '.join(names)} | {' | '.join(f'{value:.3f}' for value in values)} |")


def main(_):
    if FLAGS.summary:
        return print_summary()
    data = ki.datasets.load(FLAGS.data, limit=10_000, validation_fraction=0.0)
    images = np.concatenate([data.train, data.test])
    labels = np.concatenate([data.train_labels, data.test_labels])
    done = {(digit, seed) for digit, _, _, seed in table.cases_of(FLAGS.output, SETTINGS)}
    for digit in FLAGS.digits:
        for seed in range(FLAGS.seeds):
            if (digit, str(seed)) in done:
                continue
            found = list(measured(images, labels, int(digit), seed))
            rows = [
                (digit, model, score, seed, *(f"{value:.4f}" for value in values))
                for model, score, *values in found
            ]
            table.add_rows(FLAGS.output, COLUMNS, rows)
            print(digit, seed, *(f"{row[1]}/{row[2]}={row[4]}" for row in rows), flush=True)


if __name__ == "__main__":
    app.run(main)
