"""The uniform prior on the sphere."""

from collections.abc import Callable

from keras_infovae.distributions.priors.base import Prior
from keras_infovae.typing import Distribution, Shape
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.checks import check_integer
from keras_infovae.utils.serialization import register


@register
class UniformSphere(Prior):
    """The uniform prior on the unit sphere |z| = 1 in latent_dim >= 2 dimensions:

        p(z) = Gamma(d/2) / (2 pi^(d/2))        with respect to the sphere's surface

    For the posterior "von_mises_fisher", whose KL to it has a closed form. It has no center that
    posteriors are drawn to, and one dimension less than z has numbers.

    Raises:
        ValueError: at build, for a latent_dim of 1.

    Example:

    >>> import keras_infovae as ki
    >>> p = ki.priors.UniformSphere().distribution(3)
    >>> round(float(p.log_prob([0.0, 0.0, 1.0])), 4)  # log of 1 / (4 pi)
    -2.531

    References:
        Davidson et al., Hyperspherical Variational Auto-Encoders, arXiv:1804.00891, section 3.
    """

    support = "sphere"

    def build(self, latent_dim: int, event_shape: Shape | None = None) -> None:
        check_integer("latent_dim", latent_dim, minimum=2)
        self.built = True

    def distribution(self, latent_dim: int, posterior_of: Callable | None = None) -> Distribution:
        check_integer("latent_dim", latent_dim, minimum=2)
        return tfp.distributions.SphericalUniform(latent_dim)
