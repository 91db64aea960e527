"""An exported model in C++, beside calls of the same file and of the Keras model in Python.

    python benchmarks/cpp_serving.py                     # about 5 minutes
    python benchmarks/cpp_serving.py --batches=1 --seconds=0 --rounds=1 --csv=/tmp/cpp.csv

An InfoVAE (784-512-256, latent 16, not trained) is exported with `encode` and `score`, and asked
for batches of rows, one request after the other, on one thread, by

    C++ loader     the loader of TensorFlow Serving in a program without Python
                   (tests/serving/load_saved_model.cc, which g++ or clang++ compiles)
    graph loader   the same loader called from Python, as the local server does
    SavedModel     the signature of `tf.saved_model.load`
    Keras model    `model.encode` and `model.score`

Each way has its turn in every round. Printed and written are requests and rows per second of the
processor's time, which other programs disturb least, and by the clock the median and the 99th
percentile of what one request took, in milliseconds; each is that of the best round. All ways have
to give the same means and scores, to 1e-4 of the largest. A signature gives all of its outputs, so
that `encode` draws z too, which the Keras model is not asked for.
"""

import functools
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
from absl import app, flags
from figures import csv_file

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))  # for `tools`

FLAGS = flags.FLAGS
flags.DEFINE_list("batches", ["1", "4", "16", "64", "256"], "Rows of a request.")
flags.DEFINE_float("seconds", 0.5, "Of each kind of request in a round.", lower_bound=0.0)
flags.DEFINE_integer("rounds", 7, "In each of which every way has its turn.", lower_bound=1)
flags.DEFINE_integer("threads", 1, "That compute.", lower_bound=1)

SHAPE, LATENT_DIM = (28, 28, 1), 16
OUTPUTS = {"encode": "mean", "score": "score"}  # of each signature: what all ways give
COLUMNS = ("signature", "batch", "way", "requests/s", "rows/s", "p50_ms", "p99_ms", "requests")


def batches_of_flags():
    """Returns the sizes of batches; raises UsageError for what is none."""
    sizes = [int(text) if text.isdecimal() else 0 for text in FLAGS.batches]
    if not sizes or min(sizes) < 1:
        raise app.UsageError(f"--batches must be integers of at least 1. Received: {FLAGS.batches}")
    return sizes


def row_of(signature, batch, way, rounds):
    """Returns a row of `COLUMNS`.

    Args:
        signature, batch, way: what was measured.
        rounds: of each round what each request took, [(seconds, processor seconds)].
    """
    seconds = [np.percentile([taken[0] for taken in times], [50, 99]) for times in rounds]
    processor = min(np.mean([taken[1] for taken in times]) for times in rounds)
    p50, p99 = np.min(seconds, axis=0) * 1e3
    numbers = 1.0 / processor, batch / processor, p50, p99
    count = sum(map(len, rounds))
    return [signature, batch, way, *(float(f"{number:.4g}") for number in numbers), count]


def repeat(call):
    """Returns (seconds, processor seconds) of each call of a function.

    It is repeated for `--seconds`, at least once.
    """
    taken, end = [], time.perf_counter() + FLAGS.seconds
    while not taken or time.perf_counter() < end:
        start, start_processor = time.perf_counter(), time.process_time()
        call()
        processor = time.process_time() - start_processor
        taken.append((time.perf_counter() - start, processor))
    return taken


