"""Models of real sentences: the second table of docs/text.md.

    pip download --no-deps --no-binary :all: vaderSentiment && tar xzf vaderSentiment-*.tar.gz
    tar xzf vaderSentiment-*/additional_resources/hutto_ICWSM_2014.tar.gz
    python benchmarks/studies/text_real.py --sentences=hutto_ICWSM_2014 --table=text_real.csv

The sentences come with vaderSentiment (Hutto and Gilbert, 2014): 23,703 of tweets, film and
product reviews and newspaper editorials, each with a rating of its sentiment from -4 to 4 by
people. Taken are those of 3 to 15 words and marks: 8,258, of which 1,000 are for tests and 600
tell when training ends (3 epochs without a better loss, 150 at most; the best weights are kept).
Words are the 1,998 most frequent of the training sentences, all others one unknown word. All models
have one decoder (GRU of 64 units, embeddings of 48, a fifth of the words not told), 16 latents,
batches of 100, Adam at 2e-3, gradients of norm 5 at most. A row is written as soon as it is known;
rows that are there are not made again, and a training that was stopped goes on after the last epoch
that it finished, from a file beside the table. What the models make of sentences goes to `--texts`.
`--tokens=subwords --words=2000 --longest=60` takes nearly all of the sentences (into a table of its
own, benchmarks/studies/text_real_subwords.csv), some four hours for each seed.

`negative_log_prob` is in nats per sentence, of the same test sentences by annealing from the prior
over 400 temperatures (over 100: `negative_log_prob_100`); `perplexity` is per word with the end,
of subwords too.
`sentiment` is how many of the test sentences rated above 0.5 or below -0.5 a linear classifier puts
on the right side by encode(x); `bag_of_words` is the same by the counts of their words, and
`more_frequent` the share of the more frequent side.
"""

import glob
import os
import re
import time

import keras
import numpy as np
import table
import text_models
from absl import app, flags

import keras_infovae as ki

FLAGS = flags.FLAGS
flags.DEFINE_string("sentences", None, "The folder hutto_ICWSM_2014.", required=True)
flags.DEFINE_string("table", "text_real.csv", "The table to write.")
flags.DEFINE_string("texts", "text_real.txt", "What models make of sentences.")
flags.DEFINE_list("seeds", ["0"], "Seeds of weights, draws and the split.")
flags.DEFINE_list("models", None, "Names of models. Default: those of docs/text.md.")
flags.DEFINE_integer("epochs", 150, "The most epochs.", lower_bound=1)
flags.DEFINE_integer("words", 2000, "The size of the vocabulary.", lower_bound=3)
flags.DEFINE_integer("longest", 15, "The most tokens of a sentence.", lower_bound=3)
flags.DEFINE_enum("tokens", "words", ["words", "subwords"], "What sentences are sequences of.")
flags.DEFINE_integer("annealed", 64, "Test sentences that are annealed.", lower_bound=2)

LATENT_DIM, VALIDATION, TEST, PATIENCE = 16, 600, 1000, 3
MODELS = (
    *("language model", "VAE", "short-run, T = 0.5"),
    *("VAE, 0.5 free nats each", "InfoVAE, alpha = 0.5", "VAE, KL annealed"),
)
COLUMNS = (
    *("model", "seed", "epochs", "negative_log_prob", "negative_log_prob_100", "annealing_error"),
    *("perplexity", "reconstruction_loss", "kl_divergence", "active_units"),
    *("sentiment", "bag_of_words", "more_frequent", "milliseconds_per_step", "seconds"),
)


def network():
    """Returns the encoder or decoder of all models."""
    return ki.networks.Recurrent(64, 48, word_dropout=0.2)


def sentences(folder, seed):
    """Returns [(text, rating)] of 3 to `--longest` tokens, shuffled."""
    rows = []
    for path in sorted(glob.glob(os.path.join(folder, "*GroundTruth.txt"))):
        with open(path, encoding="utf-8") as file:
            for line in file:
                _, rating, text = line.rstrip("\n").split("\t", 2)
                rows.append((text, float(rating)))
    whole = ki.text.Text.infer([text for text, _ in rows], **settings())
    lengths = (whole.numbers([text for text, _ in rows]) > 0).sum(axis=1)
    kept = [row for row, length in zip(rows, lengths) if 3 <= length <= FLAGS.longest]
    return [kept[i] for i in np.random.default_rng(seed).permutation(len(kept))]


def settings():
    """Returns what `Text.infer` is told."""
    return {
        "tokens": FLAGS.tokens,
        "vocabulary_size": FLAGS.words,
        "max_length": FLAGS.longest + 1,
    }


