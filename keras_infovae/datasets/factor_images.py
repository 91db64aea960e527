"""Images that are drawn from known factors, all combinations of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from keras_infovae.typing import Array
from keras_infovae.utils.checks import argument_error, check_integer


class FactorImages:
    """A set with one image for every combination of factors, each drawn when it is asked for.

    Args:
        name: what the set is called.
        factor_values: {name of the factor: its values, a sequence}; of the first factor slowest to
            that of the last fastest in the order of the images.
        event_shape: (height, width, channels) of an image.
        draw: maps factors, integers [n, num_factors], to images [n, *event_shape] in [0, 1].

    Attributes:
        factor_names, factor_sizes: a tuple each: the names, and how many values each has.
        factor_values: {name: NumPy array of the values}.

    Example:

    >>> import keras_infovae as ki
    >>> data = ki.datasets.blobs()
    >>> data
    FactorImages('blobs', event_shape=(16, 16, 1), factors={'size': 5, 'y': 12, 'x': 12})
    >>> x, factors = data.sample(100, seed=0)
    >>> x.shape, factors.shape
    ((100, 16, 16, 1), (100, 3))
    """

    def __init__(
        self,
        name: str,
        factor_values: Mapping[str, Any],
        event_shape: tuple[int, ...],
        draw: Callable,
    ) -> None:
        self.name = name
        self.factor_values = {name: np.asarray(values) for name, values in factor_values.items()}
        self.factor_names = tuple(self.factor_values)
        self.factor_sizes = tuple(len(values) for values in self.factor_values.values())
        self.event_shape = tuple(event_shape)
        self._draw = draw

    def __len__(self):
        """The number of images."""
        return math.prod(self.factor_sizes)

    def image_at(self, factors: Array) -> np.ndarray:
        """Returns the image of given factors.

        Args:
            factors: for each factor the index of its value, integers [num_factors]; or one such row
                per image, [n, num_factors].

        Returns:
            NumPy float32 [height, width, channels]; or [n, height, width, channels].

        Raises:
            ValueError, TypeError: for factors that are not there.
        """
        rows = self._check_factors(factors)
        images = self._draw(np.atleast_2d(rows)).astype("float32", copy=False)
        return images[0] if rows.ndim == 1 else images

    def factors_at(self, index: Array) -> np.ndarray:
        """Returns the factors of the images of these numbers, int64 [..., num_factors].

        Args:
            index: integers from 0 to len(self) - 1, of any shape [...].
        """
        index = np.asarray(index)
        if index.dtype.kind not in "iu":
            raise argument_error("index", "integers", index.dtype.name, TypeError)
        if np.any((index < 0) | (index >= len(self))):
            raise argument_error("index", f"from 0 to {len(self) - 1}", index)
        return np.stack(np.unravel_index(index, self.factor_sizes), axis=-1).astype("int64")

    def sample(self, n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Returns `n` images and their factors, each factor drawn uniformly, with replacement.

        Args:
            n: how many, at least 1.
            seed: an integer of at least 0. Default: 0.

        Returns:
            (float32 [n, *event_shape], int64 [n, num_factors]).
        """
        check_integer("n", n)
        numbers = np.random.default_rng(check_integer("seed", seed, minimum=0))
        factors = numbers.integers(self.factor_sizes, size=(n, len(self.factor_sizes)))
        return self.image_at(factors), factors

    def values_at(self, factors: Array) -> np.ndarray:
        """Returns the values of factors, float64 of the shape of `factors`: labels as numbers.

        Args:
            factors: as for `image_at`. A factor whose values are words keeps their index.
        """
        factors = self._check_factors(factors)
        columns = [
            values[factors[..., i]] if values.dtype.kind in "iuf" else factors[..., i]
            for i, values in enumerate(self.factor_values.values())
        ]
        return np.stack(columns, axis=-1).astype("float64")

    def _check_factors(self, factors):
        factors = np.asarray(factors)
        if factors.dtype.kind not in "iu":
            raise argument_error("factors", "integers", factors.dtype.name, TypeError)
        k = len(self.factor_sizes)
        if factors.ndim not in (1, 2) or factors.shape[-1] != k:
            raise argument_error("factors", f"of shape [{k}] or [n, {k}]", factors.shape)
        for i, (name, size) in enumerate(zip(self.factor_names, self.factor_sizes)):
            wrong = factors[..., i][(factors[..., i] < 0) | (factors[..., i] >= size)]
            if wrong.size:
                raise argument_error(f"factors, {name},", f"from 0 to {size - 1}", int(wrong[0]))
        return factors

    def __repr__(self):
        factors = dict(zip(self.factor_names, self.factor_sizes))
        return f"FactorImages({self.name!r}, event_shape={self.event_shape}, factors={factors})"
