"""Approximate posteriors q(z|x)."""

from keras_infovae.distributions.posteriors.base import Posterior
from keras_infovae.distributions.posteriors.deterministic import Deterministic
from keras_infovae.distributions.posteriors.diagonal_normal import DiagonalNormal
from keras_infovae.utils.serialization import Registry

registry = Registry(
    "posterior",
    Posterior,
    {"diagonal_normal": DiagonalNormal, "deterministic": Deterministic},
)
get = registry.get
serialize = registry.serialize
deserialize = registry.deserialize

__all__ = ["Deterministic", "DiagonalNormal", "Posterior", "deserialize", "get", "serialize"]
