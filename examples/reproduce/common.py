"""What the experiments share: data, a table that an interrupted sweep goes on with, training."""

import csv
import os
import time

import keras
import numpy as np
import tensorflow as tf
from absl import flags

import keras_infovae as ki

FLAGS = flags.FLAGS
VERSIONS = {"keras_infovae": ki.__version__, "keras": keras.__version__}

# Of latent_dim, n training examples and what all share. First those that the paper compares, then
# those that were made for disentanglement.
MODELS = {
    "elbo": lambda latent_dim, n, **s: ki.VAE(latent_dim, **s),
    "mmd": lambda latent_dim, n, **s: ki.InfoVAE(latent_dim, lambda_=1000.0, **s),
    "stein": lambda latent_dim, n, **s: ki.InfoVAE(latent_dim, divergence="stein", **s),
    "adversarial": lambda latent_dim, n, **s: ki.InfoVAE(latent_dim, divergence="adversarial", **s),
    "beta_vae": lambda latent_dim, n, **s: ki.BetaVAE(latent_dim, beta=4.0, **s),
    # The estimate of total correlation weighs an example by n, which one long epoch hides.
    "beta_tcvae": lambda latent_dim, n, **s: ki.BetaTCVAE(
        latent_dim, beta=6.0, divergence=ki.divergences.TotalCorrelation(dataset_size=n), **s
    ),
    "factor_vae": lambda latent_dim, n, **s: ki.FactorVAE(latent_dim, gamma=10.0, **s),
}

# "conv" are the paper's for 28x28 images, but for the slope of the leaky ReLU: 0.2, not 0.1.
NETWORKS = {
    "mlp": lambda: ki.networks.MLP([256, 256]),
    "conv": lambda: ki.networks.Conv([64, 128], dense_units=1024, activation="leaky_relu"),
}


def define_common_flags():
    """Defines the flags of every experiment."""
    flags.DEFINE_string("output", "reproduction", "The folder of tables and trained models.")
    flags.DEFINE_integer("seeds", 3, "Models per setting.", lower_bound=1)


def define_training_flags(steps, models):
    """Defines the flags of an experiment that trains models by `trained`."""
    define_common_flags()
    flags.DEFINE_integer("steps", steps, "Training steps of each model.", lower_bound=1)
    flags.DEFINE_enum("networks", "mlp", list(NETWORKS), "Of all models.")
    flags.DEFINE_list("models", list(models), f"Of {', '.join(MODELS)}.")
    flags.register_validator(
        "models", lambda names: names and set(names) <= set(MODELS), f"Of {', '.join(MODELS)}."
    )
    flags.DEFINE_integer("test_examples", 500, "How many are measured.", lower_bound=20)


def define_flags(steps, models=("elbo", "mmd")):
    """Defines the flags of an experiment that trains on images of one's choice."""
    define_training_flags(steps, models)
    flags.DEFINE_string("data", "digits", "What ki.datasets.load takes: a name or a path.")


def define_annealing_flags():
    """Defines the flags of annealed importance sampling, as `log_likelihoods` goes by them."""
    flags.DEFINE_integer("chains", 16, "Of annealed importance sampling.", lower_bound=1)
    flags.DEFINE_integer("temperatures", 500, "Of annealed importance sampling.", lower_bound=2)


def log_likelihoods(model, test, elbo, seed):
    """Returns ({name: number} of log p(x) by three ways, the annealed log p(x) of each example).

    Args:
        model: trained.
        test: its examples.
        elbo: their mean ELBO, in nats.
        seed: of the draws.
    """
    annealed = ki.evaluation.marginal_log_likelihood(
        model,
        test,
        "annealed_importance",
        chains=FLAGS.chains,
        temperatures=FLAGS.temperatures,
        seed=seed,
    ).log_likelihood
    weighted = ki.evaluation.marginal_log_likelihood(model, test, seed=seed).log_likelihood
    best = max(np.mean(annealed), np.mean(weighted))  # both are lower bounds in expectation
    numbers = {
        "annealed_importance": np.mean(annealed),
        "importance": np.mean(weighted),
        "elbo": elbo,
        "inference_gap": best - elbo,
        "log_det_test": ki.evaluation.log_det_covariance(model, test),
    }
    return numbers, annealed


