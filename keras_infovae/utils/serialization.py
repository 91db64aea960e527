"""Settings that can be named, compared and saved, and the registries that look them up.

A family (kernels, priors, divergences, ...) is a base class and a `Registry`. A member is named by
an alias, given as an instance, or restored from its config; nothing else branches on names.
"""

import json
from typing import Any

import keras

from keras_infovae.typing import Config
from keras_infovae.utils.checks import argument_error, check_choice
from keras_infovae.utils.constructors import constructor_parameters

PACKAGE = "keras_infovae"


def register(cls):
    """Class decorator: makes `cls` loadable by `keras.saving.load_model` with no custom_objects.

    Raises:
        ValueError: when another class of this package has its name, which Keras knows it by.
    """
    other = keras.saving.get_registered_object(f"{PACKAGE}>{cls.__name__}")
    if other is not None and other.__module__ != cls.__module__:
        raise ValueError(
            f"Argument `cls` must have a name of its own. Received: {cls.__name__} of "
            f"{cls.__module__}, beside that of {other.__module__}"
        )
    return keras.saving.register_keras_serializable(package=PACKAGE)(cls)


def constructor_config(instance):
    """Returns {argument: value} of the constructor of `instance`, read from its attributes.

    The rule of this package is that every constructor argument is an attribute of the same name.
    Values that are settings themselves are serialized, in lists and tuples too.
    """
    names = constructor_parameters(type(instance))
    return {name: _serialize_value(getattr(instance, name)) for name in names}


def _serialize_value(value):
    if isinstance(value, (list, tuple)):
        return [_serialize_value(item) for item in value]
    if hasattr(value, "get_config"):
        return keras.saving.serialize_keras_object(value)
    return value


def deserialize_values(config):
    """Returns `config` with every serialized object in it restored."""
    return {name: _deserialize_value(value) for name, value in config.items()}


def _deserialize_value(value):
    if isinstance(value, (list, tuple)):
        return [_deserialize_value(item) for item in value]
    if isinstance(value, dict) and "class_name" in value:
        return keras.saving.deserialize_keras_object(value)
    return value


def check_registered(name, config):
    """Raises ValueError where a config, or one within it, is not of a class that is registered.

    Keras imports a class that it does not know by the name of its module.

    Args:
        name: of the argument, for the error.
        config: a config, or lists and dictionaries of such.
    """
    if isinstance(config, dict):
        if "class_name" in config:
            registered = config.get("registered_name")
            if keras.saving.get_registered_object(registered) is None:
                allowed = "a config of registered classes"
                raise argument_error(name, allowed, f"{config['class_name']} as {registered}")
        config = list(config.values())
    if isinstance(config, (list, tuple)):
        for value in config:
            check_registered(name, value)


def _hashable(value):
    if isinstance(value, dict):
        return tuple((key, _hashable(value[key])) for key in sorted(value))
    if isinstance(value, (list, tuple)):
        return tuple(_hashable(item) for item in value)
    return value


class Setting:
    """Base of a value object: equal when its class and its constructor's arguments are equal."""

    def get_config(self) -> Config:
        """Returns the constructor's arguments as a JSON-compatible dictionary."""
        return constructor_config(self)

    @classmethod
    def from_config(cls, config: Config) -> Any:
        """Returns the instance that `get_config` described."""
        return cls(**deserialize_values(config))

    def __eq__(self, other):
        return type(self) is type(other) and self.get_config() == other.get_config()

    def __hash__(self):
        return hash((type(self), _hashable(self.get_config())))

    def __repr__(self):
        # The attributes, not the config: a setting within a setting reads as one.
        values = {name: getattr(self, name, value) for name, value in self.get_config().items()}
        arguments = ", ".join(f"{name}={value!r}" for name, value in values.items())
        return f"{type(self).__name__}({arguments})"


class Registry:
    """Looks up the members of one family.

    Args:
        family: the family's name in the singular, as error messages use it ("kernel").
        base: the class that every member extends.
        members: `{alias: class}`; several aliases may name one class.

    Example:

    >>> from keras_infovae import kernels
    >>> kernels.get("imq").__class__.__name__
    'InverseMultiquadratic'
    """

    def __init__(self, family, base, members):
        self.family = family
        self.base = base
        self.members = dict(members)

    def get(self, identifier):
        """Returns a member given its alias, an instance, or a config from `serialize`.

        Raises:
            ValueError: for an unknown alias; the message lists the known ones.
            TypeError: for anything else.
        """
        if isinstance(identifier, self.base):
            return identifier
        if isinstance(identifier, dict):
            return self.deserialize(identifier)
        if isinstance(identifier, str):
            return self.members[check_choice(self.family, identifier, self.members)]()
        known = ", ".join(repr(alias) for alias in sorted(self.members))
        raise TypeError(
            f"Argument `{self.family}` must be a {self.base.__name__} or one of {known}. "
            f"Received: {self.family}={identifier!r}"
        )

    def serialize(self, member):
        """Returns the config dictionary of `member`."""
        return keras.saving.serialize_keras_object(self.get(member))

    def deserialize(self, config):
        """Returns the member that `serialize` described."""
        member = keras.saving.deserialize_keras_object(config)
        if not isinstance(member, self.base):
            raise TypeError(
                f"Argument `config` must describe a {self.base.__name__}. "
                f"Received: config={config!r}"
            )
        return member


def optimizer_config(optimizer):
    """Returns the config of an optimizer: of a Keras one, of its name, or of a config."""
    if isinstance(optimizer, dict):
        optimizer = new_optimizer(optimizer)
    return keras.optimizers.serialize(keras.optimizers.get(optimizer))


def new_optimizer(config):
    """Returns a new Keras optimizer by a config that is an attribute of a layer.

    It is read from a plain copy: Keras writes into the config that it reads, and what has become an
    attribute knows its layer, all of which `copy.deepcopy` would copy with it.
    """
    return keras.optimizers.get(json.loads(json.dumps(config)))
