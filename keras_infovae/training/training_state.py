"""What a file of a model says besides of the training that it comes from."""

import dataclasses
import os
import zipfile

import keras
import numpy as np

from keras_infovae.utils.checks import argument_error

_ENTRY = "training_state.npz"  # in the archive that a .keras file is; Keras passes over it


@dataclasses.dataclass(frozen=True)
class TrainingState:
    """Where a training was when it saved a model.

    It is kept within the file of the model, so that there is never a model with the state of
    another epoch, whenever the process is killed.

    Args:
        epoch: the number, counted from 1, of the epoch in its `fit`.
        stopped: whether a callback had ended the training.
        callbacks: the states of callbacks, as `get_states` gives them.
    """

    epoch: int
    stopped: bool
    callbacks: dict

    def write(self, path):
        """Adds the state to the file that a model was saved to."""
        arrays = {f"state/{name}": array for name, array in self.callbacks.items()}
        with (
            zipfile.ZipFile(path, "a") as archive,
            archive.open(_ENTRY, "w", force_zip64=True) as file,
        ):
            np.savez(file, epoch=self.epoch, stopped=self.stopped, **arrays)


def read_model(path):
    """Returns (the model in the file at `path`, its `TrainingState`).

    For a file without a state, the epochs of the training are those that the model was trained for.

    Raises:
        FileNotFoundError: when there is no file.
        ValueError: when the file is damaged, or of another version.
    """
    if not os.path.exists(path):
        raise argument_error("path", "a file that is there", os.fspath(path), FileNotFoundError)
    try:
        _check_stored(path)
        model = keras.saving.load_model(path)
        epochs = getattr(model, "epochs_trained", 0)  # any Keras model may be in such a file
        state = _read(path) or TrainingState(epochs, False, {})
    except Exception as error:  # a damaged file can fail in any way, in any of three libraries
        raise ValueError(
            f"{path}, which is damaged or of another version: {type(error).__name__}: {error}"
        ) from error
    return model, state


def _check_stored(path):
    """Raises ValueError where the state is compressed, which `TrainingState.write` never does.

    Keras unpacks every file of the archive before it looks at any: 1 MB may become gigabytes.
    """
    with zipfile.ZipFile(path) as archive:
        if _ENTRY not in archive.namelist():
            return
        entries = [archive.getinfo(_ENTRY)]
        if entries[0].file_size == entries[0].compress_size:
            with archive.open(_ENTRY) as file, zipfile.ZipFile(file) as arrays:
                entries += arrays.infolist()
    for entry in entries:
        if entry.file_size != entry.compress_size:
            raise ValueError(
                f"{_ENTRY} must be stored as it is. Received: {entry.compress_size:,} bytes of "
                f"{entry.filename} become {entry.file_size:,}"
            )


def _read(path):
    with zipfile.ZipFile(path) as archive:
        if _ENTRY not in archive.namelist():
            return None
        with archive.open(_ENTRY) as file, np.load(file, allow_pickle=False) as arrays:
            names = [name for name in arrays.files if name.startswith("state/")]
            callbacks = {name.removeprefix("state/"): arrays[name] for name in names}
            return TrainingState(int(arrays["epoch"]), bool(arrays["stopped"]), callbacks)
