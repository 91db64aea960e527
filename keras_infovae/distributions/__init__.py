"""Priors, posteriors and likelihoods: settings that turn tensors into TFP distributions."""

from keras_infovae.distributions import (
    denoisers,
    likelihoods,
    piecewise_affine,
    posteriors,
    priors,
)
from keras_infovae.distributions.draws import draw
from keras_infovae.distributions.mean_and_covariance import posterior_moments, prior_moments
from keras_infovae.distributions.moments import (
    diagonal_normal_moments,
    is_deterministic,
    normal_components,
    projected_normal_components,
    projected_normal_moments,
)
from keras_infovae.distributions.normal_kl import kl_per_dimension
from keras_infovae.distributions.row_draws import draw_rows

__all__ = [
    "denoisers",
    "diagonal_normal_moments",
    "draw",
    "draw_rows",
    "is_deterministic",
    "kl_per_dimension",
    "likelihoods",
    "normal_components",
    "piecewise_affine",
    "posterior_moments",
    "posteriors",
    "prior_moments",
    "priors",
    "projected_normal_components",
    "projected_normal_moments",
]
