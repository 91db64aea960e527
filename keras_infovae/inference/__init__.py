"""Ways to find z for x."""

from keras_infovae.inference.amortized import Amortized
from keras_infovae.inference.base import Codes, Inference
from keras_infovae.utils.serialization import Registry

registry = Registry("inference", Inference, {"amortized": Amortized})
get = registry.get
serialize = registry.serialize
deserialize = registry.deserialize

__all__ = ["Amortized", "Codes", "Inference", "deserialize", "get", "serialize"]
