"""Ways to find z for x."""

from keras_infovae.inference.amortized import Amortized
from keras_infovae.inference.base import Codes, Inference
from keras_infovae.inference.from_prior import FromPrior
from keras_infovae.inference.short_run_langevin import ShortRunLangevin
from keras_infovae.utils.serialization import Registry

registry = Registry(
    "inference",
    Inference,
    {"amortized": Amortized, "from_prior": FromPrior, "short_run_langevin": ShortRunLangevin},
)
get = registry.get
serialize = registry.serialize
deserialize = registry.deserialize

__all__ = [
    "Amortized",
    "Codes",
    "FromPrior",
    "Inference",
    "ShortRunLangevin",
    "deserialize",
    "get",
    "serialize",
]
