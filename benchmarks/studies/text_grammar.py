"""Models of the sentences of a grammar whose exact log p(x) is known: the table of docs/text.md.

    python benchmarks/studies/text_grammar.py --table=text_grammar.csv --seeds=0,1

A language model, VAEs and short-run models of one decoder (GRU of 48 units, embeddings of 32),
8 latents, 4,000 sentences, batches of 100, Adam at 2e-3 with gradients of norm 5 at most. A row is
written as soon as it is known.

`excess` is in nats: the exact log p of test sentences less the model's, by annealing from the
prior over 400 temperatures (of the same sentences over 100: `excess_100`), so 0 is the best there
is. `active_units` counts dimensions of z whose mean varies by more than 0.01 over sentences, less
what the noise of five draws explains. `topic`, `sentiment` and `length` are what a linear
classifier tells of new sentences by their codes; chance is 0.17, 0.5 and 0.5.
"""

import csv
import time

import keras
import numpy as np
from absl import app, flags

import keras_infovae as ki

FLAGS = flags.FLAGS
flags.DEFINE_string("table", "text_grammar.csv", "The table to write.")
flags.DEFINE_list("seeds", ["0"], "Seeds of weights, draws and sentences.")
flags.DEFINE_list("models", None, "Names of models. Default: all.")
flags.DEFINE_integer("epochs", 20, "Epochs of 40 steps.", lower_bound=1)
flags.DEFINE_integer("annealed", 64, "Test sentences that are annealed.", lower_bound=2)

TRAIN, TEST, BATCH, LATENT_DIM, DRAWS = 4000, 500, 100, 8, 5
COLUMNS = (
    *("model", "seed", "excess", "excess_100", "annealing_error", "exact", "perplexity"),
    *("reconstruction_loss", "kl_divergence", "active_units"),
    *("topic", "sentiment", "length", "milliseconds_per_step", "seconds"),
)


def models():
    """Returns {name: a function of the seed and the number of steps that makes the model}."""

    def network():
        return ki.networks.Recurrent(48, 32)

    def vae(model_class, **settings):
        return lambda seed, steps: model_class(
            LATENT_DIM, encoder=network(), decoder=network(), seed=seed, **settings
        )

    def short_run(temperature):
        return lambda seed, steps: ki.ShortRunModel(
            LATENT_DIM, temperature=temperature, decoder=network(), seed=seed
        )

    return {
        "language model": lambda seed, steps: ki.LatentVariableModel(
            1, inference="from_prior", decoder=network(), seed=seed
        ),
        "VAE": vae(ki.VAE),
        "short-run, T = 0.5": short_run(0.5),
        "VAE, KL annealed": lambda seed, steps: vae(
            ki.BetaVAE, beta=ki.schedules.Linear(1e-3, 1.0, duration=steps // 2)
        )(seed, steps),
        "VAE, 0.5 free nats each": vae(ki.VAE, free_bits=0.5),
        "InfoVAE, alpha = 0.5": vae(ki.InfoVAE, alpha=0.5),
        "short-run, T = 0.2": short_run(0.2),
        "short-run, T = 1": short_run(1.0),
    }


class EpochTimes(keras.callbacks.Callback):
    """Notes how long epochs take."""

    def on_train_begin(self, logs=None):
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self._start)


def trained(make, texts, seed):
    """Returns the model of training texts, and the milliseconds of a step."""
    keras.utils.set_random_seed(seed)
    model = make(seed, FLAGS.epochs * len(texts) // BATCH)
    model.compile(keras.optimizers.Adam(2e-3, global_clipnorm=5.0), jit_compile=True)
    times = EpochTimes()
    model.fit(texts, epochs=FLAGS.epochs, batch_size=BATCH, verbose=0, callbacks=[times])
    return model, 1e3 * np.median(times.seconds[1:] or times.seconds) / (len(texts) // BATCH)


def active_units(model, texts):
    """Returns how many dimensions of z tell sentences apart."""
    z = np.stack([model.encode(texts, sample=True, seed=seed) for seed in range(DRAWS)])
    of_means = z.mean(axis=0).var(axis=0, ddof=1)
    noise = z.var(axis=0, ddof=1).mean(axis=0) / DRAWS
    return int((of_means - noise > 0.01).sum())


def numbers(model, grammar, train, test):
    """Returns a row of the table."""
    from sklearn.linear_model import LogisticRegression

    some = test.texts[: FLAGS.annealed]
    exact = grammar.log_prob(some)
    row = {"exact": exact.mean(), "active_units": active_units(model, test.texts)}
    for temperatures in (100, 400):
        found = ki.evaluation.marginal_log_likelihood(
            model, some, "annealed_importance", chains=8, temperatures=temperatures
        )
        row[f"excess_{temperatures}"] = (exact - found.log_likelihood).mean()
    row["excess"] = row.pop("excess_400")
    row["annealing_error"] = np.sqrt((found.standard_error**2).sum()) / len(some)
    tokens = sum(len(text.split()) + 1 for text in some)
    row["perplexity"] = np.exp(-found.log_likelihood.sum() / tokens)
    terms = model.evaluate(test.texts, verbose=0)
    row |= {name: terms.get(name) for name in ("reconstruction_loss", "kl_divergence")}
    codes = model.encode(train.texts), model.encode(test.texts)
    for name, field in (("topic", "topics"), ("sentiment", "sentiments"), ("length", "lengths")):
        probe = LogisticRegression(max_iter=2000).fit(codes[0], getattr(train, field))
        row[name] = probe.score(codes[1], getattr(test, field))
    return row


def part(sentences, rows):
    """Returns some of the `Sentences`."""
    return type(sentences)(*(values[rows] for values in sentences))


def main(_):
    grammar = ki.datasets.grammar()
    with open(FLAGS.table, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for seed in map(int, FLAGS.seeds):
            sentences = grammar.sample(TRAIN + TEST, seed=seed)
            train, test = part(sentences, slice(TRAIN)), part(sentences, slice(TRAIN, None))
            for name, make in models().items():
                if FLAGS.models and name not in FLAGS.models:
                    continue
                start = time.time()
                model, milliseconds = trained(make, train.texts, seed)
                row = numbers(model, grammar, train, test)
                row |= {"milliseconds_per_step": milliseconds, "seconds": time.time() - start}
                row = {
                    k: v if v is None or isinstance(v, int) else f"{v:.3f}" for k, v in row.items()
                }
                writer.writerow({"model": name, "seed": seed} | row)
                file.flush()
                print(name, seed, row, flush=True)


if __name__ == "__main__":
    app.run(main)
