"""Models of the sentences of a grammar whose exact log p(x) is known: the table of docs/text.md.

    python benchmarks/studies/text_grammar.py --table=text_grammar.csv --seeds=0,1

A language model, VAEs and short-run models of one decoder (GRU of 48 units, embeddings of 32),
8 latents, 4,000 sentences, batches of 100, Adam at 2e-3 with gradients of norm 5 at most. A row is
written as soon as it is known; rows that are there are not made again.

`excess` is in nats: the exact log p of test sentences less the model's, by annealing from the
prior over 400 temperatures (of the same sentences over 100: `excess_100`), so 0 is the best there
is. `active_units` counts dimensions of z whose mean varies by more than 0.01 over sentences, less
what the noise of five draws explains. `topic`, `sentiment` and `length` are what a linear
classifier tells of new sentences by their codes; chance is 0.17, 0.5 and 0.5.
"""

import time

import numpy as np
import table
import text_models
from absl import app, flags

import keras_infovae as ki

FLAGS = flags.FLAGS
flags.DEFINE_string("table", "text_grammar.csv", "The table to write.")
flags.DEFINE_list("seeds", ["0"], "Seeds of weights, draws and sentences.")
flags.DEFINE_list("models", None, "Names of models. Default: all.")
flags.DEFINE_integer("epochs", 20, "Epochs of 40 steps.", lower_bound=1)
flags.DEFINE_integer("annealed", 64, "Test sentences that are annealed.", lower_bound=2)

TRAIN, TEST, LATENT_DIM = 4000, 500, 8
COLUMNS = (
    *("model", "seed", "excess", "excess_100", "annealing_error", "exact", "perplexity"),
    *("reconstruction_loss", "kl_divergence", "active_units"),
    *("topic", "sentiment", "length", "milliseconds_per_step", "seconds"),
)


def network():
    """Returns the encoder or decoder of all models."""
    return ki.networks.Recurrent(48, 32)


def numbers(model, grammar, train, test):
    """Returns a row of the table."""
    from sklearn.linear_model import LogisticRegression

    some = test.texts[: FLAGS.annealed]
    exact = grammar.log_prob(some)
    row = {"exact": exact.mean(), "active_units": text_models.active_units(model, test.texts)}
    for temperatures in (100, 400):
        found = text_models.annealed(model, some, temperatures)
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
    done = table.cases_of(FLAGS.table, ("model", "seed"))
    for seed in map(int, FLAGS.seeds):
        sentences = grammar.sample(TRAIN + TEST, seed=seed)
        train, test = part(sentences, slice(TRAIN)), part(sentences, slice(TRAIN, None))
        for name, make in text_models.models(LATENT_DIM, network).items():
            if (FLAGS.models and name not in FLAGS.models) or (name, str(seed)) in done:
                continue
            start = time.time()
            model, _, milliseconds = text_models.trained(make, train.texts, seed, FLAGS.epochs)
            row = {"model": name, "seed": seed} | numbers(model, grammar, train, test)
            row |= {"milliseconds_per_step": milliseconds, "seconds": time.time() - start}
            text_models.add_row(FLAGS.table, COLUMNS, row)


if __name__ == "__main__":
    app.run(main)
