"""`keras-infovae evaluate`."""

import math
import warnings

import numpy as np

from keras_infovae import evaluation
from keras_infovae.cli import conditions
from keras_infovae.cli import data as run_data
from keras_infovae.cli.command import Command
from keras_infovae.cli.errors import CommandLineError, reported
from keras_infovae.cli.output_file import check_output_file
from keras_infovae.evaluation.likelihood.pareto import unreliable_share
from keras_infovae.training import RunDirectory
from keras_infovae.utils.files import write_json
from keras_infovae.utils.splits import SPLITS


class Evaluate(Command):
    """Says how good the model of a run is."""

    name = "evaluate"
    summary = "says how good the model of a run is on examples that it was not trained on"
    description = """
Without --data, the run's own data is loaded and split again exactly as it was for the training, and
the numbers are those on its test examples. With --data, they are those on other examples, scaled as
the run's were. Where the run's model is told the labels, so it is here.

Losses and bounds are in nats per example. The table says of each number what is good.
"""
    examples = (
        "keras-infovae evaluate --run=runs/first",
        "keras-infovae evaluate --run=runs/first --split=train",
        "keras-infovae evaluate --run=runs/mine --data=new.npz --output=new.json",
        "keras-infovae evaluate --run=runs/first --likelihood=annealed_importance",
    )

    def define_flags(self, flag_set):
        flag_set.text("run", "DIRECTORY", "A directory that train wrote.", required=True)
        flag_set.text("data", "NAME|PATH", "Other examples, as for train.", shown="the run's own")
        flag_set.text(
            "label_column",
            "COLUMN",
            "With --data: the column that is the label and not data.",
            shown="that of the run, if it is there",
        )
        flag_set.choice(
            "split",
            (*SPLITS, "all"),
            "Which examples; of --data, the splits are made as the run's were.",
            shown="test; with --data, all",
        )
        flag_set.integer(
            "num_samples",
            "DRAWS",
            "Of z per example, for the importance-weighted bound: more are tighter.",
            default=128,
        )
        flag_set.choice(
            "likelihood",
            ("importance", "annealed_importance"),
            "Estimate log p(x) too, by that method: 5,000 draws; or, without relying on the "
            "encoder, 16 chains over 500 temperatures, which takes minutes.",
            shown="none",
        )
        flag_set.integer("seed", "INTEGER", "Of the draws of z.", minimum=0, shown="the run's")
        flag_set.text("output", "FILE.json", "Write the numbers there too.", shown="none")
        flag_set.boolean("overwrite", "Write --output although it is there already.")

    def run(self, flags):
        if flags.output is not None:
            check_output_file(flags.output, (".json",), flags.overwrite)
        if flags.label_column is not None and flags.data is None:
            raise CommandLineError(
                "Argument `--label_column` must be left out without --data. "
                f"Received: --label_column={flags.label_column}"
            )
        with reported({name: name for name in self.flag_set().names()} | run_data.NAMES):
            run = RunDirectory(flags.run)
            config = run_data.config_of(run)
            model = run.load_model()
            data = _load(flags, config, model)
            split = _split(flags, data)
            given = conditions.of_splits(data, config, _names(split))
            x, condition = _examples(data, given, split)
        seed = config["training"]["seed"] if flags.seed is None else flags.seed
        given = {"seed": seed, "condition": condition}
        summary = evaluation.summarize(model, x, num_samples=flags.num_samples, **given)
        if not run.finished:
            print(f"The run in {run.path} is unfinished; this is its last good epoch.")
        source = config["data"]["source"] if flags.data is None else flags.data
        print(f"{run.path} on {source}, {split} examples")
        print(evaluation.describe(summary))
        if flags.likelihood is not None:
            with reported({"method": "likelihood"}):
                summary |= _log_likelihood(model, x, flags.likelihood, **given)
            print(
                f"log p(x) by {flags.likelihood}: {summary['log_likelihood']:.2f} "
                f"+- {summary['log_likelihood_standard_error']:.2f} nats"
            )
            share = summary["log_likelihood_unreliable_weights"]
            if share is not None:
                print(f"Weights with a Pareto k of 0.7 or more: of {share:.1%} of the examples")
        if flags.output is not None:
            result = {"run": run.path, "data": source, "split": split} | summary
            write_json(flags.output, result)
            print(f"\nWritten to {flags.output}")


def _log_likelihood(model, x, method, **given):
    """Returns the mean of log p(x) over the examples and the standard error of that mean."""
    with warnings.catch_warnings():  # the share is printed
        warnings.simplefilter("ignore")
        found = evaluation.marginal_log_likelihood(model, x, method, verbose=1, **given)
    share = unreliable_share(found.pareto_k)
    error = np.std(found.log_likelihood, ddof=1) / math.sqrt(len(x))
    return {
        "log_likelihood": float(np.mean(found.log_likelihood)),
        "log_likelihood_standard_error": float(error),
        "log_likelihood_method": method,
        "log_likelihood_unreliable_weights": None if math.isnan(share) else share,
    }


def _load(flags, config, model):
    if flags.data is None:
        return run_data.load_of_run(config)
    data = run_data.load_other(flags.data, config, model.scaling, flags.label_column)
    model.example_spec.check_shape((None, *data.event_shape), "data")
    for split in SPLITS:
        if len(getattr(data, split)):
            model.example_spec.array(getattr(data, split), "data")
    return data


def _split(flags, data):
    if flags.split is not None:
        return flags.split
    return data.held_out() if flags.data is None else "all"


def _names(split):
    return SPLITS if split == "all" else (split,)


def _examples(data, given, split):
    """Returns the examples of a split and their conditions, {split: rows or None} in `given`."""
    splits = _names(split)
    x = np.concatenate([getattr(data, name) for name in splits])
    rows = [given[name] for name in splits if given[name] is not None]
    if len(x) < 2:
        raise ValueError(
            "Argument `split` must be one of at least 2 examples. "
            f"Received: split={split}, which has {len(x)}"
        )
    return x, np.concatenate(rows) if rows else None
