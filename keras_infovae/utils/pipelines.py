"""How `tf.data` pipelines run."""

import tensorflow as tf

# A function of a pipeline as it stands. AutoGraph would first rewrite all code that it calls, which
# takes longer than to trace it, at every `fit`.
without_autograph = tf.autograph.experimental.do_not_convert


def untuned(dataset):
    """Returns a dataset that TensorFlow does not tune while it runs, if its user has not said so.

    The thread that tunes a pipeline wakes up more and more seldom, at last once a minute, and an
    iterator that is dropped before its end waits for it where it misses that it is to stop: as long
    again as the iterator was there, up to 60 s, with idle processors, after an epoch or at the end
    of `fit` (docs/performance.md). Parallel calls that are left to TensorFlow are as many as it has
    threads then, at most 16, and buffers grow as they are used up, which needs no such thread.

    Args:
        dataset: anything; what is no `tf.data.Dataset` is returned as it is.
    """
    if not isinstance(dataset, tf.data.Dataset):
        return dataset
    if dataset.options().autotune.enabled is not None:
        return dataset
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)


def by_examples(dataset):
    """Returns a dataset that several processes share example by example.

    Left alone, TensorFlow gives each process files of its own where there are enough of them, and
    the batches of all together are no longer those of one process.

    Args:
        dataset: as for `untuned`.
    """
    if not isinstance(dataset, tf.data.Dataset):
        return dataset
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return dataset.with_options(options)


def as_written(dataset):
    """Returns a dataset that is not tuned, nor rewritten, and shared example by example.

    Rewritten, a pipeline holds a second copy of the arrays in it, and keeps it afterwards.
    """
    options = tf.data.Options()
    options.experimental_optimization.apply_default_optimizations = False
    return untuned(by_examples(dataset.with_options(options)))
