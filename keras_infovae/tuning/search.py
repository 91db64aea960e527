"""A search for good hyperparameters."""

from __future__ import annotations

import contextlib
import math
import os
import time
from typing import Any

import tensorflow as tf

from keras_infovae.models.generative_model import GenerativeModel
from keras_infovae.training import default_epochs, default_patience, get_strategy
from keras_infovae.training.settings import first_difference
from keras_infovae.tuning import objectives, parallel, results, search_directory
from keras_infovae.tuning.hyper_model import HyperModel
from keras_infovae.tuning.search_directory import SearchDirectory
from keras_infovae.tuning.search_result import SearchResult
from keras_infovae.tuning.trial_data import dataset_of, trial_data
from keras_infovae.typing import Path
from keras_infovae.utils import reductions
from keras_infovae.utils.checks import argument_error, check_choice, check_integer

TUNERS = ("bayesian", "grid", "hyperband", "random")
_PATIENCE_FOR_CHIEF = 600.0  # seconds
_LARGEST_SEED = 2**32 - 2  # the generators of proposals begin from one more, below 2**32
_BATCH_SIZE = 32  # of `fit`, where the space has none


def tune(
    data: Any,
    hypermodel: Any = None,
    *,
    directory: Path,
    condition: Any = None,
    tuner: str = "bayesian",
    objective: Any = None,
    max_trials: int = 20,
    epochs: int | None = None,
    patience: int | None = None,
    strategy: str = "auto",
    overwrite: bool = False,
    seed: int = 0,
    plots: bool = True,
    verbose: int = 1,
) -> SearchResult | None:
    """Searches for the hyperparameters that do best on the validation examples.

    The loss itself cannot be compared between trials, whose weights differ. Trials are compared by
    a number that does not depend on them; within a trial, the epoch is chosen by its own validation
    loss. A trial has failed whose losses are not finite, whose latents have collapsed or that runs
    out of memory; the search goes on.

    The same call goes on with a search that was stopped, however it was: the trial at hand is done
    anew, and a larger `max_trials` adds to a search that was finished.

    With KERASTUNER_TUNER_ID, KERASTUNER_ORACLE_IP and KERASTUNER_ORACLE_PORT set, this process is
    the chief (an ID with "chief" in it) or a worker of a search whose trials run in parallel
    (docs/tuning.md). All need the same `directory`.

    Args:
        data: a `datasets.Dataset`, or a pair of arrays (x, x_validation), ready for `fit`; at least
            2 validation examples.
        hypermodel: what is searched: a `HyperModel`, or a `keras_tuner.HyperModel` of your own
            whose models are of this package. Default None: `HyperModel("info_vae")`.
        directory: where the search is kept; see `SearchResult`.
        condition: for models that take one: "labels" for those of a Dataset, or a dictionary
            {"train": rows, "validation": rows}. Default None.
        tuner: which trial comes next: `"bayesian"` (default; a Gaussian process after a quarter of
            the trials), `"hyperband"` (many short trainings, of which the better ones go on),
            `"random"`, or `"grid"` (all combinations; of a range 10 values and its middle). The
            first trial is the defaults of the space, but for "hyperband".
        objective: what the best trial has the most (+) or the least (-) of, on validation examples:
            `"log_prob"` (+, log p(x), nats, where a model knows it),
            `"importance_weighted_bound"` (+, on log p(x), nats, 64 draws of z),
            `"reconstruction_within_null_band"` (-): the reconstruction loss of models whose MMD
            from the prior cannot be told from chance; `objectives.measure` has the formula;
            `"elbo"` (+, nats), `"reconstruction_loss"` (-, nats), `"mmd"` (-, of
            `evaluation.mmd_to_prior`), or `"active_units"` (+). Default None: the first of these
            that all models of the search have, but not "active_units", which is to be asked for.
        max_trials: how many in all. Default 20. None for all of "grid", one pass of "hyperband".
        epochs: the most that a trial trains for. Default None: `training.default_epochs` of the
            steps of an epoch of the largest `batch_size`.
        patience: epochs without a better validation loss after which a training ends. Default
            None: `training.default_patience` of these steps. Trials with a critic, or with weights
            on schedules, whose losses cannot be compared, are trained to the end.
        strategy: a name for `training.get_strategy`, or a `tf.distribute.Strategy`, on whose
            devices each trial trains. Default "auto". Not one of several machines.
        overwrite: whether a search in `directory` is removed first. Default False.
        seed: integer below 2**32 - 1, of the proposals and of every training. Default 0.
        plots: whether pictures are drawn. Default True.
        verbose: 0 for silence, else a line per trial. Default 1.

    Returns:
        A `SearchResult`; None in a worker.

    Raises:
        ValueError, TypeError: naming the argument, before anything is written; for a directory of
            another search.
        FileExistsError, NotADirectoryError: for a directory that is not a search's.
        RuntimeError: when no trial succeeded, or none is within the null band where it must be.

    Example:

    >>> import keras_infovae as ki
    >>> data = ki.datasets.load("digits")
    >>> found = ki.tuning.tune(data, directory="searches/digits")  # doctest: +SKIP
    >>> model = found.load_model()  # doctest: +SKIP
    """
    if not isinstance(directory, (str, os.PathLike)):
        raise argument_error("directory", "a path", directory, TypeError)
    check_choice("tuner", tuner, TUNERS)
    for name, value in (("epochs", epochs), ("patience", patience)):
        if value is not None:
            check_integer(name, value)
    if check_integer("seed", seed, minimum=0) > _LARGEST_SEED:
        raise argument_error("seed", f"at most {_LARGEST_SEED}", seed)
    data = dataset_of(data)
    strategy = _strategy(strategy)
    hypermodel = HyperModel("info_vae") if hypermodel is None else hypermodel
    space, models, built, rows = _checked(hypermodel, data)
    steps = math.ceil(len(data.train) / rows)
    epochs = default_epochs(steps) if epochs is None else epochs
    patience = default_patience(steps) if patience is None else patience
    objective = objectives.check(objective, models)
    data = trial_data(data, built, condition)
    role = parallel.role()
    from keras_infovae.tuning import oracles, trial_tuner  # they bring KerasTuner along

    direction = objectives.OBJECTIVES[objective]
    oracle = oracles.make(tuner, objective, direction, max_trials, epochs, seed)
    config = {
        "space": space,
        "data": data.fingerprint(),
        "tuner": tuner,
        "objective": objective,
        "epochs": epochs,
        "patience": patience,
        "seed": seed,
    }
    say = print if verbose else (lambda line: None)

    def report(trial):
        if role == parallel.ALONE:
            results.write_tables(search, results.rows_of(oracle))
        say(_line(trial, objective, runner))

    def make_runner():
        return trial_tuner.TrialTuner(
            oracle,
            hypermodel,
            data,
            strategy,
            epochs,
            patience,
            seed,
            trials,
            report,
        )

    search = SearchDirectory(directory)
    trials = search.file(search_directory.TRIALS)
    if role == parallel.WORKER:
        _wait_for_chief(search, config, overwrite)
        runner = make_runner()
        with parallel.sign_of_life(trials):
            runner.search()
        return None
    with search:
        if search.begin(config, overwrite):
            say(f"Going on with the search in {search.path}.")
        runner = make_runner()
        if os.path.isfile(os.path.join(trials, "oracle.json")):  # begun under another tuner id
            oracle.reload()
        with (
            parallel.lost_workers_given_up(oracle, trials)
            if role == parallel.CHIEF
            else contextlib.nullcontext()
        ):
            runner.search()
        rows = results.rows_of(oracle)
        front = results.write_tables(search, rows)
        best = oracle.get_trial(results.best_row(rows, objective)["trial"])
        fit = {"batch_size": best.hyperparameters.values.get("batch_size"), "seed": seed}
        results.write_best(search, rows, objective, best, runner.trial_file, fit)
        found = SearchResult(search.path)
        if plots:
            results.draw(search, rows, front, objective, found.best)
        return found


