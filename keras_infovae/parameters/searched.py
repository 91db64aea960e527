"""What there is to search besides the arguments of a model: its networks and its training."""

from keras_infovae.parameters.kinds import Choice, Integer, Number, OptimizerName, Sizes
from keras_infovae.utils.constructors import constructor_parameters

NETWORKS = ("encoder", "decoder")  # arguments that the network stands for

OF_NETWORKS = {
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


def hyperparameters_of(model_class, settings):
    """Returns {name: (its `Parameter`, its default)} of all that a search may vary of a model.

    Args:
        model_class: the class.
        settings: what `settings_of` says of it.
    """
    arguments = constructor_parameters(model_class)
    found = dict(OF_NETWORKS) if set(NETWORKS) & set(arguments) else {}
    found = {name: (parameter, None) for name, parameter in found.items()}
    found |= {name: use for name, use in settings.items() if name not in NETWORKS}
    own = _OF_GRADIENTS if model_class.trains_by_gradients else {}
    return (
        found
        | {name: (parameter, None) for name, parameter in own.items()}
        | {"batch_size": (_BATCH_SIZE, None)}
    )
