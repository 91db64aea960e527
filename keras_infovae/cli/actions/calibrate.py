"""What `keras-infovae calibrate` does."""

import os
import warnings

import numpy as np

from keras_infovae import evaluation
from keras_infovae.cli import data_flags
from keras_infovae.cli.actions import anomaly_score, conditions, rows, run_config
from keras_infovae.cli.actions import data as run_data
from keras_infovae.cli.errors import CommandLineError, reported
from keras_infovae.training import RunDirectory
from keras_infovae.training.contents import MODEL
from keras_infovae.utils.files import whole_file


def run(command, flags):
    """Keeps a threshold in the model of a run."""
    names = {name: name for name in command.flag_set().names()} | data_flags.NAMES | {"x": "data"}
    with reported(names):
        run = RunDirectory(flags.run)
        config = run_config.config_of(run)
        if not run.finished:
            raise CommandLineError(
                f"Argument `--run` must be a finished run. Received: --run={flags.run}"
            )
        model = run.load_model()
        if flags.data is None:
            data = run_data.load_of_run(config)
            x, condition, what = _held_out(data, config)
        else:
            data = None
            x, condition, what = _of_file(flags, config, model)
        score = anomaly_score.chosen(flags.score, model, config, data)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            threshold = evaluation.calibrate_anomaly_threshold(
                model, x, flags.false_positive_rate, score, condition=condition
            )
    with whole_file(os.path.join(run.path, MODEL)) as temporary:
        model.save(temporary)
    for warning in caught:
        print(f"note: {warning.message}")
    print(
        f"{run.path}: anomalies score above {threshold.value:.6g}, by {len(x)} {what}. Of new "
        f"usual examples that are {threshold.expected_rate:.2%} on average, and below "
        f"{threshold.rate_bound:.2%} in 95 % of calibrations."
    )


def _of_file(flags, config, model):
    """Returns (the usual examples of `--data`, their condition or None, what they are)."""
    data, _ = rows.in_order(flags.data, config, model, data_flags.table_settings(flags))
    rows.print_notes(data)
    condition = conditions.of_splits(data, config, ("train",))["train"]
    return data.train, condition, f"examples of {flags.data}"


def _held_out(data, config):
    """Returns (the examples that the run held out, their condition or None, what they are)."""
    held_out = [split for split in ("validation", "test") if len(getattr(data, split))]
    if not held_out:
        raise CommandLineError(
            "Argument `--data` must be given for a run that held no examples out. Received: none"
        )
    given = conditions.of_splits(data, config, held_out)
    condition = [given[split] for split in held_out]
    x = np.concatenate([getattr(data, split) for split in held_out])
    return x, None if condition[0] is None else np.concatenate(condition), "held-out examples"
