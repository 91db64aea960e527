"""How well anomaly scores tell anomalies, and how much they depend on the draw of z.

    python benchmarks/studies/anomalies.py --output=anomalies.csv
    python benchmarks/studies/anomalies.py --output=anomalies.csv \
        --mlbench=MLBENCH --peers_python=peers/bin/python
    python benchmarks/studies/anomalies.py --output=anomalies.csv --summary

The first line takes scikit-learn's sets alone. The second adds four of R's mlbench and PyOD's
detectors; anomaly_peers.py says where MLBENCH comes from and how the environment is made.

Eight sets, two regimes: "all" trains on all rows, anomalies among them, and scores the same rows;
"normals" trains on 70 % of the usual rows, and scores the others and the anomalies. Ours are the
settings of examples/tabular.py on standardized columns; "ELBO, 64" is what `model.score` gives by
default. "OutlierDetector" is that of scikit_learn with its defaults, and with `novelty=True`, of
the columns as they are, as PyOD's detectors are, with their defaults. Scores of draws of z are
computed five times, with noise of their own: `deviation` is the standard deviation of the ROC-AUC
over these. Rows that are there already are not made again. About twenty minutes of one processor
core with the peers.
"""

import math
import pathlib
import subprocess
import tempfile
import time

import anomaly_sets
import keras
import numpy as np
import table
import tensorflow as tf
from absl import app, flags

import keras_infovae as ki

FLAGS = flags.FLAGS
flags.DEFINE_string("output", "anomalies.csv", "The table; rows are added to it.")
flags.DEFINE_integer("seeds", 3, "Models, and splits, per set.", lower_bound=1)
flags.DEFINE_list("draws", ["1", "16", "64"], "Of z per example, for the scores of draws.")
flags.DEFINE_integer("repeats", 5, "Of each score of draws, with other noise.", lower_bound=2)
flags.DEFINE_bool("peers", True, "Also PyOD's detectors, where --peers_python says where they are.")
flags.DEFINE_bool("summary", False, "Train nothing; print the means of --output.")

COLUMNS = ("set", "regime", "seed", "method", "roc_auc", "average_precision", "deviation")
NORM = "norm of the row"


# === Scores ===


def trained(x, seed):
    """Returns the model of examples/tabular.py, trained on standardized rows."""
    keras.utils.set_random_seed(seed)
    networks = {part: ki.networks.MLP(hidden_units=(128, 64)) for part in ("encoder", "decoder")}
    model = ki.InfoVAE(4, likelihood="normal", seed=seed, **networks)
    model.compile("adam")
    model.fit(x, epochs=100, batch_size=64, verbose=0)
    return model


def scores_of_draws(model, x):
    """Yields (method, [an array of scores for each repeat]) of the scores that take draws."""
    x = tf.constant(x)
    numbers = [int(number) for number in FLAGS.draws]
    joint, count = model.joint(x), FLAGS.repeats * max(numbers)
    seeds = tf.zeros([len(x), 2], tf.int32)  # the same noise for each row, as in `score`
    z = model.inference.draw_rows(joint, seeds, count)
    q, p = model.posterior_distribution(x), model.prior_distribution()
    log_likelihood = joint.over_draws(joint.log_likelihood, z).numpy()
    log_weights = log_likelihood + (p.log_prob(z) - q.log_prob(z)).numpy()
    kl_divergence = model.kl_rows(q, p, z).numpy()
    for draws in numbers:
        parts = [slice(i * draws, (i + 1) * draws) for i in range(FLAGS.repeats)]
        likelihoods = [log_likelihood[part].mean(axis=0) for part in parts]
        yield f"ELBO, exact KL, {draws}", [kl_divergence - value for value in likelihoods]
        yield f"reconstruction, {draws}", [-value for value in likelihoods]
        yield f"ELBO, {draws}", [-log_weights[part].mean(axis=0) for part in parts]
        bounds = [np.logaddexp.reduce(log_weights[part], axis=0) for part in parts]
        yield f"importance-weighted, {draws}", [math.log(draws) - value for value in bounds]


