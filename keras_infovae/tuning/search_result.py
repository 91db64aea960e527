"""What a search found."""

from __future__ import annotations

import copy
import csv
import json
import os
import sys
from typing import Any

import keras

from keras_infovae.training import HistoryFile
from keras_infovae.tuning.search_directory import (
    BEST,
    BEST_MODEL,
    HISTORY,
    PARETO,
    TABLE,
    SearchDirectory,
)
from keras_infovae.typing import Model, Path
from keras_infovae.utils.checks import argument_error


class SearchResult:
    """What a search found, read from its directory.

    Args:
        directory: that of a search in which a trial has succeeded.

    Attributes:
        directory: likewise.
        trials: one dictionary per trial, in the order in which they began: `trial`, `status`
            ("COMPLETED", "FAILED", or "RUNNING" for one that was cut off), its numbers and
            hyperparameters, and in `reason` why it failed.
        pareto: those that no other trial is better than, in reconstruction, MMD and active units.
        best: a dictionary of the best one: `trial`, `objective`, `numbers`, `hyperparameters`,
            `fit` (batch_size, epochs, seed), and the untrained `model` in Keras's serialized form.

    Raises:
        ValueError: for a directory without such a search.

    Example:

    >>> found = SearchResult("searches/digits")  # doctest: +SKIP
    >>> found.best["numbers"]["importance_weighted_bound"]  # doctest: +SKIP
    -23.4
    """

    def __init__(self, directory: Path) -> None:
        search = SearchDirectory(directory)
        if search.config() is None or not os.path.isfile(search.file(BEST)):
            raise argument_error("directory", "that of a search with results", search.path)
        self.directory = search.path
        self.trials = read_table(search.file(TABLE))
        self.pareto = read_table(search.file(PARETO))
        with open(search.file(BEST), encoding="utf-8") as file:
            self.best = json.load(file)

    def load_model(self) -> Model:
        """Returns the best trial's trained model."""
        return keras.saving.load_model(os.path.join(self.directory, BEST_MODEL))

    def history(self) -> Any:
        """Returns the losses of the best trial, {name: one number per epoch}.

        Those of a Hyperband trial that goes on after one that stopped early begin there.
        """
        file = HistoryFile(os.path.join(self.directory, HISTORY), epochs=sys.maxsize)
        file.on_train_begin()  # reads what is there
        return file.history()

    def new_model(self) -> Model:
        """Returns an untrained, compiled model of the best trial's settings, made from its seed."""
        return new_model(self.best["model"], self.best["fit"]["seed"])

    def retrain(self, x: Any, **options: Any) -> Model:
        """Returns a model of the best trial's settings, trained anew.

        Args:
            x: array [n, ...], such as the training and validation examples together.
            **options: as for `fit`. Default: the trial's batch size, and the number of epochs
                that its best weights took.
        """
        settings = {name: self.best["fit"][name] for name in ("batch_size", "epochs")}
        model = self.new_model()
        model.fit(x, **(settings | options))
        return model


def new_model(config, seed):
    """Returns an untrained model of a config in Keras's serialized form; same seed, same model."""
    keras.utils.set_random_seed(seed)
    # A copy: Keras takes the configs of networks apart as it reads them.
    return keras.saving.deserialize_keras_object(copy.deepcopy(config))


def read_table(path):
    """Returns the rows of a table that a search wrote: text as text, numbers as floats."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, quoting=csv.QUOTE_NONNUMERIC))
    return [{name: value for name, value in row.items() if value != ""} for row in rows]
