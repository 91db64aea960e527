"""How a likelihood's scale is best found: the evidence behind `Normal(scale_update="closed_form")`.

    python benchmarks/studies/learned_scale.py --mnist=mnist --output=learned_scale.csv
    python benchmarks/studies/learned_scale.py --summary --output=learned_scale.csv

Trains a VAE with a normal likelihood of one learned scale on images, tables and a linear factor
model, with the scale a weight like others in the unit of x ("raw gradient"), a weight in units of
the training data ("gradient"), and a running mean of squared errors ("closed_form"), each on x and
on 16 x. Writes one row per model: test R2 and ELBO (in nats, in units of the training data) of the
last epoch, and of the epoch of the least validation loss. Rows that are there already are not made
again. About 25 minutes on one processor core.
"""

import itertools
import math

import keras
import numpy as np
import table
from absl import app, flags

import keras_infovae as ki

FLAGS = flags.FLAGS
flags.DEFINE_string("mnist", "mnist", "A name or path of MNIST for datasets.load.")
flags.DEFINE_string("output", "learned_scale.csv", "The table; rows are added to it.")
flags.DEFINE_list("data", None, "The data to study. Default: all.")
flags.DEFINE_integer("seeds", 3, "Models per setting.", lower_bound=1)
flags.DEFINE_list("steps", ["200", "2000"], "Steps of a training, one number or several.")
flags.DEFINE_bool("summary", False, "Train nothing; print the means over seeds of --output.")

WAYS = {
    "raw gradient": {"scale_update": "gradient", "standardize": False},
    "gradient": {"scale_update": "gradient"},
    "closed_form": {},
}
SETTINGS = ("data", "way", "factor", "steps", "seed")
RESULTS = ("r2", "elbo", "kl", "best_r2", "best_elbo", "best_kl", "best_epoch", "epochs")
BATCH_SIZE = 64


def factor_model(count=2000, size=20, factors=4):
    """Returns x [count, size] = W z + e / 2 with normal z and e: a table of known structure."""
    rng = np.random.default_rng(0)
    loadings = rng.normal(size=(factors, size)) / math.sqrt(factors)
    return rng.normal(size=(count, factors)) @ loadings + 0.5 * rng.normal(size=(count, size))


def blobs():
    images = ki.datasets.blobs()
    return images.image_at(images.factors_at(np.arange(len(images))))


def diabetes():
    from sklearn.datasets import load_diabetes

    return load_diabetes(scaled=True).data


def from_source(source, **options):
    data = ki.datasets.load(source, validation_fraction=0.0, test_fraction=0.0, **options)
    return data.train


# {name: function that gives x}. Columns of tables are standardized, as is usual; images are not.
DATA = {
    "digits": lambda: from_source("digits"),
    "mnist_2000": lambda: from_source(FLAGS.mnist)[:2000],
    "blobs": blobs,
    "breast_cancer": lambda: from_source("breast_cancer", standardize=True),
    "wine": lambda: from_source("wine", standardize=True),
    "diabetes": diabetes,
    "factor_model": factor_model,
}


def split(x, seed):
    """Returns (train, validation, test): 70, 15 and 15 percent."""
    x = np.asarray(x, "float32")[np.random.default_rng(seed).permutation(len(x))]
    first, second = round(0.7 * len(x)), round(0.85 * len(x))
    return x[:first], x[first:second], x[second:]


class Best(keras.callbacks.Callback):
    """Keeps the weights of the epoch of the least validation loss."""

    def __init__(self):
        super().__init__()
        self.loss, self.epoch, self.weights = math.inf, 0, None

    def on_epoch_end(self, epoch, logs=None):
        if logs["val_loss"] < self.loss:
            self.loss, self.epoch = logs["val_loss"], epoch + 1
            self.weights = self.model.get_weights()


def measure(model, x, unit):
    """Returns (R2, ELBO in nats in units of the data, KL in nats) of the examples x."""
    errors = np.square(model.reconstruct(x) - x).sum()
    elbo = model.elbo(x).mean() + math.prod(x.shape[1:]) * math.log(unit)
    kl = model.evaluate(x, batch_size=len(x), verbose=0, return_dict=True)["kl_divergence"]
    return 1 - errors / np.square(x - x.mean(axis=0)).sum(), elbo, kl


def run(x, way, factor, steps, seed):
    """Returns the results of one model."""
    keras.utils.set_random_seed(seed)
    train, validation, test = (factor * part for part in split(x, seed))
    network = ki.networks.MLP((128,))
    likelihood = ki.likelihoods.Normal(**WAYS[way])
    model = ki.VAE(8, likelihood=likelihood, encoder=network, decoder=network, seed=seed)
    model.compile("adam")
    best = Best()
    epochs = round(steps / math.ceil(len(train) / BATCH_SIZE))
    model.fit(
        train,
        epochs=epochs,
        batch_size=BATCH_SIZE,
        validation_data=validation,
        validation_batch_size=len(validation),
        callbacks=[best],
        verbose=0,
    )
    last = measure(model, test, train.std())
    model.set_weights(best.weights)
    numbers = (*last, *measure(model, test, train.std()), best.epoch, epochs)
    return dict(zip(RESULTS, numbers, strict=True))


def print_summary():
    """Prints the means over seeds as a Markdown table."""
    import pandas as pd

    means = pd.read_csv(FLAGS.output).groupby(list(SETTINGS[:-1]), sort=False)[list(RESULTS)].mean()
    print("| data | way | x times | steps | last R2 | ELBO | KL | best epoch | R2 | ELBO | KL |")
    print("|" + "---|" * 11)
    for (data, way, factor, steps), row in means.iterrows():
        last = f"{row.r2:.3f} | {row.elbo:.1f} | {row.kl:.1f}"
        best = f"{row.best_r2:.3f} | {row.best_elbo:.1f} | {row.best_kl:.1f}"
        epoch = f"{row.best_epoch:.0f} of {row.epochs:.0f}"
        print(f"| {data} | {way} | {factor} | {steps} | {last} | {epoch} | {best} |")


def main(_):
    if FLAGS.summary:
        return print_summary()
    done = table.cases_of(FLAGS.output, SETTINGS)
    for name, seed, steps in itertools.product(
        FLAGS.data or DATA, range(FLAGS.seeds), map(int, FLAGS.steps)
    ):
        x = DATA[name]()
        for way in WAYS:
            # Where the units are those of the data a factor changes nothing: seen once.
            for factor in (1, 16) if way == "raw gradient" or seed == 0 else (1,):
                case = (name, way, factor, steps, seed)
                if tuple(map(str, case)) in done:
                    continue
                results = run(x, way, factor, steps, seed)
                row = [*case, *(f"{value:.5g}" for value in results.values())]
                print(*row, flush=True)
                table.add_rows(FLAGS.output, (*SETTINGS, *RESULTS), [row])


if __name__ == "__main__":
    app.run(main)
