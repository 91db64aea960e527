"""`keras-infovae tune`."""

from keras_infovae.cli import (
    data_flags,
    model_flags,
    output_path,
    register,
    setting_flags,
    sources,
)
from keras_infovae.cli.command import Command
from keras_infovae.cli.errors import CommandLineError, reported
from keras_infovae.parameters import choices
from keras_infovae.parameters.kinds import NETWORK_BY_SHAPE

FEW_TRIALS = 20


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
        data_flags.define(flag_set)
        flag_set.group("Output")
        flag_set.path("output", "DIRECTORY", "The search's directory.", required=True)
        flag_set.boolean("overwrite", "Remove the search that is there, and begin a new one.")
        flag_set.boolean("plots", "Draw the pictures.", default=True)
        flag_set.group("Search")
        flag_set.choice(
            "tuner",
            sources.read("keras_infovae.tuning.search", "TUNERS"),
            "Which trial comes next. bayesian: where a model of the results expects most; "
            "hyperband: many short trainings, of which the better ones go on; grid: all.",
            default="bayesian",
        )
        flag_set.choice(
            "objective",
            tuple(sources.read("keras_infovae.tuning.objectives", "OBJECTIVES")),
            "What the best trial is best in, on validation examples. "
            "reconstruction_within_null_band: the least reconstruction loss of models whose codes "
            "cannot be told from the prior.",
            shown="the first that the model has",
        )
        flag_set.integer(
            "max_trials", "TRIALS", "How many in all.", shown=f"{FEW_TRIALS}; all of a grid"
        )
        flag_set.integer(
            "epochs",
            "PASSES",
            "At most, per trial.",
            shown=sources.read("keras_infovae.training.length", "EPOCHS_IN_WORDS"),
        )
        flag_set.integer(
            "patience",
            "EPOCHS",
            "End a training after so many without a better validation loss. Models with a critic, "
            "or a weight on a schedule, are trained to the end.",
            shown=sources.read("keras_infovae.training.length", "PATIENCE_IN_WORDS"),
        )
        flag_set.integer("seed", "INTEGER", "Of splits, proposals, trainings.", 0, default=0)
        flag_set.choice(
            "strategy",
            sources.read("keras_infovae.training.strategies", "STRATEGIES"),
            "The devices of each trial.",
            default="auto",
        )
        flag_set.group("Space")
        model_flags.define_model(flag_set, "What is searched")
        for name, uses in setting_flags.uses_of(register.hyperparameters_of).items():
            setting_flags.define(flag_set, name, uses, _choices_words, ",...")

    def check(self, flags):
        if flags.strategy == "multi_worker":
            raise CommandLineError(
                "Argument `--strategy` must be one of a single machine; machines run trials in "
                "parallel instead (docs/tuning.md). Received: --strategy=multi_worker"
            )
        searched(flags)
        output_path.check_directory(flags.output)

    def run(self, flags):
        from keras_infovae.cli.actions import tune

        return tune.run(self, flags)


def searched(flags):
    """Returns {hyperparameter: its choices} of the flags that were given.

    Raises:
        CommandLineError: for one that the model does not have, and for what it cannot be.
    """
    given = model_flags.check(flags, register.hyperparameters_of)
    known = register.hyperparameters_of(register.members()[flags.model])
    with reported({}):
        return {n: choices.parse(f"--{n}", known[n][0], text) for n, text in given.items()}


def _choices_words(name, parameter, default):
    if name == "network":
        return NETWORK_BY_SHAPE
    if parameter.search is not None:
        return choices.words(parameter.search)
    return model_flags.default_words(name, parameter, default)
