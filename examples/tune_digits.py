"""Searches for the settings of an InfoVAE that do best on handwritten digits.

    python examples/tune_digits.py
    python examples/tune_digits.py --objective=reconstruction_within_null_band --max_trials=40

Twenty models are trained on 1,437 images of 8x8 pixels, each with other networks, latent size,
weights, kernel, learning rate and batch size, and compared on 180 others by a number that does not
depend on the weights of their losses. It takes some five minutes on two processor cores, and can be
stopped: the same command goes on. The best is then compared with the default model on 180 digits
that neither has seen.
"""

import sys

import keras
from absl import app, flags

import keras_infovae as ki
from keras_infovae import evaluation

FLAGS = flags.FLAGS
flags.DEFINE_string("output", "searches/digits", "Where the search is kept.")
flags.DEFINE_bool("overwrite", False, "Remove the search that is there, and begin a new one.")
flags.DEFINE_enum("tuner", "bayesian", ["bayesian", "grid", "hyperband", "random"], "What is next.")
flags.DEFINE_string("objective", "importance_weighted_bound", "As for ki.tuning.tune.")
flags.DEFINE_integer("max_trials", 20, "How many models.", lower_bound=1)
flags.DEFINE_integer("epochs", 60, "Passes over the training digits, at most.", lower_bound=1)
flags.DEFINE_integer("seed", 0, "Same seed, same machine: same numbers.", lower_bound=0)


def train_default(data):
    """Returns the model that one gets without a search."""
    keras.utils.set_random_seed(FLAGS.seed)
    model = ki.InfoVAE(latent_dim=16, seed=FLAGS.seed, scaling=data.scaling)
    model.compile("adam")
    stopping = keras.callbacks.EarlyStopping(patience=20, restore_best_weights=True)
    model.fit(
        data.train,
        validation_data=(data.validation,),
        epochs=FLAGS.epochs,
        batch_size=64,
        callbacks=[stopping],
        verbose=0,
    )
    return model


def main(arguments):
    if len(arguments) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(arguments[1:])}. See --help.")
    data = ki.datasets.load("digits", seed=FLAGS.seed)
    try:
        found = ki.tuning.tune(
            data,
            ki.tuning.HyperModel("info_vae", network=["mlp", "conv"]),
            directory=FLAGS.output,
            tuner=FLAGS.tuner,
            objective=FLAGS.objective,
            max_trials=FLAGS.max_trials,
            epochs=FLAGS.epochs,
            overwrite=FLAGS.overwrite,
            seed=FLAGS.seed,
        )
    except (ValueError, FileExistsError, RuntimeError) as error:
        sys.exit(f"{error}")
    print(f"\nThe best is trial {found.best['trial']}:")
    for name, value in found.best["hyperparameters"].items():
        print(f"  {name:<15}{value}")
    models = {"default": train_default(data), "best": found.load_model()}
    summaries = {name: evaluation.summarize(m, data.test) for name, m in models.items()}
    print(f"\nOn digits that neither has seen:\n{evaluation.compare(summaries)}")
    print(f"\n{FLAGS.output}/trials.csv has all trials; look at {FLAGS.output}/plots.")


if __name__ == "__main__":
    app.run(main)
