"""A run directory."""

import contextlib
import json
import os

import keras

from keras_infovae.training import contents
from keras_infovae.training.directories import make_directories, remove
from keras_infovae.training.history_file import HistoryFile
from keras_infovae.training.lock import DirectoryLock
from keras_infovae.training.save_last_good_epoch import SaveLastGoodEpoch
from keras_infovae.training.versions import versions
from keras_infovae.utils.checks import argument_error
from keras_infovae.utils.files import write_json


class RunDirectory:
    """The files of one training run:

        config.json     what was trained on what, and how: all it takes to repeat the run
        model.keras     the model after the last epoch with finite losses
        previous.keras  the one before it, until the run is finished
        history.csv     the losses of every epoch
        logs/           the same for TensorBoard
        plots/          pictures (PNG)
        metrics.json    the numbers of the trained model; written last, so that it marks the end

    `create` begins a run, and the instance is a context manager that keeps other processes from
    writing to the directory meanwhile; the constructor opens what is there.

    Args:
        path: the directory.

    Example:

    >>> with RunDirectory.create("runs/first", {"seed": 0}) as run:  # doctest: +SKIP
    ...     model.fit(x, callbacks=run.callbacks())
    ...     run.finish({"elbo": -20.1})
    """

    def __init__(self, path):
        self.path = os.fspath(path)
        self.logs = self.file(contents.LOGS)
        self.plots = self.file(contents.PLOTS)
        self.saver = SaveLastGoodEpoch(
            self.file(contents.MODEL), previous=self.file(contents.PREVIOUS)
        )
        self.history_file = HistoryFile(self.file(contents.HISTORY))
        self.profiled_steps = 0  # or (first, last): those that the callbacks write a trace of
        self._lock = None

    # === Beginning a run ===

    @classmethod
    def check(cls, path, overwrite=False):
        """Raises unless a run may begin at `path`; nothing is changed.

        Returns:
            "new"; "unfinished" for a run that was stopped, which may be replaced; "finished" for
            one that `overwrite` allows to replace.

        Raises:
            FileExistsError: for a finished run without `overwrite`; for a directory with any file
                that no run wrote, always; for a run that is being written by another process.
            NotADirectoryError: for something that is not a directory.
        """
        path = os.fspath(path)
        if not os.path.lexists(path):
            return "new"
        ours = _replaceable(path, overwrite)
        DirectoryLock(path).release()
        if contents.is_finished(path):
            return "finished"
        return "unfinished" if ours else "new"

    @classmethod
    def create(cls, path, config, overwrite=False):
        """Returns a new run at `path`, in place of an unfinished one, with config.json written.

        Args:
            path: the directory; made, with its parents, if it is not there.
            config: a JSON-compatible dictionary. `versions` of the packages are added to it.
            overwrite: whether a finished run may be replaced too. Default False.

        Raises:
            As `check`; and OSError, naming the file, when config.json cannot be written. Then no
            new directory is left behind.
        """
        cls.check(path, overwrite)
        run = cls(path)
        made = make_directories(run.path)
        try:
            run._lock = DirectoryLock(run.path)
            ours = _replaceable(run.path, overwrite)  # again: the lock was another's until now
            remove(run.file(name) for name in ours)
            config = {contents.FORMAT_KEY: 1} | config | {"versions": versions()}
            write_json(run.file(contents.CONFIG), config)
        except BaseException:
            run.close()
            remove(made[::-1])
            raise
        return run

    @classmethod
    def resume(cls, path, config):
        """Returns the unfinished run at `path`, to go on with after `latest_model`.

        Args:
            path: the directory.
            config: as for `create`; it must be that which the run began with, but for `command`.

        Raises:
            ValueError: when there is no unfinished run, or one with another config.
            FileExistsError: for a run that is being written by another process.
        """
        run = cls(path)
        if not run.unfinished:
            raise argument_error("resume", "a directory with an unfinished run", run.path)
        run._lock = DirectoryLock(run.path)
        try:
            _check_same(run.config(), config)
        except BaseException:
            run.close()
            raise
        return run

    def go_on_after(self, epochs):
        """Makes the callbacks go on where a model stops that was trained for so many epochs."""
        self.saver.last_epoch = self.history_file.epochs = epochs

    def close(self):
        """Lets other processes write to the directory again."""
        if self._lock is not None:
            self._lock.release()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    # === During the run, and at its end ===

    def callbacks(self):
        """Returns the callbacks that write model.keras, history.csv and logs/."""
        return [
            self.history_file,  # before the model: its rows are what a resumed run starts from
            self.saver,
            keras.callbacks.TensorBoard(
                self.logs, write_graph=False, profile_batch=self.profiled_steps
            ),
        ]

    def finish(self, metrics, plots=()):
        """Writes metrics.json, after which the run counts as finished.

        Args:
            metrics: a JSON-compatible dictionary.
            plots: the paths of the pictures in `plots`, which are listed with the metrics.
        """
        names = [f"{contents.PLOTS}/{os.path.basename(path)}" for path in plots]
        write_json(self.file(contents.METRICS), metrics | {contents.PLOTS: names})
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.file(contents.PREVIOUS))

    # === Reading a run ===

    @property
    def finished(self):
        """Whether the run came to its end."""
        return contents.is_finished(self.path)

    @property
    def unfinished(self):
        """Whether a run began here that did not come to its end."""
        return contents.is_run(self.path) and not self.finished

    def file(self, name):
        """Returns the path of the run's file called `name`."""
        return os.path.join(self.path, name)

    def config(self):
        """Returns what `create` was given, with `versions`.

        Raises:
            ValueError: when the directory is not that of a run.
        """
        if not contents.is_run(self.path):
            raise argument_error("run", "a directory with a run's config.json", self.path)
        return contents.read_json_object(self.file(contents.CONFIG))

    def latest_model(self):
        """Returns the model of the last epoch whose file can be read, to go on with; else None.

        A file that cannot be is passed over, with a word on it.
        """
        models = (_readable_model(self.file(n)) for n in (contents.MODEL, contents.PREVIOUS))
        return next((model for model in models if model is not None), None)

    def load_model(self):
        """Returns the model of the last good epoch.

        Raises:
            ValueError: when there is none, or its file is damaged.
        """
        path = self.file(contents.MODEL)
        if not os.path.isfile(path):
            raise ValueError(
                "Argument `run` must be a run with a model.keras, which is written at the end of "
                f"the first good epoch. Received: {self.path}"
            )
        try:
            return keras.saving.load_model(path)
        except Exception as error:  # a damaged file can fail in any way, in any of three libraries
            raise ValueError(
                "Argument `run` must be a run whose model.keras can be read. Received: "
                f"{path}, which is damaged or of another version: {type(error).__name__}: {error}"
            ) from error


