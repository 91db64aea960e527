"""What `fit` says of each epoch where no bar can be drawn."""

import time

import keras


class EpochLines(keras.callbacks.Callback):
    """Prints one line per epoch: its losses, and how long it took.

    epoch 3/60: loss 21.08, ..., val_loss 20.97 (2 s)
    """

    def on_epoch_begin(self, epoch, logs=None):
        self._start = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        names = sorted(logs or {}, key=lambda name: (name.startswith("val_"), "_" in name, name))
        numbers = ", ".join(f"{name} {float(logs[name]):.5g}" for name in names)
        seconds = time.monotonic() - self._start
        print(f"epoch {epoch + 1}/{self.params['epochs']}: {numbers} ({seconds:.0f} s)", flush=True)
