"""`keras-infovae tune`."""

import os
import shlex

from keras_infovae import conditions as model_conditions
from keras_infovae import evaluation, networks, training, tuning
from keras_infovae.cli import conditions, model_flags, setting_flags
from keras_infovae.cli import data as run_data
from keras_infovae.cli.command import Command
from keras_infovae.cli.errors import CommandLineError, reported
from keras_infovae.models import registry
from keras_infovae.models.parameters import NETWORK_BY_SHAPE
from keras_infovae.training.strategies import STRATEGIES
from keras_infovae.tuning import choices
from keras_infovae.tuning.hyperparameters import hyperparameters_of
from keras_infovae.tuning.objectives import OBJECTIVES
from keras_infovae.tuning.search import TUNERS
from keras_infovae.tuning.search_directory import BEST_RUN

_FEW_TRIALS = 20


class Tune(Command):
    """Searches for good hyperparameters and keeps the best model."""

    name = "tune"
    summary = "searches for the settings that do best on your data, and keeps the best model"
    description = """
Many models are trained, on the training examples, and compared on the validation examples by a
number that does not depend on the weights of their losses. The directory given by --output then has

  best/          the best model as a run: for generate and evaluate, with its test numbers
  best.json      its settings, enough to train it anew
  trials.csv     a row per trial: numbers, settings, why it failed
  pareto.csv     the trials that no other is better than (reconstruction, MMD, active units)
  plots/         the objective over the trials, and over each setting
  trials/        the state of the search

The same command goes on with a search that was stopped; a larger --max_trials adds to one that was
finished. A setting is given as one value, as a list (--latent_dim=8,16) or as a range to draw from
(--learning_rate=0.0001..0.01); what is not given is searched over its default.
"""
    examples = (
        "keras-infovae tune --data=digits --output=searches/digits",
        "keras-infovae tune --data=mine.npz --latent_dim=4,8 --alpha=0 --output=searches/mine",
        "keras-infovae tune --data=mine.csv --model=mmd_vae --max_trials=50 --output=searches/b",
        "keras-infovae tune --data=digits --model=iwae --condition=labels --output=searches/c",
    )

    def define_flags(self, flag_set):
        run_data.define(flag_set)
        flag_set.group("Output")
        flag_set.text("output", "DIRECTORY", "The search's directory.", required=True)
        flag_set.boolean("overwrite", "Remove the search that is there, and begin a new one.")
        flag_set.boolean("plots", "Draw the pictures.", default=True)
        flag_set.group("Search")
        flag_set.choice(
            "tuner",
            TUNERS,
            "Which trial comes next. bayesian: where a model of the results expects most; "
            "hyperband: many short trainings, of which the better ones go on; grid: all.",
            default="bayesian",
        )
        flag_set.choice(
            "objective",
            tuple(OBJECTIVES),
            "What the best trial is best in, on validation examples. "
            "reconstruction_within_null_band: the least reconstruction loss of models whose codes "
            "cannot be told from the prior.",
            shown="the first that the model has",
        )
        flag_set.integer(
            "max_trials", "TRIALS", "How many in all.", shown=f"{_FEW_TRIALS}; all of a grid"
        )
        flag_set.integer("epochs", "PASSES", "At most, per trial.", default=50)
        flag_set.integer(
            "patience",
            "EPOCHS",
            "End a training after so many without a better validation loss.",
            default=5,
        )
        flag_set.integer("seed", "INTEGER", "Of splits, proposals, trainings.", 0, default=0)
        flag_set.choice("strategy", STRATEGIES, "The devices of each trial.", default="auto")
        flag_set.group("Space")
        model_flags.define_model(flag_set, "What is searched")
        for name, uses in setting_flags.uses_of(hyperparameters_of).items():
            setting_flags.define(flag_set, name, uses, _choices_words, ",...")

    def run(self, flags):
        if flags.strategy == "multi_worker":
            raise CommandLineError(
                "Argument `--strategy` must be one of a single machine; machines run trials in "
                "parallel instead (docs/tuning.md). Received: --strategy=multi_worker"
            )
        given = model_flags.check(flags, hyperparameters_of)
        known = hyperparameters_of(registry.get(flags.model))
        with reported(self._names()):
            strategy = training.get_strategy(flags.strategy)  # before anything is computed
            parsed = {n: choices.parse(n, known[n][0], text) for n, text in given.items()}
            tuning.HyperModel(flags.model, **parsed)  # shows what is wrong before data are read
            data, settings, likelihood = model_flags.load_data(flags)
            classes = conditions.classes_of(flags, data)
            if "network" in known:
                conv = isinstance(networks.default_for(data.event_shape), networks.Conv)
                parsed = {"network": "conv" if conv else "mlp"} | parsed
            if classes:
                count = len(classes[conditions.CLASSES])
                parsed["condition"] = model_conditions.Classes(count)
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
            config = {"command": self.command_line(flags), "data": settings, **classes}
            _show(found, config, flags, data)

    def _names(self):
        names = {name: name for name in self.flag_set().names()}
        return names | run_data.NAMES | {"directory": "output"}


def _choices_words(name, parameter, default):
    if name == "network":
        return NETWORK_BY_SHAPE
    if parameter.search is not None:
        return choices.words(parameter.search)
    return model_flags.default_words(name, parameter, default)


def _max_trials(flags):
    if flags.max_trials is None and flags.tuner != "grid":
        return _FEW_TRIALS
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
