"""The order in which the examples of an array are trained on."""

import contextlib
import math
import re

import keras
import tensorflow as tf

from keras_infovae.utils.pipelines import as_written, without_autograph
from keras_infovae.utils.randomness import stateless_seed
from keras_infovae.utils.shared_memory import float32_tensor


class EpochsOfBatches(keras.callbacks.Callback):
    """Batches of an array, put together anew in each epoch, in an order that follows from a seed.

    The order of an epoch follows from `seed` and the number of the epoch alone. As a callback of
    `fit` the instance is told that number. (Of epochs that are no whole passes, see `dataset`.)

    Keras's own order for arrays is the same in every epoch once `keras.utils.set_random_seed` has
    been called, because the random state of its pipeline starts anew with each epoch's iterator.
    For a loss that adds up over examples that does little harm. A divergence of the batch's
    aggregated posterior is another matter: the encoder learns those very batches, whose codes keep
    away from each other (an unbiased MMD^2 of -0.0127 in training where it is -0.0004 for the same
    examples in batches put together anew; 455 rows in batches of 32).

    Args:
        x: array [examples, ...], or a tuple of arrays of as many rows.
        batch_size: examples per batch; the last batch of an epoch has what is left.
        seed: int32 [2], stateless.
        keep_single: whether a last batch of one example is kept. The divergence of one example's
            posterior says nothing of the aggregated one, and its gradient would be all noise.
        shuffle: False keeps the order of x. Default True.
    """

    def __init__(self, x, batch_size, seed, keep_single=True, shuffle=True):
        super().__init__()
        self.x = x
        self.batch_size = batch_size
        self.seed = seed
        self.shuffle = shuffle
        self._rows = len(x[0] if isinstance(x, tuple) else x)
        single = self._rows % batch_size == 1 and self._rows > 1
        self.examples = self._rows - 1 if single and not keep_single else self._rows
        with tf.device("CPU:0"):  # where the order is made
            self._epoch = tf.Variable(0, trainable=False, dtype=tf.int64)

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch.assign(epoch)

    @property
    def steps(self):
        """How many batches all examples make."""
        return math.ceil(self.examples / self.batch_size)

    def dataset(self, steps_per_epoch=None, initial_epoch=0):
        """Returns the `tf.data.Dataset` of one epoch: of that which last began.

        Epochs of another number of steps than all examples make are parts of one sequence of passes
        over these, each in an order that follows from its number. The dataset has no end then, and
        begins where `initial_epoch` does.
        """
        steps = steps_per_epoch or self.steps
        if steps == self.steps:
            batches = tf.data.Dataset.range(1).flat_map(
                without_autograph(lambda _: self._rows_of_pass(self._epoch.read_value()))
            )
            batches = batches.apply(tf.data.experimental.assert_cardinality(steps))
        else:
            number, begun = divmod(initial_epoch * steps, self.steps)
            passes = tf.data.Dataset.range(number, tf.int64.max)
            batches = passes.flat_map(without_autograph(self._rows_of_pass)).skip(begun)
        with tf.device("CPU:0"):  # batches are put together in host memory
            x = tf.nest.map_structure(float32_tensor, self.x)
        batches = batches.map(without_autograph(lambda rows: _rows_of(x, rows)))
        return as_written(batches.prefetch(2))

    def _rows_of_pass(self, number):
        rows = tf.range(self._rows)
        if self.shuffle:
            seed = stateless_seed(self.seed, number)
            rows = tf.random.experimental.stateless_shuffle(rows, seed)
        return tf.data.Dataset.from_tensor_slices(rows[: self.examples]).batch(self.batch_size)


def batches_in_order(x, batch_size):
    """Returns the `tf.data.Dataset` of the batches of arrays, from the first example to the last.

    Args:
        x: array [examples, ...], or a tuple of arrays of as many rows.
        batch_size: examples per batch; the last has what is left.
    """
    with tf.device("CPU:0"):
        x = tf.nest.map_structure(float32_tensor, x)
    count = len(x[0] if isinstance(x, tuple) else x)
    rows = tf.data.Dataset.range(count, output_type=tf.int32).batch(batch_size)
    return as_written(rows.map(without_autograph(lambda rows: _rows_of(x, rows))).prefetch(2))


class StreamedEpochs(keras.callbacks.Callback):
    """Tells the training split of a `ki.datasets.Stream` which epoch begins.

    Args:
        begin_epoch: function of the number of the epoch.
    """

    def __init__(self, begin_epoch):
        super().__init__()
        self._begin_epoch = begin_epoch

    def on_epoch_begin(self, epoch, logs=None):
        self._begin_epoch(epoch)


@contextlib.contextmanager
def source_errors():
    """Turns an error of reading a `ki.datasets.Stream` into the ValueError that tf.data wrapped."""
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        found = re.search("ValueError: (Argument `source` must .*)", error.message)
        if found is None:
            raise
        raise ValueError(found[1]) from error


def _rows_of(x, rows):
    """Returns the batch of `rows` of x; a pair goes to Keras as the inputs (x, condition)."""
    batch = tf.nest.map_structure(lambda array: tf.gather(array, rows), x)
    return (batch,) if isinstance(batch, tuple) else batch
