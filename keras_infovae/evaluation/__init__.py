"""What a trained model is worth: log p(x), the aggregated posterior, pictures."""

from keras_infovae.evaluation.aggregated_posterior import (
    active_units,
    aggregated_posterior_covariance,
    log_det_covariance,
    posterior_moments,
)
from keras_infovae.evaluation.likelihood import (
    AnnealedImportanceSampling,
    ImportanceSampling,
    bidirectional_monte_carlo,
    bits_per_dimension,
    importance_weighted_bound,
    inference_gap,
    marginal_log_likelihood,
)
from keras_infovae.evaluation.plots import (
    plot_all,
    plot_history,
    plot_interpolation,
    plot_latent_space,
    plot_reconstructions,
    plot_samples,
)
from keras_infovae.evaluation.prior_fit import mmd_to_prior
from keras_infovae.evaluation.summary import compare, describe, summarize

__all__ = [
    "AnnealedImportanceSampling",
    "ImportanceSampling",
    "active_units",
    "aggregated_posterior_covariance",
    "bidirectional_monte_carlo",
    "bits_per_dimension",
    "compare",
    "describe",
    "importance_weighted_bound",
    "inference_gap",
    "log_det_covariance",
    "marginal_log_likelihood",
    "mmd_to_prior",
    "plot_all",
    "plot_history",
    "plot_interpolation",
    "plot_latent_space",
    "plot_reconstructions",
    "plot_samples",
    "posterior_moments",
    "summarize",
]
