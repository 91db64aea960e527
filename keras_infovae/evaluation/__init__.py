"""What a trained model is worth: bounds on log p(x), what the latents hold, pictures."""

from keras_infovae.evaluation.aggregated_posterior import (
    active_units,
    aggregated_posterior_covariance,
    log_det_covariance,
    posterior_moments,
)
from keras_infovae.evaluation.disentanglement_metrics import (
    beta_vae_score,
    disentanglement,
    disentanglement_and_completeness,
    disentanglement_completeness_informativeness,
    factor_vae_score,
    modularity,
    mutual_information_gap,
    separated_attribute_predictability,
)
from keras_infovae.evaluation.label_use import clustering_scores, semi_supervised_error
from keras_infovae.evaluation.latent_information import (
    elbo_decomposition,
    kl_per_dimension,
    mutual_information,
)
from keras_infovae.evaluation.likelihood import importance_weighted_bound
from keras_infovae.evaluation.plots import (
    plot_all,
    plot_history,
    plot_interpolation,
    plot_latent_space,
    plot_reconstructions,
    plot_samples,
)
from keras_infovae.evaluation.posterior_report import aggregated_posterior_report
from keras_infovae.evaluation.prior_fit import mmd_to_prior
from keras_infovae.evaluation.summary import compare, describe, summarize

__all__ = [
    "active_units",
    "aggregated_posterior_covariance",
    "aggregated_posterior_report",
    "beta_vae_score",
    "clustering_scores",
    "compare",
    "describe",
    "disentanglement",
    "disentanglement_and_completeness",
    "disentanglement_completeness_informativeness",
    "elbo_decomposition",
    "factor_vae_score",
    "importance_weighted_bound",
    "kl_per_dimension",
    "log_det_covariance",
    "mmd_to_prior",
    "modularity",
    "mutual_information",
    "mutual_information_gap",
    "plot_all",
    "plot_history",
    "plot_interpolation",
    "plot_latent_space",
    "plot_reconstructions",
    "plot_samples",
    "posterior_moments",
    "semi_supervised_error",
    "separated_attribute_predictability",
    "summarize",
]
