"""The losses of every epoch, in a file while the training runs."""

import csv
import os

import keras

from keras_infovae.typing import Logs, Path
from keras_infovae.utils.checks import argument_error
from keras_infovae.utils.files import whole_file


class HistoryFile(keras.callbacks.Callback):
    """Writes a CSV table with one row per epoch, whole after each epoch.

    The columns are `epoch`, counted from 1, and what `fit` reports.

    Args:
        path: the file to write.
        epochs: how many epochs of those that the file has already are kept, for a training that
            goes on after them. Default 0.

    Raises:
        ValueError: from `fit`, before any step, when it does not go on after the last epoch that
            is kept.
        OSError: from `fit`, naming `path`, when it cannot be written.
    """

    def __init__(self, path: Path, epochs: int = 0) -> None:
        super().__init__()
        self.path = path
        self.epochs = epochs
        self.rows = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.rows = self.read()[: self.epochs] if self.epochs else []

    def read(self) -> list[dict[str, float]]:
        """Returns the rows of the file, {name: number} each; [] where there is no file."""
        if not os.path.exists(self.path):
            return []
        with open(self.path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return [
            {k: int(v) if k == "epoch" else float(v) for k, v in row.items() if v} for row in rows
        ]

    def history(self) -> dict[str, list]:
        """Returns {name: values of all epochs}, as the `history` of `fit` gives them."""
        names = dict.fromkeys(name for row in self.rows for name in row if name != "epoch")
        return {name: [row[name] for row in self.rows if name in row] for name in names}

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        last = self.rows[-1]["epoch"] if self.rows else epoch
        if epoch != last:
            expected = f"{last}, the epochs that {os.fspath(self.path)} keeps"
            raise argument_error("initial_epoch", expected, epoch)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
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
