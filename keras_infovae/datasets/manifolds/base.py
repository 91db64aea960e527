"""A set of examples that lie on a manifold, with noise about it."""

import numpy as np

from keras_infovae.typing import Seed, Shape
from keras_infovae.utils.checks import argument_error, check_integer, check_number


class Manifold:
    """Examples that lie on a manifold which is known: what a generative model has to find.

    A member defines `points`, `draw_coordinates`, `coordinates_of` and `cell_of`.

    Args:
        name: what the set is called.
        event_shape: the shape of one example.
        noise: standard deviation of the normal noise of each value of an example, at least 0.

    Attributes:
        intrinsic_dim: the dimension of the manifold.
        betti: its Betti numbers b_0 (parts), b_1 (loops), b_2 (voids), a tuple of 3.
        num_cells: how many cells of equal probability `cells` tells apart.
        tolerance: the residual up to which an example counts as on the manifold.

    Example:

    >>> import keras_infovae as ki
    >>> torus = ki.datasets.torus()
    >>> x = torus.sample(1000, seed=0)
    >>> x.shape, torus.betti, bool(torus.residual(x).mean() < 0.02)
    ((1000, 3), (1, 2, 1), True)
    """

    intrinsic_dim = None
    betti = None
    num_cells = None
    tolerance = None

    def __init__(self, name: str, event_shape: Shape, noise: float) -> None:
        self.name = name
        self.event_shape = tuple(event_shape)
        self.noise = check_number("noise", noise, minimum=0)

    # === What a member defines ===

    def draw_coordinates(self, n: int, numbers: np.random.Generator) -> np.ndarray:
        """Returns coordinates of `n` points, uniform on the manifold, float64 [n, k].

        Args:
            n: how many.
            numbers: a `numpy.random.Generator`.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `draw_coordinates`")

    def points(self, coordinates: np.ndarray) -> np.ndarray:
        """Returns the examples at these coordinates, without noise, [n, *event_shape]."""
        raise NotImplementedError(f"{type(self).__name__} does not define `points`")

    def coordinates_of(self, x: np.ndarray) -> np.ndarray:
        """Returns the coordinates of the nearest point of the manifold, float64 [n, k]."""
        raise NotImplementedError(f"{type(self).__name__} does not define `coordinates_of`")

    def cell_of(self, coordinates: np.ndarray) -> np.ndarray:
        """Returns the number of the cell of each point, integers [n] from 0 to num_cells - 1."""
        raise NotImplementedError(f"{type(self).__name__} does not define `cell_of`")

    def reconstruction_bound(self, latent_dim: int) -> float | None:
        """Returns what the worst reconstruction by `latent_dim` numbers is at least, or None.

        The numbers are a continuous function of x.

        By Borsuk and Ulam a continuous map from the sphere S^d to R^d gives some x and -x the same
        code, so that one of the two is reconstructed with an error of at least half of their
        distance, by every decoder. None (the default) where no such bound is known: of a torus,
        which no continuous map to R^2 tells apart either, there is none.
        """
        return None

    # === What all have ===

    def sample(self, n: int, seed: Seed = 0, noise: float | None = None) -> np.ndarray:
        """Returns `n` examples, uniform on the manifold and then with noise, float32.

        Args:
            n: how many, at least 1.
            seed: an integer of at least 0. Default 0.
            noise: standard deviation of the noise. Default None: that of the set.
        """
        numbers = np.random.default_rng(check_integer("seed", seed, minimum=0))
        noise = self.noise if noise is None else check_number("noise", noise, minimum=0)
        x = self.points(self.draw_coordinates(check_integer("n", n), numbers))
        return (x + noise * numbers.normal(size=x.shape)).astype("float32")

    def residual(self, x: np.ndarray) -> np.ndarray:
        """Returns how far each example is from the manifold, float64 [n].

        The Euclidean distance to the nearest point: of images, relative to the norm of that.
        """
        x = self._checked(x)
        return self._distances(x, self.points(self.coordinates_of(x)))

    def cells(self, x: np.ndarray) -> np.ndarray:
        """Returns the cell of the nearest point to each example, integers [n]."""
        return self.cell_of(self.coordinates_of(self._checked(x)))

    def _distances(self, x, nearest):
        return np.linalg.norm((x - nearest).reshape(len(x), -1), axis=1)

    def _checked(self, x):
        x = np.asarray(x, "float64")
        if x.shape[1:] != self.event_shape:
            raise argument_error("x", f"of shape [n, *{self.event_shape}]", x.shape)
        return x

    def __repr__(self):
        return f"{type(self).__name__}({self.name!r}, event_shape={self.event_shape})"


def cell_of_angle(angle, count):
    """Returns which of `count` equal parts of a turn an angle is in, from 0."""
    return np.floor(angle / (2 * np.pi) % 1.0 * count).astype(int) % count


def cell_of_share(share, count):
    """Returns which of `count` equal parts of [0, 1] a number is in, from 0."""
    return np.clip(np.floor(share * count).astype(int), 0, count - 1)
