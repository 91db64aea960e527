"""Training speed beside what else people would pick, and beside the machine's limit.

    python benchmarks/peers/run.py --environment=/tmp/peers
    python benchmarks/peers/run.py --environment=/tmp/peers --networks=mlp --pairs=1 --count=1280

Every way (ours.py and torch_ways.py list them) trains the same network on the same images with the
same batches and Adam, in a process of its own, with as many threads. They are started one after the
other and kept; then each trains an epoch in turn, round by round, so that all see the same machine:
steady-state images/s, and ratios within a round. Before each round other processes are looked for.
At the end one NumPy formula says what each model has come to. `--starts` ways are also started anew
in each round: seconds from the start of the process to the end of the first epoch; of the others
there is one such figure. In each round too, a product of matrices and a sum of vectors are timed in
both libraries, which give the least time that the step's operations and bytes can take.

results.json is written after each round, and a run that was broken off goes on from there; then
results.csv, results.md and results.png are written beside it. About 20 minutes on two idle cores,
and 9 GB of memory. The environment of the peers is made by pip where it is not there.
"""

import json
import os
import pathlib
import platform
import sys
import tempfile
import time
from importlib import metadata

import counting
import environment
import idle
import numpy as np
import pages
import results
import sets
import turns
from absl import app, flags

HERE = pathlib.Path(__file__).resolve().parent
OURS = (
    *("fit_array", "fit_array_xla", "fit_array_plain", "fit_data", "fit_data_xla"),
    *("fit_data_plain", "bare", "bare_xla", "keras", "keras_xla"),
)
PEERS = ("pythae", "torch", "torch_compiled")
LIMITS = ("limit_tensorflow", "limit_torch")

FLAGS = flags.FLAGS
flags.DEFINE_string("environment", None, "The folder of the peers' environment.", required=True)
flags.DEFINE_string("index", None, "A package index with torch for CPUs alone.")
flags.DEFINE_string("output", str(HERE), "The folder of the results.")
flags.DEFINE_string("data", None, "An .npz file of 28x28 images. Default: figures are drawn.")
flags.DEFINE_integer("count", 10_000, "How many images there are.", lower_bound=2)
flags.DEFINE_list("networks", ["mlp", "conv"], "Of mlp, conv.")
flags.DEFINE_list("ways", [*PEERS, *OURS], "Those that are measured in turn.")
flags.DEFINE_list("starts", ["pythae", "torch", "fit_array"], "Those started anew in each round.")
flags.DEFINE_integer("pairs", 7, "Rounds, in each of which every way has its turn.", lower_bound=1)
flags.DEFINE_integer("batch", 128, "Images a step.", lower_bound=2)
flags.DEFINE_integer("threads", len(os.sched_getaffinity(0)), "Of each process.", lower_bound=1)
flags.DEFINE_float("patience", 30.0, "Seconds to wait for other processes, before each round.")


def settings_of_flags():
    """Returns what has to be the same for figures to be put together."""
    return {
        "data": "drawn" if FLAGS.data is None else pathlib.Path(FLAGS.data).name,
        "count": FLAGS.count,
        "batch": FLAGS.batch,
        "threads": FLAGS.threads,
        "latent_dim": 16,
        "lambda": 10.0,
        "learning_rate": 1e-3,
        "epochs": 100,  # that a training is to have; it is ended after the rounds
        "examined": min(1000, FLAGS.count),
        "side": 2048,
        "length": 2**25,
        "seed": 0,
    }