class CppLoader:
    """The C++ program, its requests in a folder.

    Args:
        path: of the exported model.
        folder: an empty folder.
        requests: {(signature, batch): {input: array}}.
    """

    def __init__(self, path, folder, requests):
        import tensorflow as tf

        from tools import cpp_program

        self._folder, self._requests = folder, requests
        program = folder / "load_saved_model"
        cpp_program.compile_with_tensorflow(ROOT / "tests/serving/load_saved_model.cc", program)
        names = "".join(f"{signature}\n" for signature, _ in requests)
        (folder / "requests.txt").write_text(names)
        for number, inputs in enumerate(requests.values()):
            for key, value in inputs.items():
                content = tf.make_tensor_proto(value).SerializeToString()
                (folder / f"{number}.{key}.pb").write_bytes(content)
        self._command = [program, path, folder, str(FLAGS.seconds)]

    def run(self):
        """Returns {(signature, batch): what `repeat` does} of a process."""
        done = subprocess.run(self._command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{self._command[0]} failed:\n{done.stderr[-3000:]}")
        return {
            request: np.loadtxt(self._folder / f"{number}.seconds.txt", ndmin=2).tolist()
            for number, request in enumerate(self._requests)
        }

    def answers(self):
        """Returns {(signature, batch): array} of the last run."""
        import tensorflow as tf
        from tensorflow.core.framework import tensor_pb2

        found = {}
        for number, (signature, batch) in enumerate(self._requests):
            content = (self._folder / f"{number}.{OUTPUTS[signature]}.pb").read_bytes()
            found[signature, batch] = tf.make_ndarray(tensor_pb2.TensorProto.FromString(content))
        return found


def ways_in_python(model, path):
    """Returns {way: function of a signature and its inputs that gives the array of `OUTPUTS`}."""
    import tensorflow as tf

    from keras_infovae.serving.graph_model import GraphModel

    graph, loaded = GraphModel(path), tf.saved_model.load(path)
    methods = {"encode": model.encode, "score": model.score}

    def saved_model(name, inputs):
        tensors = {key: tf.constant(value) for key, value in inputs.items()}
        return loaded.signatures[name](**tensors)[OUTPUTS[name]].numpy()

    def keras_model(name, inputs):
        return methods[name](inputs["x"], batch_size=len(inputs["x"]))

    return {
        "graph loader": lambda name, inputs: graph.run(name, inputs)[OUTPUTS[name]],
        "SavedModel": saved_model,
        "Keras model": keras_model,
    }


def exported(folder):
    """Returns a model and the path of its export."""
    import keras_infovae as ki

    network = ki.networks.MLP((512, 256))
    model = ki.InfoVAE(LATENT_DIM, lambda_=10.0, encoder=network, decoder=network, seed=0)
    model.build((None, *SHAPE))
    path = ki.serving.export_for_serving(model, folder, signatures=list(OUTPUTS))
    return model, path


def check_alike(answers, expected, way):
    """Raises RuntimeError unless a way answers as the Keras model does."""
    for request, values in expected.items():
        apart = np.abs(answers[request] - values).max() / np.abs(values).max()
        if not apart <= 1e-4:
            raise RuntimeError(
                f"{way} differs by {apart:.2g} for {request[0]} of {request[1]} rows"
            )


def inputs_of(signature, batch):
    """Returns {input: array} of a request."""
    inputs = {"x": np.random.default_rng(0).random((batch, *SHAPE), "float32")}
    return inputs if signature == "score" else inputs | {"seed": np.zeros(batch, "int64")}


def measure(sizes):
    """Returns the rows of the table."""
    requests = {(name, batch): inputs_of(name, batch) for name in OUTPUTS for batch in sizes}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        model, path = exported(folder / "model")
        (folder / "cpp").mkdir()
        cpp, python = CppLoader(path, folder / "cpp", requests), ways_in_python(model, path)
        ways = ("C++ loader", *python)
        rounds = {(*request, way): [] for request in requests for way in ways}
        for number in range(FLAGS.rounds):
            for (signature, batch), taken in cpp.run().items():
                rounds[signature, batch, "C++ loader"].append(taken)
            answers = {"C++ loader": cpp.answers()} | {way: {} for way in python}
            for (signature, batch), inputs in requests.items():
                for way, call in python.items():
                    answers[way][signature, batch] = call(signature, inputs)  # makes graphs
                    taken = repeat(functools.partial(call, signature, inputs))
                    rounds[signature, batch, way].append(taken)
            print(f"Round {number + 1} of {FLAGS.rounds}", flush=True)
        for way, given in answers.items():
            check_alike(given, answers["Keras model"], way)
    return [row_of(*key, of_rounds) for key, of_rounds in rounds.items()]


def main(arguments):
    if arguments[1:]:
        raise app.UsageError(f"There are no arguments but flags. Received: {arguments[1]!r}")
    sizes = batches_of_flags()
    # Before TensorFlow is imported; the program in C++ reads them too.
    names = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    os.environ.update(dict.fromkeys(names, str(FLAGS.threads)), TF_CPP_MIN_LOG_LEVEL="3")
    rows = measure(sizes)
    csv_file.update(COLUMNS, rows, settings=3)
    for row in (COLUMNS, *rows):
        print("".join(f"{cell!s:>14}" for cell in row))


if __name__ == "__main__":
    app.run(main)
