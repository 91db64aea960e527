"""What flags are made of: models, with their parameters, and signatures.

What is registered, own models too, once the package is imported; until then what its sources say.
"""

import sys

from keras_infovae.cli import sources
from keras_infovae.parameters import searched, settings

_REGISTRY = "keras_infovae.models.registry"
_SIGNATURES = "keras_infovae.serving.signatures"


def members():
    """Returns {name: class}; the classes of the sources are stand-ins."""
    package = sys.modules.get("keras_infovae.models")
    return sources.models() if package is None else sys.modules[_REGISTRY].members


def settings_of(model_class):
    """Returns {argument: (its `Parameter`, its default)} of the constructor of a member."""
    registry = sys.modules.get(_REGISTRY)
    kernel = sources.read(_REGISTRY, "KERNEL") if registry is None else registry.KERNEL
    return settings.settings_of(model_class, kernel)


def hyperparameters_of(model_class):
    """Returns {name: (its `Parameter`, its default)} of what a search may vary of a member."""
    return searched.hyperparameters_of(model_class, settings_of(model_class))


def signatures():
    """Returns the names of the signatures that there are."""
    return [signature.name for signature in _signatures()]


def parts():
    """Returns the names of the signatures that are parts, for LiteRT and ONNX."""
    return [signature.part for signature in _signatures() if signature.part is not None]


def _signatures():
    module = sys.modules.get(_SIGNATURES)
    return sources.read(_SIGNATURES, "ALL") if module is None else module.SIGNATURES.values()
