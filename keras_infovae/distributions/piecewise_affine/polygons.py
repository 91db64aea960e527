"""The polygons of two latents on which layers are affine."""

import numpy as np

from keras_infovae.distributions.piecewise_affine.maps import identity

# Half the side of the square that stands for the plane. z of an outlying x lies where x is, not
# where the prior is; with more, the places of borders near 0 would lose digits.
_BOX = 1e4
_ROUNDING = 1e-12  # of a unit's largest value on a polygon: what is less does not cut it


def split_plane(layers, check):
    """Returns the convex polygons of the plane on which every unit of `layers` is affine.

    Layer by layer: on a polygon a unit takes the rectifier of a . z + c; the line where it is 0
    cuts the polygon.

    Args:
        layers: `AffineLayer`s with two inputs.
        check: function of the number of polygons, called as they are found, which may raise.

    Returns:
        (cells [R, V, 2], the vertices counterclockwise, the last one repeated where there are less
        than V; a list of bool [R, units], whether each unit of each layer is positive there).
    """
    cells = [_BOX * np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])]
    maps, patterns = identity(1, 2), []
    for layer in layers:
        maps = maps.then(layer)
        if layer.slope != 1.0:
            pieces, parents = [], []
            for parent, cell in enumerate(cells):
                new = _cut(cell, maps.matrices[parent], maps.offsets[parent], check)
                pieces += new
                parents += [parent] * len(new)
                check(len(pieces))
            cells, maps = pieces, maps.take(parents)
            patterns = [pattern[parents] for pattern in patterns]
        middle = np.stack([cell.mean(axis=0) for cell in cells])
        patterns.append(maps.at(middle) > 0)
        maps = maps.rectified(patterns[-1], layer.slope)
    return _padded(cells), patterns


def _cut(cell, matrix, offset, check):
    """Returns the pieces of a polygon that the lines z . matrix[:, u] + offset[u] = 0 make."""
    pieces = [cell]
    values = cell @ matrix + offset
    for unit in np.flatnonzero((values.min(axis=0) < 0) & (values.max(axis=0) > 0)):
        pieces = [
            part
            for piece in pieces
            for part in _halves(piece, piece @ matrix[:, unit] + offset[unit])
        ]
        check(len(pieces))
    return pieces


def _halves(cell, values):
    """Returns a polygon's parts with `values` at the vertices below and above 0; itself if one."""
    rounding = _ROUNDING * np.abs(values).max()
    if values.min() >= -rounding or values.max() <= rounding:
        return [cell]
    sides = np.where(np.abs(values) <= rounding, 0.0, np.sign(values))
    below, above = [], []
    for i in range(len(cell)):
        j = (i + 1) % len(cell)
        if sides[i] <= 0:
            below.append(cell[i])
        if sides[i] >= 0:
            above.append(cell[i])
        if sides[i] * sides[j] < 0:
            share = values[i] / (values[i] - values[j])
            crossing = cell[i] + share * (cell[j] - cell[i])
            below.append(crossing)
            above.append(crossing)
    return [np.array(below), np.array(above)]


def _padded(cells):
    most = max(map(len, cells))
    return np.stack([np.concatenate([c, np.repeat(c[-1:], most - len(c), axis=0)]) for c in cells])
