"""How far the training of a model has come, and the seeds that it goes by."""

import threading

import keras
import tensorflow as tf

from keras_infovae import schedules
from keras_infovae.utils import reductions
from keras_infovae.utils.randomness import check_seed, stateless_seed

_LOCK = threading.Lock()  # two threads must not take the same seed


class Progress:
    """The steps and epochs that a model was trained for, and the states of its random draws.

    All that `fit(initial_epoch=k)` does after k epochs follows from these, and they are saved with
    the model (`state`): schedules go on where they were, draws and the order of examples too.

    Args:
        seed: an integer for repeatable draws, or None.

    Attributes:
        step, epochs: the steps and whole epochs so far, int64 variables.
        epoch_start: the steps so far when the epoch began, an int64 variable.
        steps_per_epoch: what schedules in epochs divide by, an int64 variable; 0 before it is
            known.
    """

    def __init__(self, seed):
        self.seed = check_seed(seed)
        self.step = reductions.step_variable(0, "step")
        self.steps_per_epoch = reductions.step_variable(0, "steps_per_epoch")
        self.epochs = reductions.step_variable(0, "epochs")
        self.epoch_start = reductions.step_variable(0, "epoch_start")
        generator_seed = None if seed is None else self.seed % 2**32
        self._seeds = keras.random.SeedGenerator(generator_seed)
        self._order_seeds = keras.random.SeedGenerator(generator_seed)  # of the examples, in fit
        self._order = reductions.step_variable([0, 0], "order")  # the seed that fit went by
        self._evaluation_batch = reductions.step_variable(0, "evaluation_batch")

    def value_of(self, weight, step=None):
        """Returns `weight`, a number or a schedule, at `step`; default: the present one."""
        step = self.step if step is None else step
        if not isinstance(weight, schedules.Schedule) or weight.unit == "steps":
            return schedules.value_at(weight, step)
        # Epochs can differ in length: the steps are as if all had that of the present one.
        in_epoch = tf.cast(step, tf.int64) - self.epoch_start
        length = tf.maximum(self.steps_per_epoch, 1)
        return schedules.value_at(weight, self.epochs * length + in_epoch, length)

    def begin_epoch(self):
        """Lets the steps from here on be those of the epoch, whatever was before."""
        self.epoch_start.assign(self.step)

    def end_epoch(self):
        """Counts the epoch that ends here."""
        self.epochs.assign_add(1)
        self.begin_epoch()

    def step_seed(self):
        """Returns the seed of the next step of the training, int32 [2]."""
        return stateless_seed(self._seeds.next())

    def new_seed(self):
        """Returns an integer that no call has had before; threads may ask at once."""
        with _LOCK:
            seed = self.step_seed()
        return int(tf.random.stateless_uniform([], seed, 0, 2**31 - 1, tf.int32))

    def evaluation_seed(self):
        """Returns the seed of the next batch of an evaluation, which starts from the same one."""
        seed = stateless_seed(self.seed or 0, self._evaluation_batch)
        self._evaluation_batch.assign_add(1)
        return seed

    def begin_evaluation(self):
        """Lets the draws of an evaluation start from the same seed as those of any other."""
        self._evaluation_batch.assign(0)

    def order_seed(self, initial_epoch):
        """Returns the seed of the order of the examples: that of the training that goes on, if any.

        The order of each epoch follows from it and the epoch's number.
        """
        if not initial_epoch:
            self._order.assign(tf.cast(stateless_seed(self._order_seeds.next()), tf.int64))
        return tf.cast(self._order.read_value(), tf.int32)

    def state(self):
        """Returns {name: variable} of all that is saved."""
        return {
            "seeds": self._seeds.state,
            "order_seeds": self._order_seeds.state,
            "order": self._order,
            "step": self.step,
            "steps_per_epoch": self.steps_per_epoch,
            "epochs": self.epochs,
            "epoch_start": self.epoch_start,
        }


class PlayersAtEpochEnd(keras.callbacks.Callback):
    """Tells the players of a model that an epoch ends, before anything is saved."""

    def on_epoch_end(self, epoch, logs=None):
        for player in self.model.players:
            player.end_epoch({name: float(value) for name, value in (logs or {}).items()})


class EpochCounter(keras.callbacks.Callback):
    """Counts the epochs of a training as they end, whatever the number of their steps.

    Every `fit` of this package's models has one, before the callbacks that it is given, so that
    what these save counts the epoch that has just ended.

    Args:
        progress: a `Progress`.
    """

    def __init__(self, progress):
        super().__init__()
        self.progress = progress

    def on_epoch_begin(self, epoch, logs=None):
        self.progress.begin_epoch()

    def on_epoch_end(self, epoch, logs=None):
        self.progress.end_epoch()
