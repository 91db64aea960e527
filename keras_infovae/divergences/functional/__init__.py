"""Estimators of divergences as pure functions of tensors; one idea per file."""

from keras_infovae.divergences.functional.energy import (
    energy_distance,
    energy_frequencies,
    expected_energy_distance,
    random_directions,
)
from keras_infovae.divergences.functional.mmd import (
    expected_maximum_mean_discrepancy,
    maximum_mean_discrepancy,
)
from keras_infovae.divergences.functional.moments import (
    covariance_penalty,
    diagonal_normal_kl,
    normal_kl,
)
from keras_infovae.divergences.functional.random_features import squared_feature_distances
from keras_infovae.divergences.functional.sliced_wasserstein import (
    sliced_wasserstein_distance,
    sliced_wasserstein_to_normal,
)
from keras_infovae.divergences.functional.stein import (
    expected_kernelized_stein_discrepancy,
    kernelized_stein_discrepancy,
)
from keras_infovae.divergences.functional.total_correlation import stratified_total_correlation

__all__ = [
    "covariance_penalty",
    "diagonal_normal_kl",
    "energy_distance",
    "energy_frequencies",
    "expected_energy_distance",
    "expected_kernelized_stein_discrepancy",
    "expected_maximum_mean_discrepancy",
    "kernelized_stein_discrepancy",
    "maximum_mean_discrepancy",
    "normal_kl",
    "random_directions",
    "sliced_wasserstein_distance",
    "sliced_wasserstein_to_normal",
    "squared_feature_distances",
    "stratified_total_correlation",
]