def _line(trial, objective, runner):
    """Returns a line of text on a trial that has ended."""
    if trial.status != results.COMPLETED:
        return f"trial {trial.trial_id}: failed: {trial.message}"
    ended = runner.oracle.get_trial(trial.trial_id)
    seconds = ended.metrics.get_last_value("seconds")
    value = ended.metrics.get_last_value(objective)
    best = runner.oracle.get_best_trials(1)[0]
    record = "the best so far" if best.trial_id == trial.trial_id else f"best {best.score:.4f}"
    return f"trial {trial.trial_id}: {objective} {value:.4f} ({record}), {seconds:.0f} s"


def _strategy(strategy):
    if isinstance(strategy, str):
        if strategy == "multi_worker":
            raise argument_error("strategy", "one of a single machine", strategy)
        strategy = get_strategy(strategy)
    if not isinstance(strategy, tf.distribute.Strategy):
        raise argument_error("strategy", "a name or a tf.distribute.Strategy", strategy, TypeError)
    if reductions.has_workers(strategy):
        raise argument_error(
            "strategy", "one of a single machine: trials run in parallel instead", strategy
        )
    return strategy


def _checked(hypermodel, data):
    """Returns what a search goes by: (space, models, model, rows).

    These are the space, fit for JSON; models of it; one that is built for the examples; and the
    most examples of a batch.

    Raises:
        ValueError, TypeError: where the space cannot take the examples.
    """
    import keras_tuner

    if not isinstance(hypermodel, keras_tuner.HyperModel):
        raise argument_error("hypermodel", "a keras_tuner.HyperModel", type(hypermodel), TypeError)
    if isinstance(hypermodel, HyperModel):
        built = hypermodel.check_data(x=data.train, x_validation=data.validation)
        _check_scaling(built, data)
        rows = max(hypermodel.space.get("batch_size", [_BATCH_SIZE]))
        return hypermodel.config, hypermodel.corners, built, rows
    hp = keras_tuner.HyperParameters()
    built = hypermodel.build(hp)
    if not isinstance(built, GenerativeModel):
        expected = "one whose `build` returns a model of this package"
        raise argument_error("hypermodel", expected, type(built), TypeError)
    for name in hp.values:
        if name in results.RESERVED:
            raise argument_error("hypermodel", "one without a hyperparameter called so", name)
    for name, x in (("x", data.train), ("x_validation", data.validation)):
        built.build(built.example_spec.array(x, name).shape)
    _check_scaling(built, data)
    config = {"hypermodel": type(hypermodel).__name__, "hyperparameters": hp.get_config()["space"]}
    return config, [built], built, hp.values.get("batch_size", _BATCH_SIZE)


def _check_scaling(model, data):
    """Raises ValueError for models with another scaling than the examples'."""
    if None not in (model.scaling, data.scaling) and model.scaling != data.scaling:
        raise argument_error("hypermodel", "of the scaling of the data, or of none", model.scaling)


def _wait_for_chief(search, config, overwrite):
    """Returns when the chief has begun the search, in the place of another with `overwrite`.

    Raises:
        TimeoutError: when it has not within ten minutes.
        ValueError: when it is another search.
    """
    deadline = time.monotonic() + _PATIENCE_FOR_CHIEF
    while not _begun(search, config if overwrite else None):
        if time.monotonic() > deadline:
            if search.config() is not None:
                break
            raise TimeoutError(
                f"No chief began a search in {search.path} within {_PATIENCE_FOR_CHIEF:.0f} s"
            )
        time.sleep(0.5)
    search.check_same(config)


def _begun(search, config):
    """Returns whether a search is there; with a `config`, one with these settings."""
    found = search.config()
    if found is None or not os.path.isdir(search.file(search_directory.TRIALS)):
        return False
    return config is None or first_difference(found, config) is None
