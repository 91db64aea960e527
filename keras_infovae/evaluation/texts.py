"""What a model of texts makes, as lines for a page."""

from typing import NamedTuple

import numpy as np

from keras_infovae.evaluation.conditions import draw, take
from keras_infovae.text import Text
from keras_infovae.utils.checks import argument_error

_EXAMPLES = 12
_PAIRS, _STEPS = 4, 5
_WORDS = 18  # of a text in a picture


class Lines(NamedTuple):
    """Texts in columns.

    Args:
        heading: what they show.
        columns: the names of the columns.
        rows: lists of strings.
    """

    heading: str
    columns: list
    rows: list


def is_of_texts(model):
    """Returns whether `model` takes and gives strings."""
    return isinstance(getattr(model, "preprocessor", None), Text)


def check_is_of_numbers(model, what):
    """Raises ValueError for a model of texts, whose numbers are no sizes."""
    if is_of_texts(model):
        raise argument_error(
            "model", f"one of numbers for {what}; evaluation.report shows texts", model.preprocessor
        )


def perplexity(model, x, log_prob):
    """Returns exp(-sum log p(x) / tokens), the number of words that it is as hard to tell among.

    None for a model whose x are no tokens.

    Args:
        model: a model.
        x: [n, *event_shape].
        log_prob: log p(x) of each, or a bound of it, [n] in nats.
    """
    lengths = getattr(getattr(model, "likelihood", None), "lengths", None)
    if lengths is None:
        return None
    return float(np.exp(-np.sum(log_prob, dtype="float64") / np.sum(lengths(x))))


def words_above_mean(model, x, values, code, top):
    """Returns (words, what they add to scores above the mean), of some texts, for a picture.

    Args:
        model: one of texts.
        x: all texts, [n, length] numbers.
        values: what each token adds to the score of its text, [n, length] in nats.
        code: what the code of each text adds, [n] in nats.
        top: the places of the texts that are shown.

    Returns:
        A DataFrame of a column for each place of a word, "1", "2", ..., with the end as a word and
        "" behind it; of "later" where a text has more words than there is room for; and of "code".
        And an array of the same shape: of each word what it adds, less the mean of all words of all
        texts; of "later" the sum of such over the words that have no column; of the code what it
        adds, less its mean.
    """
    import pandas

    vocabulary = model.preprocessor.vocabulary
    lengths = np.asarray(model.likelihood.lengths(x)).astype(int)
    counts = np.arange(values.shape[1]) < lengths[:, None]
    excess = np.where(counts, values - values[counts].mean(), 0.0)[top]
    size = min(int(lengths[top].max()), _WORDS)
    words = [
        [*vocabulary.strings(row.astype(int), "?"), "(end)"][:length]
        for row, length in zip(x[top], lengths[top])
    ]
    columns = {
        str(place + 1): [row[place] if place < len(row) else "" for row in words]
        for place in range(size)
    }
    others = {"later": excess[:, size:].sum(axis=1), "code": (code - code.mean())[top]}
    if lengths[top].max() <= size:
        del others["later"]
    frame = pandas.DataFrame(columns, index=top, dtype=object)
    frame = frame.assign(**dict.fromkeys(others, ""))
    return frame, np.column_stack([excess[:, :size], *others.values()])


def reconstructions(model, x, condition=None):
    """Returns the `Lines` of some texts and what comes back of them.

    Args:
        model: a model of texts.
        x: their numbers [n, length].
        condition: one row per example, or None.
    """
    x, given = x[:_EXAMPLES], take(condition, slice(_EXAMPLES))
    restored = model.preprocessor.raw(model.reconstruct(x, condition=given))
    rows = [list(pair) for pair in zip(model.preprocessor.raw(x), restored)]
    return Lines("The likeliest words at the codes of texts", ["text", "reconstruction"], rows)


def samples(model, x, condition=None, seed=0):
    """Returns the `Lines` of new texts, beside some of x; arguments as for `reconstructions`."""
    x = x[:_EXAMPLES]
    new = model.generate(len(x), seed=seed, condition=draw(condition, len(x), seed))
    rows = [list(pair) for pair in zip(new, model.preprocessor.raw(x))]
    return Lines("New texts, drawn", ["sample", "a text of the data"], rows)


def interpolations(model, x, condition=None):
    """Returns the `Lines` of texts between the codes of pairs; as `reconstructions`.

    They are the likeliest words along straight lines, decoded under the first one's condition.
    """
    pairs = min(_PAIRS, len(x) // 2)
    first, last = slice(pairs), slice(pairs, 2 * pairs)
    z = model.encode(x[first], condition=take(condition, first))
    beside = model.encode_beside(x[last], z, condition=take(condition, last))
    t = np.linspace(0.0, 1.0, _STEPS, dtype="float32")[:, None]
    codes = ((1.0 - t) * z[:, None] + t * beside[:, None]).reshape(-1, z.shape[1])
    given = None if condition is None else np.repeat(condition[first], _STEPS, axis=0)
    decoded = model.decode(codes, condition=given)
    rows, raw = [], model.preprocessor.raw
    for i, (start, end) in enumerate(zip(raw(x[first]), raw(x[last]))):
        between = decoded[i * _STEPS : (i + 1) * _STEPS]
        rows.append(["example", start])
        rows += [[f"t = {step:g}", text] for step, text in zip(t[:, 0], between)]
        rows.append(["example", end])
    return Lines("From one text to another, along a straight line", ["", "text"], rows)
