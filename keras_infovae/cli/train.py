"""`keras-infovae train`."""

import contextlib
import math

import keras
import tensorflow as tf

from keras_infovae import training
from keras_infovae.cli import conditions, model_flags, training_run
from keras_infovae.cli import data as run_data
from keras_infovae.cli.command import Command
from keras_infovae.cli.errors import CommandLineError, reported
from keras_infovae.models import registry
from keras_infovae.training.strategies import STRATEGIES
from keras_infovae.utils.splits import SPLITS

_POLICIES = ("float32", "mixed_bfloat16", "mixed_float16")
_TRAINING = (
    "epochs",
    "early_stopping",
    "batch_size",
    "learning_rate",
    "clipnorm",
    "jit_compile",
    "dtype_policy",
    "strategy",
    "deterministic",
)
_OF_GRADIENTS = ("learning_rate", "clipnorm")


class Train(Command):
    """Trains one model on one data set and writes a run directory."""

    name = "train"
    summary = "trains a model on a data set or on your own file, and writes a run directory"
    description = """
The data is split into examples to train on, to watch while training (validation) and to judge the
trained model by (test); the model is trained; its numbers on the test examples are printed with a
word on what is good. The directory given by --output then has

  model.keras    the model, for keras.saving.load_model after `import keras_infovae`
  plots/         pictures: new examples, reconstructions, interpolations, the latent space, history
  metrics.json   the numbers; written last, so that a directory without it is an unfinished run
  history.csv    the losses of each epoch, in nats per example
  logs/          the same for TensorBoard
  config.json    all that it takes to repeat the run

An unfinished run is replaced by the next one, or gone on with where --resume is given; a finished
one is replaced only with --overwrite, and a directory with other files in it never. Ctrl-C stops
the training; model.keras then holds the last epoch that was finished and had finite losses.
"""
    examples = (
        "keras-infovae train --data=digits --output=runs/first",
        "keras-infovae train --data=mine.npz --latent_dim=8 --epochs=100 --output=runs/mine",
        "keras-infovae train --data=mine.npz --resume --output=runs/mine",
        "keras-infovae train --data=large.npy --stream --output=runs/large",
        "keras-infovae train --data=patients.csv --label_column=diagnosis --output=runs/patients",
        "keras-infovae train --data=fashion_mnist --model=beta_vae --beta=2 --output=runs/beta",
        "keras-infovae train --data=digits --condition=labels --output=runs/by_digit",
    )

    def define_flags(self, flag_set):
        run_data.define(flag_set, stream=True)
        flag_set.group("Output")
        flag_set.text("output", "DIRECTORY", "The run directory to write.", required=True)
        flag_set.boolean("overwrite", "Replace a finished run.")
        flag_set.boolean(
            "resume",
            "Go on with an unfinished run after the last epoch that it saved, as if it had not "
            "been stopped; begin one where there is none; leave a finished one as it is.",
        )
        flag_set.boolean("plots", "Draw the pictures.", default=True)
        model_flags.define(flag_set)
        flag_set.group("Training")
        flag_set.integer("epochs", "PASSES", "Passes over the training examples.", default=50)
        flag_set.integer(
            "early_stopping",
            "EPOCHS",
            "Stop when the loss on validation examples has not become lower for so many epochs, "
            "and keep the weights of the epoch where it was lowest.",
            shown="all epochs are trained, and the last one is kept",
        )
        flag_set.integer("batch_size", "EXAMPLES", "Per step, at least 2.", minimum=2, default=64)
        flag_set.number("learning_rate", "RATE", "Of Adam.", default=0.001, exclusive_minimum=0)
        flag_set.number(
            "clipnorm",
            "NORM",
            "Shorten gradients of each weight that are longer; 1 helps when losses become NaN.",
            shown="no clipping",
            exclusive_minimum=0,
        )
        flag_set.integer(
            "seed",
            "INTEGER",
            "Of splits, weights, order and draws. Same seed, same machine: same numbers.",
            minimum=0,
            default=0,
        )
        flag_set.boolean(
            "deterministic",
            "Compute in an order that is always the same, more slowly: same seed, same machine, "
            "same bits.",
        )
        flag_set.boolean(
            "jit_compile", "Compile by XLA.", default=None, shown="on from 5,000 steps"
        )
        flag_set.choice(
            "strategy",
            STRATEGIES,
            "The devices to train on. --batch_size is that of all together, and the numbers are "
            "those of one. mirrored: all GPUs of this machine; multi_worker: all machines in the "
            "variable TF_CONFIG, of which worker 0 writes the run; auto: all there are.",
            default="auto",
        )
        flag_set.interval(
            "profile",
            "FIRST,LAST",
            "Record what the devices do from step FIRST to step LAST, counted from 1 over all "
            "epochs, for TensorBoard's profile page. The first steps compile: 10,20 is a choice.",
            shown="nothing is recorded",
        )
        flag_set.choice(
            "dtype_policy",
            _POLICIES,
            "What the networks compute in; losses are in float32 always. The mixed ones are faster "
            "on GPUs, and mixed_bfloat16 rarely overflows.",
            default="float32",
        )

    def run(self, flags):
        settings = model_flags.settings(flags)
        _check(flags)
        run_data.check(flags)
        with _dtype_policy(flags.dtype_policy):
            with reported(self._names()):
                strategy = training.get_strategy(flags.strategy)  # before anything is computed
            with training.directory_to_write(flags.output, strategy) as output:
                if flags.resume and training.RunDirectory(flags.output).finished:
                    print(f"{flags.output} holds a finished run: there is nothing to go on with.")
                    return 0
                with reported(self._names()):
                    config, data, model = _prepare(flags, settings, output, strategy)
                with _begin(flags, output, config) as run:
                    run.profiled_steps = flags.profile or 0
                    if flags.resume:
                        model = _latest(flags.output, run, strategy) or model
                    return training_run.carry_out(run, config, data, model, flags.plots)

    def _names(self):
        return {name: name for name in self.flag_set().names()} | run_data.NAMES


