"""What energy-based priors gain: the evidence behind docs/energy_priors.md.

    python benchmarks/studies/energy_prior.py --output=energy_prior.csv
    python benchmarks/studies/energy_prior.py --summary --output=energy_prior.csv

On a ring of eight normals in two dimensions, under a linear generator, log p(x) is exact, by a sum
over a grid of z. On 8x8 digits a VAE is trained for 2,000 steps of 100, and then priors on its
codes for as many; or both together. Rows have, for each number of chain steps: the Frechet distance
of 1,437 decoded draws to the test digits in features of a classifier; how well a small network
tells draws of the prior from codes (0.5: not at all); log p(x) of the test digits by 300 importance
weights; log Z and its standard error. Rows that are there already are not made again. About half an
hour on one processor core.
"""

import time

import keras
import numpy as np
import table
import tensorflow as tf
from absl import app, flags

import keras_infovae as ki

FLAGS = flags.FLAGS
flags.DEFINE_string("output", "energy_prior.csv", "The table; rows are added to it.")
flags.DEFINE_integer("seeds", 3, "Models per setting.", lower_bound=1)
flags.DEFINE_list("data", None, "ring, digits. Default: both.")
flags.DEFINE_bool("summary", False, "Train nothing; print the means over seeds of --output.")

SETTINGS = ("data", "way", "seed")
RESULTS = ("chain_steps", "frechet_distance", "tell", "log_prob", "log_prob_error")
RESULTS += ("log_partition", "log_partition_error", "adversary_loss", "acceptance", "seconds")
BATCH, STEPS = 100, 2000
NOISE = 0.15


def adam(rate):
    return keras.optimizers.Adam(rate, beta_1=0.5)


# === The ring ===


def ring(count, seed):
    rng = np.random.default_rng(seed)
    angle = 2.0 * np.pi * rng.integers(8, size=count) / 8
    centers = 2.0 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return (centers + NOISE * rng.normal(size=(count, 2))).astype("float32")


def exact_log_prob(model, x):
    """Returns log p(x) [n] by a sum over a grid of z."""
    axis = np.linspace(-6.0, 6.0, 401).astype("float32")
    z = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    log_prior = model.prior_distribution().log_prob(z)
    log_prior -= tf.reduce_logsumexp(log_prior)  # of the cells: log Z has no part in it
    means = tf.constant(model.decode(z))

    @tf.function
    def of(x):
        errors = tf.reduce_sum((x - means) ** 2, axis=-1) / (2.0 * NOISE**2)
        return tf.reduce_logsumexp(log_prior - errors) - np.log(2.0 * np.pi * NOISE**2)

    return np.array([float(of(row)) for row in tf.constant(x)])


def ring_model(way, seed):
    keras.utils.set_random_seed(seed)
    linear = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    settings = {"likelihood": ki.likelihoods.Normal(NOISE), "decoder": linear, "seed": seed}
    if way == "chains":
        inference = ki.inference.ShortRunLangevin(15, 0.1, 1.0)
        prior = ki.priors.EnergyBased(optimizer=adam(2e-4))
        return ki.LatentVariableModel(2, inference=inference, prior=prior, **settings)
    return ki.VAE(2, encoder=ki.networks.MLP((64, 64)), **settings)


