"""Keeps the model of the last epoch that was worth keeping."""

import math
import os
import shutil
from collections.abc import Sequence

import keras

from keras_infovae.training.callback_states import check_callbacks, get_states, set_states
from keras_infovae.training.training_state import TrainingState, read_model
from keras_infovae.typing import Logs, Model, Path
from keras_infovae.utils.checks import argument_error
from keras_infovae.utils.files import whole_file


class SaveLastGoodEpoch(keras.callbacks.Callback):
    """Saves the model at the end of each epoch whose losses, and weights, are finite.

    What was saved last is replaced as a whole: at any moment `path` holds one complete model, or
    nothing before the end of the first epoch. The states of `callbacks` are in the same file, so
    that a training that goes on from it does so as if it had not been stopped.

    Args:
        path: the file to write, which ends in `.keras`.
        previous: another such file, which keeps the model that was saved before; default None, not
            kept.
        callbacks: those whose state is kept: EarlyStopping, ReduceLROnPlateau, ModelCheckpoint, and
            any with `get_state()`, which returns {name: number, text, array, list of arrays or
            None}, and `set_state(values)`, which takes it again (without what was None). Give them
            to `fit` before this one. Default none.

    Attributes:
        last_epoch: the number, from 1, of the epoch that `path` holds; None before the first.
        weights_epoch: the epoch whose weights it holds: the same, until a training is over whose
            `EarlyStopping` puts the best weights back.
        is_behind: whether the last epoch that ended was not saved.

    Raises:
        TypeError: for a callback whose state is not known.
        ValueError: for a path that does not end in `.keras`.
        FileNotFoundError: from `fit`, before any step, for a path in a folder that is not there.
        ValueError: from `fit`, before any step, when the training goes on with other callbacks.
        OSError: from `fit`, naming `path`, when it cannot be written; nothing half-written is left.

    Example: a training that may be killed and begun again, with the same lines.

    >>> early_stopping = keras.callbacks.EarlyStopping(patience=5, restore_best_weights=True)
    >>> saver = SaveLastGoodEpoch("model.keras", callbacks=[early_stopping])
    >>> if os.path.exists("model.keras"):  # doctest: +SKIP
    ...     model = saver.load()
    >>> model.fit(  # doctest: +SKIP
    ...     x,
    ...     epochs=50,
    ...     initial_epoch=saver.last_epoch or 0,
    ...     validation_data=(x_valid,),
    ...     callbacks=[early_stopping, saver],
    ... )
    """

    def __init__(self, path: Path, previous: Path | None = None, callbacks: Sequence = ()) -> None:
        super().__init__()
        self.path = _checked_path("path", path)
        self.previous = None if previous is None else _checked_path("previous", previous)
        self.callbacks = check_callbacks(callbacks)
        self.last_epoch = self.weights_epoch = None
        self.is_behind = False
        self._resumed = None

    def load(self, path: Path | None = None) -> Model:
        """Returns the model of the last epoch; the next `fit` is to go on after it.

        There, the callbacks get the states that they had, and nothing is trained where one of them
        had ended the training.

        Args:
            path: the file to read. Default None: `path` of this callback.

        Raises:
            FileNotFoundError: when there is no file.
            ValueError: when the file is damaged.
        """
        model, self._resumed = read_model(self.path if path is None else path)
        self.last_epoch = self.weights_epoch = self._resumed.epoch
        return model

    def on_train_begin(self, logs: Logs | None = None) -> None:
        _check_folder("path", self.path)
        if self.previous is not None:
            _check_folder("previous", self.previous)
        self.is_behind = False
        state, self._resumed = self._resumed, None
        if state is not None:
            set_states(self.callbacks, state.callbacks)  # they have begun anew just now
            if state.stopped:  # no epoch is left: the way in which Keras's BackupAndRestore begins
                self.model._initial_epoch = self.params["epochs"]
                self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        # The last step of an epoch can break the weights after every loss was computed.
        good = all(map(math.isfinite, (logs or {}).values())) and weights_are_finite(self.model)
        self.is_behind = not good
        if good:
            self._save(epoch + 1, get_states(self.callbacks))
            self.last_epoch = self.weights_epoch = epoch + 1

    def on_train_end(self, logs: Logs | None = None) -> None:
        self.model._initial_epoch = None
        best = [c.best_epoch + 1 for c in self.callbacks if _has_put_best_weights_back(c)]
        if best and self.last_epoch is not None and not self.is_behind:
            states = get_states(self.callbacks)
            # The weights of the model are the best ones now: once is enough.
            states = {name: s for name, s in states.items() if "/best_weights/" not in name}
            self._save(self.last_epoch, states)
            self.weights_epoch = best[-1]

    def _save(self, epoch, states):
        stopped = getattr(self.model, "stop_training", False)  # made by `fit`
        with whole_file(self.path) as temporary:
            self.model.save(temporary)
            TrainingState(epoch, stopped, states).write(temporary)
            if self.previous is not None and os.path.exists(self.path):
                # A copy, so that there is a model under the one name or the other all the time.
                with whole_file(self.previous) as copy:
                    shutil.copyfile(self.path, copy)


def _checked_path(name, path):
    if not os.fspath(path).endswith(".keras"):
        raise argument_error(name, "a path that ends in .keras", os.fspath(path))
    return path


def _check_folder(name, path):
    if not os.path.isdir(os.path.dirname(os.path.abspath(path))):
        expected = "a path in a folder that is there"
        raise argument_error(name, expected, os.fspath(path), FileNotFoundError)


def _has_put_best_weights_back(callback):
    return (
        isinstance(callback, keras.callbacks.EarlyStopping)
        and callback.restore_best_weights
        and callback.best is not None
    )


def weights_are_finite(model):
    """Returns whether no weight of `model`, trainable or not, is NaN or infinite."""
    return all(
        bool(keras.ops.all(keras.ops.isfinite(weight)))
        for weight in model.weights
        if keras.backend.is_float_dtype(weight.dtype)
    )
