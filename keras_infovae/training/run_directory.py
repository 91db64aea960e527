"""A run directory."""

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

from keras_infovae.training import contents
from keras_infovae.training.callback_states import check_callbacks
from keras_infovae.training.directories import make_directories, remove
from keras_infovae.training.history_file import HistoryFile
from keras_infovae.training.lock import DirectoryLock, LockedDirectory
from keras_infovae.training.save_last_good_epoch import SaveLastGoodEpoch
from keras_infovae.training.settings import changed_versions, check_same
from keras_infovae.training.training_state import read_model
from keras_infovae.training.versions import versions
from keras_infovae.typing import Config, Model, Path
from keras_infovae.utils.checks import argument_error
from keras_infovae.utils.files import whole_file, write_json


class RunDirectory(LockedDirectory):
    """The files of one training run:

        config.json     what was trained on what, and how: all it takes to repeat the run
        model.keras     the model after the last epoch with finite losses, and the state of
                        callbacks then
        previous.keras  the one before it, until the run is finished
        lock.json       which process is writing the run, until it no longer is
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

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.logs = self.file(contents.LOGS)
        self.plots = self.file(contents.PLOTS)
        self.saver = SaveLastGoodEpoch(
            self.file(contents.MODEL), previous=self.file(contents.PREVIOUS)
        )
        self.history_file = HistoryFile(self.file(contents.HISTORY))
        self.profiled_steps = 0  # or (first, last): those that the callbacks write a trace of

    # === Beginning a run ===

    @classmethod
    def check(cls, path: Path, overwrite: bool = False) -> str:
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
        ours = contents.check_replaceable(path, overwrite)
        DirectoryLock.check(path)
        if contents.is_finished(path):
            return "finished"
        return "unfinished" if ours else "new"

    @classmethod
    def create(cls, path: Path, config: Config, overwrite: bool = False) -> "RunDirectory":
        """Returns a new run at `path`, in place of an unfinished one, with config.json written.

        Args:
            path: the directory; made, with its parents, if it is not there.
            config: a JSON-compatible dictionary. `versions` of the packages are added to it.
            overwrite: whether a finished run may be replaced too. Default False.

        Raises:
            TypeError: for a config that is no dictionary.
            OSError: naming the file, when config.json cannot be written; then no new directory is
                left behind. And what `check` raises.
        """
        if not isinstance(config, dict):
            raise argument_error("config", "a dictionary", config, TypeError)
        cls.check(path, overwrite)
        run = cls(path)
        made = make_directories(run.path)
        try:
            run._lock = DirectoryLock(run.path)
            ours = contents.check_replaceable(
                run.path, overwrite
            )  # again: the lock was another's until now
            remove(run.file(name) for name in ours)
            config = {contents.FORMAT_KEY: 1} | config | {"versions": versions()}
            write_json(run.file(contents.CONFIG), config)
            run._lock.announce()
        except BaseException:
            run.close()
            written = [run.file(contents.CONFIG)] if made and contents.is_run(run.path) else []
            remove(written + made[::-1])
            raise
        return run

    @classmethod
    def resume(cls, path: Path, config: Config) -> "RunDirectory":
        """Returns the unfinished run at `path`, to go on with: see `go_on_from`.

        What a killed process was writing is removed. Where versions of packages have changed since
        the run began, a sentence says so.

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
            begun = run.config()
            check_same(begun, config)
            remove(run.file(name) for name in contents.leftovers(run.path))
            run._lock.announce()
        except BaseException:
            run.close()
            raise
        if changed_versions(begun):
            print(changed_versions(begun))
        return run

    def go_on_from(self, path: Path | None = None) -> Model:
        """Returns the model of the last epoch whose file can be read, to go on with; else None.

        The callbacks go on where that model stopped, `saver.last_epoch`. A file that cannot be read
        is passed over, with a word on it.

        Args:
            path: the directory of the run. Default None: this one's, which it is but for the
                workers of a cluster that write elsewhere.
        """
        source = self if path is None else RunDirectory(path)
        for file in map(source.file, (contents.MODEL, contents.PREVIOUS)):
            if os.path.isfile(file):
                try:
                    model = self.saver.load(file)
                except ValueError as error:
                    print(f"Passed over: {error}")
                    continue
                self.history_file.epochs = self.saver.last_epoch
                return model
        return None

    # === During the run, and at its end ===

    def callbacks(self, others: Sequence = ()) -> list:
        """Returns the callbacks that write model.keras, history.csv and logs/, after `others`.

        Args:
            others: callbacks whose state is kept in model.keras, so that a run that goes on has it
                again, as for `SaveLastGoodEpoch`. Default none.

        Raises:
            TypeError: for a callback whose state is not known.
        """
        self.saver.callbacks = check_callbacks(others)
        return [
            *self.saver.callbacks,  # before the model: what they say of an epoch is saved with it
            self.history_file,  # so are its rows, which a resumed run starts from
            self.saver,
            keras.callbacks.TensorBoard(
                self.logs, write_graph=False, profile_batch=self.profiled_steps
            ),
        ]

    def change_model(self, change: Callable[[Model], Any]) -> None:
        """Writes the model of the last good epoch anew, with what `change(model)` did to it.

        What its file says of the training stays, so that a run that goes on does not notice.

        Raises:
            FileNotFoundError: when there is none.
            ValueError: when its file is damaged.
        """
        path = self.file(contents.MODEL)
        model, state = read_model(path)
        change(model)
        with whole_file(path) as temporary:
            model.save(temporary)
            state.write(temporary)

    def finish(self, metrics: Mapping[str, Any], plots: Sequence[Path] = ()) -> None:
        """Writes metrics.json, after which the run counts as finished.

        Args:
            metrics: a JSON-compatible dictionary. `epoch`, that of the weights, is added to it
                where `callbacks` wrote the model.
            plots: the paths of the pictures in `plots`, which are listed with the metrics.
        """
        names = [f"{contents.PLOTS}/{os.path.basename(path)}" for path in plots]
        epoch = self.saver.weights_epoch
        known = {} if epoch is None else {"epoch": epoch}
        write_json(self.file(contents.METRICS), known | dict(metrics) | {contents.PLOTS: names})
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.file(contents.PREVIOUS))

    # === Reading a run ===

    @property
    def finished(self) -> bool:
        """Whether the run came to its end."""
        return contents.is_finished(self.path)

    @property
    def unfinished(self) -> bool:
        """Whether a run began here that did not come to its end."""
        return contents.is_run(self.path) and not self.finished

    @property
    def weights_epoch(self) -> int | None:
        """The epoch, from 1, whose weights the model of a finished run has; else None.

        None too where `finish` was not told, as by a process that did not train the model.
        """
        if not self.finished:
            return None
        return contents.read_json_object(self.file(contents.METRICS)).get("epoch")

    def config(self) -> Config:
        """Returns what `create` was given, with `versions`.

        Raises:
            ValueError: when the directory is not that of a run.
        """
        if not contents.is_run(self.path):
            raise argument_error("run", "a directory with a run's config.json", self.path)
        return contents.read_json_object(self.file(contents.CONFIG))

    def history(self) -> dict[str, list]:
        """Returns {name: values of all epochs}, what `fit` recorded; {} if none has ended."""
        file = HistoryFile(self.history_file.path)
        file.rows = file.read()
        return file.history()

    def load_model(self) -> Model:
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
            return read_model(path)[0]
        except ValueError as error:
            raise ValueError(
                f"Argument `run` must be a run whose model.keras can be read. Received: {error}"
            ) from error
