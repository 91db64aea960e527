"""`keras-infovae tune`."""

import os
import shlex

from keras_infovae.cli import data as run_data
from keras_infovae.cli import help_page
from keras_infovae.cli.command import Command
from keras_infovae.cli.errors import CommandLineError, reported
from keras_infovae.cli.train import STRATEGIES

# The flag's word: the class in `keras_infovae.tuning`.
SPACES = {"info_vae": "HyperInfoVAE", "beta_vae": "HyperBetaVAE", "mmd_vae": "HyperMMDVAE"}
TUNERS = ("bayesian", "grid", "hyperband", "random")
OBJECTIVES = (
    *("importance_weighted_bound", "elbo", "reconstruction_loss", "mmd", "active_units"),
    "reconstruction_within_null_band",
)
# Name, what stands after "=", what it is, its default on the help page.
_SPACE = (
    ("network", "mlp,conv", "The networks.", "conv for images with sides of at least 8, else mlp"),
    ("hidden_units", "128,256-128,...", "Of an mlp: sizes of layers.", "128,256-128,512-256"),
    ("filters", "32,32-64,...", "Of a conv, at each halving of the image.", "32,32-64"),
    ("latent_dim", "INTEGERS", "Dimensions of z.", "8,16,32"),
    ("alpha", "NUMBERS", "At most 1; for info_vae.", "0,0.25,0.5,0.75,1"),
    ("lambda_", "NUMBERS,auto", "For info_vae and mmd_vae.", "auto,100,1000"),
    ("beta", "NUMBERS", "For beta_vae.", "0.25..8"),
    ("divergence", "NAMES", "Between codes and prior.", "mmd"),
    ("kernel", "NAMES", "Of the divergence.", "the three of mmd"),
    ("optimizer", "NAMES", "Keras's.", "adam"),
    ("learning_rate", "NUMBERS", "Of the optimizer.", "0.0001..0.01"),
    ("batch_size", "INTEGERS", "Examples per step, at least 2.", "64,128"),
)
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
            OBJECTIVES,
            "What the best trial is best in, on validation examples. The last one: the least "
            "reconstruction loss of models whose codes cannot be told from the prior.",
            default="importance_weighted_bound",
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
        flag_set.choice("model", tuple(SPACES), "What is searched.", default="info_vae")
        flag_set.text(
            "likelihood",
            "NAME",
            "p(x|z).",
            shown="bernoulli for images with values in [0, 1], else normal",
        )
        for name, value, text, shown in _SPACE:
            flag_set.text(name, value, text, shown=shown)

    def run(self, flags):
        if flags.strategy == "multi_worker":
            raise CommandLineError(
                "Argument `--strategy` must be one of a single machine; machines run trials in "
                "parallel instead (docs/tuning.md). Received: --strategy=multi_worker"
            )
        from keras_infovae import networks, training, tuning
        from keras_infovae.tuning import choices

        with reported(self._names()):
            strategy = training.get_strategy(flags.strategy)  # before anything is computed
            given = {n: choices.parse(n, getattr(flags, n)) for n, *_ in _SPACE if flags[n].present}
            space_class = getattr(tuning, SPACES[flags.model])
            space_class(**given)  # wrong settings show before a large file is read
            data, settings, likelihood, reason = run_data.load(flags)
            print(data.summary())
            print(f"likelihood: {likelihood} ({reason})")
            conv = isinstance(networks.default_for(data.event_shape), networks.Conv)
            given = {"network": "conv" if conv else "mlp", "likelihood": likelihood} | given
            found = tuning.tune(
                data,
                space_class(**given),
                directory=flags.output,
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
            _show(found, self.command_line(flags), flags, data, settings)

    def _names(self):
        names = {name: name for name in self.flag_set().names()}
        return names | run_data.NAMES | {"directory": "output"}


def _max_trials(flags):
    if flags.max_trials is None and flags.tuner != "grid":
        return _FEW_TRIALS
    return flags.max_trials


def _show(found, command, flags, data, settings):
    """Prints what was found, and writes the best model as a run.

    Args:
        found: a `SearchResult`.
        command: the command line.
        flags: its flags.
        data: the `Dataset`.
        settings: the arguments of `datasets.load` that give it again.
    """
    from keras_infovae import evaluation
    from keras_infovae.training import RunDirectory
    from keras_infovae.tuning.search_directory import BEST_RUN

    best = found.best
    print(f"\nThe best of {len(found.trials)} trials is {best['trial']}, with")
    for name, value in best["hyperparameters"].items():
        print(f"  {name:<15}{value:.4g}" if isinstance(value, float) else f"  {name:<15}{value}")
    model, history = found.load_model(), found.history()
    split = data.held_out()
    metrics = evaluation.summarize(model, getattr(data, split), seed=flags.seed)
    config = {
        "command": command,
        "data": settings,
        "data_fingerprint": run_data.fingerprint(data),
        "feature_names": data.feature_names,
        "model": {"name": flags.model} | best["hyperparameters"],
        "training": best["fit"],
    }
    path = os.path.join(found.directory, BEST_RUN)
    with RunDirectory.create(path, config, overwrite=True) as run:
        model.save(run.saver.path)
        pictures = []
        if flags.plots:
            pictures = evaluation.plot_all(model, data, history, run.plots, seed=flags.seed)
        about = {"data": settings["source"], "split": split, "epoch": best["fit"]["epochs"]}
        run.finish(about | metrics, pictures)
    print(f"\nOn {split} examples:\n{evaluation.describe(metrics)}")
    output = shlex.quote(found.directory)
    print(f"\nAll is in {output}; trials.csv and plots/ say what mattered. Then, for example")
    print(f"  {help_page.PROGRAM} generate --run={output}/{BEST_RUN} --output=samples.npy")
