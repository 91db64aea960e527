"""What the transform of a table's numbers does to anomaly scores.

    python benchmarks/studies/table_transforms.py --output=table_transforms.csv
    python benchmarks/studies/table_transforms.py --output=table_transforms.csv \
        --mlbench=MLBENCH --peers_python=peers/bin/python
    python benchmarks/studies/table_transforms.py --output=table_transforms.csv --summary

The sets and regimes are those of anomaly_sets.py, which says where MLBENCH comes from, the networks
those of anomalies.py. Three ways: columns "standardized" with a normal likelihood of one scale per
column; "quantiles", the transform of a DataFrame, with densities of the transformed numbers; and
"quantiles, own unit", with those of the raw ones, which is what a model of a DataFrame has. Rows
that are there already are not made again. About half an hour of one processor core.
"""

import anomaly_sets
import keras
import numpy as np
import pandas
import table
from absl import app, flags
from sklearn import metrics

import keras_infovae as ki

FLAGS = flags.FLAGS  # --mlbench, --peers_python and --sets are those of anomaly_sets.py
flags.DEFINE_string("output", "table_transforms.csv", "The table; rows are added to it.")
flags.DEFINE_integer("seeds", 3, "Models, and splits, per set.", lower_bound=1)
flags.DEFINE_bool("summary", False, "Train nothing; print the means of --output.")

COLUMNS = ("set", "regime", "seed", "transform", "roc_auc", "average_precision")
WAYS = ("standardized", "quantiles", "quantiles, own unit")


def likelihood_of(way, frame):
    """Returns (the likelihood, the schema) of a DataFrame."""
    if way == "standardized":
        kinds = dict.fromkeys(frame.columns, "identity")
        schema = ki.tables.Schema.infer(frame, kinds)
        return ki.likelihoods.Normal(scale="per_column"), schema
    schema = ki.tables.Schema.infer(frame, unknown="missing")
    likelihood = schema.likelihood()
    if way == "quantiles":
        groups = [
            (getattr(group, "likelihood", group), width)
            for group, width in likelihood.likelihood.columns
        ]
        likelihood = ki.likelihoods.PartlyObserved(ki.likelihoods.MixedColumns(groups), mask=False)
    return likelihood, schema


def scores(train, test, way, seed):
    """Returns the default score of each test row of a model of the training rows."""
    likelihood, schema = likelihood_of(way, train)
    keras.utils.set_random_seed(seed)
    networks = {part: ki.networks.MLP(hidden_units=(128, 64)) for part in ("encoder", "decoder")}
    model = ki.InfoVAE(4, likelihood=likelihood, preprocessor=schema, seed=seed, **networks)
    model.fit(train, epochs=100, batch_size=64, verbose=0)
    return model.score(test)


def main(_):
    done = table.cases_of(FLAGS.output, COLUMNS[:4])
    problems = () if FLAGS.summary else anomaly_sets.sets(FLAGS.seeds)
    for name, regime, seed, x, anomaly in problems:
        train, test, unusual = anomaly_sets.problem(x, anomaly, regime, seed)
        varies = np.ptp(train, axis=0) > 0
        frames = [pandas.DataFrame(rows[:, varies]).add_prefix("x") for rows in (train, test)]
        for way in WAYS:
            if (name, regime, str(seed), way) in done:
                continue
            found = scores(*frames, way, seed)
            area = metrics.roc_auc_score(unusual, found)
            precision = metrics.average_precision_score(unusual, found)
            case = (name, regime, seed, way, f"{area:.4f}", f"{precision:.4f}")
            table.add_rows(FLAGS.output, COLUMNS, [case])
    rows = pandas.DataFrame(table.read_rows(FLAGS.output))
    rows[["roc_auc", "average_precision"]] = rows[["roc_auc", "average_precision"]].astype(float)
    of_sets = rows.pivot_table("roc_auc", ["regime", "set"], "transform")
    print(of_sets.round(3).to_string())
    means = rows.groupby(["regime", "transform"])[["roc_auc", "average_precision"]].mean()
    print(means.round(3).to_string())


if __name__ == "__main__":
    app.run(main)
