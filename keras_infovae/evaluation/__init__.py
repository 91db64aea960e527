"""What a trained model is worth: log p(x), what the latents hold, samples, anomalies, a report."""

from keras_infovae.evaluation.aggregated_posterior import (
    active_units,
    aggregated_posterior_covariance,
    log_det_covariance,
    posterior_moments,
)
from keras_infovae.evaluation.anomaly_report import anomaly_report
from keras_infovae.evaluation.anomaly_threshold import (
    anomaly_metrics,
    calibrate_anomaly_threshold,
    fit_anomaly_score,
)
from keras_infovae.evaluation.class_distribution import class_distribution_mismatch
from keras_infovae.evaluation.classifier import Classifier
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
from keras_infovae.evaluation.latent_drift import latent_drift
from keras_infovae.evaluation.latent_information import (
    elbo_decomposition,
    kl_per_dimension,
    mutual_information,
)
from keras_infovae.evaluation.likelihood import (
    AnnealedImportanceSampling,
    Exact,
    ImportanceSampling,
    bidirectional_monte_carlo,
    bits_per_dimension,
    exact_posterior,
    importance_weighted_bound,
    inference_gap,
    marginal_log_likelihood,
)
from keras_infovae.evaluation.plots import (
    plot_aggregated_posterior,
    plot_all,
    plot_contributions,
    plot_history,
    plot_interpolation,
    plot_kl_per_dimension,
    plot_latent_embedding,
    plot_latent_space,
    plot_nearest_neighbors,
    plot_predictive_checks,
    plot_reconstructions,
    plot_samples,
    plot_traversals,
)
from keras_infovae.evaluation.posterior_report import aggregated_posterior_report
from keras_infovae.evaluation.predictive_checks import posterior_predictive_checks
from keras_infovae.evaluation.prior_fit import mmd_to_prior
from keras_infovae.evaluation.reporting import diagnose, measure, report
from keras_infovae.evaluation.sample_metrics import (
    frechet_distance,
    memorization,
    nearest_neighbors,
    precision_recall,
)
from keras_infovae.evaluation.samples import sample_quality
from keras_infovae.evaluation.score_drops import score_drops
from keras_infovae.evaluation.summary import compare, describe, summarize
from keras_infovae.evaluation.synthetic_tables import TableQuality, table_quality
from keras_infovae.evaluation.topology import manifold_report

__all__ = [
    "AnnealedImportanceSampling",
    "Classifier",
    "Exact",
    "ImportanceSampling",
    "TableQuality",
    "active_units",
    "aggregated_posterior_covariance",
    "aggregated_posterior_report",
    "anomaly_metrics",
    "anomaly_report",
    "beta_vae_score",
    "bidirectional_monte_carlo",
    "bits_per_dimension",
    "calibrate_anomaly_threshold",
    "class_distribution_mismatch",
    "clustering_scores",
    "compare",
    "describe",
    "diagnose",
    "disentanglement",
    "disentanglement_and_completeness",
    "disentanglement_completeness_informativeness",
    "elbo_decomposition",
    "exact_posterior",
    "factor_vae_score",
    "fit_anomaly_score",
    "frechet_distance",
    "importance_weighted_bound",
    "inference_gap",
    "kl_per_dimension",
    "latent_drift",
    "log_det_covariance",
    "manifold_report",
    "marginal_log_likelihood",
    "measure",
    "memorization",
    "mmd_to_prior",
    "modularity",
    "mutual_information",
    "mutual_information_gap",
    "nearest_neighbors",
    "plot_aggregated_posterior",
    "plot_all",
    "plot_contributions",
    "plot_history",
    "plot_interpolation",
    "plot_kl_per_dimension",
    "plot_latent_embedding",
    "plot_latent_space",
    "plot_nearest_neighbors",
    "plot_predictive_checks",
    "plot_reconstructions",
    "plot_samples",
    "plot_traversals",
    "posterior_moments",
    "posterior_predictive_checks",
    "precision_recall",
    "report",
    "sample_quality",
    "score_drops",
    "semi_supervised_error",
    "separated_attribute_predictability",
    "summarize",
    "table_quality",
]
