"""Keeps the model of the last epoch that was worth keeping."""

import math
import os
import shutil

import keras

from keras_infovae.utils.files import whole_file


class SaveLastGoodEpoch(keras.callbacks.Callback):
    """Saves the model at the end of each epoch whose losses, and weights, are finite.

    What was saved last is replaced as a whole: at any moment `path` holds one complete model, or
    nothing before the end of the first epoch.

    Args:
        path: the file to write, which ends in `.keras`.
        previous: another such file, which keeps the model of the epoch before; default None, not
            kept.

    Attributes:
        last_epoch: the number, from 1, of the epoch that `path` holds; None before the first.

    Raises:
        OSError: from `fit`, naming `path`, when it cannot be written; nothing half-written is left.

    Example:

    >>> saver = SaveLastGoodEpoch("model.keras")
    >>> saver.last_epoch is None
    True
    """

    def __init__(self, path, previous=None):
        super().__init__()
        self.path = path
        self.previous = previous
        self.last_epoch = None

    def on_epoch_end(self, epoch, logs=None):
        # The last step of an epoch can break the weights after every loss was computed.
        if all(map(math.isfinite, (logs or {}).values())) and weights_are_finite(self.model):
            with whole_file(self.path) as temporary:
                self.model.save(temporary)
                if self.previous is not None and os.path.exists(self.path):
                    # A copy, so that there is a model under the one name or the other all the time.
                    with whole_file(self.previous) as copy:
                        shutil.copyfile(self.path, copy)
            self.last_epoch = epoch + 1


def weights_are_finite(model):
    """Returns whether no weight of `model`, trainable or not, is NaN or infinite."""
    return all(
        bool(keras.ops.all(keras.ops.isfinite(weight)))
        for weight in model.weights
        if keras.backend.is_float_dtype(weight.dtype)
    )
