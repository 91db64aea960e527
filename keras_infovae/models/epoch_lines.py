"""What `fit` says of each epoch where no bar can be drawn."""

import time

import keras


class EpochLines(keras.callbacks.Callback):
    """Prints one line per epoch: "epoch 3/60: loss 21.08, ..., val_loss 20.97, ... (2 s)"."""

    def on_epoch_begin(self, epoch, logs=None):
        self._start = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        names = sorted(logs or {}, key=_place)
        numbers = ", ".join(f"{name} {float(logs[name]):.5g}" for name in names)
        seconds = time.monotonic() - self._start
        print(f"epoch {epoch + 1}/{self.params['epochs']}: {numbers} ({seconds:.0f} s)", flush=True)


def _place(name):
    """Sorts the loss before its terms, and what is of validation examples behind all of these."""
    return name.startswith("val_"), name.removeprefix("val_") != "loss", name
