"""A circle, a sphere and a torus in R^n."""

from __future__ import annotations

import numpy as np

from keras_infovae.datasets.manifolds.base import Manifold, cell_of_angle, cell_of_share
from keras_infovae.utils.checks import check_integer

_TURN = 2 * np.pi


def circle(size: int = 3, noise: float = 0.01) -> Manifold:
    """Returns the circle of radius 1 in the first two of `size` dimensions, a `Manifold`.

    Args:
        size: at least 2. Default 3.
        noise: standard deviation in every dimension. Default 0.01.

    Example:

    >>> import keras_infovae as ki
    >>> circle = ki.datasets.circle()
    >>> circle.residual([[2.0, 0.0, 0.0]]).tolist(), circle.reconstruction_bound(latent_dim=1)
    ([1.0], 1.0)
    """
    return _Circle("circle", (check_integer("size", size, minimum=2),), noise)


def sphere(size: int = 3, noise: float = 0.01) -> Manifold:
    """Returns the sphere of radius 1 in the first three of `size` dimensions, a `Manifold`.

    Args:
        size: at least 3. Default 3.
        noise: standard deviation in every dimension. Default 0.01.
    """
    return _Sphere("sphere", (check_integer("size", size, minimum=3),), noise)


def torus(size: int = 3, noise: float = 0.01) -> Manifold:
    """Returns a torus in the first three of `size` dimensions, a `Manifold`.

    A tube of radius 0.4 about a circle of radius 1, uniform in area: denser in angles outside,
    where the tube is longer, than inside.

    Args:
        size: at least 3. Default 3.
        noise: standard deviation in every dimension. Default 0.01.
    """
    return _Torus("torus", (check_integer("size", size, minimum=3),), noise)


class _Vectors(Manifold):
    tolerance = 0.1

    def _embedded(self, *columns):
        x = np.zeros((len(columns[0]), *self.event_shape))
        x[:, : len(columns)] = np.stack(columns, axis=1)
        return x


class _Circle(_Vectors):
    intrinsic_dim, betti, num_cells = 1, (1, 1, 0), 64

    def draw_coordinates(self, n, numbers):
        return numbers.uniform(0, _TURN, (n, 1))

    def points(self, coordinates):
        return self._embedded(np.cos(coordinates[:, 0]), np.sin(coordinates[:, 0]))

    def coordinates_of(self, x):
        return np.arctan2(x[:, 1], x[:, 0])[:, None]

    def cell_of(self, coordinates):
        return cell_of_angle(coordinates[:, 0], self.num_cells)

    def reconstruction_bound(self, latent_dim):
        return 1.0 if latent_dim <= 1 else None


class _Sphere(_Vectors):
    intrinsic_dim, betti, num_cells = 2, (1, 0, 1), 200

    def draw_coordinates(self, n, numbers):
        return np.stack([numbers.uniform(-1, 1, n), numbers.uniform(0, _TURN, n)], axis=1)

    def points(self, coordinates):
        height, angle = coordinates.T
        radius = np.sqrt(1 - height**2)
        return self._embedded(radius * np.cos(angle), radius * np.sin(angle), height)

    def coordinates_of(self, x):
        height = x[:, 2] / np.maximum(np.linalg.norm(x[:, :3], axis=1), 1e-12)
        return np.stack([height, np.arctan2(x[:, 1], x[:, 0])], axis=1)

    def cell_of(self, coordinates):  # of equal area, by Archimedes
        height, angle = coordinates.T
        return cell_of_share((height + 1) / 2, 10) * 20 + cell_of_angle(angle, 20)

    def reconstruction_bound(self, latent_dim):
        return 1.0 if latent_dim <= 2 else None


class _Torus(_Vectors):
    intrinsic_dim, betti, num_cells = 2, (1, 2, 1), 200
    _tube = 0.4  # its radius, where that of the circle is 1

    def draw_coordinates(self, n, numbers):
        around, along = np.zeros((0,)), numbers.uniform(0, _TURN, n)
        while len(around) < n:  # accepted by the length of the circle at this angle
            proposed = numbers.uniform(0, _TURN, n)
            accepted = numbers.uniform(0, 1 + self._tube, n) < 1 + self._tube * np.cos(proposed)
            around = np.append(around, proposed[accepted])
        return np.stack([along, around[:n]], axis=1)

    def points(self, coordinates):
        along, around = coordinates.T
        radius = 1 + self._tube * np.cos(around)
        height = self._tube * np.sin(around)
        return self._embedded(radius * np.cos(along), radius * np.sin(along), height)

    def coordinates_of(self, x):
        around = np.arctan2(x[:, 2], np.hypot(x[:, 0], x[:, 1]) - 1)
        return np.stack([np.arctan2(x[:, 1], x[:, 0]), around], axis=1)

    def cell_of(self, coordinates):  # of equal area: by the share of area up to the angle
        along, around = coordinates.T
        around = around % _TURN
        share = (around + self._tube * np.sin(around)) / _TURN
        return cell_of_angle(along, 20) * 10 + cell_of_share(share, 10)
