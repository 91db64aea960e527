"""Trains three models on handwritten digits, and shows on new digits what each is good for.

    python examples/quickstart.py
    python examples/quickstart.py --latent_dim=2 --output=runs/flat

In about a minute on two processor cores it trains, on 1,437 images of 8x8 pixels,

    info_vae   ki.InfoVAE   its codes are pushed to fit the prior as a whole
    vae        ki.VAE       the baseline
    mmd_vae    ki.MMDVAE    its codes tell the most about an image

writes each as a run, <output>/<model>, as `keras-infovae train` does (the model of the epoch with
the lowest validation loss, its settings, losses and pictures), and prints a table that compares
them on 180 digits that no model has seen, with a word on what is good.
"""

import json
import os
import sys
import time

from absl import app, flags

import keras_infovae as ki
from keras_infovae.cli.main import main as command_line

FLAGS = flags.FLAGS
flags.DEFINE_integer(
    "epochs", 60, "Passes over the training digits, at most, per model.", lower_bound=1
)
flags.DEFINE_integer("latent_dim", 16, "Dimensions of z. 2 can be seen as they are.", lower_bound=1)
flags.DEFINE_integer("batch_size", 64, "Examples per step, at least 2.", lower_bound=2)
flags.DEFINE_integer("seed", 0, "Same seed, same machine: same numbers.", lower_bound=0)
flags.DEFINE_string(
    "output",
    None,
    "Where models and pictures go. Default: runs/quickstart, or the next free number.",
)
flags.DEFINE_bool("overwrite", False, "Use --output although it is there already.")

MODELS = ("info_vae", "vae", "mmd_vae")


def choose_output():
    """Makes --output the directory to write; ends the program when it is in the way."""
    if FLAGS.output is None:
        names = (f"runs/quickstart{suffix}" for suffix in ["", *(f"-{i}" for i in range(2, 1000))])
        FLAGS.output = next(name for name in names if not os.path.exists(name))
    elif os.path.isfile(FLAGS.output):
        sys.exit(f"{FLAGS.output} is a file. Choose another --output.")
    elif os.path.exists(FLAGS.output) and not FLAGS.overwrite:
        sys.exit(
            f"{FLAGS.output} exists already. Choose another --output, or write over it with "
            "--overwrite."
        )


def train(name):
    """Returns the trained model called `name` after writing its run."""
    path = os.path.join(FLAGS.output, name)
    settings = {flag: FLAGS[flag].value for flag in ("latent_dim", "epochs", "batch_size", "seed")}
    flags_ = [f"--{flag}={value}" for flag, value in settings.items()]
    command = ["keras-infovae", "train", "--data=digits", f"--model={name}", f"--output={path}"]
    print(f"\n=== {name} ===")
    status = command_line([*command, *flags_, *(["--overwrite"] if FLAGS.overwrite else [])])
    if status:
        sys.exit(status)
    return ki.training.RunDirectory(path).load_model()


def main(arguments):
    if len(arguments) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(arguments[1:])}. See --help.")
    choose_output()
    start = time.time()
    models = {name: train(name) for name in MODELS}
    test = ki.datasets.load("digits", seed=FLAGS.seed).test
    summaries = {
        name: ki.evaluation.summarize(model, test, seed=FLAGS.seed)
        for name, model in models.items()
    }
    with open(os.path.join(FLAGS.output, "summaries.json"), "w", encoding="utf-8") as file:
        json.dump(summaries, file, indent=2)
    print(f"\nOn digits that no model has seen ({time.time() - start:.0f} s in all):\n")
    print(ki.evaluation.compare(summaries))
    print(f"\nPictures and models are in {FLAGS.output}/{{{','.join(MODELS)}}}. Look first at")
    for picture, question in {
        "samples.png": "could its new digits be data?",
        "latent_space.png": "do its codes fill the prior?",
        "reconstructions.png": "does its code tell which digit it was?",
    }.items():
        print(f"  {os.path.join(FLAGS.output, 'info_vae', 'plots', picture):<52}  {question}")
    path = os.path.join(FLAGS.output, "info_vae", "model.keras")
    print(f"\nWhat is there to say of one: keras-infovae report --run={FLAGS.output}/info_vae \\")
    print("  --output=reports/info_vae")
    print("To use one again:")
    print("  import keras, keras_infovae")
    print(f"  images = keras.saving.load_model({path!r}).generate(16)")


if __name__ == "__main__":
    app.run(main)
