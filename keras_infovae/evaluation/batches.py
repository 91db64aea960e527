"""Examples, and their conditions, a batch at a time."""

import numpy as np

from keras_infovae.evaluation.conditions import take
from keras_infovae.utils.checks import check_integer
from keras_infovae.utils.randomness import stateless_seed


def check_examples(model, x, condition=None):
    """Returns (x, condition) as the model takes them, two examples at least.

    Numbers that the model was not trained on (bytes, NaN) would be encoded in silence.

    Raises:
        ValueError, TypeError: for fewer than two examples, whose spread over x is not defined, or
            data that the model cannot have been trained on.
    """
    return model.example_spec.arrays(check_two_examples(x), condition)


def check_two_examples(x, name="x"):
    """Returns `x` as a NumPy array, which must hold at least two examples."""
    x = np.asarray(x)
    if x.ndim == 0 or len(x) < 2:
        found = len(x) if x.ndim else "a single value"
        raise ValueError(f"Argument `{name}` must hold at least 2 examples. Received: {found}")
    return x


def some_rows(count, most, seed):
    """Returns the numbers of all of `count` rows; or of `most` of them, drawn by `seed`, in order.

    The first would not do: data on disk are often sorted, by class or by time.
    """
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))


def in_batches(x, condition, size):
    """Gives (examples [k, ...], conditions [k, ...] or None) in turn, k at most `size`.

    Args:
        x: array [n, ...].
        condition: array of n rows, or None.
        size: an integer of at least 1.

    Raises:
        ValueError: for a condition without a row for each example.
    """
    check_integer("batch_size", size)
    if condition is not None:
        condition = np.asarray(condition)
        if condition.ndim == 0 or len(condition) != len(x):
            raise ValueError(
                f"Argument `condition` must have a row for each of the {len(x)} examples. "
                f"Received: shape={condition.shape}"
            )
    for start in range(0, len(x), size):
        rows = slice(start, start + size)
        yield x[rows], take(condition, rows)


def posteriors(model, x, condition, size):
    """Gives q(z|x) of the examples in turn, a batch at a time; the arguments are `in_batches`'s.

    Raises:
        ValueError: for a model whose codes are not finite, of which no number would be one.
    """
    for examples in in_batches(x, condition, size):
        posterior = model.posterior_distribution(*examples)
        if not np.isfinite(posterior.mean()).all():
            raise ValueError(
                "Argument `model` must encode x to finite codes. Received: a model that gives NaN "
                "or infinite ones, as after a training that diverged"
            )
        yield posterior


def draw_codes(model, x, condition, size, seed):
    """Returns one z ~ q(z|x) of each example, NumPy float32 [n, latent_dim].

    Args:
        model, x, condition, size: as for `posteriors`.
        seed: an integer, or an int32 tensor [2].
    """
    encoded = enumerate(posteriors(model, x, condition, size))
    draws = [q.sample(seed=stateless_seed(seed, index)) for index, q in encoded]
    return np.concatenate(draws).astype("float32")
