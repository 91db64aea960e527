"""The regions of z on which a generator is affine, for one or two latents."""

import math
from typing import NamedTuple

import numpy as np

from keras_infovae.distributions.piecewise_affine.knots import split_line
from keras_infovae.distributions.piecewise_affine.maps import identity
from keras_infovae.distributions.piecewise_affine.polygons import split_plane

MOST_REGIONS = 10_000


class TooManyRegions(ValueError):
    """More regions than can be handled; its text is what `not_exact` takes."""


class Regions(NamedTuple):
    """R regions that fill the space of z, and g(z) = z matrices + offsets on each; float64.

    Args:
        cells: intervals [R, 2], or polygons [R, V, 2].
        matrices: [R, S, D].
        offsets: [R, D].
        patterns: for each layer bool [R, units], whether its units are positive.
    """

    cells: np.ndarray
    matrices: np.ndarray
    offsets: np.ndarray
    patterns: list


def regions_of(layers):
    """Returns the `Regions` of `AffineLayer`s.

    Raises:
        ValueError: for more than two latents.
        TooManyRegions: for more than 10,000 regions, as soon as these are found.
    """
    latent_dim = layers[0].kernel.shape[0]
    if latent_dim > 2:
        raise ValueError(
            f"{latent_dim} latents: with more than two the mass of a region has no closed form"
        )
    cells, patterns = (split_line, split_plane)[latent_dim - 1](layers, _check_count)
    matrices, offsets = map_between(layers, patterns, 0, len(layers), latent_dim)
    return Regions(cells, matrices, offsets, patterns)


def most_regions(widths, latent_dim):
    """Returns how many regions hidden layers of `widths` units can make at most, whatever weights.

    A layer of H units cuts each region before it by H points, or H lines in the plane. One layer of
    random weights makes as many; of several layers it is far more than they make.

    Args:
        widths: sizes of the layers with kinks, a list of integers.
        latent_dim: 1 or 2.
    """
    pieces = (1 + h + (latent_dim - 1) * h * (h - 1) // 2 for h in widths)
    return math.prod(pieces)


def map_between(layers, patterns, first, last, inputs):
    """Returns the `Maps` on each region from the inputs of layer `first` to those of `last`.

    Args:
        layers: `AffineLayer`s.
        patterns: as in `Regions`.
        first, last: numbers of layers, first <= last; `len(layers)` for what comes out of the end.
        inputs: how many inputs layer `first` has.
    """
    maps = identity(len(patterns[0]), inputs)
    for layer, pattern in zip(layers[first:last], patterns[first:last]):
        maps = maps.then(layer).rectified(pattern, layer.slope)
    return maps


def _check_count(count):
    if count > MOST_REGIONS:
        raise TooManyRegions(f"a decoder that is affine on more than {MOST_REGIONS:,} regions")
