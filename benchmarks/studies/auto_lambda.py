"""What lambda_ does, on data of several kinds: the evidence behind `lambda_="auto"`.

    python benchmarks/studies/auto_lambda.py --mnist=mnist --output=auto_lambda.csv
    python benchmarks/studies/auto_lambda.py --summary --output=auto_lambda.csv

Trains InfoVAE for each weight on handwritten digits, a table, MNIST (few examples, and more) and
Fashion-MNIST, and writes one row per model. Rows that are there already are not made again, so a
study that was interrupted goes on. About an hour and a half on two processor cores.
"""

import dataclasses
import time

import keras
import numpy as np
import table
from absl import app, flags

import keras_infovae as ki

FLAGS = flags.FLAGS
flags.DEFINE_string("mnist", "mnist", "A name or path of MNIST for datasets.load.")
flags.DEFINE_string("fashion_mnist", "fashion_mnist", "The same of Fashion-MNIST.")
flags.DEFINE_string("output", "auto_lambda.csv", "The table; rows are added to it.")
flags.DEFINE_list("data", None, "The data to study. Default: all.")
flags.DEFINE_integer("seeds", 2, "Models per setting.", lower_bound=1)
flags.DEFINE_bool("summary", False, "Train nothing; print the means over seeds of --output.")

SETTINGS = ("data", "estimator", "alpha", "lambda_", "seed")
RESULTS = ("reconstruction", "kl", "mmd", "log_det_train", "log_det_test", "iw_bound", "active")
COLUMNS = (*SETTINGS, *RESULTS, "probe_accuracy", "seconds")


@dataclasses.dataclass
class Task:
    """One kind of data, with a model and a training that suit it."""

    source: str
    latent_dim: int
    hidden_units: tuple
    steps: int
    batch_size: int = 100
    train: int | None = None  # examples; None for all
    likelihood: str = "bernoulli"
    standardize: bool = False


def tasks():
    """Returns {name: Task}."""
    images = {"latent_dim": 10, "hidden_units": (256, 256), "steps": 3000}
    return {
        "digits": Task("digits", 10, (128, 128), 4000),
        "breast_cancer": Task(
            "breast_cancer", 5, (64, 64), 3000, likelihood="normal", standardize=True
        ),
        "mnist_500": Task(FLAGS.mnist, train=500, **images),
        "mnist_5000": Task(FLAGS.mnist, train=5000, **images),
        "fashion_20000": Task(FLAGS.fashion_mnist, train=20000, **images),
    }


def cases():
    """Yields the settings to train, the most telling first."""
    for seed in range(FLAGS.seeds):
        for alpha, lambdas in (
            (0.0, (1, 100, 300, 1000, 3000, 10000)),
            (1.0, (10, 100, 1000, 3000)),
        ):
            for lambda_ in lambdas:
                yield "closed_form", alpha, lambda_, seed
    for lambda_ in (100, 1000):
        yield "sampled", 0.0, lambda_, 0  # one z per example, the common practice


def run(task, data, estimator, alpha, lambda_, seed):
    """Returns the results of one trained model."""
    keras.utils.set_random_seed(seed)
    network = ki.networks.MLP(task.hidden_units)
    model = ki.InfoVAE(
        task.latent_dim,
        alpha=alpha,
        lambda_=lambda_,
        divergence=ki.divergences.MaximumMeanDiscrepancy(estimator=estimator),
        likelihood=task.likelihood,
        encoder=network,
        decoder=network,
        seed=seed,
    )
    model.compile("adam")
    x = data.train[: task.train]
    epochs = round(task.steps * task.batch_size / len(x))
    model.fit(x, epochs=epochs, batch_size=task.batch_size, verbose=0)
    test = data.test[:1000]
    summary = ki.evaluation.summarize(model, test, num_samples=64)
    return {
        "reconstruction": summary["reconstruction_loss"],
        "kl": summary["kl_divergence"],
        "mmd": summary["divergence"],
        "log_det_train": ki.evaluation.log_det_covariance(model, x),
        "log_det_test": summary["log_det_covariance"],
        "iw_bound": summary["importance_weighted_bound"],
        "active": summary["active_units"],
        "probe_accuracy": probe_accuracy(model, data, task.train),
    }


def probe_accuracy(model, data, train):
    """Returns the test accuracy of a logistic regression on the posterior means."""
    from sklearn.linear_model import LogisticRegression

    probe = LogisticRegression(max_iter=1000)
    probe.fit(model.encode(data.train[:train][:5000]), data.train_labels[:train][:5000])
    return probe.score(model.encode(data.test[:1000]), data.test_labels[:1000])


def print_summary():
    """Prints the means over seeds as a Markdown table."""
    import pandas as pd

    names = [
        "reconstruction",
        "iw_bound",
        "kl",
        "log_det_train",
        "log_det_test",
        "active",
        "probe_accuracy",
    ]
    table = pd.read_csv(FLAGS.output).groupby(list(SETTINGS[:-1]))[names].mean().reset_index()
    order = {name: place for place, name in enumerate(tasks())}
    table["place"] = table["data"].map(order)
    table = table.sort_values(["estimator", "alpha", "place", "lambda_"])
    places = {"active": 1, "iw_bound": 1, "kl": 1, "reconstruction": 1}
    print(f"| {' | '.join((*SETTINGS[:-1], *names))} |")
    print("|" + "---|" * (len(names) + 4))
    for row in table.to_dict("records"):
        numbers = [f"{row[name]:.{places.get(name, 2)}f}" for name in names]
        lambda_ = f"{row['lambda_']:,}"
        settings = [row["data"], row["estimator"], f"{row['alpha']:g}", lambda_]
        print(f"| {' | '.join((*settings, *numbers))} |")


def main(_):
    if FLAGS.summary:
        return print_summary()
    known = tasks()
    done = table.cases_of(FLAGS.output, SETTINGS)
    loaded = {}
    for case in cases():
        for name in FLAGS.data or known:
            settings = dict(zip(SETTINGS, (name, *case)))
            if tuple(map(str, settings.values())) in done:
                continue
            task = known[name]
            if name not in loaded:
                fraction = 0.1 if task.source in ("digits", "breast_cancer") else 0.2
                loaded[name] = ki.datasets.load(
                    task.source,
                    standardize=task.standardize,
                    validation_fraction=0.0,
                    test_fraction=fraction,
                )
            start = time.time()
            results = run(task, loaded[name], *case)
            results["seconds"] = time.time() - start
            row = settings | {key: np.format_float_positional(value, 4, trim="-")
                              for key, value in results.items()}  # fmt: skip
            print(row, flush=True)
            table.add_rows(FLAGS.output, COLUMNS, [[row[name] for name in COLUMNS]])


if __name__ == "__main__":
    app.run(main)
