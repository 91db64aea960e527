"""The directory of a search: what belongs to it, and whether a search may begin or go on there."""

import os
import shutil

from keras_infovae.training.contents import LOCK, LOCK_FILE, is_leftover, read_json_object
from keras_infovae.training.lock import DirectoryLock, LockedDirectory
from keras_infovae.training.settings import first_difference
from keras_infovae.training.versions import versions
from keras_infovae.utils.files import write_json

SEARCH, TRIALS, PLOTS = "search.json", "trials", "plots"
TABLE, PARETO = "trials.csv", "pareto.csv"
BEST_MODEL, HISTORY, BEST = "best.keras", "best_history.csv", "best.json"
BEST_RUN = "best"  # of `keras-infovae tune`: the best model as a training run
FORMAT_KEY = "keras_infovae_search"
_FILES, _FOLDERS = (
    (TABLE, PARETO, BEST_MODEL, HISTORY, BEST, LOCK, SEARCH),
    (TRIALS, PLOTS, BEST_RUN),
)


class SearchDirectory(LockedDirectory):
    """A directory with a search in it, or about to be.

        search.json   what is searched, on what and how
        trials/       KerasTuner's own state, and the model of each trial
        trials.csv    a row per trial: its numbers, its hyperparameters, why it failed
        pareto.csv    the trials that no other is better than
        plots/        pictures (PNG)
        best.keras    the best trial's model, and in best_history.csv its losses
        best.json     its settings, enough to train it anew; written last

    An instance is a context manager that keeps other processes out until it is left.

    Args:
        path: the directory.
    """

    def config(self):
        """Returns what `begin` was given, with `versions`; None where there is no search."""
        config = read_json_object(self.file(SEARCH))
        return config if config is not None and FORMAT_KEY in config else None

    def begin(self, config, overwrite=False):
        """Begins a search here, or goes on with the one that is here.

        Args:
            config: a JSON-compatible dictionary, all that the results depend on.
            overwrite: whether a search that is here is removed first. Default False.

        Returns:
            Whether it goes on with one.

        Raises:
            ValueError: for a search with another config.
            FileExistsError: for a directory with files of something else, or that another process
                searches in.
            NotADirectoryError: for something that is not a directory.
        """
        if os.path.lexists(self.path):
            self._check(overwrite)
        os.makedirs(self.path, exist_ok=True)
        self._lock = DirectoryLock(self.path, "directory", "a search")
        try:
            begun = self.config()
            if begun is not None and overwrite:
                self._remove()
                begun = None
            if begun is not None:
                self.check_same(config)
            else:
                record = {FORMAT_KEY: 1} | config | {"versions": versions()}
                write_json(self.file(SEARCH), record)
            self._lock.announce()
        except BaseException:
            self.close()
            raise
        return begun is not None

    def check_same(self, config):
        """Raises ValueError, naming the first setting that is not that of the search here."""
        difference = first_difference(self.config(), config)
        if difference is not None:
            raise ValueError(
                "Argument `directory` must be a new one, or that of the same search, unless "
                f"`overwrite` is set. Received: {self.path}, of a search with other settings: "
                f"{difference[0]}, where it has {difference[1]}"
            )

    def _check(self, overwrite):
        if not os.path.isdir(self.path):
            raise NotADirectoryError(
                f"Argument `directory` must be a directory. Received: {self.path}"
            )
        known = _FILES + _FOLDERS if self.config() is not None else ()
        for name in sorted(os.listdir(self.path)):
            full = self.file(name)
            kind = os.path.isdir if name in _FOLDERS else os.path.isfile
            ours = name in (*known, LOCK_FILE) or is_leftover(name)
            if not ours or os.path.islink(full) or not kind(full):
                raise FileExistsError(
                    "Argument `directory` must be a new directory or that of a search. Received: "
                    f"{self.path}, which has other files, such as {name}; they are not touched"
                )

    def _remove(self):
        # search.json goes last: a removal that is cut short leaves a search, not files of nobody.
        for name in _FOLDERS:
            if os.path.isdir(self.file(name)):
                shutil.rmtree(self.file(name))
        for name in (*filter(is_leftover, os.listdir(self.path)), *_FILES):
            if os.path.isfile(self.file(name)):
                os.remove(self.file(name))
