"""The rational quadratic kernel."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from keras_infovae.kernels.base import DEFAULT_SCALES, Kernel
from keras_infovae.typing import Tensor
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.checks import check_number
from keras_infovae.utils.serialization import register


@register
class RationalQuadratic(Kernel):
    """The rational quadratic kernel, a mixture of Gaussian kernels with heavy tails:

        k(z, z') = mean_s (1 + ||z - z'||^2 / (2 a s h))^(-a)

    a -> infinity gives the Gaussian kernel, a = 1 the inverse multiquadratic.

    Args:
        bandwidth: `"dimension"` (default; h = latent_dim), `"median"`, or the length scale
            sqrt(h) as a positive number. See `Kernel`.
        scales: multipliers s of h. Default: seven from 0.1 to 10.
        scale_mixture_rate: a > 0. Default 0.5.

    Example:

    >>> import keras_infovae as ki
    >>> kernel = ki.kernels.RationalQuadratic(bandwidth=1.0, scales=(1.0,), scale_mixture_rate=2.0)
    >>> kernel.matrix([[0.0]], [[2.0]], kernel.squared_bandwidths(1)).numpy()
    array([[0.25]], dtype=float32)

    References:
        Binkowski et al., Demystifying MMD GANs, arXiv:1801.01401, section 2.
    """

    def __init__(
        self,
        bandwidth: str | float = "dimension",
        scales: Sequence[float] = DEFAULT_SCALES,
        scale_mixture_rate: float = 0.5,
    ) -> None:
        super().__init__(bandwidth, scales)
        self.scale_mixture_rate = check_number(
            "scale_mixture_rate", scale_mixture_rate, exclusive_minimum=0
        )

    def kernels_of_width(self, squared_bandwidths: Tensor) -> Any:
        return tfp.math.psd_kernels.RationalQuadratic(
            length_scale=tf.sqrt(squared_bandwidths),
            scale_mixture_rate=self.scale_mixture_rate,
        )

    def radial_derivatives(
        self, squared_distances: Tensor, squared_bandwidths: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        return rational_quadratic_derivatives(
            squared_distances, squared_bandwidths, self.scale_mixture_rate
        )

    def precisions(self, count: int, seed: Tensor) -> Tensor:
        return gamma_precisions(count, seed, self.scale_mixture_rate)


def rational_quadratic_derivatives(squared_distances, squared_bandwidths, rate):
    """Returns the mean over h of (1 + t / (2 a h))^(-a) and of its first two derivatives in t:

    -1 / (2 h) (1 + t / (2 a h))^(-a - 1),    (a + 1) / (4 a h^2) (1 + t / (2 a h))^(-a - 2)
    """
    t = tf.cast(squared_distances, tf.float32)[..., None]
    h = tf.cast(squared_bandwidths, tf.float32)
    base = 1.0 + t / (2.0 * rate * h)
    k = base**-rate
    first = -k / (2.0 * h * base)
    second = (rate + 1.0) / (4.0 * rate * h**2) * k / base**2
    return tuple(tf.reduce_mean(value, axis=-1) for value in (k, first, second))


def gamma_precisions(count, seed, rate):
    """Draws tau [count] ~ Gamma(a, rate a): E exp(-tau t / 2h) = (1 + t / (2 a h))^(-a)."""
    return tfp.distributions.Gamma(rate, rate).sample(count, seed=seed)
