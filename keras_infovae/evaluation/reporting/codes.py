"""What codes tell: the decoder, and whoever asks them for the classes."""

import numpy as np
import tensorflow as tf

from keras_infovae.evaluation.conditions import take
from keras_infovae.evaluation.label_use import clustering_scores, semi_supervised_error
from keras_infovae.utils.batches import in_batches

_MOST_EXAMPLES = 2000
_FEWEST, _MOST_CLASSES = 20, 100


def code_matters(model, x, *, seed=0, batch_size=256, condition=None):
    """Returns E [log p(x|z) - log p(x|z')], nats: z is x's own code, z' that of another example.

    What the decoder loses when codes are exchanged; 0 where it does not look at them. A condition
    is not exchanged: log p(x|z, c) - log p(x|z', c).

    Args:
        model: a trained model that encodes and has p(x|z).
        x: float32 array [n, ...], n >= 2.
        seed: integer, of who gets whose code. Default 0.
        batch_size: examples computed at a time. Default 256.
        condition: one row per example, where the model takes a condition. Default None.
    """
    model.capabilities.require("likelihood", "The decoder's use of z")
    order = np.random.default_rng(seed).permutation(len(x))
    others = np.empty(len(x), int)
    others[order] = np.roll(order, 1)  # nobody keeps its own
    z = model.encode(x, condition=condition, batch_size=batch_size)
    total = 0.0
    for batch, given, own, other in in_batches([x, condition, z, z[others]], batch_size):
        codes = tf.stack([own, other])
        log_likelihood = model.joint(tf.constant(batch), given).log_likelihood(codes).numpy()
        total += float(np.sum(log_likelihood[0] - log_likelihood[1], dtype="float64"))
    return total / len(x)


def label_use(model, data, conditions, seed, batch_size):
    """Returns how well codes tell the classes, with few labels and with none; None without either.

    The classes are the labels, `{"of": "labels"}`, and the codes E[z|x]. Of a model whose condition
    is a class they are those of the condition, `{"of": "condition"}`, and the codes draws of
    q(z|x, c): what means tell beyond their noise reaches no decoder.

    Args:
        model: a trained model.
        data: a `datasets.Dataset`.
        conditions: what `conditions_of` returned.
        seed: integer.
        batch_size: examples encoded at a time.
    """
    split, of_condition = data.held_out(), model.condition.num_classes is not None
    labels = {name: getattr(data, f"{name}_labels") for name in ("train", split)}
    if of_condition:
        labels = conditions
    if labels[split] is None or not has_classes(labels["train"]):
        return None
    if "encode" not in model.capabilities:
        return None

    def encode(split, rows):
        given = {"condition": take(conditions[split], rows), "batch_size": batch_size}
        return model.encode(getattr(data, split)[rows], sample=of_condition, seed=seed, **given)

    # Any rows: a user's data may be sorted, and a class of few examples may not be among them.
    chosen = np.random.default_rng(seed).permutation(len(data.train))[:_MOST_EXAMPLES]
    known = take(labels["train"], chosen)
    classes, counts = np.unique(known, return_counts=True)
    given = len(chosen) // 2
    if len(classes) < 2 or counts.min() < 4:
        return None
    z = encode("train", chosen)
    answers, test = known, None  # the rows whose labels are not given
    if split != "train":
        answers = np.asarray(labels[split])
        if not np.isin(answers, classes).any():  # such as of another kind, to be found odd
            return None
        test = encode(split, slice(None)), answers
    told = semi_supervised_error(z, known, test=test, num_labels=given, draws=5, seed=seed)
    most = np.unique(answers, return_counts=True)[1].max()
    return {
        "of": "condition" if of_condition else "labels",
        "labels_given": given,
        "semi_supervised_error": told["error"],
        "semi_supervised_error_standard_deviation": told["error_standard_deviation"],
        "error_of_the_most_frequent_class": 1.0 - float(most) / len(answers),
        **clustering_scores(z, known, seed=seed),
    }


def has_classes(labels):
    """Returns whether labels are classes: not numbers on a scale, and each with examples."""
    if labels is None or np.ndim(labels) != 1 or len(labels) < _FEWEST:
        return False
    counts = np.unique(labels, return_counts=True)[1]
    return 2 <= len(counts) <= _MOST_CLASSES and counts.min() >= 2