def ours(train, test, seed):
    """Returns {method: [arrays of scores]} of the model, detectors and the trivial baseline."""
    detectors = {
        "OutlierDetector": {},
        "OutlierDetector, novelty": {"novelty": True},
    }
    found = {
        name: [anomaly_sets.detector_scores(train, test, seed, **options)]
        for name, options in detectors.items()
    }
    train, test = anomaly_sets.standardized(train, test)
    model = trained(train, seed)
    return found | dict(scores_of_draws(model, test)) | {NORM: [np.linalg.norm(test, axis=1)]}


def peers(problems):
    """Returns the scores of PyOD's detectors of each (training rows, test rows, seed)."""
    if FLAGS.peers_python is None or not FLAGS.peers:
        return [{} for _ in problems]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for i, (train, test, seed) in enumerate(problems):
            np.savez(folder / f"problem_{i}.npz", train=train, test=test, seed=seed)
        subprocess.run(
            [FLAGS.peers_python, str(anomaly_sets.PEERS), "score", str(folder)], check=True
        )
        files = [np.load(folder / f"scores_{i}.npz") for i in range(len(problems))]
        return [{name: [file[name]] for name in file.files} for file in files]


# === The table ===


def add_rows(case, anomaly, found):
    """Adds one row for each method of a problem to --output."""
    rows = []
    for method, repeats in found.items():
        metrics = [
            ki.evaluation.anomaly_metrics(scores[anomaly == 0], scores[anomaly == 1])
            for scores in repeats
        ]
        areas, precisions = ([m[n] for m in metrics] for n in ("roc_auc", "average_precision"))
        deviation = f"{np.std(areas, ddof=1):.4f}" if len(areas) > 1 else ""
        numbers = f"{np.mean(areas):.4f}", f"{np.mean(precisions):.4f}", deviation
        rows.append((*case, method, *numbers))
    table.add_rows(FLAGS.output, COLUMNS, rows)


def print_summary():
    """Prints means over sets and seeds, then the ROC-AUC of each set."""
    rows = table.read_rows(FLAGS.output)
    methods, sets = (list(dict.fromkeys(row[name] for row in rows)) for name in ("method", "set"))

    def values(column, **case):
        chosen = [row for row in rows if all(row[n] == value for n, value in case.items())]
        return [float(row[column]) for row in chosen if row[column]]

    def text(numbers, function=np.mean):
        return f"{function(numbers):.3f}" if numbers else ""

    print("| method | all: ROC-AUC / AP | normals | deviation of the AUC: mean | largest |")
    print("|---|---|---|---|---|")
    for method in methods:
        cells = [
            " / ".join(text(values(c, method=method, regime=r)) for c in COLUMNS[4:6])
            for r in anomaly_sets.REGIMES
        ]
        deviations = values("deviation", method=method)
        print(f"| {method} | {' | '.join(cells)} | {text(deviations)} | {text(deviations, max)} |")
    for regime in anomaly_sets.REGIMES:
        print(f"\n| {regime} | {' | '.join(sets)} |\n|{'---|' * (len(sets) + 1)}")
        for method in methods:
            areas = [text(values("roc_auc", method=method, regime=regime, set=s)) for s in sets]
            print(f"| {method} | {' | '.join(areas)} |")


def main(arguments):
    if len(arguments) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(arguments[1:])}. See --help.")
    if not FLAGS.summary:
        done = table.cases_of(FLAGS.output, COLUMNS[:3])
        cases, problems = [], []
        for *case, x, anomaly in anomaly_sets.sets(FLAGS.seeds):
            if tuple(map(str, case)) not in done:
                cases.append(case)
                problems.append(anomaly_sets.problem(x, anomaly, *case[1:]))
        of_peers = peers([(train, test, c[2]) for c, (train, test, _) in zip(cases, problems)])
        for case, (train, test, anomaly), known in zip(cases, problems, of_peers):
            start = time.perf_counter()
            add_rows(case, anomaly, ours(train, test, case[2]) | known)
            print(*case, f"{time.perf_counter() - start:.1f} s", flush=True)
    print_summary()


if __name__ == "__main__":
    app.run(main)
