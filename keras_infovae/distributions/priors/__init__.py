"""Priors p(z)."""

from keras_infovae.distributions.priors.base import Prior
from keras_infovae.distributions.priors.standard_normal import StandardNormal
from keras_infovae.utils.serialization import Registry

registry = Registry("prior", Prior, {"standard_normal": StandardNormal})
get = registry.get
serialize = registry.serialize
deserialize = registry.deserialize

__all__ = ["Prior", "StandardNormal", "deserialize", "get", "serialize"]
