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
from keras_infovae.distributions.piecewise_affine.regions import (
    MOST_REGIONS,
    Regions,
    TooManyRegions,
    most_regions,
    regions_of,
)

__all__ = [
    "MOST_REGIONS",
    "AffineLayer",
    "Generator",
    "Pieces",
    "PiecewiseAffinePosterior",
    "Regions",
    "TooManyRegions",
    "fill_in",
    "log_prob",
    "most_regions",
    "not_exact",
    "piecewise_affine_posterior",
    "read_generator",
    "read_layers",
    "regions_of",
    "why_not_exact",
]
