"""Every model of the family on the same digits: the table and the picture of docs/choosing.md.

    python benchmarks/studies/choosing.py --table=choosing.csv --picture=docs/choosing.png

The table is of models with 10 latent dimensions, the picture of models with 2. All have MLPs of
128-128, Adam and 2,000 steps of 100 examples; each has its own defaults otherwise.
"""

import csv
import time

import keras
import numpy as np
from absl import app, flags

import keras_infovae as ki

FLAGS = flags.FLAGS
flags.DEFINE_string("table", "choosing.csv", "The table to write.")
flags.DEFINE_string("picture", "choosing.png", "The picture to write.")
flags.DEFINE_integer("steps", 2000, "Steps per model.", lower_bound=1)
flags.DEFINE_list("models", None, "Names of models. Default: all.")

COLUMNS = (
    *("model", "reconstruction_loss", "kl_divergence", "importance_weighted_bound"),
    *("log_det_covariance", "active_units", "probe_accuracy", "seconds"),
)


def models():
    """Returns {name: a function of latent_dim that makes the model}."""

    def of(model_class, *arguments, **settings):
        return lambda latent_dim: model_class(latent_dim, *arguments, **networks(), **settings)

    return {
        "InfoVAE": of(ki.InfoVAE),
        "InfoVAE, alpha 0.5": of(ki.InfoVAE, alpha=0.5),
        "VAE": of(ki.VAE),
        "BetaVAE": of(ki.BetaVAE),
        "MMDVAE": of(ki.MMDVAE),
        "WassersteinAutoencoder": of(ki.WassersteinAutoencoder, likelihood="bernoulli"),
        "AdversarialAutoencoder": of(ki.AdversarialAutoencoder),
        "SteinVAE": of(ki.SteinVAE),
        "FactorVAE": lambda latent_dim: ki.FactorVAE(
            latent_dim,
            divergence=ki.divergences.TotalCorrelationCritic((128, 128)),
            **networks(),
        ),
        "BetaTCVAE": of(ki.BetaTCVAE),
        "DIPVAE": of(ki.DIPVAE),
        "AnnealedVAE": of(ki.AnnealedVAE, ki.schedules.Linear(0.0, 5.0, duration=1500)),
        "IWAE": of(ki.IWAE),
        "InfoVAE with a condition": of(ki.InfoVAE, condition=ki.conditions.Classes(10)),
    }


def networks():
    network = ki.networks.MLP((128, 128))
    return {"encoder": network, "decoder": network, "seed": 0}


def trained(make, latent_dim, data):
    """Returns the model, and the argument `condition` for its methods as a function of labels."""
    keras.utils.set_random_seed(0)
    model = make(latent_dim)
    model.compile("adam", jit_compile=False)

    def condition(labels):
        return {"condition": labels} if model.condition.size else {}

    epochs = round(FLAGS.steps * 100 / len(data.train))
    given = condition(data.train_labels)
    model.fit(data.train, epochs=epochs, batch_size=100, verbose=0, **given)
    return model, condition


def numbers(model, condition, data):
    """Returns a row of the table."""
    from sklearn.linear_model import LogisticRegression

    given = condition(data.test_labels)
    codes = model.encode(data.test, **given)
    probe = LogisticRegression(max_iter=1000)
    probe.fit(model.encode(data.train, **condition(data.train_labels)), data.train_labels)
    row = {"probe_accuracy": probe.score(codes, data.test_labels)}
    if given:  # the numbers of `summarize` are for models without a condition
        terms = model.evaluate(data.test, verbose=0, **given)
        return row | {name: terms[name] for name in ("reconstruction_loss", "kl_divergence")}
    summary = ki.evaluation.summarize(model, data.test, num_samples=64)
    return row | {name: summary[name] for name in COLUMNS if name in summary}


def draw(axes, model, condition, data):
    """Draws the codes of test and training examples, colored by digit, and the prior."""
    import matplotlib.pyplot as plt

    x = np.concatenate([data.train, data.test])[-1000:]
    labels = np.concatenate([data.train_labels, data.test_labels])[-1000:]
    codes = model.encode(x, sample=model.posterior.has_density, seed=0, **condition(labels))
    axes.scatter(*codes.T, c=labels, cmap="tab10", s=4, linewidths=0)
    for radius in (1, 2, 3):
        axes.add_patch(plt.Circle((0, 0), radius, fill=False, color="0.4", lw=0.6))
    axes.set(xlim=(-4.5, 4.5), ylim=(-4.5, 4.5), aspect="equal", xticks=[], yticks=[])


def main(_):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    data = ki.datasets.load("digits", validation_fraction=0.0, test_fraction=0.1)
    chosen = {n: make for n, make in models().items() if not FLAGS.models or n in FLAGS.models}
    columns = min(5, len(chosen))
    rows = -(-len(chosen) // columns)
    figure, grid = plt.subplots(rows, columns, figsize=(2.4 * columns, 2.6 * rows), squeeze=False)
    for axes in grid.flat[len(chosen) :]:
        axes.axis("off")
    with open(FLAGS.table, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for axes, (name, make) in zip(grid.flat, chosen.items()):
            start = time.time()
            row = numbers(*trained(make, 10, data), data) | {"seconds": time.time() - start}
            row = {key: v if v is None else f"{v:.2f}" for key, v in row.items()}
            writer.writerow({"model": name} | row)
            file.flush()
            print(name, row, flush=True)
            draw(axes, *trained(make, 2, data), data)
            axes.set_title(name, fontsize=9)
    figure.tight_layout()
    figure.savefig(FLAGS.picture, dpi=110)


if __name__ == "__main__":
    app.run(main)
