"""A training on several workers, here processes of one machine that talk over loopback.

    python examples/multi_worker.py
    python examples/multi_worker.py --workers=4 --kill_after=5

It trains the same model in one process and in --workers processes, each with a TF_CONFIG of its
own, and shows that the losses are the same but for rounding. With --kill_after it trains once more,
kills the last worker after that epoch, shows how soon the others stop and what they say, starts all
again with --resume, and shows that the result is that of the training that was not stopped. On
several machines nothing changes but the addresses (docs/distributed.md). Takes two minutes on two
processor cores, and twice that with --kill_after; longer with more workers.
"""

import csv
import json
import os
import socket
import subprocess
import sys
import time

import numpy as np
from absl import app, flags

FLAGS = flags.FLAGS
flags.DEFINE_integer("workers", 2, "Processes, each of which has a part of every batch.", 2)
flags.DEFINE_integer("epochs", 10, "Passes over the digits.", lower_bound=1)
flags.DEFINE_integer("limit", 1797, "Digits to use, four of five of them to train on.", 100)
flags.DEFINE_integer("kill_after", None, "Kill a worker after this epoch. Default: none.", 1)
flags.DEFINE_string("output", "runs/multi_worker", "Where runs and logs of the workers go.")
flags.DEFINE_bool("overwrite", False, "Use --output although it is there already.")

TRAIN = [sys.executable, "-m", "keras_infovae", "train"]
TRAIN += ["--data=digits", "--encoder=mlp", "--decoder=mlp", "--noplots", "--deterministic"]
SECONDS = 600  # that a training may take


def start(name, workers, flag="--overwrite"):
    """Starts the training called `name` in so many processes, and returns these."""
    addresses = [f"127.0.0.1:{port}" for port in free_ports(workers)]
    processes = []
    for index in range(workers):
        environment = dict(os.environ)
        environment.pop("TF_CONFIG", None)
        if workers > 1:
            task = {"type": "worker", "index": index}
            environment["TF_CONFIG"] = json.dumps({"cluster": {"worker": addresses}, "task": task})
        command = [*TRAIN, f"--epochs={FLAGS.epochs}", f"--limit={FLAGS.limit}"]
        command += [f"--output={path(name)}", flag]
        mode = "w" if flag == "--overwrite" else "a"
        with open(path(f"{name}-{index}.log"), mode, encoding="utf-8") as log:
            processes.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
    return processes


def free_ports(count):
    """Returns so many ports that nothing listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def finish(name, processes):
    """Waits for the training called `name`; ends the program if it failed."""
    try:
        statuses = [process.wait(timeout=SECONDS) for process in processes]
    finally:
        for process in processes:
            process.kill()
    if any(statuses):
        sys.exit(f"Worker {np.argmax(np.abs(statuses))} failed: see {path(name)}-*.log")


def kill_one(name, processes):
    """Kills the last worker after --kill_after epochs; says how, and how soon, the others stop."""
    while len(losses(name)) < FLAGS.kill_after:
        if any(process.poll() is not None for process in processes):
            sys.exit(f"The training ended before it could be killed: see {path(name)}-*.log")
        time.sleep(0.01)
    processes[-1].kill()
    killed = time.monotonic()
    for index, process in enumerate(processes[:-1]):
        status = process.wait(timeout=SECONDS)
        print(f"worker {index} stopped {time.monotonic() - killed:.0f} s later, status {status}:")
        with open(path(f"{name}-{index}.log"), encoding="utf-8") as log:
            said = [line for line in log if "train: error: " in line or "--resume" in line]
        print(*(f"  {line}" for line in said), sep="", end="")


def path(name):
    return os.path.join(FLAGS.output, name)


def history(name):
    """Returns the losses of each epoch so far, a list of dictionaries."""
    try:
        with open(os.path.join(path(name), "history.csv"), encoding="utf-8") as file:
            return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]
    except FileNotFoundError:
        return []


def losses(name):
    """Returns the same as an array [epochs, columns]."""
    return np.array([list(row.values()) for row in history(name)])


def weights(name):
    """Returns the weights of the trained model, as one vector."""
    import keras  # here, since importing it takes seconds

    import keras_infovae  # noqa: F401, whose model it is

    model = keras.saving.load_model(os.path.join(path(name), "model.keras"))
    return np.concatenate([w.ravel() for w in model.get_weights()])


def main(arguments):
    if len(arguments) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(arguments[1:])}. See --help.")
    if FLAGS.kill_after is not None and FLAGS.kill_after >= FLAGS.epochs:
        raise app.UsageError(f"--kill_after must be less than --epochs={FLAGS.epochs}.")
    if os.path.exists(FLAGS.output) and not FLAGS.overwrite:
        sys.exit(f"{FLAGS.output} exists already. Choose another --output, or add --overwrite.")
    os.makedirs(FLAGS.output, exist_ok=True)
    names = {"one": 1, "several": FLAGS.workers}
    for name, workers in names.items():
        began = time.monotonic()
        finish(name, start(name, workers))
        seconds, loss = time.monotonic() - began, history(name)[-1]["loss"]
        print(
            f"{workers} process(es): {FLAGS.epochs} epochs, {seconds:.0f} s, loss {loss:.6f} nats"
        )
    difference = np.abs(losses("several") - losses("one")).max()
    print(f"The losses of all epochs differ by at most {difference:.1e} nats.")
    if FLAGS.kill_after is None:
        return
    print(f"\nOnce more, and worker {FLAGS.workers - 1} is killed after epoch {FLAGS.kill_after}:")
    kill_one("killed", start("killed", FLAGS.workers))
    stopped = len(losses("killed"))
    finish("killed", start("killed", FLAGS.workers, "--resume"))
    print(f"started again, all of them went on after epoch {stopped}.")
    for what, function in {"losses": losses, "weights": weights}.items():
        difference = np.abs(function("killed") - function("several")).max()
        print(f"Its {what} differ from those of the training not stopped by {difference:.1e}.")


if __name__ == "__main__":
    app.run(main)
