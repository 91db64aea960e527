"""Writes what a search has found."""

import csv
import json
import math
import os
import shutil

import keras

from keras_infovae.training.contents import HISTORY, MODEL  # a trial's are called as a run's
from keras_infovae.tuning import objectives, search_directory
from keras_infovae.tuning.plots import plot_hyperparameters, plot_pareto, plot_trials
from keras_infovae.utils.files import whole_file, write_json

_FIRST, _LAST = ("trial", "status"), ("reason",)
# That hyperparameters cannot have: those of a table's other columns.
RESERVED = (*_FIRST, *_LAST, "epochs", "seconds", *objectives.OBJECTIVES)
_INTERNAL = "tuner/"  # hyperparameters that Hyperband keeps its rounds in
COMPLETED = "COMPLETED"


def rows_of(oracle):
    """Returns a dictionary per trial, in the order in which they began."""
    return [_row(oracle.trials[trial_id]) for trial_id in oracle.start_order]


def write_tables(search, rows):
    """Writes trials.csv and pareto.csv."""
    completed = [row for row in rows if row["status"] == COMPLETED]
    first, *_ = objectives.PARETO
    front = sorted(objectives.pareto(completed), key=lambda row: row.get(first, 0.0))
    _write_table(search.file(search_directory.TABLE), rows)
    _write_table(search.file(search_directory.PARETO), front)
    return front


def best_row(rows, objective):
    """Returns the row of the best trial.

    Raises:
        RuntimeError: when no trial is one, saying why.
    """
    completed = [row for row in rows if row["status"] == COMPLETED]
    if not completed:
        reason = next((row["reason"] for row in rows if "reason" in row), "none was begun")
        raise RuntimeError(f"No trial succeeded. The first of {len(rows)} failed by: {reason}")
    candidates = [row for row in completed if objectives.eligible(objective, row)]
    if not candidates:
        nearest = min(completed, key=lambda row: row["mmd_excess"])
        raise RuntimeError(
            f"No trial's MMD is within the null band. The nearest is {nearest['mmd']:.4g} in trial "
            f"{nearest['trial']}, where the band ends at {nearest['mmd_null_high']:.4g}; raise "
            "`lambda_`, or go by another objective"
        )
    best = max if objectives.OBJECTIVES[objective] == "max" else min
    return best(candidates, key=lambda row: row[objective])


def write_best(search, rows, objective, trial, trial_file, fit):
    """Writes best.keras, best_history.csv and then best.json.

    A number that is not finite, as log det Cov[q(z)] of a constant code, is null there.

    Args:
        search: the `SearchDirectory`.
        rows: what `rows_of` returned.
        objective: its name.
        trial: the KerasTuner trial that is the best.
        trial_file: gives the path of a file of a trial.
        fit: {"batch_size": ..., "seed": ...}, what it was trained with.
    """
    row = next(row for row in rows if row["trial"] == trial.trial_id)
    hyperparameters = _hyperparameters(trial)
    known = {*_FIRST, *_LAST, *hyperparameters}
    for kept, name in (
        (search_directory.BEST_MODEL, MODEL),
        (search_directory.HISTORY, HISTORY),
    ):
        with whole_file(search.file(kept)) as temporary:
            shutil.copyfile(trial_file(trial.trial_id, name), temporary)
    model = keras.saving.load_model(search.file(search_directory.BEST_MODEL))
    best = {
        "trial": trial.trial_id,
        "objective": {"name": objective, "value": row[objective]},
        "numbers": {
            name: value if math.isfinite(value) else None
            for name, value in row.items()
            if name not in known
        },
        "hyperparameters": hyperparameters,
        "fit": fit | {"epochs": int(row["epochs"])},
        "model": keras.saving.serialize_keras_object(model),
    }
    write_json(search.file(search_directory.BEST), json.loads(json.dumps(best)))


def draw(search, rows, front, objective, best):
    """Draws the pictures of a search; returns their paths."""
    os.makedirs(search.file(search_directory.PLOTS), exist_ok=True)

    def path(name):
        return os.path.join(search.file(search_directory.PLOTS), name)

    names = list(best["hyperparameters"])
    paths = [
        plot_trials(rows, objective, path("trials.png")),
        plot_hyperparameters(rows, objective, names, path("hyperparameters.png")),
    ]
    if all({"reconstruction_loss", "mmd"} <= set(row) for row in front):
        paths.append(plot_pareto(rows, front, path("pareto.png")))
    return paths


def _row(trial):
    metrics = {name: trial.metrics.get_last_value(name) for name in trial.metrics.metrics}
    row = {"trial": trial.trial_id, "status": trial.status} | metrics | _hyperparameters(trial)
    if trial.message:
        row["reason"] = trial.message
    return row


def _hyperparameters(trial):
    values = trial.hyperparameters.values
    return {name: value for name, value in values.items() if not name.startswith(_INTERNAL)}


def _write_table(path, rows):
    names = dict.fromkeys(name for row in rows for name in row if name not in _FIRST + _LAST)
    with (
        whole_file(path) as temporary,
        open(temporary, "w", newline="", encoding="utf-8") as file,
    ):
        columns = [*_FIRST, *names, *_LAST]
        # Quotes tell text from numbers: hidden_units "128" is a text, latent_dim 128 is not.
        writer = csv.DictWriter(file, columns, quoting=csv.QUOTE_NONNUMERIC)
        writer.writeheader()
        # A truth value would be written as a number, which it cannot be read as.
        writer.writerows(
            {name: str(v) if isinstance(v, bool) else v for name, v in row.items()} for row in rows
        )
