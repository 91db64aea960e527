"""What `keras-infovae evaluate` does."""

import math
import warnings

import numpy as np

from keras_infovae import evaluation
from keras_infovae.cli import data_flags
from keras_infovae.cli.actions import conditions, other_data, rows, trained
from keras_infovae.cli.actions import data as run_data
from keras_infovae.cli.errors import reported
from keras_infovae.evaluation.likelihood.pareto import unreliable_share
from keras_infovae.utils.files import write_json
from keras_infovae.utils.splits import SPLITS


def run(command, flags):
    """Prints the numbers of a run's model, and writes them."""
    names = {name: name for name in command.flag_set().names()} | data_flags.NAMES
    with reported(names):
        found = trained.load(flags.run)
        model, config = found.model, found.config
        data = _load(flags, config, model)
        split = _split(flags, data)
        given = conditions.of_splits(data, config, _names(split))
        x, condition = _examples(data, given, split)
    seed = config["training"]["seed"] if flags.seed is None else flags.seed
    given = {"seed": seed, "condition": condition}
    summary = evaluation.summarize(model, x, num_samples=flags.num_samples, **given)
    if found.run is not None and not found.run.finished:
        print(f"The run in {found.path} is unfinished; this is its last good epoch.")
    source = config["data"]["source"] if flags.data is None else flags.data
    print(f"{found.path} on {source}, {split} examples")
    if flags.data is not None:
        rows.print_notes(data)
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
        result = {"run": found.path, "data": source, "split": split} | summary
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
    given = data_flags.table_settings(flags)
    data = other_data.load_other(flags.data, config, model, given)
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
