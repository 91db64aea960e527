"""The one place where per-example terms become the loss of a global batch.

Keras sums gradients over replicas. A loss that is the mean over each replica's own examples would
therefore take steps that are `num_replicas` times too long, and a divergence between q(z) and p(z)
is not a mean over examples at all. These functions make n replicas equal one at the same global
batch:

    sum over replicas of [ mean_over_global_batch(local terms) ]  = that of the global batch
    sum over replicas of [ divergence(gather(z)) / num_replicas ] = that of the global batch

`replicas_apart` is the other choice for the divergence: each replica takes that of its own
examples.
"""

import contextlib
from collections.abc import Callable, Sequence

import tensorflow as tf

from keras_infovae.typing import Tensor
from keras_infovae.utils import row_random
from keras_infovae.utils.randomness import stateless_seed
from keras_infovae.utils.thread_value import ThreadValue

__all__ = [  # what models and divergences of a user's own need
    "gather",
    "num_replicas",
    "share_of_global_mean",
    "share_of_global_value",
    "sum_over_rows",
]

_weight_apart = ThreadValue(None)  # of a replica that is to itself


def num_replicas() -> int:
    """Returns the number of replicas that the current step runs on, an int."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def has_workers(strategy=None):
    """Returns whether the replicas are those of a cluster of processes.

    Args:
        strategy: a `tf.distribute.Strategy`. Default None: the current one.
    """
    strategy = strategy or tf.distribute.get_strategy()
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return False
    return bool(strategy.cluster_resolver.cluster_spec().as_dict())


def step_output(value):
    """Returns a scalar that a step returns to Keras, in the shape that Keras can take.

    Among several processes Keras 3 averages step outputs over their axis 0, which scalars lack
    ("Invalid reduction dimension 0").
    """
    return tf.reshape(value, [1]) if has_workers() else value


@contextlib.contextmanager
def replicas_apart(apart, local_batch_size):
    """A context in which, if `apart`, each replica sees its own examples alone.

    There `gather` gives a replica what it has, and `share_of_global_value` is that of the mean over
    replicas, weighted by their numbers of examples. One that has none gets a row of zeros, since
    no divergence is defined without any, and counts for nothing.

    Args:
        apart: a boolean. False changes nothing.
        local_batch_size: the number of examples of this replica.
    """
    if not apart or num_replicas() == 1:
        yield
        return
    local_batch_size = tf.cast(local_batch_size, tf.float32)
    with _weight_apart.held(local_batch_size / global_batch_size(local_batch_size)):
        yield


def own_seed(seed):
    """Returns `seed`, int32 [2]; where replicas are apart, one of this replica's own."""
    if _weight_apart.value is None:
        return seed
    return stateless_seed(seed, tf.distribute.get_replica_context().replica_id_in_sync_group)


def gather(tensor: Tensor) -> Tensor:
    """Returns `tensor` [local_batch, ...] of all replicas, joined along axis 0; differentiable."""
    if _weight_apart.value is not None:
        missing = tf.cast(tf.equal(tf.shape(tensor)[0], 0), tf.int32)
        return tf.pad(tensor, [[0, missing]] + [[0, 0]] * (tensor.shape.rank - 1))
    if num_replicas() == 1:
        return tensor
    gathered = tf.distribute.get_replica_context().all_gather(tensor, axis=0)
    return tf.ensure_shape(gathered, [None, *tensor.shape[1:]])  # forgotten among processes


def _global_count(count):
    """Returns the number of rows that `gather` would join, an int32 scalar."""
    if _weight_apart.value is not None or num_replicas() == 1:
        return count
    return tf.cast(global_batch_size(count), tf.int32)


def global_batch_size(local_batch_size):
    """Returns the sum over replicas of the number of examples on each, a float32 scalar."""
    local_batch_size = tf.cast(local_batch_size, tf.float32)
    if num_replicas() == 1:
        return local_batch_size
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.SUM, local_batch_size)


