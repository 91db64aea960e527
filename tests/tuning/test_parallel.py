"""Trials in parallel: a lost worker loses its trial to another one."""

import csv
import shutil
import subprocess
import sys
import time

import keras_tuner
import pytest

from keras_infovae.tuning import oracles, parallel, search
from keras_infovae.tuning.search_directory import SearchDirectory


@pytest.fixture
def oracle(tmp_path, monkeypatch):
    """A chief's, for two trials; signs of life come every 10 ms, for want of them for 0.2 s."""
    monkeypatch.setattr(parallel, "_BEAT", 0.01)
    monkeypatch.setattr(parallel, "_LOST_AFTER", 0.2)
    oracle = oracles.make("random", "score", "max", 2, epochs=1, seed=0)
    hp = keras_tuner.HyperParameters()
    hp.Float("x", 0.0, 1.0)
    oracle.update_space(hp)
    oracle.verbose = 0
    oracle._set_project_dir(str(tmp_path), "trials")
    return oracle


def test_a_worker_waits_for_the_search_in_the_place_of_an_older_one(tmp_path, monkeypatch):
    other, config = {"seed": 1}, {"seed": 2}
    monkeypatch.setattr(search, "_PATIENCE_FOR_CHIEF", 0.1)
    old = SearchDirectory(tmp_path / "here")
    with pytest.raises(TimeoutError, match="No chief began a search"):
        search._wait_for_chief(old, config, True)
    with old:
        old.begin(other)
        (tmp_path / "here" / "trials").mkdir()
    for overwrite in (False, True):
        with pytest.raises(ValueError, match="seed=2, where it has 1"):
            search._wait_for_chief(old, config, overwrite)
    monkeypatch.setattr(search, "_PATIENCE_FOR_CHIEF", 60.0)

    def begin(seconds):
        with old:
            old.begin(config, overwrite=True)
            (tmp_path / "here" / "trials").mkdir()

    monkeypatch.setattr(search.time, "sleep", begin)
    search._wait_for_chief(old, config, True)
    assert old.config()["seed"] == 2


def test_a_sign_of_life_survives_a_disk_that_fails_for_a_while(tmp_path, monkeypatch):
    monkeypatch.setattr(parallel, "_BEAT", 0.01)
    monkeypatch.setenv(parallel.ID, "worker")
    directory = tmp_path / "trials"
    with parallel.sign_of_life(directory):
        shutil.rmtree(directory)
        directory.write_text("in the way")
        time.sleep(0.1)
        directory.unlink()
        deadline = time.monotonic() + 10
        while not (directory / "worker.alive").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert (directory / "worker.alive").exists()


def test_the_trial_of_a_lost_worker_is_another_ones(oracle, tmp_path, capsys):
    with parallel.lost_workers_given_up(oracle, tmp_path):
        lost = oracle.create_trial("gone")
        deadline = time.monotonic() + 10
        while "gone" in oracle.tuner_ids and time.monotonic() < deadline:
            time.sleep(0.01)
        again = oracle.create_trial("other")
    assert "Worker gone is lost" in capsys.readouterr().out
    assert again.trial_id == lost.trial_id
    assert again.hyperparameters.values == lost.hyperparameters.values
    assert list(oracle.ongoing_trials) == ["other"]


def test_nobody_ends_while_a_trial_may_be_left_behind(oracle):
    lost = oracle.create_trial("gone")
    oracle.end_trial(completed(oracle, oracle.create_trial("other")))
    assert oracle.create_trial("other").status == "IDLE"
    assert oracle.tuner_ids == {"gone", "other"}
    parallel._give_up(oracle, "gone")
    again = oracle.create_trial("other")
    assert (again.status, again.trial_id) == ("RUNNING", lost.trial_id)
    oracle.end_trial(completed(oracle, again))
    assert oracle.create_trial("other").status == "STOPPED"
    assert oracle.tuner_ids == set()


def completed(oracle, trial):
    oracle.update_trial(trial.trial_id, {"score": 1.0})
    trial.status = "COMPLETED"
    return trial


def test_a_trial_that_lost_two_workers_has_failed(oracle, tmp_path):
    for worker in ("first", "second"):
        trial = oracle.create_trial(worker)
        parallel._give_up(oracle, worker)
    assert (trial.status, trial.message) == ("FAILED", "Worker second was lost.")
    assert oracle.create_trial("third").trial_id != trial.trial_id


def test_a_worker_that_lives_keeps_its_trial(oracle, tmp_path, monkeypatch):
    monkeypatch.setenv(parallel.ID, "alive")
    with (
        parallel.sign_of_life(tmp_path),
        parallel.lost_workers_given_up(oracle, tmp_path),
    ):
        oracle.create_trial("alive")
        time.sleep(0.5)
        assert oracle.tuner_ids == {"alive"}
    assert not (tmp_path / "alive.alive").exists()


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_its_trial_alone(tmp_path):
    command = [sys.executable, "examples/distributed_tuning.py", f"--output={tmp_path}/search"]
    options = ["--lose_one", "--max_trials=3", "--epochs=2"]
    result = subprocess.run(command + options, capture_output=True, text=True, timeout=900)
    assert result.returncode == 0, result.stderr[-2000:]
    assert "Worker worker0 is lost; its trial is another's now." in result.stdout
    with open(tmp_path / "search" / "trials.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["status"] for row in rows] == ["COMPLETED"] * 3
