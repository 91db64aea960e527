"""What `keras-infovae tune` does."""

import os
import shlex

from keras_infovae import conditions as model_conditions
from keras_infovae import evaluation, networks, training, tuning
from keras_infovae.cli import data_flags, register
from keras_infovae.cli.actions import conditions, models
from keras_infovae.cli.actions import data as run_data
from keras_infovae.cli.errors import reported
from keras_infovae.cli.tune import FEW_TRIALS, searched
from keras_infovae.models import registry
from keras_infovae.text import Text
from keras_infovae.tuning.search_directory import BEST_RUN


def run(command, flags):
    """Searches, and makes a run of the best model."""
    parsed = searched(flags)
    known = register.hyperparameters_of(registry.get(flags.model))
    names = {name: name for name in command.flag_set().names()}
    with reported(names | data_flags.NAMES | {"directory": "output"}):
        strategy = training.get_strategy(flags.strategy)  # before anything is computed
        tuning.HyperModel(flags.model, **parsed)  # shows what is wrong before data are read
        data, settings, likelihood = models.load_data(flags)
        classes = conditions.classes_of(flags, data)
        if "network" in known and not isinstance(data.preprocessor, Text):
            conv = isinstance(networks.default_for(data.event_shape), networks.Conv)
            parsed = {"network": "conv" if conv else "mlp"} | parsed
        if classes:
            count = len(classes[conditions.CLASSES])
            parsed["condition"] = model_conditions.Classes(count)
        if data.preprocessor is not None:
            parsed["preprocessor"] = data.preprocessor
        found = tuning.tune(
            data,
            tuning.HyperModel(flags.model, **(likelihood | parsed)),
            directory=flags.output,
            condition=conditions.of_splits(data, classes),
            tuner=flags.tuner,
            objective=flags.objective,
            max_trials=_max_trials(flags),
            epochs=flags.epochs,
            patience=flags.patience,
            strategy=strategy,
            overwrite=flags.overwrite,
            seed=flags.seed,
            plots=flags.plots,
        )
    if found is not None:
        config = {"command": command.command_line(flags), "data": settings, **classes}
        _show(found, config, flags, data)


def _max_trials(flags):
    if flags.max_trials is None and flags.tuner != "grid":
        return FEW_TRIALS
    return flags.max_trials


def _show(found, config, flags, data):
    """Prints what was found, and writes the best model as a run.

    Args:
        found: a `SearchResult`.
        config: of the run, as far as it follows from the flags.
        flags: those of the command line.
        data: the `Dataset`.
    """
    best = found.best
    print(f"\nThe best of {len(found.trials)} trials is {best['trial']}, with")
    for name, value in best["hyperparameters"].items():
        print(f"  {name:<15}{value:.4g}" if isinstance(value, float) else f"  {name:<15}{value}")
    model, history = found.load_model(), found.history()
    split, given = data.held_out(), conditions.of_splits(data, config)
    x = getattr(data, split)
    metrics = evaluation.summarize(model, x, seed=flags.seed, condition=given[split])
    config |= {
        "data_fingerprint": run_data.fingerprint(data, labels=conditions.CLASSES in config),
        "feature_names": data.feature_names,
        "model": {"name": flags.model} | best["hyperparameters"],
        "training": best["fit"],
    }
    path = os.path.join(found.directory, BEST_RUN)
    with training.RunDirectory.create(path, config, overwrite=True) as run:
        model.save(run.saver.path)
        pictures = []
        if flags.plots:
            pictures = evaluation.plot_all(
                model, data, history, run.plots, flags.seed, condition=given
            )
        about = {"data": config["data"]["source"], "split": split, "epoch": best["fit"]["epochs"]}
        run.finish(about | metrics, pictures)
    print(f"\nOn {split} examples:\n{evaluation.describe(metrics)}")
    output = shlex.quote(found.directory)
    print(f"\nAll is in {output}; trials.csv and plots/ say what mattered. Then, for example")
    print(conditions.example_of_generate(path, config))
