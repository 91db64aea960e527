"""Exact expectation maximization beside a VAE of the same generator, and beside L-BFGS.

    python benchmarks/studies/exact_em.py --output=exact_em.csv
    python benchmarks/studies/exact_em.py --output=exact_em.csv --data=circle --rates=0.001
    python benchmarks/studies/exact_em.py --output=exact_em.csv --data=mnist_4 --mnist=PATH
    python benchmarks/studies/exact_em.py --output=exact_em.csv --data=digits,mnist_4 --mnist=PATH \
        --vae_epochs=1500
    python benchmarks/studies/exact_em.py --summary --output=exact_em.csv

Trains generators on a noisy circle, a noisy wave, 8x8 digits and the fours of MNIST: by `ExactEM`;
as the decoder of a `VAE` whose scale starts at the noise's, a weight like others, and of one whose
scale follows its optimum, from the data's; by L-BFGS on the exact likelihood; and by `ExactEM`
from the first VAE (of images the second, which they have alone).

Writes one row per model with the exact negative log-likelihood of 1,000 training and as many new
examples (digits: 180; fours: nine tenths of the file's and the others), in nats per example. Rows
that are there already are not made again. About half an hour on one processor core.
"""

import time

import keras
import numpy as np
import table
from absl import app, flags
from scipy import optimize

import keras_infovae as ki
from keras_infovae.distributions.piecewise_affine import (
    expectation_maximization,
    maximization_step,
    read_generator,
)
from keras_infovae.models.exact_training import ExactTraining

FLAGS = flags.FLAGS
flags.DEFINE_string("output", "exact_em.csv", "The table; rows are added to it.")
flags.DEFINE_list("data", None, "The data to study. Default: all.")
flags.DEFINE_integer("seeds", None, "Models per setting. Default: 10, of images 3.")
flags.DEFINE_integer("vae_epochs", None, "Epochs of the VAEs. Default: those of the data.")
flags.DEFINE_string("mnist", "mnist", "MNIST's name or file, for `datasets.load`.")
flags.DEFINE_list("rates", ["0.005"], "Learning rates of the VAEs.")
flags.DEFINE_bool("summary", False, "Train nothing; print the means over seeds of --output.")

SETTINGS = ("data", "generator", "method", "seed")
RESULTS = ("train", "test", "scale", "seconds")
NOISE, COUNT, LEAK = 0.1, 1000, 0.1
RATE = 0.005  # of the VAEs whose name says none


def circle(count, rng):
    angle = rng.uniform(0, 2 * np.pi, count)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1) + NOISE * rng.normal(size=(count, 2))


def wave(count, rng):
    place = rng.uniform(-1.5, 1.5, count)
    x = np.stack([place, np.sin(np.pi * place)], axis=1)
    return x + NOISE * rng.normal(size=x.shape)


def drawn(draw):
    def make(seed):
        rng = np.random.default_rng(seed)
        return draw(COUNT, rng).astype("float32"), draw(COUNT, rng).astype("float32")

    return make


def digits(seed):
    data = ki.datasets.load("digits", validation_fraction=0.0, test_fraction=0.1, seed=seed)
    return data.train[:COUNT].reshape(-1, 64), data.test[:180].reshape(-1, 64)


def fours(seed):
    """Returns the fours among the first 10,000 images, nine tenths of them for training."""
    options = {"limit": 10_000, "validation_fraction": 0.0, "test_fraction": 0.1, "seed": seed}
    data = ki.datasets.load(FLAGS.mnist, **options)
    splits = (data.train, data.train_labels), (data.test, data.test_labels)
    return [x[labels == 4].reshape(-1, 784) for x, labels in splits]


# {name: (function of a seed, latents, hidden units, EM steps, epochs of a VAE, seeds)}.
DATA = {
    "circle": (drawn(circle), 1, (8,), 200, 300, 10),
    "wave": (drawn(wave), 1, (8,), 200, 300, 10),
    "digits": (digits, 2, (16,), 25, 150, 3),
    "mnist_4": (fours, 1, (16,), 100, 150, 3),
}
IMAGES = ("digits", "mnist_4")


def negative_log_likelihood(model, x):
    return -ki.evaluation.marginal_log_likelihood(model, x, "exact").log_likelihood.mean()