def _readable_model(path):
    """Returns the model in the file at `path`, or None, with a word on why, where there is none."""
    if not os.path.isfile(path):
        return None
    try:
        return keras.saving.load_model(path)
    except Exception as error:  # a damaged file can fail in any way, in any of three libraries
        print(f"{path} is damaged ({type(error).__name__}) and passed over.")
        return None


def _check_same(begun, config):
    """Raises ValueError, naming the first setting that differs from those of the run."""
    for name, given in _flat(json.loads(json.dumps(config))).items():
        was = _flat(begun).get(name)
        if was != given and name != "command":
            raise ValueError(
                f"Argument `resume` needs the settings that the run began with. Received: "
                f"{name}={given!r}, where the run has {was!r}"
            )


def _flat(config, prefix=""):
    flat = {}
    for name, value in config.items():
        inner = isinstance(value, dict)
        flat |= _flat(value, f"{prefix}{name}.") if inner else {f"{prefix}{name}": value}
    return flat


def _replaceable(path, overwrite):
    """Returns the names of what a run wrote at `path`, in the order in which to remove it."""
    if not os.path.isdir(path):
        raise NotADirectoryError(f"Argument `output` must be a directory. Received: {path}")
    ours, others = contents.split_contents(path)
    if others:
        raise FileExistsError(
            "Argument `output` must be a new directory or one that a run wrote. Received: "
            f"{path}, which has other files, such as {others[0]}; they are not touched"
        )
    if contents.is_finished(path) and not overwrite:
        raise FileExistsError(
            "Argument `output` must be a new directory, or `overwrite` be set. Received: "
            f"{path}, which holds a finished run"
        )
    return ours
