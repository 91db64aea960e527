"""Estimators of divergences as pure functions of tensors; one idea per file."""

from keras_infovae.divergences.functional.mmd import (
    expected_maximum_mean_discrepancy,
    maximum_mean_discrepancy,
)
from keras_infovae.divergences.functional.random_features import squared_feature_distances

__all__ = [
    "expected_maximum_mean_discrepancy",
    "maximum_mean_discrepancy",
    "squared_feature_distances",
]
