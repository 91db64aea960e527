"""Trials in parallel: KerasTuner's chief, which chooses them, and workers, which carry them out."""

import contextlib
import os
import threading
import time

from keras_infovae.training.cluster import taken

IP, PORT, ID = "KERASTUNER_ORACLE_IP", "KERASTUNER_ORACLE_PORT", "KERASTUNER_TUNER_ID"
ALONE, CHIEF, WORKER = "alone", "chief", "worker"
_BEAT = 2.0  # seconds between two signs of life
_LOST_AFTER = 30.0  # seconds without one
_SIGN = ".alive"


def role():
    """Returns "alone", "chief" or "worker", by the environment, which is checked.

    KerasTuner takes every process for the chief whose id has "chief" in it.

    Raises:
        ValueError: naming the variable that is missing or wrong, or the port that is taken.
    """
    given = {name: os.environ.get(name) for name in (IP, PORT, ID)}
    if not any(given.values()):
        return ALONE
    for name, value in given.items():
        if not value:
            raise ValueError(
                f"Variable {name} must be set where {IP}, {PORT} or {ID} is. Received: none"
            )
    port = given[PORT]
    if not port.isdigit() or not 0 < int(port) < 2**16:
        raise ValueError(f"Variable {PORT} must be a port, 1 to 65535. Received: {port!r}")
    if os.sep in given[ID] or given[ID].startswith("."):
        raise ValueError(f"Variable {ID} must be a name fit for a file. Received: {given[ID]!r}")
    if "chief" not in given[ID]:
        return WORKER
    reason = taken(int(port))
    if reason:
        raise ValueError(
            f"Variable {PORT} must be a free port of the chief. Received: {port}, which cannot be "
            f"listened on: {reason}"
        )
    return CHIEF


@contextlib.contextmanager
def sign_of_life(directory):
    """Tells the chief, by a file in `directory`, that this worker is alive."""
    path = os.path.join(directory, os.environ[ID] + _SIGN)
    with _repeating(lambda: _touch(path)):
        yield
    with contextlib.suppress(FileNotFoundError):
        os.remove(path)


@contextlib.contextmanager
def lost_workers_given_up(oracle, directory):
    """Takes the trial of each worker that is lost from it, for another one to do.

    Left alone, KerasTuner's chief waits for such a worker for ever.

    Args:
        oracle: the chief's.
        directory: in which workers give their signs of life.
    """
    seen = {}  # worker: (its last sign, when the chief saw it change, by the chief's own clock)

    def look():
        now = time.monotonic()
        for worker in list(oracle.tuner_ids):
            sign = _modified(os.path.join(directory, worker + _SIGN))
            if worker not in seen or seen[worker][0] != sign:
                seen[worker] = sign, now
            elif now - seen[worker][1] > _LOST_AFTER:
                _give_up(oracle, worker)
                del seen[worker]

    with _repeating(look):
        yield


def _give_up(oracle, worker):
    print(f"Worker {worker} is lost; its trial is another's now.", flush=True)
    trial = oracle.ongoing_trials.get(worker)
    if trial is not None:
        trial.status, trial.message = "INVALID", f"Worker {worker} was lost."
        oracle.end_trial(trial)
    oracle.tuner_ids.discard(worker)


@contextlib.contextmanager
def _repeating(action):
    """Calls `action` at once and then every two seconds in a thread of its own."""
    ended = threading.Event()

    def repeat():
        while not ended.wait(_BEAT):
            with contextlib.suppress(OSError):  # a shared disk may fail once
                action()

    action()
    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _touch(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{time.time()}\n")


def _modified(path):
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return None
