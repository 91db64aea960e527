"""Searches with several processes at once: a chief, which chooses the trials, and workers.

    python examples/distributed_tuning.py
    python examples/distributed_tuning.py --workers=4 --lose_one

All processes are started on this machine and speak over loopback. On several machines one starts
the same program on each, with the same three variables, which is all that this one does:
KERASTUNER_TUNER_ID ("chief" for one of them), KERASTUNER_ORACLE_IP and KERASTUNER_ORACLE_PORT
(docs/tuning.md).

With --lose_one a worker is killed in the middle of its first trial. The chief notices that it gives
no sign of life, within half a minute, and another worker does that trial again.
"""

import os
import signal
import socket
import subprocess
import sys
import time

from absl import app, flags

FLAGS = flags.FLAGS
flags.DEFINE_integer("workers", 2, "Processes that train, besides the chief.", lower_bound=1)
flags.DEFINE_bool("lose_one", False, "Kill a worker in its first trial.")
flags.DEFINE_string("output", "searches/distributed", "Where the search is kept.")
flags.DEFINE_bool("overwrite", False, "Remove the search that is there, and begin a new one.")
flags.DEFINE_integer("max_trials", 6, "How many models.", lower_bound=1)
flags.DEFINE_integer("epochs", 10, "Passes over the training digits, at most.", lower_bound=1)

ID, IP, PORT = "KERASTUNER_TUNER_ID", "KERASTUNER_ORACLE_IP", "KERASTUNER_ORACLE_PORT"


def search():
    """What the chief and the workers do: the same call, which reads the variables."""
    import keras_infovae as ki

    found = ki.tuning.tune(
        ki.datasets.load("digits"),
        ki.tuning.HyperModel("info_vae", hidden_units=["64", "128"], latent_dim=[4, 8]),
        directory=FLAGS.output,
        tuner="random",
        max_trials=FLAGS.max_trials,
        epochs=FLAGS.epochs,
        overwrite=FLAGS.overwrite,
    )
    if found is not None:
        value = found.best["objective"]["value"]
        print(f"The best of {len(found.trials)} trials is {found.best['trial']}: {value:.2f} nats")


def start(name, port):
    """Returns a process of this program that is the chief or a worker."""
    variables = {ID: name, IP: "127.0.0.1", PORT: str(port)}
    return subprocess.Popen([sys.executable, *sys.argv], env=os.environ | variables)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_first_trial(chief):
    """Returns when a trial was begun, or the chief has ended."""
    trials = os.path.join(FLAGS.output, "trials")
    while chief.poll() is None:
        begun = os.listdir(trials) if os.path.isdir(trials) else []
        if any(name.startswith("trial_") for name in begun):
            return
        time.sleep(0.2)


def main(arguments):
    if len(arguments) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(arguments[1:])}. See --help.")
    if ID in os.environ:
        search()
        return
    port = free_port()
    chief = start("chief", port)
    workers = [start("worker0", port)]
    if FLAGS.lose_one:  # before there is another, so that the first trial is its
        wait_for_first_trial(chief)
        workers.pop().send_signal(signal.SIGKILL)
        workers = [start("worker1", port)]
    workers += [start(f"worker{i}", port) for i in range(len(workers) + 1, FLAGS.workers + 1)]
    codes = [process.wait() for process in (*workers, chief)]
    sys.exit(max(codes))


if __name__ == "__main__":
    app.run(main)
