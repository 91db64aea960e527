"""Priors, posteriors and likelihoods: settings that turn tensors into TFP distributions."""

from keras_infovae.distributions import likelihoods, posteriors, priors
from keras_infovae.distributions.moments import (
    diagonal_normal_moments,
    normal_components,
    projected_normal_components,
    projected_normal_moments,
)
from keras_infovae.distributions.row_draws import draw_rows

__all__ = [
    "diagonal_normal_moments",
    "draw_rows",
    "likelihoods",
    "normal_components",
    "posteriors",
    "priors",
    "projected_normal_components",
    "projected_normal_moments",
]
