"""Manifolds of images, drawn here: an arrow turned, a blob on a periodic square, a turned arrow."""

from __future__ import annotations

import functools

import numpy as np

from keras_infovae.datasets.manifolds.base import Manifold, cell_of_angle, cell_of_share

_SIDE = 16
_TURN = 2 * np.pi
_BLOCK = 1000  # images that are compared with the grid at a time
_STEPS, _DIFFERENCE = 6, 1e-4  # of the search from the nearest image of the grid


def rotated_arrow() -> Manifold:
    """Returns images of an arrow turned about the middle of the image, a circle, a `Manifold`.

    16 x 16 pixels in [0, 1], without noise. The arrow has a head, so that half a turn is another
    image.

    Example:

    >>> import keras_infovae as ki
    >>> arrow = ki.datasets.rotated_arrow()
    >>> arrow.sample(3).shape, arrow.intrinsic_dim, arrow.betti
    ((3, 16, 16, 1), 1, (1, 1, 0))
    """
    return _RotatedArrow("rotated_arrow", (_SIDE, _SIDE, 1), 0.0)


def periodic_blob() -> Manifold:
    """Returns images of a blob on a square whose opposite sides are one, a torus, a `Manifold`.

    16 x 16 pixels in [0, 1], without noise; what leaves the image on one side enters it on the
    other.
    """
    return _PeriodicBlob("periodic_blob", (_SIDE, _SIDE, 1), 0.0)


def turned_arrow() -> Manifold:
    """Returns views of an arrow that points anywhere in space, a sphere, a `Manifold`.

    16 x 16 pixels in [0, 1], without noise, seen from the front. The arrow is round about itself,
    so that its view is known by where it points; what is nearer is brighter, so that front and
    back differ.
    """
    return _TurnedArrow("turned_arrow", (_SIDE, _SIDE, 1), 0.0)


class _Images(Manifold):
    """Images whose nearest clean image is found on a grid, then by Gauss and Newton's steps."""

    tolerance = 0.15

    def grid(self):
        """Returns coordinates of a grid, dense enough to search from, float64 [m, k]."""
        raise NotImplementedError(f"{type(self).__name__} does not define `grid`")

    @functools.cached_property
    def _grid(self):
        coordinates = self.grid()
        return coordinates, self.points(coordinates).reshape(len(coordinates), -1)

    def coordinates_of(self, x):
        coordinates, images = self._grid
        squares = np.sum(np.square(images), axis=1)
        flat = x.reshape(len(x), -1)
        blocks = [flat[start : start + _BLOCK] for start in range(0, len(x), _BLOCK)]
        best = [np.argmin(squares - 2 * block @ images.T, axis=1) for block in blocks]
        found = coordinates[np.concatenate(best)] if best else coordinates[:0]
        for _ in range(_STEPS):
            found = self._improved(found, flat)
        return found

    def _improved(self, coordinates, flat):
        """Returns the coordinates after a step of Gauss and Newton, where that is nearer."""
        here = self.points(coordinates).reshape(flat.shape)
        slopes = []
        for axis in np.eye(coordinates.shape[1]):
            there = self.points(coordinates + _DIFFERENCE * axis).reshape(flat.shape)
            slopes.append((there - here) / _DIFFERENCE)
        slopes = np.stack(slopes, axis=1)
        normal = slopes @ np.swapaxes(slopes, 1, 2)
        # A direction of space has a length, of which the image tells nothing.
        size = np.trace(normal, axis1=1, axis2=2)[:, None, None]
        normal += (1e-6 * size + 1e-12) * np.eye(slopes.shape[1])
        step = np.linalg.solve(normal, slopes @ (flat - here)[..., None])[..., 0]
        best, distance = coordinates, np.linalg.norm(here - flat, axis=1)
        for share in (0.3, 1.0):
            new = coordinates + share * step
            found = np.linalg.norm(self.points(new).reshape(flat.shape) - flat, axis=1)
            best = np.where((found < distance)[:, None], new, best)
            distance = np.minimum(found, distance)
        return best

    def _distances(self, x, nearest):
        return super()._distances(x, nearest) / super()._distances(nearest, 0.0)


