"""The base of positive-definite kernels on the latent space."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from keras_infovae.typing import Tensor
from keras_infovae.utils.checks import argument_error, check_choice, check_number, check_numbers
from keras_infovae.utils.randomness import split_seed
from keras_infovae.utils.serialization import Setting

DEFAULT_SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
BANDWIDTH_RULES = ("dimension", "median")
_MEDIAN_ROWS = 512  # rows of each sample that the median heuristic looks at: O(rows^2) distances
_SMALLEST_MEDIAN = 1e-12


class Kernel(Setting):
    """A radial kernel, the mean over scales s of one shape with squared bandwidth s * h:

        k(z, z') = mean_s  shape(||z - z'||^2; s * h),        k(z, z) = 1

    Several scales see differences of several sizes at once; one scale that is wrong sees none.

    Args:
        bandwidth: how h, the square of the length scale, is chosen.
            `"dimension"` (default): h = latent_dim. Two draws of a standard normal prior are
            sqrt(2 * latent_dim) apart, so that a Gaussian kernel of that h gives exp(-1) at
            the typical distance in any dimension.
            `"median"`: h = median(||z - z'||^2) / 2 over pairs of the samples at hand (both
            distributions pooled; Gretton et al. 2012); no gradient flows through it.
            A positive number: the length scale itself, h = bandwidth^2, in the unit of z.
        scales: positive multipliers of h; `(1.0,)` gives the single kernel. Default: seven
            scales from 0.1 to 10.

    Raises:
        ValueError, TypeError: for a bandwidth or scale that is not positive, or an unknown rule.

    References:
        Gretton et al., A Kernel Two-Sample Test, JMLR 2012.
    """

    def __init__(
        self, bandwidth: str | float = "dimension", scales: Sequence[float] = DEFAULT_SCALES
    ) -> None:
        if isinstance(bandwidth, str):
            check_choice("bandwidth", bandwidth, BANDWIDTH_RULES)
        else:
            bandwidth = check_number("bandwidth", bandwidth, exclusive_minimum=0)
        self.bandwidth = bandwidth
        self.scales = check_numbers("scales", scales, exclusive_minimum=0)

    def kernels_of_width(self, squared_bandwidths: Tensor) -> Any:
        """Returns the batch of `tfp.math.psd_kernels` kernels of a tensor of squared bandwidths."""
        raise NotImplementedError(f"{type(self).__name__} does not define `kernels_of_width`")

    @property
    def needs_samples(self) -> bool:
        """Whether `squared_bandwidths` needs samples."""
        return self.bandwidth == "median"

    def squared_bandwidths(self, latent_dim: int, samples: Tensor | None = None) -> Tensor:
        """Returns s * h for each scale s.

        Args:
            latent_dim: the number of dimensions of z.
            samples: tensor [n, latent_dim]; needed by the rule `"median"` only.

        Returns:
            float32 [num_scales], in the squared unit of z.
        """
        if self.bandwidth == "dimension":
            h = float(latent_dim)
        elif self.bandwidth == "median":
            if samples is None:
                raise argument_error("samples", "given for the bandwidth rule 'median'", samples)
            h = median_squared_distance(samples) / 2.0
        else:
            h = self.bandwidth**2
        return tf.constant(self.scales) * h

    def matrix(self, x: Tensor, y: Tensor, squared_bandwidths: Tensor) -> Tensor:
        """Returns k(x_i, y_j), float32 [..., n, m], for x [..., n, latent_dim] and y alike."""
        x, y = tf.cast(x, tf.float32), tf.cast(y, tf.float32)
        shape = [-1] + [1] * (x.shape.rank - 2)
        batch = self.kernels_of_width(tf.reshape(tf.cast(squared_bandwidths, tf.float32), shape))
        return tf.reduce_mean(batch.matrix(x, y), axis=0)

    def radial_derivatives(
        self, squared_distances: Tensor, squared_bandwidths: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Returns k and its first two derivatives with respect to t = ||z - z'||^2.

        Args:
            squared_distances: t, a tensor of any shape.
            squared_bandwidths: from `squared_bandwidths`; the mean over them is taken.

        Returns:
            (k, dk/dt, d^2k/dt^2), float32 tensors of the shape of t.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `radial_derivatives`")

    def precisions(self, count: int, seed: Tensor) -> Tensor:
        """Draws tau [count], which write the kernel as a mixture of Gaussian kernels:

        shape(t; h) = E exp(-tau t / (2 h))
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `precisions`")

    def frequencies(
        self, num_features: int, latent_dim: int, squared_bandwidths: Tensor, seed: Tensor
    ) -> Tensor:
        """Draws random Fourier frequencies w, for which k(z, z') = E cos(w . (z - z')).

        By Bochner's theorem a radial kernel has a distribution of w; that of a Gaussian kernel is
        N(0, I / h), so that here w ~ N(0, (tau / h) I) given tau. Every scale gets the same number
        of w, which leaves less to chance than drawing the scale, too.

        Args:
            num_features: how many, rounded up to a multiple of the number of scales.
            latent_dim: the number of dimensions of z.
            squared_bandwidths: from `squared_bandwidths`.
            seed: int32 tensor [2].

        Returns:
            float32 [F, latent_dim].

        References:
            Rahimi and Recht, Random Features for Large-Scale Kernel Machines, NIPS 2007, section 3.
        """
        squared_bandwidths = tf.cast(squared_bandwidths, tf.float32)
        repeats = -(-num_features // len(self.scales))
        seeds = split_seed(seed)
        # By Philox: what XLA chooses of itself takes a CPU five to thirty times as long.
        directions = tf.random.stateless_normal(
            [len(self.scales) * repeats, latent_dim], seed=seeds[0], alg="philox"
        )
        precisions = self.precisions(len(self.scales) * repeats, seeds[1])
        scaled = precisions / tf.repeat(squared_bandwidths, repeats)
        return directions * tf.sqrt(scaled)[:, None]

    @property
    def has_normal_expectation(self) -> bool:
        """Whether E k(z, z') has a closed form for normal z and z' (`normal_expectation`)."""
        return False

    def normal_expectation(
        self,
        x_mean: Tensor,
        x_variance: Tensor,
        y_mean: Tensor,
        y_variance: Tensor,
        squared_bandwidths: Tensor,
    ) -> Tensor:
        """Returns E k(z, z') for normal z and z'; see `Gaussian.normal_expectation`."""
        raise argument_error("kernel", "one with a closed form for normal z: 'gaussian'", self)


def median_squared_distance(samples):
    """Returns the median of ||z_i - z_j||^2 over pairs i < j of `samples` [n, d]: a scalar.

    At most 512 rows, evenly spread, are used. Gradients are stopped, and the result is bounded
    away from zero so that identical samples do not make a kernel of zero width.
    """
    samples = tf.stop_gradient(tf.cast(samples, tf.float32))
    samples = samples[:: -(-tf.shape(samples)[0] // _MEDIAN_ROWS)]
    norms = tf.reduce_sum(samples**2, axis=1)
    distances = norms[:, None] + norms[None] - 2.0 * tf.matmul(samples, samples, transpose_b=True)
    # Off the diagonal every pair stands twice. With the n entries of the diagonal moved to the
    # front of the order, the median of the n(n-1) others is at n + (n(n-1) - 1) // 2.
    ordered = tf.sort(tf.reshape(tf.linalg.set_diag(distances, -tf.ones_like(norms)), [-1]))
    count = tf.shape(samples)[0]
    return tf.maximum(ordered[count + (count * (count - 1) - 1) // 2], _SMALLEST_MEDIAN)
