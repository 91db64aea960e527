"""Loading a preset: first what it is, whether it is whole, and what it would make."""

import os

import keras

from keras_infovae.typing import Model, Path
from keras_infovae.utils.checks import argument_error
from keras_infovae.zoo import bounded_weights, contents, safe_config, safe_weights
from keras_infovae.zoo.places import folder_of


def load(preset: Path, model_class: type) -> Model:
    """Returns the model of a preset.

    Sizes, hashes and classes are checked before anything is made, and no code of the preset runs.

    Args:
        preset: see `places.folder_of`.
        model_class: the class that the model must be of.

    Raises:
        ValueError: naming the file, for a preset that is damaged, of a class that is not known
            here, or of none of `model_class`.
    """
    folder = folder_of(preset)
    manifest = contents.read_manifest(folder)
    path = os.path.join(folder, contents.CONFIG)
    contents.check_files(folder, manifest)
    config = contents.parse(path, contents.read_bytes(path))
    if not isinstance(config, dict):
        raise contents.preset_error(path, "describes no model")
    _check_class(preset, folder, config, manifest, model_class)
    safe_config.check_config(config)
    weights = os.path.join(folder, contents.WEIGHTS)
    safe_weights.check_weights(weights, manifest.get("values"))
    model = _made(path, config, manifest["values"])
    try:
        model.load_weights(weights)
    except (KeyError, ValueError) as error:
        raise contents.preset_error(weights, f"does not fit {contents.CONFIG} ({error})") from error
    return model


def _made(path, config, values):
    """Returns the model of `config`, which may ask for as many weights as its file has."""
    counted = bounded_weights.Count(values)
    try:
        with counted:
            return keras.saving.deserialize_keras_object(config, safe_mode=True)
    except Exception as error:
        if not counted.exceeded:  # by whatever Keras made of it
            raise
        raise contents.preset_error(
            path, f"asks for {counted.count:,} weights or more; {contents.WEIGHTS} has {values:,}"
        ) from error


def _check_class(preset, folder, config, manifest, model_class):
    registered = manifest["registered_name"]
    path = os.path.join(folder, contents.MANIFEST)
    if config.get("registered_name") != registered:
        raise contents.preset_error(
            path,
            f"says that the model is {registered!r}, and {contents.CONFIG} that it is "
            f"{config.get('registered_name')!r}",
        )
    found = safe_config.registered_class(config)
    if found is None:
        raise contents.preset_error(
            path,
            f"needs the model {registered!r}, which is not registered. Import the module that "
            "registers it first, if you trust it",
        )
    if not isinstance(found, type) or not issubclass(found, model_class):
        raise argument_error(
            "preset",
            f"one of {model_class.__name__}; this holds {found.__name__}, which "
            f"{found.__name__}.from_preset or GenerativeModel.from_preset loads",
            os.fspath(preset),
        )
