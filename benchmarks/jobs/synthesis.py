"""New rows of tables: the default InfoVAE beside CTGAN's TVAE and CTGAN.

All have two thirds of the rows, as many epochs (300) and their other defaults; as many new rows are
judged by `table_quality` against the last third, and by the report of SDMetrics.
"""

import pathlib

import keras
import peers
import splits
import table
from absl import flags

import keras_infovae as ki

FLAGS = flags.FLAGS  # --seeds and --tables are those of run.py

COLUMNS = (
    *("table", "seed", "method", "quality", "column_shapes", "pair_trends", "sdmetrics_quality"),
    *("detection_auc", "train_on_synthetic", "train_on_real", "difference_standard_error"),
    *("closest_record", "closest_record_of_held_out", "closer_than_held_out"),
    *("exact_copies", "exact_copies_of_held_out"),
)
CASE = COLUMNS[:3]
METHODS = ("InfoVAE", "TVAE", "CTGAN", "real")  # "real": the held-out rows themselves


def synthesize(folder, name, seed):
    """Writes new rows of an InfoVAE to FOLDER/NAME_SEED_InfoVAE.csv, if they are not there."""
    path = pathlib.Path(folder, f"{name}_{seed}_InfoVAE.csv")
    if path.exists():
        return
    train = peers.read(pathlib.Path(folder, f"{name}_{seed}_train.csv"))
    keras.utils.set_random_seed(seed)
    model = ki.InfoVAE(latent_dim=16, seed=seed)
    model.fit(train, epochs=300, batch_size=128, verbose=0)
    peers.write(model.generate(len(train), seed=seed), path)


def judge(output, folder):
    """Adds a row to the table at `output` for each file of new rows that is not in it."""
    done = table.cases_of(output, CASE)
    of_sdmetrics = {r["file"]: r["quality"] for r in table.read_rows(folder / "sdmetrics.csv")}
    for name in FLAGS.tables:
        target = splits.TARGETS[name]
        for seed in range(FLAGS.seeds):
            train, held_out = splits.split(folder, name, seed)
            for method in METHODS:
                path = folder / f"{name}_{seed}_{method}.csv"
                if (name, str(seed), method) in done or not path.exists():
                    continue
                found = ki.evaluation.table_quality(train, peers.read(path), held_out, target)
                numbers = found.numbers | {"table": name, "seed": seed, "method": method}
                if method == "real":  # what these learn from themselves says nothing
                    numbers |= dict.fromkeys(("train_on_synthetic", "difference_standard_error"))
                quality = of_sdmetrics.get(path.stem)
                numbers["sdmetrics_quality"] = None if quality is None else float(quality)
                table.add_rows(output, COLUMNS, [[_text(numbers[name]) for name in COLUMNS]])


def _text(value):
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def summary(rows):
    """Prints, of each table and method, means over the seeds."""
    shown = [
        *("sdmetrics_quality", "quality", "column_shapes", "pair_trends", "detection_auc"),
        *("train_on_synthetic", "train_on_real", "closer_than_held_out", "exact_copies"),
    ]
    rows[shown] = rows[shown].astype(float)
    means = rows.groupby(["table", "method"], sort=False)[shown].mean()
    print(means.round(3).to_string())
