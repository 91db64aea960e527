"""The losses of every epoch, in a file while the training runs."""

import csv

import keras

from keras_infovae.utils.files import whole_file


class HistoryFile(keras.callbacks.Callback):
    """Writes a CSV table with one row per epoch, whole after each epoch.

    The columns are `epoch`, counted from 1, and what `fit` reports.

    Args:
        path: the file to write.

    Raises:
        OSError: from `fit`, naming `path`, when it cannot be written.
    """

    def __init__(self, path):
        super().__init__()
        self.path = path
        self.rows = []

    def on_train_begin(self, logs=None):
        self.rows = []

    def on_epoch_end(self, epoch, logs=None):
        values = {name: float(value) for name, value in (logs or {}).items()}
        self.rows.append({"epoch": epoch + 1} | values)
        columns = list(dict.fromkeys(name for row in self.rows for name in row))
        with (
            whole_file(self.path) as temporary,
            open(temporary, "w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(self.rows)
