"""The order in which the examples of an array are trained on."""

import math

import tensorflow as tf

from keras_infovae.utils.randomness import stateless_seed


class EpochsOfBatches:
    """Batches of an array, epoch after epoch, in an order that follows from a seed.

    Keras's own order for arrays is the same in every epoch once `keras.utils.set_random_seed` has
    been called, because the random state of its pipeline starts anew with each epoch's iterator.
    For a loss that adds up over examples that does little harm. A divergence of the batch's
    aggregated posterior is another matter: the encoder learns those very batches, whose codes keep
    away from each other (an unbiased MMD^2 of -0.0127 in training where it is -0.0004 for the same
    examples in batches put together anew; 455 rows in batches of 32).

    Args:
        x: array [examples, ...].
        batch_size: examples per batch; the last batch of an epoch has what is left.
        keep_single: whether a last batch of one example is kept. The divergence of one example's
            posterior says nothing of the aggregated one, and its gradient would be all noise.
        shuffle: False keeps the order of x. Default True.
    """

    def __init__(self, x, batch_size, keep_single=True, shuffle=True):
        self.x = x
        self.batch_size = batch_size
        self.shuffle = shuffle
        single = len(x) % batch_size == 1 and len(x) > 1
        self.examples = len(x) - 1 if single and not keep_single else len(x)

    @property
    def steps_per_epoch(self):
        """The number of batches in which every example has been taken once."""
        return math.ceil(self.examples / self.batch_size)

    def dataset(self, seed, first_epoch=0):
        """Returns an endless `tf.data.Dataset` of batches.

        The order of an epoch follows from `seed` and the number of the epoch alone, so that a
        training that is resumed at an epoch goes on as one that never stopped.

        Args:
            seed: int32 [2], stateless.
            first_epoch: the number of the first epoch. Default 0.
        """
        x = tf.constant(self.x, tf.float32)

        def indices_of_epoch(epoch):
            order = tf.range(len(self.x))
            if self.shuffle:
                order = tf.random.experimental.stateless_shuffle(order, stateless_seed(seed, epoch))
            batches = tf.data.Dataset.from_tensor_slices(order[: self.examples])
            return batches.batch(self.batch_size)

        indices = tf.data.Dataset.counter(first_epoch).flat_map(indices_of_epoch)
        return indices.map(lambda rows: tf.gather(x, rows)).prefetch(2)
