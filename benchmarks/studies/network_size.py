"""Which size of the default fully connected networks suits data of what size.

    python benchmarks/studies/network_size.py --output=network_size.csv --mnist=mnist \
        --sets_folder=SETS
    python benchmarks/studies/network_size.py --output=network_size.csv --summary

Trains the default InfoVAE with encoders and decoders of several fixed sizes, the last of which is
the default, until the validation loss falls no more, and writes one row per model: the ELBO of test
rows in nats (the mean over 16 draws of z; of tables in units of their columns' standard
deviations), the KL, and the epochs. convert_sets.py makes SETS. Rows that are there already are not
made again.
"""

import itertools
import time

import keras
import numpy as np
import real_sets
import table
from absl import app, flags

import keras_infovae as ki

FLAGS = flags.FLAGS
flags.DEFINE_string("output", "network_size.csv", "The table; rows are added to it.")
flags.DEFINE_list("sizes", None, "Hidden layers, as 256-128. Default: three sizes.")
flags.DEFINE_integer("seeds", 2, "Models, and splits, per setting.", lower_bound=1)
flags.DEFINE_bool("summary", False, "Train nothing; print the means over seeds of --output.")

SIZES = ("64", "256-128", "512-256")
SETTINGS = ("set", "size", "seed")
RESULTS = ("elbo", "kl", "best_epoch", "epochs", "seconds")


def run(data, size, seed):
    """Returns the results of one model."""
    keras.utils.set_random_seed(seed)
    network = ki.networks.MLP([int(units) for units in size.split("-")])
    model = ki.InfoVAE(
        data.latent_dim, likelihood=data.likelihood, encoder=network, decoder=network, seed=seed
    )
    start = time.perf_counter()
    best, epochs = real_sets.train(model, data)
    seconds = time.perf_counter() - start
    kl = model.evaluate(data.test, batch_size=256, verbose=0)["kl_divergence"]
    return real_sets.elbo(model, data.test), kl, best, epochs, seconds


def print_summary():
    """Prints the means over seeds, a row for each set and a column for each size."""
    rows = table.read_rows(FLAGS.output)
    sets, sizes = (list(dict.fromkeys(row[name] for row in rows)) for name in ("set", "size"))
    sizes.sort(key=SIZES.index)
    print(f"| test ELBO / KL | {' | '.join(sizes)} |\n|{'---|' * (len(sizes) + 1)}")
    for name in sets:
        cells = []
        for size in sizes:
            found = [row for row in rows if (row["set"], row["size"]) == (name, size)]
            means = [np.mean([float(row[of]) for row in found]) for of in ("elbo", "kl")]
            cells.append("{:.1f} / {:.1f}".format(*means) if found else "")
        print(f"| {name} | {' | '.join(cells)} |")


def main(_):
    if FLAGS.summary:
        return print_summary()
    done = table.cases_of(FLAGS.output, SETTINGS)
    for seed, name in itertools.product(range(FLAGS.seeds), real_sets.names()):
        data = real_sets.parts(name, seed)
        for size in FLAGS.sizes or SIZES:
            if (name, size, str(seed)) in done:
                continue
            row = [name, size, seed, *(f"{value:.5g}" for value in run(data, size, seed))]
            print(*row, flush=True)
            table.add_rows(FLAGS.output, (*SETTINGS, *RESULTS), [row])
            keras.backend.clear_session()


if __name__ == "__main__":
    app.run(main)
