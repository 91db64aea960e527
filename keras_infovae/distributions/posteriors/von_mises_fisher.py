"""The von Mises-Fisher posterior."""

import math

import tensorflow as tf

from keras_infovae.distributions.base import bounded_log
from keras_infovae.distributions.posteriors.base import Posterior
from keras_infovae.distributions.spherical import von_mises_fisher
from keras_infovae.typing import Distribution, Tensor
from keras_infovae.utils.checks import check_integer, check_number
from keras_infovae.utils.serialization import register


@register
class VonMisesFisher(Posterior):
    """The von Mises-Fisher posterior, the normal of the unit sphere, latent_dim >= 2:

        q(z|x) = exp(concentration * m . z) / C(concentration),        |z| = 1

    The encoder's output is `concat([direction, raw_concentration])`, [n, latent_dim + 1]:
    m = direction / |direction|, and the logarithm of the concentration is a smooth function of
    raw_concentration that stays within the bounds. Samples have gradients with respect to both.
    For the priors "uniform_sphere" and "von_mises_fisher", to which KL has a closed form. The mean
    of q(z|x) lies inside the sphere; its mode is m.

    Args:
        minimum_concentration: greater than 0. Default 0.1, nearly uniform.
        maximum_concentration: greater than that. Default 1e4, within about
            sqrt(latent_dim) / 100 of m.

    Raises:
        ValueError, TypeError: for any other bounds; at build, for a latent_dim of 1.

    Example:

    >>> import keras_infovae as ki
    >>> q = ki.posteriors.VonMisesFisher().distribution([[3.0, 4.0, 0.0]])
    >>> q.mode().numpy().round(4)
    array([[0.6, 0.8]], dtype=float32)

    References:
        Davidson et al., Hyperspherical Variational Auto-Encoders, arXiv:1804.00891, section 3.
    """

    support = "sphere"

    def __init__(
        self, minimum_concentration: float = 0.1, maximum_concentration: float = 1e4
    ) -> None:
        super().__init__()
        self.minimum_concentration = check_number(
            "minimum_concentration", minimum_concentration, exclusive_minimum=0
        )
        self.maximum_concentration = check_number(
            "maximum_concentration",
            maximum_concentration,
            exclusive_minimum=self.minimum_concentration,
        )

    def parameter_size(self, latent_dim: int) -> int:
        return check_integer("latent_dim", latent_dim, minimum=2) + 1

    def distribution(self, parameters: Tensor) -> Distribution:
        parameters = tf.cast(parameters, tf.float32)
        direction, raw = parameters[..., :-1], parameters[..., -1]
        # A direction of length 0 has none; the first axis then.
        direction += 1e-6 * tf.one_hot(0, direction.shape[-1])
        low, high = math.log(self.minimum_concentration), math.log(self.maximum_concentration)
        log_concentration = 0.5 * (low + high) + bounded_log(raw, 0.5 * (high - low))
        direction = tf.math.l2_normalize(direction, axis=-1)
        return von_mises_fisher(direction, tf.exp(log_concentration))
