"""Replicas of a set of examples: as many, with the same conditions, made by the model."""

import numpy as np
import tensorflow as tf

from keras_infovae.distributions import draw_rows
from keras_infovae.tables.frames import is_frame
from keras_infovae.tables.schema import schema_of
from keras_infovae.utils.batches import in_batches
from keras_infovae.utils.graphs import one_graph
from keras_infovae.utils.row_random import fold_in, seeds_of_rows

_ROWS_AT_A_TIME, _VALUES_AT_A_TIME = 20_000, 2**24
_STREAM = 1984  # tells the seeds of replicas from those of other draws


def as_measured(model, x, prepared):
    """Returns the rows that statistics are taken of: a DataFrame for a model of tables, else x.

    Args:
        model: a model.
        x: what a user gave: a DataFrame or an array.
        prepared: the same, as networks see it.
    """
    schema = schema_of(model)
    if schema is None:
        return prepared
    if is_frame(x):
        return x[[column.name for column in schema.columns]]
    missing = np.isnan(prepared)
    rows, of_numbers = schema.raw(np.where(missing, 0.0, prepared)), schema.columns_of_numbers()
    for i in np.flatnonzero(missing.any(axis=0)):
        rows[of_numbers[i]] = rows[of_numbers[i]].mask(missing[:, i])
    return rows


def replicas(model, x, count, codes, seed=0, condition=None, batch_size=256):
    """Yields `count` replicas of x, in the form that `as_measured` gives.

    Args:
        model: a trained model.
        x: [n, *event_shape], as networks see it.
        count: how many.
        codes: "prior" or "posterior", where z of a replica is from.
        seed: integer. Default 0.
        condition: one row per example, or None.
        batch_size: examples computed at a time. Default 256.
    """
    rng = np.random.default_rng([seed, _STREAM])
    rows_at_a_time = min(_ROWS_AT_A_TIME, _VALUES_AT_A_TIME // max(1, x[0].size))
    at_a_time = max(1, rows_at_a_time // len(x))
    made = _new if codes == "prior" else _reconstructed
    schema, missing = schema_of(model), np.isnan(x)
    for start in range(0, count, at_a_time):
        k = min(at_a_time, count - start)
        many = None if condition is None else np.concatenate([condition] * k)
        rows = made(model, x, k, int(rng.integers(2**31)), many, batch_size)
        rows = rows if schema is None else schema.raw(rows)
        at = rows if schema is None else rows.iloc
        for i in range(k):
            replica = at[i * len(x) : (i + 1) * len(x)]
            # What is missing is missing in replicas too; a table's rows say it by themselves.
            yield replica if schema is not None else np.where(missing, np.nan, replica)


def _new(model, x, k, seed, condition, batch_size):
    """Returns draws from p(x|z) at draws of z from p(z)."""
    likelihood = getattr(model, "likelihood", None)
    if likelihood is None or likelihood.context(x[:1]) is None:
        given = {"condition": condition, "batch_size": batch_size}
        return model.generate(k * len(x), seed, sample=True, prepared=True, verbose=0, **given)
    x = np.concatenate([x] * k)  # which says what the likelihood is told, as library sizes
    seeds = fold_in(seeds_of_rows(seed, 0, len(x)), 0)
    z = tf.cast(draw_rows(model.prior_distribution(), seeds), tf.float32).numpy()
    return _drawn_at(model, x, z, seed, condition, batch_size)


def _reconstructed(model, x, k, seed, condition, batch_size):
    """Returns draws from p(x|z) at draws of z from q(z|x)."""
    x = np.concatenate([x] * k)
    z = model.encode(x, sample=True, seed=seed, batch_size=batch_size, condition=condition)
    return _drawn_at(model, x, z, seed, condition, batch_size)


def _drawn_at(model, x, z, seed, condition, batch_size):
    """Returns draws from p(x|z) at z [n, latent_dim], told what it is told of x."""
    seeds = fold_in(seeds_of_rows(seed, 0, len(x)), 1).numpy()
    rows = [x, z, seeds] + ([] if condition is None else [condition])

    def draw(x, z, seeds, condition=None):
        context = model.joint(x, model.condition.tensor(condition)).context
        return draw_rows(model.likelihood_distribution(z, condition, context), seeds)

    draw = one_graph(draw, [tf.TensorSpec([None, *a.shape[1:]], a.dtype) for a in rows])
    batches = in_batches(rows, batch_size)
    return np.concatenate([draw(*map(tf.constant, batch)).numpy() for batch in batches])
