"""Where the data lie among replicas that a model makes of them."""

from keras_infovae.evaluation.predictive_checks.checks import posterior_predictive_checks

__all__ = ["posterior_predictive_checks"]
