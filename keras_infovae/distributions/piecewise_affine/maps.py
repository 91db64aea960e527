"""The affine maps that layers are, on each of several regions of z."""

from typing import NamedTuple

import numpy as np


class Maps(NamedTuple):
    """An affine map z -> z matrices + offsets for each of R regions, NumPy float64.

    Args:
        matrices: [R, S, units].
        offsets: [R, units].
    """

    matrices: np.ndarray
    offsets: np.ndarray

    def take(self, regions):
        """Returns the maps of some regions, by their numbers."""
        return Maps(self.matrices[regions], self.offsets[regions])

    def at(self, z):
        """Returns the values at one z of each region, [R, units], for z [R, S]."""
        return np.einsum("rs,rsu->ru", z, self.matrices) + self.offsets

    def then(self, layer):
        """Returns the maps to what a layer takes the rectifier of, for maps to its inputs."""
        return Maps(self.matrices @ layer.kernel, self.offsets @ layer.kernel + layer.bias)

    def rectified(self, positive, slope):
        """Returns the maps behind a rectifier whose units are `positive`, bool [R, units]."""
        factor = np.where(positive, 1.0, slope)
        return Maps(self.matrices * factor[:, None, :], self.offsets * factor)


def identity(regions, latent_dim):
    """Returns the maps z -> z on R regions."""
    matrices = np.broadcast_to(np.eye(latent_dim), (regions, latent_dim, latent_dim))
    return Maps(matrices, np.zeros((regions, latent_dim)))
