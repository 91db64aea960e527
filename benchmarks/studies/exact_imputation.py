"""Missing values and unusual images by an exact p(x), a normal distribution and scikit-learn.

    python benchmarks/studies/exact_imputation.py --output=exact_imputation.csv

Fills in what is missing of held-out rows, by `ExactEM.impute`, by the conditional mean of a normal
distribution with full covariance (Ledoit and Wolf's estimate), and by scikit-learn's imputers, all
of which have seen complete training rows: 8x8 digits without their lower half, or without three in
ten pixels, and the wine data without three in ten measurements. The error is the root mean square
over what was missing, of pixels in [0, 1], of wine in the deviations of the training columns.

Then one digit against the rest: each is trained on one class, and the number is the area under the
curve of held-out images of that class against all others, a mean over ten classes.

Writes one row per task, method and seed (of the split and the training). Rows that are there
already are not made again. About 5 minutes on one processor core.
"""

import time

import keras
import numpy as np
import table
from absl import app, flags
from sklearn import covariance, datasets, ensemble, impute, metrics, model_selection, neighbors
from sklearn.experimental import enable_iterative_imputer  # noqa: F401, makes it importable

import keras_infovae as ki

FLAGS = flags.FLAGS
flags.DEFINE_string("output", "exact_imputation.csv", "The table; rows are added to it.")
flags.DEFINE_integer("seeds", 3, "Splits and trainings per setting.", lower_bound=1)

SETTINGS = ("task", "method", "seed")
COLUMNS = (*SETTINGS, "value", "seconds")


# === The data ===


def digits(seed):
    """Returns (training images, held-out images, their classes, those of the held-out)."""
    found = datasets.load_digits()
    images = (found.data / 16.0).astype("float32")
    return model_selection.train_test_split(
        images, found.target, test_size=0.25, random_state=seed, stratify=found.target
    )


def wine(seed):
    x = datasets.load_wine().data
    train, test = model_selection.train_test_split(x, test_size=0.25, random_state=seed)
    mean, deviation = train.mean(0), train.std(0)
    return ((part - mean) / deviation for part in (train, test))


def at_random(shape, seed):
    missing = np.random.default_rng(seed).random(shape) < 0.3
    missing[missing.all(axis=1), 0] = False  # something of each row is seen
    return missing


def imputation(task, seed):
    """Returns (training rows, held-out rows, what is missing of them)."""
    if task.startswith("wine"):
        train, test = (x.astype("float32") for x in wine(seed))
        return train, test, at_random(test.shape, seed)
    train, test, _, _ = digits(seed)
    if "half" in task:
        return train, test, np.broadcast_to(np.arange(64) >= 32, test.shape)
    return train, test, at_random(test.shape, seed)


# === The methods: functions of (training rows, seed, noise) ===


def exact_em(latent_dim, units, epochs, restarts=3):
    def trained(train, seed, noise):
        model = ki.ExactEM(latent_dim, units, noise=noise, restarts=restarts, seed=seed)
        stop = keras.callbacks.EarlyStopping("loss", min_delta=1e-3, patience=3)
        model.fit(train, epochs=epochs, callbacks=[stop], verbose=0)
        return model

    return trained


class FullNormal:
    """A normal distribution with full covariance, with the names of `ExactEM`."""

    def __init__(self, train, seed, noise):
        found = covariance.LedoitWolf().fit(train)
        self.mean, self.covariance, self.found = train.mean(0), found.covariance_, found

    def impute(self, x):
        filled = x.copy()
        for row in filled:
            missing = np.isnan(row)
            seen = ~missing
            across = self.covariance[np.ix_(missing, seen)]
            within = self.covariance[np.ix_(seen, seen)]
            offset = np.linalg.solve(within, row[seen] - self.mean[seen])
            row[missing] = self.mean[missing] + across @ offset
        return filled

    def score(self, x):
        return self.found.mahalanobis(x)  # a monotone function of -log p(x)


def of_scikit_learn(make):
    def trained(train, seed, noise):
        imputer = make(seed).fit(train)
        imputer.impute = imputer.transform
        return imputer

    return trained


class Neighbors:
    """The distance to the fifth neighbor among the training images."""

    def __init__(self, train, seed, noise):
        self.found = neighbors.NearestNeighbors(n_neighbors=5).fit(train)

    def score(self, x):
        return self.found.kneighbors(x)[0][:, -1]


def forest(train, seed, noise):
    found = ensemble.IsolationForest(random_state=seed).fit(train)
    found.score = lambda x: -found.score_samples(x)
    return found


IMPUTERS = {
    "ExactEM [1, 16]": exact_em(1, "16", 60),
    "ExactEM [2, 16]": exact_em(2, "16", 20, restarts=1),
    "normal distribution": FullNormal,
    "mean": of_scikit_learn(lambda seed: impute.SimpleImputer()),
    "5 nearest neighbors": of_scikit_learn(lambda seed: impute.KNNImputer()),
    "iterative": of_scikit_learn(lambda seed: impute.IterativeImputer(random_state=seed)),
}
DETECTORS = {
    "ExactEM [1, 8]": exact_em(1, "8", 60),
    "normal distribution": FullNormal,
    "fifth neighbor": Neighbors,
    "isolation forest": forest,
}
HALF, PIXELS, WINE = "digits, lower half", "digits, 3 in 10 pixels", "wine, 3 in 10 values"
CLASSES = "digits, one against the rest"
TASKS = {HALF: IMPUTERS, PIXELS: IMPUTERS, WINE: IMPUTERS, CLASSES: DETECTORS}


def measured(task, method, seed):
    """Returns the error of what was filled in, or the area under the curve."""
    make = TASKS[task][method]
    if task == CLASSES:
        train, test, of_train, of_test = digits(seed)
        found = []
        for digit in range(10):
            model = make(train[of_train == digit], seed, "global")
            found.append(metrics.roc_auc_score(of_test != digit, model.score(test)))
        return np.mean(found)
    train, test, missing = imputation(task, seed)
    model = make(train, seed, "per_column" if task == WINE else "global")
    filled = model.impute(np.where(missing, np.nan, test).astype("float32"))
    return np.sqrt(np.mean(np.square((filled - test)[missing])))


def main(_):
    done = table.cases_of(FLAGS.output, SETTINGS)
    for seed in range(FLAGS.seeds):
        for task, methods in TASKS.items():
            for method in methods:
                if (task, method, str(seed)) in done:
                    continue
                start = time.process_time()
                value = measured(task, method, seed)
                row = [task, method, seed, f"{value:.4f}"]
                row.append(f"{time.process_time() - start:.2f}")
                print(*row, flush=True)
                table.add_rows(FLAGS.output, COLUMNS, [row])


if __name__ == "__main__":
    app.run(main)
