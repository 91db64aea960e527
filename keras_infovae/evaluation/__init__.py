"""Estimators on a trained model: bounds on log p(x), the aggregated posterior."""

from keras_infovae.evaluation.aggregated_posterior import (
    active_units,
    aggregated_posterior_covariance,
    log_det_covariance,
    posterior_moments,
)
from keras_infovae.evaluation.likelihood import importance_weighted_bound

__all__ = [
    "active_units",
    "aggregated_posterior_covariance",
    "importance_weighted_bound",
    "log_det_covariance",
    "posterior_moments",
]
