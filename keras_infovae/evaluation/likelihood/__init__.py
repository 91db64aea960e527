"""log p(x) of a trained model: estimates, bounds from both sides, and what follows from them."""

from keras_infovae.evaluation.likelihood.annealed import AnnealedImportanceSampling
from keras_infovae.evaluation.likelihood.bidirectional import bidirectional_monte_carlo
from keras_infovae.evaluation.likelihood.bits import bits_per_dimension
from keras_infovae.evaluation.likelihood.exact import Exact, exact_posterior
from keras_infovae.evaluation.likelihood.gap import inference_gap
from keras_infovae.evaluation.likelihood.importance import ImportanceSampling
from keras_infovae.evaluation.likelihood.marginal import (
    importance_weighted_bound,
    marginal_log_likelihood,
)

__all__ = [
    "AnnealedImportanceSampling",
    "Exact",
    "ImportanceSampling",
    "bidirectional_monte_carlo",
    "bits_per_dimension",
    "exact_posterior",
    "importance_weighted_bound",
    "inference_gap",
    "marginal_log_likelihood",
]
