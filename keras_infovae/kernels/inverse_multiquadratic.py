"""The inverse multiquadratic kernel."""

from typing import Any

import tensorflow as tf

from keras_infovae.kernels.base import Kernel
from keras_infovae.kernels.rational_quadratic import (
    gamma_precisions,
    rational_quadratic_derivatives,
)
from keras_infovae.typing import Tensor
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.serialization import register


@register
class InverseMultiquadratic(Kernel):
    """The inverse multiquadratic kernel of the Wasserstein autoencoder:

        k(z, z') = mean_s C / (C + ||z - z'||^2),        C = 2 s h

    Its tails fall polynomially, so that it sees samples far away; it is the rational quadratic
    kernel of rate 1. With the rule `"dimension"`, C = 2 * latent_dim * s, as in the reference.

    Args:
        bandwidth: `"dimension"` (default; h = latent_dim), `"median"`, or the length scale
            sqrt(h) as a positive number. See `Kernel`.
        scales: multipliers s of h. Default: seven from 0.1 to 10.

    Example:

    >>> import keras_infovae as ki
    >>> kernel = ki.kernels.InverseMultiquadratic(bandwidth=1.0, scales=(1.0,))
    >>> kernel.matrix([[0.0]], [[2.0]], kernel.squared_bandwidths(1)).numpy().round(4)
    array([[0.3333]], dtype=float32)

    References:
        Tolstikhin et al., Wasserstein Auto-Encoders, arXiv:1711.01558, section 4.
    """

    def kernels_of_width(self, squared_bandwidths: Tensor) -> Any:
        return tfp.math.psd_kernels.RationalQuadratic(
            length_scale=tf.sqrt(squared_bandwidths), scale_mixture_rate=1.0
        )

    def radial_derivatives(
        self, squared_distances: Tensor, squared_bandwidths: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        return rational_quadratic_derivatives(squared_distances, squared_bandwidths, 1.0)

    def precisions(self, count: int, seed: Tensor) -> Tensor:
        return gamma_precisions(count, seed, 1.0)
