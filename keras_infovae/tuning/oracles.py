"""How the next trial is chosen: KerasTuner's oracles, set for searches of models like these."""

import json
import os
import sys
import warnings

import keras_tuner
import numpy as np
from sklearn.exceptions import ConvergenceWarning

from keras_infovae.utils.checks import argument_error, check_integer
from keras_infovae.utils.files import whole_file


def save_state(stateful, path):
    """Writes the state of one of KerasTuner's objects to `path`, which is whole at any time.

    KerasTuner's own `save` writes over the old one.
    """
    # NaN, as of a failed trial, is no strict JSON, but KerasTuner's.
    with whole_file(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        json.dump(stateful.get_state(), file)


class _NoneLeftBehind:
    """Nobody is sent home while a trial is another's, who may be lost and leave it to be done.

    KerasTuner ends every worker that asks for a trial when none is left to begin. The trial of a
    worker that is lost after that would then wait for somebody to carry it out for ever.
    """

    def save(self):
        save_state(self, self._get_oracle_fname())

    def _save_trial(self, trial):
        directory = self._get_trial_dir(trial.trial_id)
        save_state(trial, os.path.join(directory, "trial.json"))

    def reload(self):
        super().reload()
        # A trial is written before the search that has it: one may be there that never began.
        self.trials = {name: self.trials[name] for name in self.start_order}

    def create_trial(self, tuner_id):
        # Looked at first: a trial that is given up in between is among those to be tried again.
        others = set(self.ongoing_trials) - {tuner_id}
        trial = super().create_trial(tuner_id)
        if trial.status == "STOPPED" and others:
            trial.status = "IDLE"
            self.tuner_ids.add(tuner_id)
        return trial


class _FromDefaults:
    """The first trial is the space's defaults, which a search is then compared with."""

    def populate_space(self, trial_id):
        return super().populate_space(trial_id) if self.start_order else _running(_defaults(self))


class _Bayesian(_NoneLeftBehind, _FromDefaults, keras_tuner.oracles.BayesianOptimizationOracle):
    """KerasTuner's, with three differences.

    It draws from the number of trials, so that a search that goes on proposes what it would have;
    KerasTuner starts its generator anew whenever a search is read from disk. A failed trial counts
    as the worst one; KerasTuner leaves it out, and proposes the same point again. And what was
    tried already is not tried again, but a random point in its stead.
    """

    def populate_space(self, trial_id):
        self._random_state = np.random.RandomState((self.seed + len(self.trials)) % 2**32)
        with warnings.catch_warnings():  # of few trials, a kernel's width may not be learned
            warnings.simplefilter("ignore", ConvergenceWarning)
            proposal = super().populate_space(trial_id)
        if proposal["values"] is not None and self._duplicate(proposal["values"]):
            return self._random_populate_space()
        return proposal

    def _vectorize_trials(self):
        trials = self.trials.values()
        scores = [trial.score for trial in trials if trial.status == "COMPLETED"]
        worst = (min if self.objective.direction == "max" else max)(scores)
        failed = [trial for trial in trials if trial.status == "FAILED"]
        for trial in failed:
            trial.status, trial.score = "COMPLETED", worst
        try:
            return super()._vectorize_trials()
        finally:
            for trial in failed:
                trial.status, trial.score = "FAILED", None


class _Grid(_NoneLeftBehind, keras_tuner.oracles.GridSearchOracle):
    """The combination after the one that was begun last: nothing to remember but the trials.

    KerasTuner's keeps its place in memory alone, and cannot go on with a search from disk.
    """

    def populate_space(self, trial_id):
        if not self.start_order:
            return _running(_defaults(self))
        last = self.trials[self.start_order[-1]].hyperparameters.values
        return _running(self._get_next_combination(last))


class _Random(_NoneLeftBehind, _FromDefaults, keras_tuner.oracles.RandomSearchOracle):
    """KerasTuner's, from the defaults on."""


class _Hyperband(_NoneLeftBehind, keras_tuner.oracles.HyperbandOracle):
    """KerasTuner's."""


def _defaults(oracle):
    space = oracle.get_space()
    return {hp.name: hp.default for hp in space.space if space.is_active(hp)}


def _running(values):
    return {"status": "STOPPED" if values is None else "RUNNING", "values": values}


def _bayesian(max_trials, epochs, **options):
    # KerasTuner's default, three random trials per hyperparameter, would take a whole search.
    initial = None if max_trials is None else max(3, max_trials // 4)
    return _Bayesian(max_trials=max_trials, num_initial_points=initial, **options)


def _hyperband(max_trials, epochs, **options):
    # Without a number of trials, one full pass; else as many passes as it takes.
    iterations = 1 if max_trials is None else sys.maxsize
    oracle = _Hyperband(max_epochs=epochs, hyperband_iterations=iterations, **options)
    oracle.max_trials = max_trials  # its constructor has no such argument; `create_trial` asks it
    return oracle


def _random(max_trials, epochs, **options):
    return _Random(max_trials=max_trials, **options)


def _grid(max_trials, epochs, **options):
    return _Grid(max_trials=max_trials, **options)


_MAKERS = {"bayesian": _bayesian, "grid": _grid, "hyperband": _hyperband, "random": _random}
_ENDLESS = ("bayesian", "random")  # that would go on without a number of trials


def make(tuner, objective, direction, max_trials, epochs, seed):
    """Returns the KerasTuner oracle of that name; `search.TUNERS` has the names.

    Raises:
        ValueError: for `max_trials` None where the search would have no end.
    """
    if max_trials is None and tuner in _ENDLESS:
        raise argument_error("max_trials", f"an integer with tuner={tuner!r}", None)
    if max_trials is not None:
        check_integer("max_trials", max_trials)
    return _MAKERS[tuner](
        max_trials,
        epochs,
        objective=keras_tuner.Objective(objective, direction),
        seed=seed + 1,  # 0 would count as none
        max_retries_per_trial=1,  # of a trial whose worker was lost
        max_consecutive_failed_trials=sys.maxsize,  # three collapsed ones are no reason to stop
    )