def result(model, train, test, start):
    scale = read_generator(model)
    size = float(np.mean(scale.scale * scale.unit))
    seconds = time.process_time() - start
    return (*(negative_log_likelihood(model, x) for x in (train, test)), size, seconds)


def exact_em(name, seed, start=None):
    make, latent_dim, units, steps, _, _ = DATA[name]
    train, test = make(seed)
    begin = time.process_time()
    model = ki.ExactEM(latent_dim, units, LEAK, seed=seed)
    model.build(train.shape)
    model.adapt(train, len(train))
    # What `fit` does, without Keras's loop over epochs, which takes longer than small steps.
    training = ExactTraining(model, start=start)
    training.begin(train)
    for step in range(steps):
        training.step(train, (seed, step))
    return model, result(model, train, test, begin)


def vae(name, seed, scale, rate):
    """Returns a VAE whose scale starts at `scale`, by gradients; None for the library's default."""
    make, latent_dim, units, _, epochs, _ = DATA[name]
    epochs = FLAGS.vae_epochs or epochs
    train, test = make(seed)
    keras.utils.set_random_seed(seed)
    layers = [keras.Input((latent_dim,))]
    for size in units:  # biases as ExactEM's: at 0 all borders of regions would meet
        layers.append(
            keras.layers.Dense(size, bias_initializer=keras.initializers.RandomNormal(0, 1))
        )
        layers.append(keras.layers.LeakyReLU(negative_slope=LEAK))
    decoder = keras.Sequential([*layers, keras.layers.Dense(train.shape[1])])
    begin = time.process_time()
    model = ki.VAE(
        latent_dim,
        likelihood=ki.likelihoods.Normal(
            scale_update="closed_form" if scale is None else "gradient"
        ),
        encoder=ki.networks.MLP((32, 32)),
        decoder=decoder,
        seed=seed,
    )
    # All steps of an epoch at once: Keras takes longer than such small steps.
    model.compile(keras.optimizers.Adam(rate), steps_per_execution=20)
    model.build(train.shape)
    if scale is not None:
        model.likelihood.log_scale.assign(np.log(scale / train.std()))
    model.fit(train, batch_size=50, epochs=epochs, verbose=0)
    return model, result(model, train, test, begin)


def by_gradient(name, seed):
    """Returns an `ExactEM` whose weights L-BFGS found, from a random start as ExactEM's."""
    make, latent_dim, units, steps, _, _ = DATA[name]
    train, test = make(seed)
    begin = time.process_time()
    model = ki.ExactEM(latent_dim, units, LEAK, restarts=1, seed=seed)
    model.fit(train, epochs=1, verbose=0)
    unit, offset = train.std(), train.mean()
    x = (train.astype("float64") - offset) / unit
    problem = expectation_maximization.Problem(x, np.zeros(x.shape[1], int), 100.0, 0.01)
    rng = np.random.default_rng(seed)
    state = expectation_maximization.random_start(
        problem, [latent_dim, *units, x.shape[1]], LEAK, rng
    )
    shapes = [layer.kernel.shape for layer in state.layers]

    def unpacked(vector):
        layers, place = [], 0
        for layer, (inputs, outputs) in zip(state.layers, shapes, strict=True):
            size = inputs * outputs
            kernel = vector[place : place + size].reshape(inputs, outputs)
            bias = vector[place + size : place + size + outputs]
            layers.append(layer._replace(kernel=kernel, bias=bias))
            place += size + outputs
        return layers, np.full(x.shape[1], np.exp(np.clip(vector[-1], np.log(0.01), 7.0)))

    def loss(vector):
        layers, scale = unpacked(vector)
        found = expectation_maximization.evaluate(problem, layers, scale)
        return -found.objective, -_gradient(found, x)

    parts = [part.reshape(-1) for layer in state.layers for part in layer[:2]]
    first = np.concatenate([*parts, [np.log(state.scale[0])]])
    options = {"maxiter": 5 * steps}
    best = optimize.minimize(loss, first, jac=True, method="L-BFGS-B", options=options)
    model.set_generator(*unpacked(best.x))
    return model, result(model, train, test, begin)