def share_of_global_mean(per_example: Tensor) -> Tensor:
    """Returns this replica's share of the global mean of `per_example` [local_batch].

    The shares of all replicas add up to the mean over the global batch, with unequal local batches
    too.
    """
    count = global_batch_size(tf.shape(per_example)[0])
    return tf.reduce_sum(tf.cast(per_example, tf.float32)) / count


def global_mean(per_example):
    """Returns the mean of `per_example` [local_batch] over the global batch, on every replica."""
    share = share_of_global_mean(per_example)
    if num_replicas() == 1:
        return share
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, share)


def share_of_global_value(value: Tensor) -> Tensor:
    """Returns this replica's share of a scalar that every replica computes from gathered data."""
    value = tf.cast(value, tf.float32)
    if _weight_apart.value is not None:
        return tf.math.multiply_no_nan(value, _weight_apart.value)
    return value / num_replicas()


def share_of_mean_of_rows(rows):
    """Returns this replica's share of the global mean of `rows`, per-example values as gathered.

    Every replica's share is the same.
    """
    share = share_of_global_value(tf.reduce_mean(rows))
    if _weight_apart.value is None:
        return share
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.SUM, share) / num_replicas()


def local_rows(global_rows, count):
    """Returns the `count` rows of this replica from what `gather` joined, [global_batch, ...]."""
    if _weight_apart.value is not None:
        return global_rows[:count]
    if num_replicas() == 1:
        return global_rows
    context = tf.distribute.get_replica_context()
    counts = context.all_gather(tf.reshape(count, [1]), axis=0)
    start = tf.reduce_sum(counts[: context.replica_id_in_sync_group])
    return global_rows[start : start + count]


def local_draws(global_draws, count):
    """Returns this replica's part [draws, count, ...] of draws [draws, global_batch, ...]."""
    rows = tf.experimental.numpy.swapaxes(global_draws, 0, 1)
    return tf.experimental.numpy.swapaxes(local_rows(rows, count), 0, 1)


def gather_draws(draws):
    """Returns `draws` [draws, local_batch, ...] of all replicas, [draws, global_batch, ...]."""
    rows = gather(tf.experimental.numpy.swapaxes(draws, 0, 1))
    return tf.experimental.numpy.swapaxes(rows, 0, 1)


def seeds_of_rows(seed, count):
    """Returns a seed for each of this replica's `count` rows of the global batch, int32 [count, 2].

    Row i of the global batch has the same seed on any number of replicas.
    """
    return local_rows(row_random.seeds_of_rows(seed, 0, _global_count(count)), count)


def places_of_rows(count):
    """Returns i / n for each of this replica's `count` rows i of the n of the global batch."""
    total = _global_count(count)
    return local_rows(tf.cast(tf.range(total), tf.float32) / tf.cast(total, tf.float32), count)


def sum_over_rows(function: Callable, global_rows: Sequence[Tensor]) -> Tensor:
    """Returns `function` of all rows of the global batch, where it is a sum over rows.

    Every replica holds the global batch (`gather`). Each computes the sum over a part of its rows,
    and the parts are added up over replicas: an all-reduce of what `function` returns, whatever the
    number of rows. Differentiable: the gradient that `share_of_global_value` of the result sends
    back to the replicas' own rows, through `gather`, is that of one device.

    Args:
        function: maps tensors [k, ...] to a float32 tensor that is a sum over their rows; 0 for
            k = 0.
        global_rows: a list of tensors [n, ...], split along axis 0.
    """
    if num_replicas() == 1 or _weight_apart.value is not None:
        return function(*global_rows)
    context = tf.distribute.get_replica_context()
    size = -(-tf.shape(global_rows[0])[0] // num_replicas())
    start = context.replica_id_in_sync_group * size  # beyond the end: an empty part
    part = function(*[rows[start : start + size] for rows in global_rows])
    return context.all_reduce(tf.distribute.ReduceOp.SUM, part)


def step_variable(value, name):
    """Returns an int64 variable of the training loop, the same on every replica."""
    return tf.Variable(
        value,
        trainable=False,
        dtype=tf.int64,
        name=name,
        synchronization=tf.VariableSynchronization.ON_WRITE,
        aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
    )