def _arrow(direction):
    """Returns images [n, 16, 16, 1] of an arrow that points along `direction` [n, 3], depth last.

    Balls along the arrow, the last of them large, each as bright as it is near.
    """
    across = (np.arange(_SIDE) - (_SIDE - 1) / 2) / (_SIDE / 2)
    image = np.zeros((len(direction), _SIDE, _SIDE))
    for place, radius in ((-0.6, 0.14), (-0.3, 0.14), (0.0, 0.14), (0.3, 0.14), (0.6, 0.26)):
        x, y, depth = place * direction.T
        down = np.exp(-0.5 * ((across + y[:, None]) / radius) ** 2)  # rows go down, y goes up
        right = np.exp(-0.5 * ((across - x[:, None]) / radius) ** 2)
        light = 1.0 + 0.9 * depth[:, None, None]
        image += light * down[:, :, None] * right[:, None, :]
    return (1.0 - np.exp(-image))[..., None]


class _RotatedArrow(_Images):
    intrinsic_dim, betti, num_cells = 1, (1, 1, 0), 64

    def draw_coordinates(self, n, numbers):
        return numbers.uniform(0, _TURN, (n, 1))

    def points(self, coordinates):
        angle = coordinates[:, 0]
        return _arrow(np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1))

    def grid(self):
        return np.linspace(0, _TURN, 256, endpoint=False)[:, None]

    def cell_of(self, coordinates):
        return cell_of_angle(coordinates[:, 0], self.num_cells)

    def reconstruction_bound(self, latent_dim):
        """Returns the bound for one number: half of the least distance to the half turn."""
        if latent_dim > 1:
            return None
        half = self.grid()
        return float(0.5 * self._pairs(half, half + np.pi).min())

    def _pairs(self, first, second):
        first, second = self.points(first), self.points(second)
        return np.linalg.norm((first - second).reshape(len(first), -1), axis=1)


class _PeriodicBlob(_Images):
    intrinsic_dim, betti, num_cells = 2, (1, 2, 1), 144
    _deviation = 1.5  # pixels

    def draw_coordinates(self, n, numbers):
        return numbers.uniform(0, _TURN, (n, 2))

    def points(self, coordinates):
        across = np.arange(_SIDE)
        down, right = (self._bump(across, angle[:, None]) for angle in coordinates.T)
        return (down[:, :, None] * right[:, None, :])[..., None]

    def _bump(self, across, angle):
        offset = (across - angle * _SIDE / _TURN + _SIDE / 2) % _SIDE - _SIDE / 2
        sides = [offset + shift for shift in (-_SIDE, 0, _SIDE)]  # smooth where it is far
        return sum(np.exp(-0.5 * (side / self._deviation) ** 2) for side in sides)

    def grid(self):
        angles = np.linspace(0, _TURN, 32, endpoint=False)
        return np.stack(np.meshgrid(angles, angles, indexing="ij"), axis=-1).reshape(-1, 2)

    def cell_of(self, coordinates):
        first, second = (cell_of_angle(angle, 12) for angle in coordinates.T)
        return first * 12 + second


class _TurnedArrow(_Images):
    intrinsic_dim, betti, num_cells = 2, (1, 0, 1), 200

    def draw_coordinates(self, n, numbers):
        direction = numbers.normal(size=(n, 3))
        return direction / np.linalg.norm(direction, axis=1, keepdims=True)

    def points(self, coordinates):
        return _arrow(coordinates / np.linalg.norm(coordinates, axis=1, keepdims=True))

    def grid(self):  # a spiral of even density
        place = (np.arange(1500) + 0.5) / 1500
        height, angle = 1 - 2 * place, np.pi * (1 + 5**0.5) * np.arange(1500)
        radius = np.sqrt(1 - height**2)
        return np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=1)

    def cell_of(self, coordinates):
        x, y, depth = (coordinates / np.linalg.norm(coordinates, axis=1, keepdims=True)).T
        return cell_of_share((depth + 1) / 2, 10) * 20 + cell_of_angle(np.arctan2(y, x), 20)

    def reconstruction_bound(self, latent_dim):
        """Returns the bound for two numbers: half of the least distance to the other way."""
        if latent_dim > 2:
            return None
        pairs = self.points(self.grid()) - self.points(-self.grid())
        return float(0.5 * np.linalg.norm(pairs.reshape(len(pairs), -1), axis=1).min())
