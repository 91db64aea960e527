"""Divergences D(q(z), p(z)) between the aggregated posterior and the prior."""

from keras_infovae.divergences.adversarial import Adversarial
from keras_infovae.divergences.base import Divergence
from keras_infovae.divergences.critic import CriticDivergence
from keras_infovae.divergences.density_ratio import DensityRatioKL
from keras_infovae.divergences.functional import (
    expected_maximum_mean_discrepancy,
    maximum_mean_discrepancy,
    squared_feature_distances,
)
from keras_infovae.divergences.mmd import MaximumMeanDiscrepancy
from keras_infovae.divergences.power import kernel_warning, signal_to_noise
from keras_infovae.divergences.total_correlation_critic import TotalCorrelationCritic
from keras_infovae.utils.serialization import Registry

registry = Registry(
    "divergence",
    Divergence,
    {
        "mmd": MaximumMeanDiscrepancy,
        "maximum_mean_discrepancy": MaximumMeanDiscrepancy,
        "adversarial": Adversarial,
        "jensen_shannon": Adversarial,
        "kl": DensityRatioKL,
        "density_ratio_kl": DensityRatioKL,
        "total_correlation_critic": TotalCorrelationCritic,
    },
)
get = registry.get
serialize = registry.serialize
deserialize = registry.deserialize

__all__ = [
    "Adversarial",
    "CriticDivergence",
    "DensityRatioKL",
    "Divergence",
    "MaximumMeanDiscrepancy",
    "TotalCorrelationCritic",
    "deserialize",
    "expected_maximum_mean_discrepancy",
    "get",
    "kernel_warning",
    "maximum_mean_discrepancy",
    "serialize",
    "signal_to_noise",
]