class Machine:
    """Starts the measured processes.

    Args:
        python_of_peers: the interpreter of the peers' environment.
        settings: those of the results.
        folder: where images, settings and what processes say are kept.
    """

    def __init__(self, python_of_peers, settings, folder):
        self._python_of_peers, self._settings, self._folder = python_of_peers, settings, folder
        threads = str(settings["threads"])
        # Threads that compute; how many wait for data is TensorFlow's own choice.
        names = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
        paths = [str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")]
        self._environment = os.environ | dict.fromkeys(names, threads)
        # What torch.compile made for another run would make the first epoch look short.
        self._environment["TORCHINDUCTOR_CACHE_DIR"] = str(folder / "compiled")
        self._ours = {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
        self._ours["TF_CPP_MIN_LOG_LEVEL"] = "3"
        np.save(folder / "images.npy", sets.images(FLAGS.data, settings["count"]))

    def start(self, way, network):
        """Returns the `turns.Measured` of a way, after its first epoch."""
        settings = self._settings | {"network": network}
        settings["images"] = str(self._folder / "images.npy")
        path = self._folder / f"{network}.json"
        path.write_text(json.dumps(settings), encoding="utf-8")
        of_peers = way in PEERS or way == "limit_torch"
        python = self._python_of_peers if of_peers else sys.executable
        script = HERE / ("torch_ways.py" if of_peers else "ours.py")
        with open(self._folder / f"{network}_{way}.log", "w", encoding="utf-8") as log:
            own = {} if of_peers else self._ours
            return turns.Measured([python, script, way, path], self._environment | own, log)


def measure(machine, found, network, write):
    """Measures one network and adds its figures to `found`."""
    epochs, starts = found["epochs"], found["starts"]
    done = min((len(epochs.get(way, [])) for way in FLAGS.ways), default=0)
    if done >= FLAGS.pairs and all(way in found["losses"] for way in FLAGS.ways):
        return
    for way in FLAGS.ways:  # a round that was broken off is measured anew
        epochs[way] = epochs.get(way, [])[:done]
    running = {}
    try:
        for way in (*LIMITS, *FLAGS.ways):
            running[way] = machine.start(way, network)
            say(network, way, f"first epoch after {running[way].first:.1f} s")
            if way not in LIMITS:
                starts.setdefault(way, [])
                if not starts[way]:
                    starts[way].append(running[way].first)
        for round_ in range(done, FLAGS.pairs):
            take_round(machine, running, found, network)
            say(network, f"round {round_ + 1} of {FLAGS.pairs}")
            write()
        for way in FLAGS.ways:
            found["losses"][way] = running[way].ask("losses")
        write()
    finally:
        for process in running.values():
            process.end()


def take_round(machine, running, found, network):
    """Lets every process train one epoch, and starts some anew."""
    pids = [process.pid for process in running.values()]
    idle.wait_until_idle(pids, FLAGS.patience, say=say)
    others = idle.Others(pids)
    figures = {way: process.ask("epoch") for way, process in running.items()}
    found["others"].append(others.cores())
    for way, figure in figures.items():
        of = found["limits"] if way in LIMITS else found["epochs"]
        of.setdefault(way, []).append(figure)
    for way in FLAGS.starts:
        if len(found["starts"][way]) < FLAGS.pairs:
            process = machine.start(way, network)
            found["starts"][way].append(process.first)
            process.end()


def versions():
    """Returns what the figures were measured with."""
    names = ("tensorflow", "keras", "numpy")
    found = {name: metadata.version(name) for name in names}
    peers = {"PyTorch": environment.TORCH, "pythae": environment.PYTHAE}
    found |= {name: pinned.partition("==")[2] for name, pinned in peers.items()}
    processor = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            named = [line for line in file if line.startswith("model name")]
        processor = named[0].partition(":")[2].strip()
    except (OSError, IndexError):
        pass
    return {"processor": processor, "Python": platform.python_version()} | found


def count_of_step(network, settings):
    """Returns {"operations", "bytes"} of a step of our model."""
    import ours

    model = ours.our_model(settings | {"network": network})
    model.build((None, sets.SIDE, sets.SIDE, 1))
    return counting.count(model.encoder, model.decoder, settings["batch"])._asdict()


def say(*what):
    print(time.strftime("%H:%M:%S"), *what, flush=True)


def main(arguments):
    wrong = [*arguments[1:], *(set(FLAGS.networks) - {"mlp", "conv"})]
    wrong += set(FLAGS.ways) - {*PEERS, *OURS}
    wrong += set(FLAGS.starts) - set(FLAGS.ways)
    if wrong:
        raise app.UsageError(f"Unknown, or not measured: {', '.join(wrong)}. See --help.")
    settings, output = settings_of_flags(), pathlib.Path(FLAGS.output)
    found = results.Results(output / "results.json", settings)
    python = environment.python_of_peers(FLAGS.environment, FLAGS.index)
    found.content["machine"] = versions() | {"threads": FLAGS.threads}
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(python, settings, pathlib.Path(folder))
        for network in FLAGS.networks:
            found.of(network)["count_of_step"] = count_of_step(network, settings)
            measure(machine, found.of(network), network, found.write)
    found.content["minutes"] = found.content.get("minutes", 0.0) + (
        (time.perf_counter() - start) / 60
    )
    found.write()
    pages.write_all(found.content, output)
    print((output / "results.md").read_text(encoding="utf-8"))
    print(f"{found.content['minutes']:.1f} minutes in all; {output / 'results.json'}")


if __name__ == "__main__":
    app.run(main)
