"""InfoVAE on a table: what its code keeps of each column, and which rows are unusual.

    python examples/tabular.py
    python examples/tabular.py --data=mine.csv --label_column=diagnosis --output=runs/mine

Without --data the table is 30 measurements of 569 tumours. Columns are brought to mean 0 and
standard deviation 1 of the training rows and modeled by a normal likelihood with a learned scale;
everything printed is in the table's own units again. A row is unusual when the model finds it
unlikely: when its ELBO, a lower bound on log p(x), is low. Takes about 20 seconds.
"""

import math
import os
import sys

import keras
import numpy as np
from absl import app, flags

import keras_infovae as ki
from keras_infovae import datasets

FLAGS = flags.FLAGS
flags.DEFINE_string("data", "breast_cancer", "A .csv or .parquet file, breast_cancer, or wine.")
flags.DEFINE_string("label_column", None, "For files: the column that is the label and not data.")
flags.DEFINE_integer("epochs", 100, "Passes over the training rows.", lower_bound=1)
flags.DEFINE_integer("latent_dim", 4, "Dimensions of z.", lower_bound=1)
flags.DEFINE_integer("unusual", 5, "How many of the most unusual test rows to show.", lower_bound=1)
flags.DEFINE_integer("seed", 0, "Same seed, same machine: same numbers.", lower_bound=0)
flags.DEFINE_string("output", "runs/tabular", "Where model and pictures go.")
flags.DEFINE_bool("overwrite", False, "Use --output although it is there already.")

SHOWN_COLUMNS = 12


def print_reconstruction(model, data):
    """Prints how far off reconstructions are, column by column, in the table's own units."""
    x = data.scaling.invert(data.test)
    restored = data.scaling.invert(model.predict(data.test, verbose=0))
    error = np.abs(x - restored).mean(axis=0)
    spread = np.abs(x - np.median(x, axis=0)).mean(axis=0)
    share = error / np.where(spread > 0, spread, 1.0)
    print("\nMean absolute error of a reconstruction, and of guessing the column's median instead")
    print("(best and worst columns; a share near 0 is good, near 1: the code says nothing on it):")
    order = np.argsort(share)
    if len(order) > SHOWN_COLUMNS:
        order = np.concatenate([order[: SHOWN_COLUMNS // 2], order[-SHOWN_COLUMNS // 2 :]])
    width = max(len(data.feature_names[i]) for i in order)
    for i in order:
        print(
            f"  {data.feature_names[i]:<{width}}{error[i]:>12.4g}{spread[i]:>12.4g}{share[i]:>8.2f}"
        )


def print_unusual(model, data):
    """Prints the rows of the test split with the lowest ELBO, and what is unusual about them."""
    elbo = -model.score(data.test)
    raw = data.scaling.invert(data.test)
    deviation = np.abs(data.test - model.predict(data.test, verbose=0))
    print(f"\nThe most unusual of {len(elbo)} test rows (median ELBO {np.median(elbo):.1f} nats):")
    for row in np.argsort(elbo)[: FLAGS.unusual]:
        column = int(np.argmax(deviation[row]))
        label = "" if data.test_labels is None else f"  label {data.test_labels[row]}"
        print(
            f"  test row {row:<5}ELBO {elbo[row]:>9.1f}{label}  mostly for "
            f"{data.feature_names[column]} = {raw[row, column]:.4g}"
        )


def main(arguments):
    if len(arguments) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(arguments[1:])}. See --help.")
    if os.path.exists(FLAGS.output) and not FLAGS.overwrite:
        sys.exit(f"{FLAGS.output} exists already. Choose another --output, or add --overwrite.")
    os.makedirs(FLAGS.output, exist_ok=True)  # before the training
    try:
        data = datasets.load(
            FLAGS.data, standardize=True, seed=FLAGS.seed, label_column=FLAGS.label_column
        )
    except (ValueError, TypeError, FileNotFoundError, ImportError) as error:
        sys.exit(f"--data={FLAGS.data} cannot be used: {error}")
    print(data.summary())

    model = ki.InfoVAE(
        FLAGS.latent_dim,
        likelihood="normal",
        encoder=ki.networks.MLP(hidden_units=(128, 64)),
        decoder=ki.networks.MLP(hidden_units=(128, 64)),
        seed=FLAGS.seed,
        scaling=data.scaling,  # kept in model.keras, so that the model can be used on raw rows
    )
    model.compile("adam")
    print(f"\nTraining for at most {FLAGS.epochs} epochs ...")
    patience = ki.training.default_patience(steps_per_epoch=math.ceil(len(data.train) / 64))
    history = model.fit(
        data.train,
        validation_data=(data.validation,),
        epochs=FLAGS.epochs,
        batch_size=64,
        callbacks=[keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True)],
        verbose=0,
    )
    model.save(os.path.join(FLAGS.output, "model.keras"))
    ki.evaluation.plot_all(model, data, history.history, FLAGS.output, seed=FLAGS.seed)

    print()
    print(ki.evaluation.describe(ki.evaluation.summarize(model, data.test)))
    print_reconstruction(model, data)
    print_unusual(model, data)
    print(f"\nThe model and its pictures are in {FLAGS.output}; look first at samples.png.")


if __name__ == "__main__":
    app.run(main)
