"""Pictures of a trained model, each one PNG file that says what one sees and what is good."""

from keras_infovae.evaluation.plots.everything import plot_all
from keras_infovae.evaluation.plots.history import plot_history
from keras_infovae.evaluation.plots.interpolation import plot_interpolation
from keras_infovae.evaluation.plots.latent_space import plot_latent_space
from keras_infovae.evaluation.plots.reconstructions import plot_reconstructions
from keras_infovae.evaluation.plots.samples import plot_samples

__all__ = [
    "plot_all",
    "plot_history",
    "plot_interpolation",
    "plot_latent_space",
    "plot_reconstructions",
    "plot_samples",
]
