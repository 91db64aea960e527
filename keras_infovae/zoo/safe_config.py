"""Which objects a preset's config may describe, looked at before any of them is made.

Keras's safe mode refuses lambdas, but makes any object of a module that it can import, and some of
its own layers read files or load other formats as they are made.
"""

import sys

import keras

from keras_infovae.typing import Config

# Of these modules of Keras the public names are data: no code, no file.
_MODULES = (
    *("constraints", "dtype_policies", "initializers", "layers", "losses", "metrics"),
    *("models", "optimizers", "optimizers.schedules", "regularizers"),
)
_NAMES = {
    *("keras", *(f"keras.{name}" for name in _MODULES)),
    *(f"keras.src.models.{name}" for name in ("functional", "model", "sequential")),
}
# Layers whose config holds code, or names files that are read.
_REFUSED = {
    *("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"),
    *("IntegerLookup", "StringLookup", "TextVectorization"),
}
# Operations of a functional model, which compute on tensors: all of these modules, and those of
# keras.src.ops.core that take no functions.
_OPERATIONS = {f"keras.src.ops.{name}" for name in ("image", "linalg", "math", "nn", "numpy")}
_CORE_OPERATIONS = {
    *("Cast", "ConvertToTensor", "SaturateCast", "Scatter", "ScatterUpdate", "Slice"),
    *("SliceUpdate", "StopGradient", "Unstack"),
}
_PLAIN = {"__tuple__", "__numpy__", "__tensor__", "__keras_tensor__", "__ellipsis__", "__slice__"}
_DEEPEST = 100


def check_config(config: Config) -> None:
    """Raises ValueError where `config` describes what a preset may not have.

    It may have classes and functions that are registered with Keras, as all of this package are,
    and those of Keras's own modules of layers, initializers, optimizers and the like.

    Args:
        config: what Keras's serialization made of a model, nested dictionaries and lists.
    """
    _check(config, 0)


def registered_class(config: Config) -> type | None:
    """Returns the class that the outermost object of `config` is registered as, or None."""
    return keras.saving.get_registered_object(config.get("registered_name"))


def _check(value, depth):
    if depth > _DEEPEST:
        raise ValueError(f"config.json is nested more than {_DEEPEST} deep")
    if isinstance(value, dict):
        if isinstance(value.get("class_name"), str):
            _check_object(value)
        for part in value.values():
            _check(part, depth + 1)
    elif isinstance(value, list):
        for part in value:
            _check(part, depth + 1)


def _check_object(described):
    name, module = described["class_name"], described.get("module")
    registered = described.get("registered_name")
    if isinstance(registered, str) and keras.saving.get_registered_object(registered) is not None:
        return  # which is what Keras takes then
    if name in _PLAIN:
        return
    if name == "function":
        name = described.get("config")
        known = isinstance(name, str) and hasattr(keras.activations, name)
    else:
        known = _is_operation(module, name) or (module in _NAMES and _is_class_of_keras(name))
    if not known:
        raise ValueError(
            f"config.json describes {registered or name!r} of the module {module!r}, which is "
            "neither registered with Keras nor a part of Keras that holds no code. Import the "
            "module that registers it first, if you trust it"
        )


def _is_operation(module, name):
    """Returns whether a class is an operation such as `keras.ops.exp`, of no code of its own."""
    if module == "keras.src.ops.core":
        return name in _CORE_OPERATIONS
    if module not in _OPERATIONS or not isinstance(name, str):
        return False
    found = vars(sys.modules.get(module, object)).get(name)
    return isinstance(found, type) and issubclass(found, keras.Operation)


def _is_class_of_keras(name):
    if not isinstance(name, str) or name in _REFUSED:
        return False
    places = [keras, *(_module(part) for part in _MODULES)]
    return name == "Functional" or any(isinstance(getattr(p, name, None), type) for p in places)


def _module(name):
    found = keras
    for part in name.split("."):
        found = getattr(found, part)
    return found
