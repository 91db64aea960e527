"""Pictures of a trained model, each one PNG file that says what one sees and what is good."""

from keras_infovae.evaluation.plots.contributions import plot_contributions
from keras_infovae.evaluation.plots.dimensions import (
    plot_aggregated_posterior,
    plot_kl_per_dimension,
)
from keras_infovae.evaluation.plots.embedding import plot_latent_embedding
from keras_infovae.evaluation.plots.everything import plot_all
from keras_infovae.evaluation.plots.history import plot_history
from keras_infovae.evaluation.plots.interpolation import plot_interpolation
from keras_infovae.evaluation.plots.latent_space import plot_latent_space
from keras_infovae.evaluation.plots.nearest import plot_nearest_neighbors
from keras_infovae.evaluation.plots.predictive_checks import plot_predictive_checks
from keras_infovae.evaluation.plots.reconstructions import plot_reconstructions
from keras_infovae.evaluation.plots.samples import plot_samples
from keras_infovae.evaluation.plots.traversals import plot_traversals

__all__ = [
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
]
