"""Divergences D(q(z), p(z)) between the aggregated posterior and the prior."""

from keras_infovae.divergences.adversarial import Adversarial
from keras_infovae.divergences.base import Divergence
from keras_infovae.divergences.covariance import CovariancePenalty
from keras_infovae.divergences.critic import CriticDivergence
from keras_infovae.divergences.density_ratio import DensityRatioKL
from keras_infovae.divergences.energy import EnergyDistance
from keras_infovae.divergences.functional import (
    covariance_penalty,
    diagonal_normal_kl,
    energy_distance,
    energy_frequencies,
    expected_energy_distance,
    expected_kernelized_stein_discrepancy,
    expected_maximum_mean_discrepancy,
    kernelized_stein_discrepancy,
    maximum_mean_discrepancy,
    normal_kl,
    sliced_wasserstein_distance,
    sliced_wasserstein_to_normal,
    squared_feature_distances,
    stratified_total_correlation,
)
from keras_infovae.divergences.mmd import MaximumMeanDiscrepancy
from keras_infovae.divergences.moment_matching import MomentMatching
from keras_infovae.divergences.power import kernel_warning, signal_to_noise
from keras_infovae.divergences.sliced_wasserstein import SlicedWasserstein
from keras_infovae.divergences.stein import KernelizedSteinDiscrepancy
from keras_infovae.divergences.total_correlation import TotalCorrelation
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
        "stein": KernelizedSteinDiscrepancy,
        "kernelized_stein_discrepancy": KernelizedSteinDiscrepancy,
        "sliced_wasserstein": SlicedWasserstein,
        "swd": SlicedWasserstein,
        "energy_distance": EnergyDistance,
        "moment_matching": MomentMatching,
        "covariance": CovariancePenalty,
        "dip": CovariancePenalty,
        "total_correlation": TotalCorrelation,
    },
)
get = registry.get
serialize = registry.serialize
deserialize = registry.deserialize

__all__ = [
    "Adversarial",
    "CovariancePenalty",
    "CriticDivergence",
    "DensityRatioKL",
    "Divergence",
    "EnergyDistance",
    "KernelizedSteinDiscrepancy",
    "MaximumMeanDiscrepancy",
    "MomentMatching",
    "SlicedWasserstein",
    "TotalCorrelation",
    "TotalCorrelationCritic",
    "covariance_penalty",
    "deserialize",
    "diagonal_normal_kl",
    "energy_distance",
    "energy_frequencies",
    "expected_energy_distance",
    "expected_kernelized_stein_discrepancy",
    "expected_maximum_mean_discrepancy",
    "get",
    "kernel_warning",
    "kernelized_stein_discrepancy",
    "maximum_mean_discrepancy",
    "normal_kl",
    "serialize",
    "signal_to_noise",
    "sliced_wasserstein_distance",
    "sliced_wasserstein_to_normal",
    "squared_feature_distances",
    "stratified_total_correlation",
]
