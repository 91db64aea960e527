"""Writing a preset: the folder is whole, or it is not there."""

import json
import os
import shutil
from collections.abc import Callable, Sequence

import keras

from keras_infovae.typing import Model, Numbers, Path
from keras_infovae.utils.checks import argument_error
from keras_infovae.utils.files import atomic_directory, write_json
from keras_infovae.version import __version__
from keras_infovae.zoo import contents
from keras_infovae.zoo.card import card_text
from keras_infovae.zoo.safe_config import check_config
from keras_infovae.zoo.safe_weights import count_weights

_ABOUT = ("about", "data", "license", "command")
# Settings of layers and initializers that Keras writes and 3.12, the oldest that reads them, lacks.
_NEW_SETTINGS = ("quantization_config", "input_axes", "output_axes")


def save(
    model: Model,
    folder: Path,
    *,
    card: str | Callable[[Numbers], str] | None = None,
    files: Sequence[Path] = (),
    overwrite: bool = False,
    **about: str | None,
) -> str:
    """Writes a preset of a built model.

    Args:
        model, folder, card, files, overwrite: see `StepModel.save_to_preset`.
        **about: `about`, `data`, `license`, `command`: texts or None.

    Returns:
        The path of the folder.
    """
    if not model.built or model.event_shape is None:
        raise argument_error("model", "one that was built or trained", type(model).__name__)
    for name, text in about.items():
        if text is not None and not isinstance(text, str):
            raise argument_error(name, "text or None", text, TypeError)
    if card is not None and not isinstance(card, str) and not callable(card):
        raise argument_error("card", "text, a function that returns one, or None", card, TypeError)
    if isinstance(files, (str, os.PathLike)):
        raise argument_error("files", "a list of paths", files, TypeError)
    folder = os.path.abspath(os.fspath(folder))
    _check_folder(folder, overwrite)
    sources: dict[str, str] = {}
    for path in (os.fspath(given) for given in files):
        if sources.setdefault(os.path.basename(path), path) != path:
            allowed = "files of different names, since all come to lie in one folder"
            raise argument_error("files", allowed, [sources[os.path.basename(path)], path])
    for name, path in sources.items():
        ours = (contents.MANIFEST, contents.CONFIG, contents.WEIGHTS, contents.CARD)
        if not contents.FILE_NAME.fullmatch(name) or name in ours:
            raise argument_error("files", "files with plain names other than a preset's own", path)
        contents.size_of(path)
    config = keras.saving.serialize_keras_object(model)
    config.pop("compile_config", None)
    _leave_out_unset(config)
    # What cannot be loaded is refused here, and as JSON, which is what will be read.
    check_config(json.loads(json.dumps(config)))
    manifest = {
        contents.FORMAT_KEY: contents.FORMAT,
        "name": os.path.basename(folder),
        "model": type(model).__name__,
        "registered_name": config["registered_name"],
        **{name: about.get(name) for name in _ABOUT},
        "event_shape": list(model.event_shape),
        "capabilities": list(model.capabilities),
        "versions": {"keras_infovae": __version__, "keras": keras.__version__},
    }
    with atomic_directory(folder, overwrite=overwrite) as temporary:
        write_json(os.path.join(temporary, contents.CONFIG), config)
        weights = os.path.join(temporary, contents.WEIGHTS)
        _write_weights(model, config, weights)
        manifest["values"] = count_weights(weights)
        for name, path in sources.items():
            shutil.copyfile(path, os.path.join(temporary, name))
        names = [contents.CONFIG, contents.WEIGHTS, *sources]
        manifest["files"] = contents.describe_files(temporary, names)
        text = card(manifest) if callable(card) else card or card_text(manifest)
        if not isinstance(text, str):
            raise argument_error("card", "a function that returns text", text, TypeError)
        with open(os.path.join(temporary, contents.CARD), "w", encoding="utf-8") as file:
            file.write(text)
        manifest["files"] |= contents.describe_files(temporary, [contents.CARD])
        write_json(os.path.join(temporary, contents.MANIFEST), manifest)
    return folder


def _leave_out_unset(config):
    """Takes out of a config, in place, what Keras 3.12 does not know, where it is not set.

    None is what a layer or an initializer has without it.
    """
    for value in config.values() if isinstance(config, dict) else config:
        if isinstance(value, (dict, list, tuple)):
            _leave_out_unset(value)
    if isinstance(config, dict):
        for name in _NEW_SETTINGS:
            if name in config and config[name] is None:
                del config[name]


def _write_weights(model, config, path):
    """Writes the weights without the optimizer's, which would triple them: those of a copy."""
    model.save_weights(path)
    copy = keras.saving.deserialize_keras_object(config, safe_mode=True)
    copy.load_weights(path)
    copy.save_weights(path, overwrite=True)


def _check_folder(folder, overwrite):
    if not os.path.lexists(folder):
        return
    if not overwrite:
        raise FileExistsError(f"{folder} exists already; give another folder, or overwrite=True")
    if not os.path.isdir(folder):
        raise NotADirectoryError(f"{folder} is not a directory")
    known = {contents.MANIFEST}
    if contents.is_preset(folder):
        known |= set(contents.read_manifest(folder)["files"])
    others = sorted(set(os.listdir(folder)) - known)
    if others:
        raise FileExistsError(
            f"{folder} has files that are no preset's, such as {others[0]}; they are not touched"
        )
