"""The base of approximate posteriors q(z|x)."""

from keras_infovae.distributions.base import DistributionLayer
from keras_infovae.typing import Distribution, Tensor


class Posterior(DistributionLayer):
    """An approximate posterior q(z|x), given by the numbers that the encoder puts out per example.

    A member defines `parameter_size` and `distribution`. `has_density` says whether q(z|x) has a
    density, without which KL(q(z|x) || p(z)) and the ELBO are not defined. `support` is where z
    lies: "euclidean" for all of space, "sphere" for the unit sphere. `is_diagonal` says whether
    q(z|x) is the product of a density for each dimension.
    """

    has_density = True
    support = "euclidean"
    is_diagonal = False

    def build(self, latent_dim: int) -> None:
        """Makes the weights, if there are any."""
        self.built = True

    def parameter_size(self, latent_dim: int) -> int:
        """Returns how many numbers per example the encoder has to put out, an int."""
        raise NotImplementedError(f"{type(self).__name__} does not define `parameter_size`")

    def distribution(self, parameters: Tensor) -> Distribution:
        """Returns q(z|x), batch shape [n], for `parameters` [n, parameter_size(latent_dim)]."""
        raise NotImplementedError(f"{type(self).__name__} does not define `distribution`")