def table_name(experiment, data):
    """Returns the name of an experiment's table for a data set."""
    return f"{experiment}-{os.path.splitext(os.path.basename(data.name))[0]}"


def load_images():
    """Returns the `Dataset` of --data with gray levels drawn to 0 or 1, once and for all.

    Each pixel is 1 with its gray level as probability, by seed 0.
    """
    data = ki.datasets.load(FLAGS.data, validation_fraction=0.0)
    draws = np.random.default_rng(0)

    def binarize(x):
        return (draws.random(x.shape) < x).astype("float32")

    return ki.datasets.Dataset(
        data.name,
        binarize(data.train),
        data.validation,
        binarize(data.test),
        data.train_labels,
        data.validation_labels,
        data.test_labels,
    )


def trained(data, name, latent_dim, n, seed):
    """Returns the model of these settings: that of an earlier run, or trained now and kept."""
    settings = f"latent{latent_dim}-n{n}-steps{FLAGS.steps}-seed{seed}"
    label = f"{data.name}-{name}-{FLAGS.networks}-{settings}"
    folder = os.path.join(FLAGS.output, "models")
    path = os.path.join(folder, os.path.basename(label).replace(os.sep, "_") + ".keras")
    if os.path.exists(path):
        return keras.saving.load_model(path)
    keras.utils.set_random_seed(seed)
    networks = {part: NETWORKS[FLAGS.networks]() for part in ("encoder", "decoder")}
    model = MODELS[name](latent_dim, n, seed=seed, **networks)
    x = data.train[np.random.default_rng(seed).permutation(len(data.train))[:n]]
    model.compile(keras.optimizers.Adam(1e-3))
    # As one epoch: those of 100 examples would be one step long, and take longer than it.
    batches = tf.data.Dataset.from_tensor_slices(x).shuffle(len(x), seed=seed).repeat().batch(100)
    model.fit(batches, steps_per_epoch=FLAGS.steps, epochs=1, verbose=0)
    os.makedirs(folder, exist_ok=True)
    unfinished = os.path.join(folder, f"unfinished-{os.getpid()}.keras")
    model.save(unfinished)
    os.replace(unfinished, path)
    return model


def cells_of(models, key="name"):
    """Returns a cell for each model and seed."""
    return [{key: name, "seed": seed} for seed in range(FLAGS.seeds) for name in models]


def sweep(table, cells, measure, flags_kept):
    """Measures the cells that the table lacks, and writes it anew, whole, after each of them.

    Args:
        table: the name of the table, a file in --output.
        cells: a list of dictionaries of settings, all with the same keys, "seed" the last.
        measure: a function of a cell that returns {name: number}.
        flags_kept: the names of flags that a cell's numbers depend on; they are settings too.
    """
    kept = {name: FLAGS[name].value for name in flags_kept}
    path = os.path.join(FLAGS.output, f"{table}.csv")
    os.makedirs(FLAGS.output, exist_ok=True)
    rows = read(path)
    done = [{key: row.get(key) for key in kept | cells[0]} for row in rows]
    for number, cell in enumerate(cells, start=1):
        settings = {key: str(value) for key, value in (kept | cell).items()}
        if settings in done:
            continue
        started = time.monotonic()
        numbers = {name: f"{value:.6g}" for name, value in measure(**cell).items()}
        seconds = {"seconds": f"{time.monotonic() - started:.1f}"}
        rows.append(settings | numbers | seconds | VERSIONS)
        write(path, rows)
        print(f"{number}/{len(cells)} {cell} {numbers}", flush=True)
    print(f"{path} is complete.")


def read(path):
    """Returns the rows of a table, [] where there is none yet."""
    if not os.path.exists(path):
        return []
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(path, rows):
    """Writes a table: to another name first, so that it is never half there."""
    with open(f"{path}.new", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    os.replace(f"{path}.new", path)
