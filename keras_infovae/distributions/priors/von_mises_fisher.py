"""The von Mises-Fisher prior."""

from collections.abc import Callable

import tensorflow as tf

from keras_infovae.distributions.priors.base import Prior
from keras_infovae.distributions.spherical import von_mises_fisher
from keras_infovae.typing import Distribution, Shape
from keras_infovae.utils.checks import check_integer, check_number
from keras_infovae.utils.serialization import register


@register
class VonMisesFisherPrior(Prior):
    """The von Mises-Fisher prior around the first axis of the unit sphere, latent_dim >= 2:

        p(z) = exp(concentration * z_1) / C(concentration),        |z| = 1

    For the posterior "von_mises_fisher", whose KL to it has a closed form. "uniform_sphere" is its
    limit at concentration 0.

    Args:
        concentration: greater than 0. Default 1.

    Raises:
        ValueError, TypeError: for any other concentration; at build, for a latent_dim of 1.

    Example:

    >>> import keras_infovae as ki
    >>> p = ki.priors.VonMisesFisherPrior(concentration=2.0).distribution(3)
    >>> p.mean().numpy().round(4)  # 1 / tanh(2) - 1 / 2 along the first axis
    array([0.5373, 0.    , 0.    ], dtype=float32)
    """

    support = "sphere"

    def __init__(self, concentration: float = 1.0) -> None:
        super().__init__()
        self.concentration = check_number("concentration", concentration, exclusive_minimum=0)

    def build(self, latent_dim: int, event_shape: Shape | None = None) -> None:
        check_integer("latent_dim", latent_dim, minimum=2)
        self.built = True

    def distribution(self, latent_dim: int, posterior_of: Callable | None = None) -> Distribution:
        check_integer("latent_dim", latent_dim, minimum=2)
        return von_mises_fisher(tf.one_hot(0, latent_dim), self.concentration)