def sentiment(codes, ratings):
    """Returns how many new sentences a linear classifier puts on the right side of 0.

    Args:
        codes: numbers of the training and of the test sentences.
        ratings: those of both.
    """
    from sklearn.linear_model import LogisticRegressionCV

    clear = [np.abs(values) > 0.5 for values in ratings]
    (x, new_x), (y, new_y) = (
        [rows[told] for rows, told in zip(pair, clear)] for pair in (codes, ratings)
    )
    probe = LogisticRegressionCV(Cs=6, max_iter=2000).fit(x, y > 0)
    return probe.score(new_x, new_y > 0), max((new_y > 0).mean(), (new_y < 0).mean())


def counts(text, texts):
    """Returns how often each word of the vocabulary is in each of the texts."""
    numbers = text.numbers(texts).astype(int)
    return np.stack([np.bincount(row, minlength=len(text.vocabulary))[2:] for row in numbers])


def numbers(model, train, test, words):
    """Returns a row of the table.

    Args:
        model: a trained one.
        train, test: [(text, rating)].
        words: the `Text` that counts words.
    """
    texts, some = [text for text, _ in test], [text for text, _ in test[: FLAGS.annealed]]
    told = [text for text, _ in train]
    ratings = [np.array([rating for _, rating in part]) for part in (train, test)]
    row = {"active_units": text_models.active_units(model, texts)}
    for temperatures in (100, 400):
        found = text_models.annealed(model, some, temperatures)
        row[f"negative_log_prob_{temperatures}"] = -found.log_likelihood.mean()
    row["negative_log_prob"] = row.pop("negative_log_prob_400")
    row["annealing_error"] = np.sqrt((found.standard_error**2).sum()) / len(some)
    count = (words.numbers(some) > 0).sum() + len(some)
    row["perplexity"] = np.exp(-found.log_likelihood.sum() / count)
    terms = model.evaluate(texts, verbose=0)
    row |= {name: terms.get(name) for name in ("reconstruction_loss", "kl_divergence")}
    codes = model.encode(told), model.encode(texts)
    row["sentiment"], row["more_frequent"] = sentiment(codes, ratings)
    bags = counts(words, told), counts(words, texts)
    row["bag_of_words"], _ = sentiment(bags, ratings)
    return {
        name: value if isinstance(value, int) else float(value)
        for name, value in row.items()
        if value is not None
    }


def shown(name, seed, model, test):
    """Returns lines of what a model makes of sentences."""
    texts = [text for text, _ in test[:6]]
    lines = [f"## {name}, seed {seed}", ""]
    for text, again in zip(texts, model.reconstruct(texts)):
        lines += [f"x       {text}", f"again   {again}"]
    first, last = model.encode(texts[:2])
    lines += ["", "from the first to the second:"]
    between = [first + share * (last - first) for share in np.linspace(0.0, 1.0, 5)]
    lines += [f"        {text}" for text in model.decode(np.stack(between))]
    lines += ["", "new:", *(f"        {text}" for text in model.generate(5, seed=seed)), ""]
    return "\n".join(lines) + "\n"


def unfinished(name, seed):
    """Returns the path of a file of a training that is under way."""
    table, _ = os.path.splitext(FLAGS.table)
    return f"{table}-{re.sub('[^a-z0-9]+', '_', name.lower())}-{seed}.keras"


def main(_):
    done = table.cases_of(FLAGS.table, ("model", "seed"))
    for seed in map(int, FLAGS.seeds):
        rows = sentences(FLAGS.sentences, seed)
        test, rest = rows[:TEST], rows[TEST:]
        validation, train = rest[:VALIDATION], rest[VALIDATION:]
        texts, held_out = ([text for text, _ in part] for part in (train, validation))
        text = ki.text.Text.infer(texts, **settings())
        words = ki.text.Text.infer(texts, **settings() | {"tokens": "words"})
        makers = text_models.models(LATENT_DIM, network, text)
        for name in FLAGS.models or MODELS:
            if (name, str(seed)) in done:
                continue
            start = time.time()
            # The weight of an annealed term changes the loss: the best is looked for at its end.
            first = FLAGS.epochs // 2 if "annealed" in name else 0
            stop = keras.callbacks.EarlyStopping(
                patience=PATIENCE, restore_best_weights=True, start_from_epoch=first
            )
            path = unfinished(name, seed)
            model, epochs, milliseconds = text_models.trained(
                makers[name],
                texts,
                seed,
                FLAGS.epochs,
                path,
                validation_data=held_out,
                callbacks=[stop],
            )
            row = {"model": name, "seed": seed, "epochs": epochs}
            row |= numbers(model, train, test, words)
            with open(FLAGS.texts, "a", encoding="utf-8") as file:
                file.write(shown(name, seed, model, test))
            row |= {"milliseconds_per_step": milliseconds, "seconds": time.time() - start}
            text_models.add_row(FLAGS.table, COLUMNS, row)
            os.remove(path)


if __name__ == "__main__":
    app.run(main)
