"""How many epochs a model was trained for, in a variable that is saved with it."""

import keras


class EpochCounter(keras.callbacks.Callback):
    """Counts the epochs of a training as they end, whatever the number of their steps.

    Every `fit` of this package's models has one, before the callbacks that it is given, so that
    what these save counts the epoch that has just ended.

    Args:
        epochs: the variable that counts, an int64 scalar.
    """

    def __init__(self, epochs):
        super().__init__()
        self.epochs = epochs

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.assign_add(1)
