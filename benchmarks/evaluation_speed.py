"""What evaluation takes: first calls of a small model, and whole reports with their parts.

    python benchmarks/evaluation_speed.py                        # about 2 minutes
    python benchmarks/evaluation_speed.py --data=mnist.npz --examples=2000 --csv=/tmp/evaluation.csv

The first calls are those of an untrained model (an MLP of 64, latent 8) for 256 images of 8x8,
whose graphs have to be made. Then models of an MLP of 128, latent 10, are trained for an epoch and
measured: the disentanglement of as many `blobs` as `--examples`; and on as many images of `--data`
for training, and as many held out, log p(x) by importance sampling with 100 draws, and `report`,
whose longest parts (as a profile of that call has them) stand beside it. Figures are processor
seconds on one thread. `--version` names other code in the file, such as that of an older commit.
"""

import cProfile
import pstats
import tempfile
import time

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability  # noqa: F401, whose import is no part of a first call
from absl import app, flags
from figures import csv_file

import keras_infovae as ki

FLAGS = flags.FLAGS
flags.DEFINE_string("data", "fashion_mnist", "Images with classes, a name or a path.")
flags.DEFINE_string("version", "now", "What stands beside the figures.")
flags.DEFINE_integer("examples", 10_000, "Of training, and held out.", lower_bound=100)

COLUMNS = ("part", "call", "version", "seconds")
# Of the report: (what it is, the function's file ends in, its name).
PARTS = [
    ("the classifier by whose eyes samples are judged", "classifier.py", "__init__"),
    ("what chance makes of the fit to the prior", "prior_fit.py", "values"),
    ("the summaries of both splits", "summary.py", "summary_of"),
    ("all pictures", "writing.py", "_draw"),
    ("of these, unusual examples", "contributions.py", "plot_contributions"),
    ("of these, the embedding by t-SNE", "embedding.py", "plot_latent_embedding"),
]


def seconds(function, *arguments, **options):
    """Returns the processor seconds of one call."""
    start = time.process_time()
    function(*arguments, **options)
    return time.process_time() - start


def model_of(latent_dim, units):
    """Returns an InfoVAE of multilayer perceptrons with one hidden layer."""
    keras.utils.set_random_seed(0)
    network = ki.networks.MLP((units,))
    return ki.InfoVAE(latent_dim, encoder=network, decoder=network, seed=0)


def first_calls():
    """Yields (call, seconds) of a model of which nothing was called before."""
    model = model_of(8, 64)
    x = np.random.default_rng(0).random((256, 8, 8, 1), "float32")
    model.build(x.shape)
    log_p = ki.evaluation.marginal_log_likelihood
    yield "encode", seconds(model.encode, x)
    yield "encode(sample=True)", seconds(model.encode, x, sample=True)
    yield "generate", seconds(model.generate, 256)
    yield "score", seconds(model.score, x)
    yield "elbo", seconds(model.elbo, x)
    yield "log p(x), importance, 1,000 draws", seconds(log_p, model, x, num_samples=1000)
    settings = {"chains": 16, "temperatures": 20}
    annealed = seconds(log_p, model, x[:16], "annealed_importance", **settings)
    yield "log p(x), annealing, 16 examples, 20 temperatures", annealed
    with tempfile.TemporaryDirectory() as folder:
        yield "export_for_serving", seconds(ki.serving.export_for_serving, model, f"{folder}/model")


def whole_evaluations():
    """Yields (call, seconds) of trained models."""
    blobs, model = ki.datasets.blobs(), model_of(10, 128)
    model.fit(blobs.sample(FLAGS.examples, seed=0)[0], epochs=1, verbose=0)
    examples = {"num_examples": FLAGS.examples}
    yield "disentanglement", seconds(ki.evaluation.disentanglement, model, blobs, **examples)
    found = ki.datasets.load(FLAGS.data)
    x = np.concatenate([found.train, found.test])
    labels = np.concatenate([found.train_labels, found.test_labels])
    n = min(FLAGS.examples, len(x) // 2)
    split = slice(n), slice(0), slice(n, 2 * n)
    data = ki.datasets.Dataset("images", *(x[part] for part in split), *(labels[p] for p in split))
    model = model_of(10, 128)
    model.fit(data.train, epochs=1, verbose=0)
    log_p = ki.evaluation.marginal_log_likelihood
    yield "log p(x), importance, 100 draws", seconds(log_p, model, data.test, num_samples=100)
    profile = cProfile.Profile(time.process_time)
    with tempfile.TemporaryDirectory() as folder:
        whole = seconds(profile.runcall, ki.evaluation.report, model, data, folder)
    yield "report", whole
    entries = pstats.Stats(profile).stats
    for what, file, name in PARTS:
        taken = [
            entry[3]
            for (path, _, function), entry in entries.items()
            if path.endswith(file) and function == name
        ]
        yield f"of the report: {what}", sum(taken)


def main(arguments):
    if arguments[1:]:
        raise app.UsageError(f"There are no arguments but flags. Received: {arguments[1]!r}")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    for part, calls in (("first call", first_calls), ("whole", whole_evaluations)):
        for call, taken in calls():
            csv_file.update(COLUMNS, [(part, call, FLAGS.version, taken)], settings=3)
            print(f"{call:<72}{taken:>8.2f} s", flush=True)


if __name__ == "__main__":
    app.run(main)