def _check(flags):
    """Raises CommandLineError for flags that contradict each other."""
    if flags.resume and flags.overwrite:
        raise CommandLineError(
            "Argument `--overwrite` must be left out with --resume, which goes on with an "
            "unfinished run and leaves a finished one as it is. Received: --overwrite --resume"
        )
    if flags.stream and flags.condition:
        raise CommandLineError(
            "Argument `--stream` must be left out for a model with a condition: what is read from "
            "disk has no labels. Received: --stream"
        )
    if flags.early_stopping and not flags.validation_fraction:
        raise CommandLineError(
            "Argument `--early_stopping` must be left out where no validation examples are held "
            f"out. Received: --early_stopping={flags.early_stopping} --validation_fraction=0"
        )
    if not registry.get(flags.model).trains_by_gradients:
        for name in _OF_GRADIENTS:
            if flags[name].present:
                raise CommandLineError(
                    f"Argument `--{name}` must be left out for --model={flags.model}, which does "
                    f"not train by gradients. Received: --{name}={getattr(flags, name)}"
                )
            flags[name].value = None  # for config.json


@contextlib.contextmanager
def _dtype_policy(policy):
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(previous)


def _prepare(flags, settings, output, strategy):
    """Returns the run's config, its data and its model; nothing is written yet.

    Raises:
        ValueError, TypeError, OSError, ImportError: for whatever the user gave that cannot be used.
    """
    found = training.RunDirectory.check(output, flags.overwrite)
    model_flags.make_model(settings, classes="ab")  # shows what is wrong before data are read
    data, data_settings, likelihood = model_flags.load_data(flags)
    settings |= likelihood
    classes = conditions.classes_of(flags, data)
    keras.utils.set_random_seed(flags.seed)
    if flags.deterministic:
        tf.config.experimental.enable_op_determinism()
    with strategy.scope():
        model = model_flags.make_model(settings, data.scaling, classes.get(conditions.CLASSES))
    for split in SPLITS:
        if len(getattr(data, split)):
            model.example_spec.array(getattr(data, split), "data")
    if len(data.train) < 2:
        raise ValueError("Argument `data` must leave at least 2 examples to train on. Received: 1")
    steps = flags.epochs * math.ceil(run_data.num_training_examples(data) / flags.batch_size)
    if flags.profile and flags.profile[0] > steps:
        raise ValueError(
            f"Argument `profile` must begin within the {steps} steps of the training. Received: "
            f"profile={','.join(map(str, flags.profile))}"
        )
    with strategy.scope():
        model.build((None, *data.event_shape))
    print(f"model: {flags.model} with {model.count_params():,} weights")
    if found != "new" and not flags.resume:
        print(f"{output} has {'an' if found == 'unfinished' else 'a'} {found} run: replaced")
    config = {
        "command": Train().command_line(flags),
        "data": data_settings,
        # Before the fingerprint, which the condition changes: --resume names the first difference.
        "model": settings,
        **classes,
        "data_fingerprint": run_data.fingerprint(data, labels=bool(classes)),
        "feature_names": data.feature_names,
        "training": {name: getattr(flags, name) for name in _TRAINING} | {"seed": flags.seed},
    }
    return config, data, model


def _begin(flags, output, config):
    """Returns the run to write: a new one, or the one to go on with."""
    try:
        if flags.resume and output == flags.output and training.RunDirectory(output).unfinished:
            return training.RunDirectory.resume(output, config)
        return training.RunDirectory.create(output, config, flags.overwrite)
    except (ValueError, FileExistsError, NotADirectoryError) as error:
        raise CommandLineError(str(error)) from error


def _latest(path, run, strategy):
    """Returns the model that the unfinished run at `path` got to, or None; `run` goes on from it.

    `run` writes elsewhere in all workers of a cluster but the first.
    """
    with strategy.scope():
        model = run.go_on_from(path)
    if model is not None:
        print(f"{path}: going on after epoch {run.saver.last_epoch}")
    return model
