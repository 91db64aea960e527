"""The part of `keras-infovae train` that computes: fit, judge, draw, and what is said of it."""

import os
import shlex
import sys
import time

import keras
import tensorflow as tf

from keras_infovae import evaluation
from keras_infovae.cli import help_page
from keras_infovae.cli.actions import conditions
from keras_infovae.cli.actions import data as run_data
from keras_infovae.cli.errors import system_message
from keras_infovae.training import is_writer
from keras_infovae.utils import reductions

_FAILED, _STOPPED = 1, 130
_PICTURES = {
    "samples.png": "could what is new be data?",
    "latent_space.png": "do the codes fill the prior?",
    "reconstructions.png": "does the code tell which example it was?",
    "history.png": "did the losses settle?",
}
_SPLITS = {
    "test": "On test examples, which the model has not seen.",
    "validation": "On validation examples (there is no test split).",
    "train": "On the training examples (nothing was held out), where numbers flatter.",
}
_ADVICE = "Flags that help are {}."


def carry_out(run, config, data, model, plots=True):
    """Trains `model` and writes the run.

    Args:
        run: a `RunDirectory` that was created with `config`.
        config: a dictionary with `training`, the settings of the training, `data`, and `classes`
            where the model is told the labels.
        data: a `Dataset`.
        model: built for `data`.
        plots: whether to draw the pictures. Default True.

    Returns:
        The exit status: 0; 1 for losses that became NaN, for files that could not be written and
        for a worker of the cluster that was lost; 130 for Ctrl-C. In these cases the last good
        epoch is kept and the run is unfinished.
    """
    try:
        history = _fit(run, config, data, model)
        if not is_writer(model.distribute_strategy):
            print("Worker 0 writes the run.")
            return 0
        if config["training"].get("second_stage"):
            _learn_prior(run, config, data)
        _judge(run, config, data, history, plots)
    except KeyboardInterrupt:
        return _stopped("stopped by Ctrl-C.", run, _STOPPED)
    except FloatingPointError as error:
        return _stopped(f"error: {error} {_advice(config, data)}", run, _FAILED)
    except tf.errors.OpError as error:
        if not reductions.has_workers(model.distribute_strategy):
            raise
        reason = str(error).strip().splitlines()[0].rpartition("}} ")[2]  # without {{the node}}
        writes = is_writer(model.distribute_strategy)
        reason = f"error: another worker of the cluster was lost: {reason}"
        return _stopped(reason, run, _FAILED, writes)
    except OSError as error:
        if error.filename is None:  # nothing that is known here: a fault, shown with its traceback
            raise
        return _stopped(f"error: {system_message(error)}.", run, _FAILED)
    return 0


def _fit(run, config, data, model):
    """Returns the losses of each epoch as `fit` gives them, {name: list}."""
    training, given = config["training"], conditions.of_splits(data, config)
    if not model.compiled:  # one that goes on brings its optimizer along
        jit = "auto" if training["jit_compile"] is None else training["jit_compile"]
        rate, clipnorm = training["learning_rate"], training["clipnorm"]
        with model.distribute_strategy.scope():
            optimizer = rate and keras.optimizers.Adam(rate, clipnorm=clipnorm)
            model.compile(optimizer or "auto", jit_compile=jit)
    stopping = _early_stopping(training["early_stopping"])
    start = time.monotonic()
    stream = run_data.stream_of(data)
    if stream is not None:
        batches = {"x": stream.train, "validation_data": stream.validation}
    else:
        held_out = [part for part in (data.validation, given["validation"]) if part is not None]
        batches = {"x": data.train, "condition": given["train"]}
        batches["batch_size"] = training["batch_size"]
        batches["validation_data"] = tuple(held_out) if len(data.validation) else None
    model.fit(
        **batches,
        epochs=training["epochs"],
        initial_epoch=run.saver.last_epoch or 0,
        callbacks=run.callbacks(stopping),
    )
    # A layer such as relu can turn NaN into 0, so that losses stay finite over broken weights.
    if run.saver.is_behind:
        raise FloatingPointError("The last epoch ended with losses or weights that are not finite.")
    print(f"\nTrained in {time.monotonic() - start:.0f} s.")
    if stopping:
        best, last = run.saver.weights_epoch, run.saver.last_epoch
        ended = "Stopped at" if last < training["epochs"] else "Trained to"
        print(f"{ended} epoch {last}, best {best}: it has the lowest validation loss, and is kept.")
    return run.history_file.history()


def _learn_prior(run, config, data):
    """Learns p(z) anew on the codes of the model that was kept, and writes that."""
    training, given = config["training"], conditions.of_splits(data, config)
    stream = run_data.stream_of(data)
    x, told = (data.train, given["train"]) if stream is None else (stream.train, None)
    print(f"\nSecond stage: p(z) is learned as {training['second_stage']}.")

    def learn(model):
        options = {"epochs": training["second_stage_epochs"], "seed": training["seed"]}
        model.fit_prior(x, training["second_stage"], condition=told, **options)

    run.change_model(learn)


def _advice(config, data):
    """Returns which flags help against losses that are not finite, of those that can be given."""
    flags = ["--learning_rate", "--clipnorm"]
    if len(data.event_shape) == 1 and not config["data"].get("standardize"):
        flags.append("--standardize")
    if config["training"].get("dtype_policy", "float32") != "float32":
        flags.append("--dtype_policy")
    return _ADVICE.format(", ".join(flags[:-1]) + f" and {flags[-1]}")


def _early_stopping(patience):
    """Returns a list of the callback that stops after so many epochs without a lower loss."""
    if not patience:
        return []
    return [keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True)]


def _judge(run, config, data, history, plots):
    """Writes metrics.json and the pictures, and prints the numbers."""
    model = run.load_model()  # what is judged is what was written
    seed = config["training"]["seed"]
    split, given = data.held_out(), conditions.of_splits(data, config)
    x = getattr(data, split)
    metrics = evaluation.summarize(model, x, seed=seed, condition=given[split])
    pictures = []
    if plots:
        print("Drawing pictures ...")
        pictures = evaluation.plot_all(model, data, history, run.plots, seed, condition=given)
    about = {"data": config["data"]["source"], "split": split, "epoch": run.saver.weights_epoch}
    run.finish(about | metrics, pictures)
    print(f"\n{_SPLITS[split]}\n{evaluation.describe(metrics)}")
    path = shlex.quote(run.path)
    print(f"\nAll is in {path}." + (" Look first at" if plots else ""))
    drawn = {os.path.basename(picture): picture for picture in pictures}
    for name, question in _PICTURES.items():
        if name in drawn:
            print(f"  {drawn[name]:<40}  {question}")
    print("Then, for example")
    if "generate" in model.capabilities:
        print(conditions.example_of_generate(run.path, config))
    print(f"  tensorboard --logdir={path}/logs")


def _stopped(reason, run, status, writes=True):
    """Says on stderr why the run stopped and what there is of it; returns `status`.

    Args:
        writes: whether this process writes the run. Default True.
    """
    sys.stdout.flush()
    epoch = run.saver.weights_epoch
    model = "There is no model.keras, because no epoch ended well."
    if epoch is not None:
        model = f"{run.saver.path if writes else 'The run of worker 0'} holds epoch {epoch}."
    print(f"\n{help_page.PROGRAM} train: {reason}", file=sys.stderr)
    print(
        f"{model} The run is unfinished: --resume goes on with it; without, the next one replaces "
        "it.",
        file=sys.stderr,
    )
    return status
