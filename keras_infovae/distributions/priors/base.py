"""The base of priors p(z)."""

from keras_infovae.distributions.base import DistributionLayer


class Prior(DistributionLayer):
    """A prior p(z) on the latent space.

    A member defines `distribution(latent_dim)`; one with weights makes them in
    `build(latent_dim)`, which the model calls once.
    """

    def build(self, latent_dim):
        """Makes the weights, if there are any."""
        self.built = True

    def distribution(self, latent_dim):
        """Returns p(z) as a TFP distribution with batch shape [] and event shape [latent_dim]."""
        raise NotImplementedError(f"{type(self).__name__} does not define `distribution`")
