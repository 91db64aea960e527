"""The one place where per-example terms become the loss of a global batch.

Keras sums gradients over replicas. A loss that is the mean over each replica's own examples would
therefore take steps that are `num_replicas` times too long, and a divergence between q(z) and p(z)
is not a mean over examples at all. These functions make n replicas equal one at the same global
batch:

    sum over replicas of [ mean_over_global_batch(local terms) ]  = that of the global batch
    sum over replicas of [ divergence(gather(z)) / num_replicas ] = that of the global batch
"""

import tensorflow as tf


def num_replicas():
    """Returns the number of replicas that the current step runs on, an int."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def gather(tensor):
    """Returns `tensor` [local_batch, ...] of all replicas, joined along axis 0; differentiable."""
    if num_replicas() == 1:
        return tensor
    return tf.distribute.get_replica_context().all_gather(tensor, axis=0)


def global_batch_size(local_batch_size):
    """Returns the sum over replicas of the number of examples on each, a float32 scalar."""
    local_batch_size = tf.cast(local_batch_size, tf.float32)
    if num_replicas() == 1:
        return local_batch_size
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.SUM, local_batch_size)


def share_of_global_mean(per_example):
    """Returns this replica's share of the global mean of `per_example` [local_batch].

    The shares of all replicas add up to the mean over the global batch, with unequal local batches
    too.
    """
    count = global_batch_size(tf.shape(per_example)[0])
    return tf.reduce_sum(tf.cast(per_example, tf.float32)) / count


def share_of_global_value(value):
    """Returns this replica's share of a scalar that every replica computes from gathered data."""
    return tf.cast(value, tf.float32) / num_replicas()


def local_rows(global_rows, count):
    """Returns the `count` rows of this replica from what `gather` joined, [global_batch, ...]."""
    if num_replicas() == 1:
        return global_rows
    context = tf.distribute.get_replica_context()
    counts = context.all_gather(tf.reshape(count, [1]), axis=0)
    start = tf.reduce_sum(counts[: context.replica_id_in_sync_group])
    return global_rows[start : start + count]


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
