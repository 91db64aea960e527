"""Approximate posteriors q(z|x)."""

from keras_infovae.distributions.posteriors.base import Posterior
from keras_infovae.distributions.posteriors.deterministic import Deterministic
from keras_infovae.distributions.posteriors.diagonal_normal import DiagonalNormal
from keras_infovae.distributions.posteriors.full_covariance_normal import FullCovarianceNormal
from keras_infovae.distributions.posteriors.householder_flow import HouseholderFlow
from keras_infovae.distributions.posteriors.von_mises_fisher import VonMisesFisher
from keras_infovae.utils.serialization import Registry

registry = Registry(
    "posterior",
    Posterior,
    {
        "diagonal_normal": DiagonalNormal,
        "full_covariance_normal": FullCovarianceNormal,
        "householder": HouseholderFlow,
        "von_mises_fisher": VonMisesFisher,
        "deterministic": Deterministic,
    },
)
get = registry.get
serialize = registry.serialize
deserialize = registry.deserialize

__all__ = [
    "Deterministic",
    "DiagonalNormal",
    "FullCovarianceNormal",
    "HouseholderFlow",
    "Posterior",
    "VonMisesFisher",
    "deserialize",
    "get",
    "serialize",
]
