"""The intervals of one latent on which layers are affine."""

import numpy as np

from keras_infovae.distributions.piecewise_affine.maps import identity


def split_line(layers, check):
    """Returns the intervals of the line on which every unit of `layers` is affine.

    Layer by layer: on an interval a unit takes the rectifier of a z + c; its root cuts the interval
    where it lies strictly inside.

    Args:
        layers: `AffineLayer`s with one input.
        check: function of the number of intervals, called as they are found, which may raise.

    Returns:
        (cells [R, 2] from -inf to inf, a list of bool [R, units], whether each unit of each layer
        is positive there).
    """
    knots = np.zeros(0)
    maps, patterns = identity(1, 1), []
    for layer in layers:
        maps = maps.then(layer)
        if layer.slope != 1.0:
            cells = intervals(knots)
            with np.errstate(divide="ignore", invalid="ignore"):
                roots = -maps.offsets / maps.matrices[:, 0]
            inside = (roots > cells[:, :1]) & (roots < cells[:, 1:])
            refined = np.unique(np.concatenate([knots, roots[inside]]))
            check(len(refined) + 1)
            parents = np.searchsorted(knots, middles(refined)[:, 0])
            maps, knots = maps.take(parents), refined
            patterns = [pattern[parents] for pattern in patterns]
        patterns.append(maps.at(middles(knots)) > 0)
        maps = maps.rectified(patterns[-1], layer.slope)
    return intervals(knots), patterns


def intervals(knots):
    """Returns the intervals between sorted knots, [R, 2]."""
    return np.stack([np.append(-np.inf, knots), np.append(knots, np.inf)], axis=1)


def middles(knots):
    """Returns a point of each interval, [R, 1]."""
    if not len(knots):
        return np.zeros((1, 1))
    inner = 0.5 * (knots[1:] + knots[:-1])
    return np.concatenate([[knots[0] - 1.0], inner, [knots[-1] + 1.0]])[:, None]
