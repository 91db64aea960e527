"""How to train where anomalies are among the training rows, and what it costs where they are not.

    python benchmarks/studies/contaminated.py --output=contaminated.csv \
        --mlbench=MLBENCH --peers_python=peers/bin/python
    python benchmarks/studies/contaminated.py --output=contaminated.csv --summary

The sets and regimes of anomaly_sets.py. Each way changes one thing of the model of
examples/tabular.py (InfoVAE(4), networks of 128 and 64, 100 epochs of batches of 64): the epochs,
the scale, the likelihood, the latents, or which rows count. Rows are scored by `model.score`.
"trim" takes the tenth of a batch with the largest loss out of it: what the model explains worst
does not pull it. "trained again" trains a new model without the fifth of the rows that the one
before finds most unusual. "OutlierDetector" is that of scikit_learn, of the columns as they are,
with other arguments where they are named. Rows that are there already are not made again.
"""

import time

import anomaly_sets
import keras
import numpy as np
import table
import tensorflow as tf
from absl import app, flags

import keras_infovae as ki

FLAGS = flags.FLAGS
flags.DEFINE_string("output", "contaminated.csv", "The table; rows are added to it.")
flags.DEFINE_integer("seeds", 3, "Models, and splits, per set.", lower_bound=1)
flags.DEFINE_list("ways", None, "The ways to study. Default: all.")
flags.DEFINE_list("regimes", list(anomaly_sets.REGIMES), "The regimes to study.")
flags.DEFINE_bool("summary", False, "Train nothing; print the means of --output.")

SETTINGS = ("set", "regime", "seed", "way")
COLUMNS = (*SETTINGS, "roc_auc", "average_precision", "seconds")


class Trimmed(ki.InfoVAE):
    """InfoVAE whose losses are means over nine tenths of a batch, without the largest."""

    def loss_terms(self, one):
        terms = super().loss_terms(one)
        kl = self.kl_rows(one.codes.posterior, one.prior, one.codes.gathered)
        reconstruction = -tf.reduce_mean(one.log_likelihood, axis=0)
        rows = tf.stop_gradient(reconstruction + kl)
        count = tf.cast(tf.math.ceil(0.9 * tf.cast(tf.size(rows), tf.float32)), "int32")
        _, kept = tf.math.top_k(-rows, count)
        means = [tf.reduce_mean(tf.gather(values, kept)) for values in (reconstruction, kl)]
        return terms | dict(zip(("reconstruction_loss", "kl_divergence"), means))


NORMAL = ki.likelihoods.Normal
PER_COLUMN = {"likelihood": lambda: NORMAL("per_column")}
# Of each way the class, the arguments that differ, the epochs, and how often it is trained again.
WAYS = {
    "default": (ki.InfoVAE, {}, 100, 0),
    "25 epochs": (ki.InfoVAE, {}, 25, 0),
    "scale 1": (ki.InfoVAE, {"likelihood": lambda: NORMAL(1.0)}, 100, 0),
    "scale 1 and alpha 1": (ki.InfoVAE, {"likelihood": lambda: NORMAL(1.0), "alpha": 1.0}, 100, 0),
    "per column": (ki.InfoVAE, PER_COLUMN, 100, 0),
    "student_t": (ki.InfoVAE, {"likelihood": "student_t"}, 100, 0),
    "trim 0.1": (Trimmed, {}, 100, 0),
    "2 latents, per column": (ki.InfoVAE, PER_COLUMN | {"latent_dim": 2}, 100, 0),
    "2 latents, per column, trained again": (ki.InfoVAE, PER_COLUMN | {"latent_dim": 2}, 100, 1),
}
# Of those by scikit_learn.OutlierDetector what differs, as for `anomaly_sets.detector_scores`.
DETECTORS = {
    "OutlierDetector": {},
    "OutlierDetector, left_out=4": {
        "anomaly_score": ki.anomaly_scores.ExemplarLikelihood(left_out=4)
    },
    "OutlierDetector, novelty": {"novelty": True},
    "OutlierDetector, novelty, quantiles": {"novelty": True, "kind": "numeric"},
    "OutlierDetector, novelty, quantiles, 8 latents": {
        "novelty": True,
        "kind": "numeric",
        "latent_dim": 8,
    },
}
TRIM = 0.2


def scores(train, test, way, seed):
    """Returns the scores of the test rows by a model that was trained in that way."""
    if way in DETECTORS:
        return anomaly_sets.detector_scores(train, test, seed, **DETECTORS[way])
    train, test = anomaly_sets.standardized(train, test)
    model = trained(train, way, seed)
    for number in range(1, WAYS[way][3] + 1):
        found = model.score(train)
        model = trained(train[found <= np.quantile(found, 1.0 - TRIM)], way, seed + 100 * number)
    return model.score(test)


def trained(train, way, seed):
    """Returns the model of that way."""
    keras.utils.set_random_seed(seed)
    kind, options, epochs, _ = WAYS[way]
    network = ki.networks.MLP((128, 64))
    arguments = {"latent_dim": 4, "likelihood": "normal", "encoder": network, "decoder": network}
    arguments |= {name: value() if callable(value) else value for name, value in options.items()}
    model = kind(seed=seed, **arguments)
    model.compile("adam")
    model.fit(train, epochs=epochs, batch_size=64, verbose=0)
    return model


def print_summary():
    """Prints the means over sets and seeds of each way, then those of each set."""
    rows = table.read_rows(FLAGS.output)
    ways, sets = (list(dict.fromkeys(row[name] for row in rows)) for name in ("way", "set"))

    def mean(column, **case):
        found = [row for row in rows if all(row[n] == value for n, value in case.items())]
        return f"{np.mean([float(row[column]) for row in found]):.3f}" if found else ""

    print("| ROC-AUC / average precision | all | normals |\n|---|---|---|")
    for way in ways:
        cells = [
            " / ".join(mean(column, way=way, regime=regime) for column in COLUMNS[4:6])
            for regime in anomaly_sets.REGIMES
        ]
        print(f"| {way} | {' | '.join(cells)} |")
    for regime in anomaly_sets.REGIMES:
        print(f"\n| {regime}, ROC-AUC | {' | '.join(sets)} |\n|{'---|' * (len(sets) + 1)}")
        for way in ways:
            areas = [mean("roc_auc", way=way, regime=regime, set=name) for name in sets]
            print(f"| {way} | {' | '.join(areas)} |")


def main(_):
    done = table.cases_of(FLAGS.output, SETTINGS)
    for name, regime, seed, x, anomaly in () if FLAGS.summary else anomaly_sets.sets(FLAGS.seeds):
        if regime not in FLAGS.regimes:
            continue
        train, test, unusual = anomaly_sets.problem(x, anomaly, regime, seed)
        for way in FLAGS.ways or (*WAYS, *DETECTORS):
            if (name, regime, str(seed), way) in done:
                continue
            start = time.perf_counter()
            found = scores(train, test, way, seed)
            metrics = ki.evaluation.anomaly_metrics(found[unusual == 0], found[unusual == 1])
            numbers = metrics["roc_auc"], metrics["average_precision"], time.perf_counter() - start
            row = [name, regime, seed, way, *(f"{number:.4f}" for number in numbers)]
            table.add_rows(FLAGS.output, COLUMNS, [row])
            keras.backend.clear_session()
    print_summary()


if __name__ == "__main__":
    app.run(main)
