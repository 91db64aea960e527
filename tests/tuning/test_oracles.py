"""What is tried next: a search that was stopped proposes what it would have."""

import json

import keras_tuner
import pytest

from keras_infovae.tuning import oracles
from keras_infovae.tuning.search import TUNERS

_TRIALS = 7


class Quadratic(keras_tuner.engine.base_tuner.BaseTuner):
    """Trials without models: an objective with its best at x = 0.3, and failures above 0.8."""

    def run_trial(self, trial):
        x = trial.hyperparameters.get("x")
        if x > 0.8:
            raise keras_tuner.errors.FailedTrialError("too far")
        self.budget -= 1
        if self.budget < 0:
            raise KeyboardInterrupt
        return {"score": -((x - 0.3) ** 2)}


class Line(keras_tuner.HyperModel):
    def build(self, hp):
        hp.Choice("word", ["a", "b"])
        return hp.Float("x", 0.0, 1.0)


def search(tuner, directory, budget=1000, max_trials=_TRIALS):
    """Searches until `budget` trials have succeeded; returns the values that were tried."""
    oracle = oracles.make(tuner, "score", "max", max_trials, epochs=9, seed=0)
    oracle.verbose = 0
    runner = Quadratic(oracle, Line(), directory, "trials")
    runner.budget = budget
    try:
        runner.search()
    except KeyboardInterrupt:
        if budget > 1000:
            raise
        assert budget < 1000
    return [dict(oracle.trials[name].hyperparameters.values) for name in oracle.start_order]


@pytest.mark.parametrize("tuner", TUNERS)
def test_a_search_that_was_stopped_proposes_what_it_would_have(tuner, tmp_path):
    whole = search(tuner, tmp_path / "whole")
    for budget in (2, 3):
        begun = search(tuner, tmp_path / "stopped", budget)
        assert whole[: len(begun)] == begun
    assert search(tuner, tmp_path / "stopped") == whole
    assert len(whole) == _TRIALS


@pytest.mark.parametrize("tuner", TUNERS)
def test_a_trial_that_was_written_before_the_search_had_it_never_began(
    tuner, tmp_path, monkeypatch
):
    whole = search(tuner, tmp_path / "whole")
    save, begun = oracles._NoneLeftBehind.save, []

    def save_but_for_the_fourth(self):
        if len(self.start_order) == 4 and not begun:
            begun.append(self.start_order[-1])
            raise KeyboardInterrupt  # a kill, after the trial's own file was written
        save(self)

    monkeypatch.setattr(oracles._NoneLeftBehind, "save", save_but_for_the_fourth)
    with pytest.raises(KeyboardInterrupt):
        search(tuner, tmp_path / "stopped", budget=10_000)
    assert begun and (tmp_path / "stopped" / "trials" / f"trial_{begun[0]}" / "trial.json").exists()
    assert search(tuner, tmp_path / "stopped") == whole


def test_a_write_that_fails_leaves_the_state_as_it_was(tmp_path, monkeypatch):
    whole, dump = search("random", tmp_path / "whole"), json.dump
    written = []

    def dump_until_the_disk_is_full(state, file):
        written.append(state)
        if len(written) == 6:
            file.write('{"cut')
            raise OSError(28, "No space left on device")
        dump(state, file)

    with monkeypatch.context() as patch:
        patch.setattr(oracles.json, "dump", dump_until_the_disk_is_full)
        with pytest.raises(OSError, match=r"No space left.*\.json"):
            search("random", tmp_path / "stopped")
    assert search("random", tmp_path / "stopped") == whole


def test_more_trials_add_to_a_finished_search(tmp_path):
    few = search("random", tmp_path, max_trials=9)
    assert search("random", tmp_path, max_trials=12)[:9] == few


def test_the_bayesian_search_leaves_failures_alone_and_finds_the_best(tmp_path):
    points = search("bayesian", tmp_path, max_trials=12)
    assert len({tuple(values.items()) for values in points}) == 12  # none twice
    tried = [values["x"] for values in points]
    assert sum(x > 0.8 for x in tried[6:]) <= 1  # after the first look around
    assert min(abs(x - 0.3) for x in tried) < 0.05


def test_hyperband_without_a_number_of_trials_is_one_pass(tmp_path):
    # Brackets of 9 epochs, by factors of 3: 9 + 3 + 1, 5 + 2, 3 trainings, if none fails.
    tried = search("hyperband", tmp_path, max_trials=None)
    assert len(tried) <= 23
    assert {values["tuner/epochs"] for values in tried} == {1, 3, 9}
    assert any("tuner/trial_id" in values for values in tried)


@pytest.mark.parametrize("tuner", ["bayesian", "grid", "random"])
def test_a_search_begins_with_the_defaults(tuner, tmp_path):
    assert search(tuner, tmp_path, max_trials=1) == [{"word": "a", "x": 0.0}]


@pytest.mark.parametrize("tuner", ["bayesian", "random"])
def test_an_endless_search_is_refused(tuner):
    with pytest.raises(ValueError, match="`max_trials` must be an integer with tuner="):
        oracles.make(tuner, "score", "max", None, epochs=1, seed=0)


def test_a_grid_is_all_combinations_once(tmp_path):
    tried = search("grid", tmp_path, max_trials=None)
    assert (
        len(tried) == len({(values["word"], values["x"]) for values in tried}) == 22
    )  # 10 values of x and the lowest
