"""What `keras-infovae train` does."""

import contextlib
import math

import keras
import tensorflow as tf

from keras_infovae import training
from keras_infovae.cli import data_flags, model_flags, network_flags
from keras_infovae.cli.actions import conditions, models, training_run
from keras_infovae.cli.actions import data as run_data
from keras_infovae.cli.errors import CommandLineError, reported
from keras_infovae.utils.splits import SPLITS

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


_SECOND_STAGE = ("second_stage", "second_stage_epochs")


def run(command, flags):
    """Trains one model and writes the run; returns the exit status."""
    settings = model_flags.settings(flags)
    names = {name: name for name in command.flag_set().names()} | data_flags.NAMES
    with _dtype_policy(flags.dtype_policy):
        with reported(names):
            strategy = training.get_strategy(flags.strategy)  # before anything is computed
        with training.directory_to_write(flags.output, strategy) as output:
            if flags.resume and training.RunDirectory(flags.output).finished:
                print(f"{flags.output} holds a finished run: there is nothing to go on with.")
                return 0
            with reported(names):
                config, data, model = _prepare(command, flags, settings, output, strategy)
            with _begin(flags, output, config) as run:
                run.profiled_steps = flags.profile or 0
                if flags.resume:
                    model = _latest(flags.output, run, strategy) or model
                return training_run.carry_out(run, config, data, model, flags.plots)


@contextlib.contextmanager
def _dtype_policy(policy):
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(previous)


def _prepare(command, flags, settings, output, strategy):
    """Returns the run's config, its data and its model; nothing is written yet.

    Raises:
        ValueError, TypeError, OSError, ImportError: for whatever the user gave that cannot be used.
    """
    found = training.RunDirectory.check(output, flags.overwrite)
    recurrent = network_flags.settings(flags)
    # Shows what is wrong before data are read.
    models.make_model(settings | ({"recurrent": recurrent} if recurrent else {}), classes="ab")
    data, data_settings, likelihood = models.load_data(flags)
    settings |= likelihood
    if recurrent:
        models.check_texts(data, recurrent)
        settings |= {"recurrent": recurrent}
    classes = conditions.classes_of(flags, data)
    keras.utils.set_random_seed(flags.seed)
    if flags.deterministic:
        tf.config.experimental.enable_op_determinism()
    with strategy.scope():
        labels = classes.get(conditions.CLASSES)
        model = models.make_model(settings, data.scaling, labels, data.preprocessor)
    for split in SPLITS:
        if len(getattr(data, split)):
            model.example_spec.array(getattr(data, split), "data")
    if len(data.train) < 2:
        raise ValueError("Argument `data` must leave at least 2 examples to train on. Received: 1")
    with strategy.scope():
        model.build((None, *data.event_shape))
    if flags.second_stage is not None:
        with reported({"prior": "second_stage", "model": "model"}):
            models.check_second_stage(model, flags.second_stage)
    per_epoch = math.ceil(run_data.num_training_examples(data) / flags.batch_size)
    _settle_length(flags, per_epoch, model)
    steps = flags.epochs * per_epoch
    if flags.profile and flags.profile[0] > steps:
        raise ValueError(
            f"Argument `profile` must begin within the {steps} steps of the training. Received: "
            f"profile={','.join(map(str, flags.profile))}"
        )
    print(f"model: {flags.model} with {model.count_params():,} weights")
    if found != "new" and not flags.resume:
        print(f"{output} has {'an' if found == 'unfinished' else 'a'} {found} run: replaced")
    config = {
        "command": command.command_line(flags),
        "data": data_settings,
        # Before the fingerprint, which the condition changes: --resume names the first difference.
        "model": settings,
        **classes,
        "data_fingerprint": run_data.fingerprint(data, labels=bool(classes)),
        "feature_names": data.feature_names,
        "training": {name: getattr(flags, name) for name in _TRAINING} | {"seed": flags.seed},
    }
    if flags.second_stage is not None:
        config["training"] |= {name: getattr(flags, name) for name in _SECOND_STAGE}
    return config, data, model


def _settle_length(flags, steps_per_epoch, model):
    """Gives --epochs and --early_stopping the values that suit the data, where they have none."""
    if flags.epochs is None:
        flags["epochs"].value = training.default_epochs(steps_per_epoch)
    if flags.early_stopping is None:
        comparable = flags.validation_fraction and model.losses_compare
        patience = training.default_patience(steps_per_epoch) if comparable else 0
        flags["early_stopping"].value = patience


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
