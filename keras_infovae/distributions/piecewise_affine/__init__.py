"""Generators of Dense layers with (leaky) rectifiers: exact p(x) and p(z|x)."""

from keras_infovae.distributions.piecewise_affine.exact_posterior import PiecewiseAffinePosterior
from keras_infovae.distributions.piecewise_affine.generator import (
    Generator,
    not_exact,
    read_generator,
    why_not_exact,
)
from keras_infovae.distributions.piecewise_affine.layers import AffineLayer, read_layers
from keras_infovae.distributions.piecewise_affine.missing import fill_in
from keras_infovae.distributions.piecewise_affine.mixture import Pieces, log_prob
from keras_infovae.distributions.piecewise_affine.posterior import piecewise_affine_posterior
from keras_infovae.distributions.piecewise_affine.regions import Regions, regions_of

__all__ = [
    "AffineLayer",
    "Generator",
    "Pieces",
    "PiecewiseAffinePosterior",
    "Regions",
    "fill_in",
    "log_prob",
    "not_exact",
    "piecewise_affine_posterior",
    "read_generator",
    "read_layers",
    "regions_of",
    "why_not_exact",
]
