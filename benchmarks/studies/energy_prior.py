"""What energy-based priors gain: the evidence behind docs/energy_priors.md.

    python benchmarks/studies/energy_prior.py --output=energy_prior.csv
    python benchmarks/studies/energy_prior.py --output=energy_prior.csv \
        --data=mnist,fashion_mnist --pictures=.
    python benchmarks/studies/energy_prior.py --summary --output=energy_prior.csv

On a ring of eight normals in two dimensions, under a linear generator, log p(x) is exact, by a sum
over a grid of z. On 8x8 digits a VAE is trained for 2,000 steps of 100, and then priors on its
codes for as many; or both together. On 28x28 images (names or paths for `datasets.load`), with
convolutions and 3,000 steps, after a VAE of one layer of latents and one of two.

Rows have, for each number of chain steps: the Frechet distance of as many decoded draws as there
are training images, 2,000 at most, to the test images in features of a classifier; how well a small
network tells draws of the prior from codes (0.5: not at all); log p(x) of the test images by 300
importance weights (28x28: of 64 images by annealing over 200 temperatures, 8 chains); log Z and its
standard error. Rows that are there already are not made again. With `--pictures` the draws of the
28x28 models of seed 0 are drawn side by side. Digits and ring take about ten minutes on one
processor core, a set of 28x28 images about 20.
"""

import os
import time

import keras
import numpy as np
import pictures
import table
import tensorflow as tf
from absl import app, flags

import keras_infovae as ki

FLAGS = flags.FLAGS
flags.DEFINE_string("output", "energy_prior.csv", "The table; rows are added to it.")
flags.DEFINE_integer("seeds", 3, "Models per setting.", lower_bound=1)
flags.DEFINE_list("data", ["digits", "ring"], "ring, digits, or names or paths of images.")
flags.DEFINE_string("pictures", None, "A folder for pictures. Default: none are drawn.")
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


# === Images ===


class Images:
    """A set of images in two parts, how models of it are made, and what draws are measured by.

    Args:
        train, test: images.
        features: a function of images to features, of the training images' classes.
        network: of encoder and decoder.
        sizes: latents of one layer, and of two together.
        steps: of a training and of a second stage each.
        ways: what to make, of `FIRST`.
        estimated: how many test images log p(x) is estimated of.
        estimate: how, arguments of `marginal_log_likelihood`.
    """

    def __init__(self, train, test, features, network, sizes, steps, ways, estimated, estimate):
        self.train, self.test, self.features = train, test, features
        self.network, self.sizes, self.ways = network, sizes, ways
        self.estimated, self.estimate = estimated, estimate
        self.epochs = -(-steps * BATCH // len(train))
        self.draws = min(len(train), 2000)

    def log_prob(self, model):
        x = self.test[: self.estimated]
        return ki.evaluation.marginal_log_likelihood(model, x, **self.estimate).log_likelihood

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


def digits():
    """Returns scikit-learn's 8x8 digits."""
    from sklearn.datasets import load_digits
    from sklearn.neural_network import MLPClassifier

    found = load_digits()
    order = np.random.default_rng(0).permutation(len(found.data))
    x, labels = (found.data / 16).astype("float32")[order], found.target[order]
    classifier = MLPClassifier((64,), max_iter=300, random_state=0).fit(x[:1437], labels[:1437])
    weights, bias = classifier.coefs_[0], classifier.intercepts_[0]
    return Images(
        x[:1437],
        x[1437:],
        features=lambda x: np.maximum(x @ weights + bias, 0.0),
        network=ki.networks.MLP((128, 128)),
        sizes=(8, 12),
        steps=2000,
        ways=("gaussian", "jointly", "two layers"),
        estimated=360,
        estimate={"num_samples": 300},
    )


def larger_images(source):
    """Returns images of 28x28 pixels, 9,000 for training and 1,000 for tests."""
    data = ki.datasets.load(source, limit=10_000, validation_fraction=0.0, test_fraction=0.1)
    return Images(
        data.train,
        data.test[:1000],
        features=ki.evaluation.Classifier(data.train, data.train_labels).features,
        network=ki.networks.Conv(),
        sizes=(16, 24),
        steps=3000,
        ways=("gaussian", "two layers"),
        estimated=64,  # importance weights have a Pareto k far above 0.7 there
        estimate={"method": "annealed_importance", "chains": 8, "temperatures": 200},
    )


FIRST = {
    "gaussian": "standard_normal",
    "jointly": lambda: ki.priors.EnergyBased(optimizer=adam(1e-4)),
    "two layers": "hierarchical",
}
SECOND = {
    "gaussian": {
        "mixture": lambda model: ki.priors.GaussianMixture(20),
        "second stage": lambda model: ki.priors.EnergyBased(),
    },
    "two layers": {
        "second stage, two layers": lambda model: ki.priors.EnergyBased(base=model.prior),
    },
}


def image_model(images, way, seed):
    keras.utils.set_random_seed(seed)
    prior = FIRST[way]
    model = ki.VAE(
        images.sizes[way == "two layers"],
        prior=prior if isinstance(prior, str) else prior(),
        encoder=images.network,
        decoder=images.network,
        likelihood=ki.likelihoods.Normal(NOISE),
        divergence="moment_matching",
        seed=seed,
    )
    model.compile(keras.optimizers.Adam(1e-3))
    return model


def image_rows(images, seed, drawn):
    """Gives (way, row) of each model; what they draw goes into `drawn`, {way: images}."""
    options = {"epochs": images.epochs, "batch_size": BATCH, "verbose": 0}
    for way in images.ways:
        model = image_model(images, way, seed)
        start = time.time()
        history = model.fit(images.train, **options)
        yield from measured(way, model, history, images, time.time() - start, drawn)
        for name, prior in SECOND.get(way, {}).items():
            start = time.time()
            history = model.fit_prior(images.train, prior(model), seed=seed, **options)
            yield from measured(name, model, history, images, time.time() - start, drawn)


def measured(way, model, history, images, seconds, drawn):
    log_prob = images.log_prob(model)
    prior = model.model_prior
    codes = model.encode(images.train[: images.draws], sample=True, seed=1)
    trained_steps = getattr(prior, "steps", "")
    for steps in (10, 30, 60, 200) if prior.draws_by_chain else ("",):
        if steps:
            prior.steps = steps
        z = model.prior_distribution().sample(images.draws, seed=[1, 2]).numpy()
        new = model.decode(z)
        if steps == trained_steps:
            drawn[way] = new
        distance, tell = images.frechet_distance(new), images.tell(codes, z)
        numbers = (log_prob, steps, distance, tell, seconds)
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
    for source in FLAGS.data:
        name = os.path.splitext(os.path.basename(source))[0]
        images = None
        for seed in range(FLAGS.seeds):
            if any(case[0] == name and case[2] == str(seed) for case in done):
                continue
            if images is None and name != "ring":
                images = digits() if name == "digits" else larger_images(source)
            drawn = {}
            rows = ring_rows(seed) if name == "ring" else image_rows(images, seed, drawn)
            for way, row in rows:
                line = (name, way, seed, *row)
                table.add_rows(FLAGS.output, SETTINGS + RESULTS, [line])
                print(*line, flush=True)
            if FLAGS.pictures and seed == 0 and name not in ("ring", "digits"):
                path = os.path.join(FLAGS.pictures, f"energy_prior_{name}.png")
                pictures.draw_rows(path, {"data": images.test} | drawn)


if __name__ == "__main__":
    app.run(main)
