"""A search for good hyperparameters."""

import contextlib
import os
import time

import numpy as np
import tensorflow as tf

from keras_infovae.datasets import Dataset
from keras_infovae.training import get_strategy
from keras_infovae.tuning import objectives, parallel, results, search_directory
from keras_infovae.tuning.hyper_info_vae import HyperInfoVAE
from keras_infovae.tuning.search_directory import SearchDirectory
from keras_infovae.tuning.search_result import SearchResult
from keras_infovae.utils import reductions
from keras_infovae.utils.arrays import fingerprint
from keras_infovae.utils.checks import argument_error, check_choice, check_integer

TUNERS = ("bayesian", "grid", "hyperband", "random")
_PATIENCE_FOR_CHIEF = 600.0  # seconds


def tune(
    data,
    hypermodel=None,
    *,
    directory,
    tuner="bayesian",
    objective="importance_weighted_bound",
    max_trials=20,
    epochs=50,
    patience=5,
    strategy="auto",
    overwrite=False,
    seed=0,
    plots=True,
    verbose=1,
):
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
        hypermodel: what is searched: `HyperInfoVAE(...)` (default), `HyperMMDVAE`, `HyperBetaVAE`,
            or a `keras_tuner.HyperModel` of your own whose models are of this package.
        directory: where the search is kept; see `SearchResult`.
        tuner: which trial comes next: `"bayesian"` (default; a Gaussian process after a quarter of
            the trials), `"hyperband"` (many short trainings, of which the better ones go on),
            `"random"`, or `"grid"` (all combinations; of a range 10 values and its middle). The
            first trial is the defaults of the space, but for "hyperband".
        objective: what the best trial has the most (+) or the least (-) of, on validation examples:
            `"importance_weighted_bound"` (default; +, on log p(x), nats, 64 draws of z),
            `"elbo"` (+, nats), `"reconstruction_loss"` (-, nats), `"mmd"` (-, of
            `evaluation.mmd_to_prior`), `"active_units"` (+), or
            `"reconstruction_within_null_band"` (-): the reconstruction loss of models whose MMD
            from the prior cannot be told from chance; `objectives.measure` has the formula.
        max_trials: how many in all. Default 20. None for all of "grid", one pass of "hyperband".
        epochs: the most that a trial trains for. Default 50.
        patience: epochs without a better validation loss after which a training ends. Default 5.
        strategy: a name for `training.get_strategy`, or a `tf.distribute.Strategy`, on whose
            devices each trial trains. Default "auto". Not one of several machines.
        overwrite: whether a search in `directory` is removed first. Default False.
        seed: integer, of the proposals and of every training. Default 0.
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
    check_choice("tuner", tuner, TUNERS)
    objective, direction = objectives.check(objective)
    check_integer("epochs", epochs)
    check_integer("patience", patience)
    check_integer("seed", seed, minimum=0)
    x, x_validation, scaling = _examples(data)
    strategy = _strategy(strategy)
    hypermodel = HyperInfoVAE() if hypermodel is None else hypermodel
    space = _space(hypermodel, x, x_validation)
    role = parallel.role()
    from keras_infovae.tuning import oracles, trial_tuner  # they bring KerasTuner along

    oracle = oracles.make(tuner, objective, direction, max_trials, epochs, seed)
    config = {
        "space": space,
        "data": fingerprint({"train": x, "validation": x_validation}),
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
            (x, x_validation, scaling),
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
        _wait_for_chief(search, config)
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


def _examples(data):
    """Returns (x, x_validation, scaling)."""
    if isinstance(data, Dataset):
        x, x_validation, scaling = data.train, data.validation, data.scaling
    elif isinstance(data, (tuple, list)) and len(data) == 2:
        (x, x_validation), scaling = data, None
    else:
        raise argument_error(
            "data", "a Dataset or a pair of arrays (x, x_validation)", type(data), TypeError
        )
    x, x_validation = (np.asarray(part) for part in (x, x_validation))
    for name, part in (("training", x), ("validation", x_validation)):
        if part.ndim < 2 or len(part) < 2:
            raise ValueError(
                f"Argument `data` must have at least 2 {name} examples. "
                f"Received: {name} examples of shape {part.shape}"
            )
    return x, x_validation, scaling


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


def _space(hypermodel, x, x_validation):
    """Returns the search space, fit for JSON; raises where it cannot take the examples."""
    import keras_tuner

    if not isinstance(hypermodel, keras_tuner.HyperModel):
        raise argument_error("hypermodel", "a keras_tuner.HyperModel", type(hypermodel), TypeError)
    name = type(hypermodel).__name__
    if isinstance(hypermodel, HyperInfoVAE):
        hypermodel.check_data(x=x, x_validation=x_validation)
        return {"hypermodel": name} | hypermodel.space
    hp = keras_tuner.HyperParameters()
    hypermodel.build(hp)
    return {"hypermodel": name, "hyperparameters": hp.get_config()["space"]}


def _wait_for_chief(search, config):
    """Returns when the chief has begun the search.

    Raises:
        TimeoutError: when it has not within ten minutes.
        ValueError: when it is another search.
    """
    deadline = time.monotonic() + _PATIENCE_FOR_CHIEF
    while search.config() is None or not os.path.isdir(search.file(search_directory.TRIALS)):
        if time.monotonic() > deadline:
            raise TimeoutError(
                f"No chief began a search in {search.path} within {_PATIENCE_FOR_CHIEF:.0f} s"
            )
        time.sleep(0.5)
    search.check_same(config)