def ring_rows(seed):
    x, test = ring(5000, seed), ring(1000, 100 + seed)
    for way in ("gaussian", "second stage", "chains"):
        start = time.time()
        if way != "second stage":
            model = ring_model(way, seed)
            model.compile(keras.optimizers.Adam(1e-3))
            history = model.fit(x, epochs=STEPS * BATCH // 5000, batch_size=BATCH, verbose=0)
        else:
            prior = ki.priors.EnergyBased(optimizer=adam(1e-3))
            epochs = STEPS * BATCH // 5000
            history = model.fit_prior(
                x, prior, epochs=epochs, batch_size=BATCH, seed=seed, verbose=0
            )
        seconds = time.time() - start
        log_prob = exact_log_prob(model, test)
        yield way, row_of(model, history, log_prob, "", "", "", seconds)


# === Digits ===


class Digits:
    """The data, and what samples are measured by."""

    def __init__(self):
        from sklearn.datasets import load_digits
        from sklearn.neural_network import MLPClassifier

        digits = load_digits()
        order = np.random.default_rng(0).permutation(len(digits.data))
        x, labels = (digits.data / 16).astype("float32")[order], digits.target[order]
        self.train, self.test = x[:1437], x[1437:]
        classifier = MLPClassifier((64,), max_iter=300, random_state=0)
        classifier.fit(self.train, labels[:1437])
        self._weights, self._bias = classifier.coefs_[0], classifier.intercepts_[0]

    def features(self, x):
        return np.maximum(x @ self._weights + self._bias, 0.0)

    def frechet_distance(self, x):
        features = self.features(np.clip(x, 0.0, 1.0))
        return ki.evaluation.frechet_distance(self.features(self.test), features)

    def tell(self, first, second):
        """Returns the accuracy of a network that tells two sets of codes apart."""
        from sklearn.neural_network import MLPClassifier

        z = np.concatenate([first, second])
        z, label = np.concatenate([z, z**2], axis=1), np.arange(len(z)) < len(first)
        order = np.random.default_rng(0).permutation(len(z))
        fit, held_out = order[::2], order[1::2]
        network = MLPClassifier((32,), max_iter=100, random_state=0).fit(z[fit], label[fit])
        return network.score(z[held_out], label[held_out])


SECOND = {
    "mixture": lambda model: ki.priors.GaussianMixture(20),
    "second stage": lambda model: ki.priors.EnergyBased(),
    "second stage, two layers": lambda model: ki.priors.EnergyBased(base=model.prior),
}


def digits_model(prior, latent_dim, seed):
    keras.utils.set_random_seed(seed)
    network = ki.networks.MLP((128, 128))
    likelihood = ki.likelihoods.Normal(NOISE)
    model = ki.VAE(
        latent_dim,
        prior=prior,
        encoder=network,
        decoder=network,
        likelihood=likelihood,
        divergence="moment_matching",
        seed=seed,
    )
    model.compile(keras.optimizers.Adam(1e-3))
    return model


def digits_rows(digits, seed):
    epochs = -(-STEPS * BATCH // len(digits.train))
    first = {
        "gaussian": ("standard_normal", 8),
        "jointly": (ki.priors.EnergyBased(optimizer=adam(1e-4)), 8),
        "two layers": ("hierarchical", 12),
    }
    second = {
        "gaussian": ("mixture", "second stage"),
        "two layers": ("second stage, two layers",),
    }
    for way, (prior, latent_dim) in first.items():
        model = digits_model(prior, latent_dim, seed)
        start = time.time()
        history = model.fit(digits.train, epochs=epochs, batch_size=BATCH, verbose=0)
        yield from measured(way, model, history, digits, time.time() - start)
        for name in second.get(way, ()):
            start = time.time()
            history = model.fit_prior(
                digits.train,
                SECOND[name](model),
                epochs=epochs,
                batch_size=BATCH,
                seed=seed,
                verbose=0,
            )
            yield from measured(name, model, history, digits, time.time() - start)


def measured(way, model, history, digits, seconds):
    estimate = ki.evaluation.marginal_log_likelihood(model, digits.test, num_samples=300)
    prior = model.model_prior
    codes = model.encode(digits.train, sample=True, seed=1)
    trained_steps = getattr(prior, "steps", "")
    for steps in (10, 30, 60, 200) if prior.draws_by_chain else ("",):
        if steps:
            prior.steps = steps
        z = model.prior_distribution().sample(len(digits.train), seed=[1, 2]).numpy()
        distance, tell = digits.frechet_distance(model.decode(z)), digits.tell(codes, z)
        numbers = (estimate.log_likelihood, steps, distance, tell, seconds)
        yield way, row_of(model, history, *numbers)
    if prior.draws_by_chain:
        prior.steps = trained_steps


def row_of(model, history, log_prob, steps, distance, tell, seconds):
    prior, losses = model.model_prior, history.history
    numbers = {
        "chain_steps": steps,
        "frechet_distance": distance,
        "tell": tell,
        "log_prob": log_prob.mean(),
        "log_prob_error": log_prob.std() / np.sqrt(len(log_prob)),
        "seconds": seconds,
    }
    if prior.draws_by_chain:
        found = prior.estimate_log_partition()
        numbers["log_partition"], numbers["log_partition_error"], _ = found
        numbers["acceptance"] = found.acceptance
        name = "loss" if model.learned_prior is not None else "adversary_loss"
        numbers["adversary_loss"] = np.mean(losses[name][-10:])
    values = (numbers.get(name, "") for name in RESULTS)
    return [f"{value:.4f}" if isinstance(value, float) else str(value) for value in values]


def print_summary():
    """Prints the means over seeds as a Markdown table."""
    import pandas as pd

    rows = pd.read_csv(FLAGS.output)
    rows["chain_steps"] = rows["chain_steps"].fillna(0).astype(int)
    groups = rows.groupby(["data", "way", "chain_steps"], sort=False)[list(RESULTS[1:])]
    means = groups.mean()
    print(f"| data | way | chain steps | {' | '.join(RESULTS[1:])} |")
    print("|" + "---|" * (len(RESULTS) + 2))
    for (data, way, steps), row in means.iterrows():
        print(f"| {data} | {way} | {steps or '-'} | {' | '.join(f'{v:.2f}' for v in row)} |")


def main(_):
    if FLAGS.summary:
        print_summary()
        return
    done = table.cases_of(FLAGS.output, SETTINGS)
    digits = Digits()
    for seed in range(FLAGS.seeds):
        for data in FLAGS.data or ("digits", "ring"):
            if any(case[0] == data and case[2] == str(seed) for case in done):
                continue
            rows = ring_rows(seed) if data == "ring" else digits_rows(digits, seed)
            for way, row in rows:
                line = (data, way, seed, *row)
                table.add_rows(FLAGS.output, SETTINGS + RESULTS, [line])
                print(*line, flush=True)


if __name__ == "__main__":
    app.run(main)
