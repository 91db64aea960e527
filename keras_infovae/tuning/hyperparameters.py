"""What there is to search besides the arguments of a model: its networks and its training."""

import dataclasses

import keras

from keras_infovae.models import registry
from keras_infovae.models.parameters import Choice, Integer, Number, Parameter
from keras_infovae.utils.checks import argument_error
from keras_infovae.utils.serialization import constructor_parameters

NETWORKS = ("encoder", "decoder")  # arguments that the network stands for


@dataclasses.dataclass(frozen=True, repr=False)
class Sizes(Parameter):
    """Integers as text, such as "256-128"."""

    def check(self, name, value):
        if not isinstance(value, str) or not all(part.isdecimal() for part in value.split("-")):
            raise argument_error(name, "integers as text, such as '256-128'", value)
        return value

    @property
    def placeholder(self):
        return "SIZE-SIZE-..."


@dataclasses.dataclass(frozen=True, repr=False)
class OptimizerName(Parameter):
    """The name of a Keras optimizer."""

    def check(self, name, value):
        try:
            keras.optimizers.get(value)
        except ValueError:  # Keras's own words do not name the argument
            raise argument_error(name, "a Keras optimizer's name", value) from None
        return value


_OF_NETWORKS = {
    "network": Choice("The networks.", ("mlp", "conv"), search=["mlp"]),
    "hidden_units": Sizes("Of an mlp: sizes of layers.", search=["128", "256-128", "512-256"]),
    "filters": Sizes("Of a conv, at each halving of the image.", search=["32", "32-64"]),
}
_OF_GRADIENTS = {
    "optimizer": OptimizerName("Keras's.", search=["adam"]),
    "learning_rate": Number(
        "Of the optimizer.", exclusive_minimum=0, search=(1e-4, 1e-2), logarithmic=True
    ),
}
_BATCH_SIZE = Integer("Examples per step.", minimum=2, search=[64, 128], unit="EXAMPLES")


def sizes(text):
    """Returns the list of integers in text such as "256-128"."""
    return [int(part) for part in text.split("-")]


def hyperparameters_of(model_class):
    """Returns {name: (its `Parameter`, its default)} of all that a search may vary of a model."""
    arguments = constructor_parameters(model_class)
    found = dict(_OF_NETWORKS) if set(NETWORKS) & set(arguments) else {}
    found = {name: (parameter, None) for name, parameter in found.items()}
    settings = registry.settings_of(model_class)
    found |= {name: use for name, use in settings.items() if name not in NETWORKS}
    own = _OF_GRADIENTS if model_class.trains_by_gradients else {}
    return (
        found
        | {name: (parameter, None) for name, parameter in own.items()}
        | {"batch_size": (_BATCH_SIZE, None)}
    )
