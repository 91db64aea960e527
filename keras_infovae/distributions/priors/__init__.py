"""Priors p(z)."""

from keras_infovae.distributions.priors.base import Prior
from keras_infovae.distributions.priors.diffusion import Diffusion
from keras_infovae.distributions.priors.energy_based import EnergyBased, LogPartition
from keras_infovae.distributions.priors.gaussian_mixture import GaussianMixture
from keras_infovae.distributions.priors.hierarchical import Hierarchical
from keras_infovae.distributions.priors.masked_autoregressive_flow import MaskedAutoregressiveFlow
from keras_infovae.distributions.priors.standard_normal import StandardNormal
from keras_infovae.distributions.priors.uniform_sphere import UniformSphere
from keras_infovae.distributions.priors.user_defined import UserDefinedPrior
from keras_infovae.distributions.priors.vamp import VampPrior
from keras_infovae.distributions.priors.von_mises_fisher import VonMisesFisherPrior
from keras_infovae.utils.serialization import Registry

# UserDefinedPrior has no name here: it needs the user's function.
registry = Registry(
    "prior",
    Prior,
    {
        "standard_normal": StandardNormal,
        "gaussian_mixture": GaussianMixture,
        "vamp": VampPrior,
        "masked_autoregressive_flow": MaskedAutoregressiveFlow,
        "energy_based": EnergyBased,
        "hierarchical": Hierarchical,
        "diffusion": Diffusion,
        "maf": MaskedAutoregressiveFlow,
        "uniform_sphere": UniformSphere,
        "von_mises_fisher": VonMisesFisherPrior,
    },
)
get = registry.get
serialize = registry.serialize
deserialize = registry.deserialize

__all__ = [
    "Diffusion",
    "EnergyBased",
    "GaussianMixture",
    "Hierarchical",
    "LogPartition",
    "MaskedAutoregressiveFlow",
    "Prior",
    "StandardNormal",
    "UniformSphere",
    "UserDefinedPrior",
    "VampPrior",
    "VonMisesFisherPrior",
    "deserialize",
    "get",
    "serialize",
]
