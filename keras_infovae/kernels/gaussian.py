"""The Gaussian kernel."""

from typing import Any

import tensorflow as tf

from keras_infovae.kernels.base import Kernel
from keras_infovae.typing import Tensor
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.serialization import register


@register
class Gaussian(Kernel):
    """The Gaussian kernel, also known as RBF or exponentiated quadratic (the default):

        k(z, z') = mean_s exp(-||z - z'||^2 / (2 s h))

    It is the kernel whose expectation over normal z is known in closed form, which is what keeps a
    strong divergence from collapsing the latents (see `MaximumMeanDiscrepancy`).

    Args:
        bandwidth: `"dimension"` (default; h = latent_dim), `"median"`, or the length scale
            sqrt(h) as a positive number. See `Kernel`.
        scales: multipliers s of h. Default: seven from 0.1 to 10.

    Example:

    >>> import keras_infovae as ki
    >>> kernel = ki.kernels.Gaussian(bandwidth=1.0, scales=(1.0,))
    >>> kernel.matrix([[0.0]], [[2.0]], kernel.squared_bandwidths(1)).numpy().round(4)
    array([[0.1353]], dtype=float32)
    """

    def kernels_of_width(self, squared_bandwidths: Tensor) -> Any:
        return tfp.math.psd_kernels.ExponentiatedQuadratic(length_scale=tf.sqrt(squared_bandwidths))

    def radial_derivatives(
        self, squared_distances: Tensor, squared_bandwidths: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        t = tf.cast(squared_distances, tf.float32)[..., None]
        h = tf.cast(squared_bandwidths, tf.float32)
        k = tf.exp(-t / (2.0 * h))
        first = -k / (2.0 * h)
        second = k / (4.0 * h**2)
        return tuple(tf.reduce_mean(value, axis=-1) for value in (k, first, second))

    def precisions(self, count: int, seed: Tensor) -> Tensor:
        return tf.ones([count])

    @property
    def has_normal_expectation(self) -> bool:
        return True

    def normal_expectation(
        self,
        x_mean: Tensor,
        x_variance: Tensor,
        y_mean: Tensor,
        y_variance: Tensor,
        squared_bandwidths: Tensor,
    ) -> Tensor:
        """Returns E k(z_i, z'_j), the kernel with both arguments integrated out.

        For independent z ~ N(m, diag v) and z' ~ N(m', diag v'), z - z' ~ N(m - m', diag s) with
        s = v + v'. Per dimension, completing the square in the Gaussian integral,

            int exp(-d^2 / 2h) N(d; m - m', s) dd = sqrt(h / (h + s)) exp(-(m - m')^2 / 2(h + s))

        (the convolution of N(0, h) and N(m - m', s) is normal with variance h + s; the factor
        sqrt(h) undoes the normalizer of the first), and dimensions multiply:

            E k = prod_d (1 + s_d / h)^(-1/2) exp(-(m_d - m'_d)^2 / (2 (h + s_d)))

        Args:
            x_mean, x_variance: [n, latent_dim], means and variances of z.
            y_mean, y_variance: [m, latent_dim], means and variances of z'.
            squared_bandwidths: from `squared_bandwidths`; the mean over them is taken.

        Returns:
            float32 [n, m], values in [0, 1].
        """
        h = tf.reshape(tf.cast(squared_bandwidths, tf.float32), [-1, 1, 1, 1])
        squared_difference = tf.square(x_mean[:, None] - y_mean[None])
        variance = x_variance[:, None] + y_variance[None]
        exponent = tf.math.log1p(variance / h) + squared_difference / (h + variance)
        return tf.reduce_mean(tf.exp(-0.5 * tf.reduce_sum(exponent, axis=-1)), axis=0)