def _gradient(state, x, prior_variance=100.0):
    """Returns the gradient of a state's objective, by Fisher's identity."""
    *hidden, last = state.layers
    whitened = [
        *hidden,
        last._replace(kernel=last.kernel / state.scale, bias=last.bias / state.scale),
    ]
    parts = []
    for index, layer in enumerate(hidden):
        system, target = maximization_step.hidden_system(whitened, state.found, index)
        weights = np.concatenate([layer.kernel, layer.bias[None]]).T
        slope = target - (system @ weights.reshape(-1)).reshape(target.shape)
        parts += [slope[:, :-1].T.reshape(-1), slope[:, -1]]
    system, target = maximization_step.last_system(whitened, state.found)
    weights = np.concatenate([whitened[-1].kernel, whitened[-1].bias[None]])
    slope = (target - system @ weights) / state.scale
    parts += [slope[:-1].reshape(-1), slope[-1]]
    errors = (
        state.found.squares - 2 * (weights * target).sum(0) + (weights * (system @ weights)).sum(0)
    )
    scale = (errors - len(x)).sum()
    given = [part.reshape(-1) for layer in state.layers for part in layer[:2]]
    penalty = np.concatenate(given) / prior_variance
    return np.append(np.concatenate(parts) - penalty, scale) / len(x)


def run(name, seed, done, write):
    """Trains what of one seed is not there yet."""

    def case(method, make, *arguments):
        if (name, method, str(seed)) in done:
            return None
        model, results = make(name, seed, *arguments)
        write(name, method, seed, results)
        return model

    case("EM", exact_em)
    if name not in IMAGES:
        case("L-BFGS", by_gradient)
    # A scale that follows its optimum is that of the errors after a few steps, wherever it began.
    starts = {"data": None} if name in IMAGES else {"noise": NOISE, "data": None}
    for rate in map(float, FLAGS.rates):
        suffix = "" if rate == RATE else f", rate {rate:g}"
        suffix += f", {FLAGS.vae_epochs} epochs" if FLAGS.vae_epochs else ""
        for words, start in starts.items():
            model = case(f"VAE from the {words}'s scale{suffix}", vae, start, rate)
            if model is not None and words == next(iter(starts)):
                case(f"EM from that VAE{suffix}", exact_em, model)


def print_summary():
    """Prints means and standard deviations over seeds as a Markdown table."""
    import pandas as pd

    rows = pd.read_csv(FLAGS.output)
    groups = rows.groupby(["data", "generator", "method"], sort=False)
    print("| data, generator | method | models | train | test (sd) | scale | CPU s |")
    print("|" + "---|" * 7)
    for (data, generator, method), part in groups:
        mean, deviation = part[list(RESULTS)].mean(), part.test.std()
        spread = f" ({deviation:.3f})" if len(part) > 1 else ""
        print(
            f"| {data} {generator} | {method} | {len(part)} | {mean.train:.3f} | "
            f"{mean.test:.3f}{spread} | {mean.scale:.3f} | {mean.seconds:.1f} |"
        )
    for data, part in rows.groupby("data", sort=False):
        tests = part.pivot(index="seed", columns="method", values="test")
        vaes = [column for column in tests if column.startswith("VAE")]
        for method in [column for column in tests if not column.startswith("VAE")]:
            _compare(data, tests[method], tests[vaes].min(axis=1), method, "the best VAE")
            _, came, suffix = method.partition("EM from that VAE")
            own = [f"VAE from the {scale}'s scale{suffix}" for scale in ("noise", "data")]
            for start in [column for column in own if came and column in tests][:1]:
                _compare(data, tests[method], tests[start], method, "its start")


def _compare(data, ours, theirs, method, other):
    both = ours.notna() & theirs.notna()
    wins, apart = int((ours < theirs)[both].sum()), (theirs - ours)[both]
    print(
        f"{data}: {method} has a lower test value than {other} for {wins} of {both.sum()} seeds, "
        f"by {apart.min():.3f} to {apart.max():.3f}"
    )


def main(_):
    if FLAGS.summary:
        return print_summary()
    done = table.cases_of(FLAGS.output, ("data", "method", "seed"))

    def write(name, method, seed, results):
        _, latent_dim, units, *_ = DATA[name]
        generator = f"{latent_dim}-{'-'.join(map(str, units))}"
        row = [name, generator, method, seed, *(f"{value:.5g}" for value in results)]
        print(*row, flush=True)
        table.add_rows(FLAGS.output, (*SETTINGS, *RESULTS), [row])

    for name in FLAGS.data or DATA:
        for seed in range(FLAGS.seeds or DATA[name][-1]):
            run(name, seed, done, write)


if __name__ == "__main__":
    app.run(main)
