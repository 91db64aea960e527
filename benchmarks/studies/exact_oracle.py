"""How wrong estimates of log p(x) are: importance sampling and annealing against exact values.

    python benchmarks/studies/exact_oracle.py --output=exact_oracle.csv

Trains VAEs with decoders of ReLU units and one or two latents on 8x8 digits, and writes, for each
way to estimate log p(x) of the test images, one row: the mean and the worst error, how large errors
are in reported standard errors, and what the inference gap is said to be and is. Rows that are
there already are not made again. About 2 minutes on one processor core.
"""

import itertools
import time

import keras
import numpy as np
import table
from absl import app, flags

import keras_infovae as ki

FLAGS = flags.FLAGS
flags.DEFINE_string("output", "exact_oracle.csv", "The table; rows are added to it.")
flags.DEFINE_list("models", ["1-8", "2-8", "2-16"], "Latents and hidden units of each model.")
flags.DEFINE_integer("epochs", 100, "Of each training.")
flags.DEFINE_integer("seeds", 3, "Splits and trainings per setting.", lower_bound=1)

SETTINGS = ("model", "method", "seed")
RESULTS = (
    *("images", "low_by", "worst", "median_error_in_se", "q95_error_in_se", "within_1.96_se"),
    *("gap_said", "gap", "bounds_apart", "seconds"),
)
METHODS = {
    "importance": {"num_samples": 5000},
    "annealed_importance": {"chains": 16, "temperatures": 200},
}


def trained(latent_dim, units, x, seed):
    keras.utils.set_random_seed(seed)
    layers = [
        keras.Input((latent_dim,)),
        keras.layers.Dense(units, "relu", bias_initializer=keras.initializers.RandomNormal(0, 1)),
        keras.layers.Dense(x.shape[1]),
    ]
    model = ki.VAE(
        latent_dim,
        likelihood="normal",
        encoder=ki.networks.MLP((32, 32)),
        decoder=keras.Sequential(layers),
        seed=seed,
    )
    model.compile(keras.optimizers.Adam(0.005))
    model.fit(x, batch_size=50, epochs=FLAGS.epochs, verbose=0)
    return model


def measured(name, seed, methods):
    """Gives (method, the results of one model by it)."""
    data = ki.datasets.load("digits", validation_fraction=0.0, test_fraction=0.1, seed=seed)
    train, test = data.train.reshape(-1, 64), data.test.reshape(-1, 64)
    model = trained(*map(int, name.split("-")), train, seed)
    exact = ki.evaluation.inference_gap(model, test, "exact")
    for method in methods:
        options, start = METHODS[method], time.process_time()
        found = ki.evaluation.inference_gap(model, test, method, **options)
        estimate = ki.evaluation.marginal_log_likelihood(model, test, method, **options)
        seconds = time.process_time() - start
        error = exact.log_likelihood - estimate.log_likelihood
        relative = np.abs(error) / np.maximum(estimate.standard_error, 1e-12)
        apart = np.nan
        if method == "annealed_importance":
            apart = ki.evaluation.bidirectional_monte_carlo(model, 50, **options).gap
        yield (
            method,
            *(len(test), error.mean(), np.abs(error).max(), np.median(relative)),
            *(np.quantile(relative, 0.95), np.mean(relative < 1.96)),
            *(found.gap.mean(), exact.gap.mean(), apart, seconds),
        )


def main(_):
    done = table.cases_of(FLAGS.output, SETTINGS)
    for name, seed in itertools.product(FLAGS.models, range(FLAGS.seeds)):
        missing = [method for method in METHODS if (name, method, str(seed)) not in done]
        for method, *results in measured(name, seed, missing) if missing else ():
            row = [name, method, seed, *(f"{value:.4g}" for value in results)]
            print(*row, flush=True)
            table.add_rows(FLAGS.output, (*SETTINGS, *RESULTS), [row])


if __name__ == "__main__":
    app.run(main)
