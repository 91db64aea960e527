"""The von Mises-Fisher distribution on the unit sphere, with reparameterized samples.

The angle t between z and the mean direction has the density

    f(t) = exp(k (cos t - 1)) sin(t)^(d - 2) / Z(k),        0 <= t <= pi

which is computed on a grid of angles around its mode. The grid gives Z, the moments of cos t, the
inverse of the distribution function, and the derivative of a sample with respect to k. That is
exact to about 1e-6 for every dimension d >= 2 and every k, where the differences of Bessel
functions that these quantities also are lose all digits in float32 at k = 1e4.
"""

import functools
import math

import tensorflow as tf

from keras_infovae.utils import probability as tfp
from keras_infovae.utils import row_random
from keras_infovae.utils.randomness import split_seed

_CELLS = 128  # each with its middle: 257 angles, 0.08 standard deviations apart
_HALF_WIDTH = 10.0  # standard deviations on either side of the mode; beyond is less than 1e-9


def von_mises_fisher(mean_direction, concentration):
    """Returns the von Mises-Fisher distribution, with density exp(k m . z) / C(k) on the sphere.

    It is TFP's distribution with samples that have a gradient in every dimension, and without the
    loss of digits at large concentrations.

    Args:
        mean_direction: m, float32 [..., d] of length 1, d >= 2.
        concentration: k > 0, float32 [...].

    Example:

    >>> from keras_infovae.distributions.spherical import von_mises_fisher
    >>> q = von_mises_fisher([[0.0, 1.0]], [2.0])
    >>> q.mean().numpy().round(4)  # the ratio of Bessel functions I_1(2) / I_0(2)
    array([[0.    , 0.6978]], dtype=float32)

    References:
        Davidson et al., Hyperspherical Variational Auto-Encoders, arXiv:1804.00891.
    """
    mean_direction = tf.cast(mean_direction, tf.float32)
    return _distribution_class()(mean_direction, tf.cast(concentration, tf.float32))


def log_normalizer(concentration, dimension):
    """Returns log of the integral of exp(k (m . z - 1)) over the unit sphere, the shape of k."""
    angles, log_weights = _grid(concentration, dimension)
    log_integral = tf.reduce_logsumexp(
        _log_density(angles, concentration[..., None], dimension) + log_weights, axis=-1
    )
    half = 0.5 * (dimension - 1)  # the circle of all z at one angle: a sphere of one dimension less
    return log_integral + math.log(2.0) + half * math.log(math.pi) - math.lgamma(half)


def cosine_moments(concentration, dimension):
    """Returns E (1 - cos t), Var cos t and E sin(t)^2, each of the shape of the concentration.

    1 - E cos t rather than E cos t, which rounds to 1 where the concentration is large.
    """
    angles, log_weights = _grid(concentration, dimension)
    log_density = _log_density(angles, concentration[..., None], dimension)
    probabilities = tf.nn.softmax(log_density + log_weights, axis=-1)
    drop = _one_minus_cosine(angles)
    mean = tf.reduce_sum(probabilities * drop, axis=-1)
    variance = tf.reduce_sum(probabilities * tf.square(drop - mean[..., None]), axis=-1)
    squared_sine = tf.reduce_sum(probabilities * tf.square(tf.sin(angles)), axis=-1)
    return mean, variance, squared_sine


def sample_angles(uniform, concentration, dimension):
    """Returns the angles t with F(t) = uniform, differentiable with respect to the concentration.

    The derivative is that of the implicit function, dt/dk = -(dF/dk) / f(t), with

        dF/dk (t) = integral of (cos s - E cos) f(s) over s from 0 to t

    Args:
        uniform: [..., n], in [0, 1).
        concentration: [...].
        dimension: d, an int of at least 2.

    Returns:
        float32 [..., n].

    References:
        Figurnov et al., Implicit Reparameterization Gradients, arXiv:1805.08498, section 3.
    """
    # The outermost millionth on either side is where rounding decides.
    uniform = tf.clip_by_value(uniform, 1e-6, 1.0 - 1e-6)
    fixed = tf.stop_gradient(concentration)
    angles, slopes = _invert(uniform, fixed, dimension)
    return angles + slopes * (concentration - fixed)[..., None]


def _invert(uniform, concentration, dimension):
    """Returns the angles t with F(t) = uniform and the derivatives dt/dk, both [..., n]."""
    angles, _ = _grid(concentration, dimension)
    log_density = _log_density(angles, concentration[..., None], dimension)
    peak = tf.reduce_max(log_density, axis=-1, keepdims=True)
    density = tf.exp(log_density - peak)
    total = tf.reduce_sum(_per_cell(density), axis=-1, keepdims=True)
    mass = _per_cell(density) / total
    mean_drop = cosine_moments(concentration, dimension)[0][..., None]
    slope = _per_cell((mean_drop - _one_minus_cosine(angles)) * density) / total

    cumulative = tf.cumsum(mass, axis=-1, exclusive=True)
    cell = tf.searchsorted(cumulative, uniform, side="right") - 1
    cell = tf.clip_by_value(cell, 0, _CELLS - 1)

    def at_cell(values):
        return tf.gather(values, cell, batch_dims=cell.shape.rank - 1)

    tiny = 1e-30
    share = (uniform - at_cell(cumulative)) / tf.maximum(at_cell(mass), tiny)
    share = tf.clip_by_value(share, 0.0, 1.0)
    # Within a cell the density is taken as linear: a quadratic equation for the position.
    left, right = at_cell(density[..., :-1:2]), at_cell(density[..., 2::2])
    root = tf.sqrt(left**2 + share * (right**2 - left**2))
    position = tf.clip_by_value(share * (left + right) / tf.maximum(left + root, tiny), 0.0, 1.0)
    first, width = angles[..., :1], angles[..., 2:3] - angles[..., :1]
    cell_start = first + width * tf.cast(cell, tf.float32)
    angle = cell_start + width * position

    mean_excess = mean_drop - _one_minus_cosine(cell_start + 0.5 * width * position)
    before = at_cell(tf.cumsum(slope, axis=-1, exclusive=True))
    cdf_slope = before + share * at_cell(mass) * mean_excess
    density_at_angle = tf.exp(_log_density(angle, concentration[..., None], dimension) - peak)
    density_at_angle *= 6.0 / (width * total)
    return angle, -cdf_slope / tf.maximum(density_at_angle, tiny)


def _per_cell(values):
    """Returns the integral over each cell by Simpson's rule, in units of a sixth of its width."""
    return values[..., :-1:2] + 4.0 * values[..., 1::2] + values[..., 2::2]


def _grid(concentration, dimension):
    """Returns angles [..., 257] over all of the density, and the logs of Simpson's weights."""
    concentration = tf.stop_gradient(concentration)
    excess = dimension - 2.0
    cosine = 2.0 * concentration / (excess + tf.sqrt(excess**2 + 4.0 * concentration**2))
    mode = tf.atan2(tf.sqrt(excess * cosine / concentration), cosine)
    curvature = concentration * (cosine + (1.0 / cosine if dimension > 2 else 0.0))
    half_width = _HALF_WIDTH * tf.math.rsqrt(curvature)
    low = tf.maximum(mode - half_width, 0.0)[..., None]
    high = tf.minimum(mode + half_width, math.pi)[..., None]
    fractions = tf.linspace(0.0, 1.0, 2 * _CELLS + 1)
    inner = tf.tile([4.0, 2.0], [_CELLS])[:-1]
    weights = tf.concat([[1.0], inner, [1.0]], axis=0) * (high - low) / (6.0 * _CELLS)
    return low + (high - low) * fractions, tf.math.log(weights)


def _log_density(angle, concentration, dimension):
    """Returns log of exp(k (cos t - 1)) sin(t)^(d - 2)."""
    value = -concentration * _one_minus_cosine(angle)
    if dimension == 2:
        return value
    return value + (dimension - 2.0) * tf.math.log(tf.maximum(tf.sin(angle), 1e-30))


def _one_minus_cosine(angle):
    return 2.0 * tf.square(tf.sin(0.5 * angle))


def _uniform_tangents(mean_direction, normal):
    """Returns unit vectors, uniform among those orthogonal to `mean_direction`, of normal noise."""
    tangents = normal
    for _ in range(2):  # the second time removes what rounding left of the mean direction
        along = tf.reduce_sum(tangents * mean_direction, axis=-1, keepdims=True)
        tangents = tf.math.l2_normalize(tangents - along * mean_direction, axis=-1)
    return tangents


@functools.cache
def _distribution_class():
    tfd = tfp.distributions

    class VonMisesFisher(tfd.VonMisesFisher):
        """TFP's distribution with the sampler, the density and the moments of this module."""

        @property
        def reparameterization_type(self):
            return tfd.FULLY_REPARAMETERIZED

        def _sample_n(self, n, seed=None):
            angle_seed, tangent_seed = split_seed(tfp.random.sanitize_seed(seed))
            shape = tf.concat([[n], tf.shape(self._broadcast_concentration())], 0)
            uniform = tf.random.stateless_uniform(shape, seed=angle_seed)
            shape = tf.concat([shape, [self._dimension()]], 0)
            return self._transform(uniform, tf.random.stateless_normal(shape, seed=tangent_seed))

        def sample_rows(self, seeds, num_samples=None):
            """Returns draws with a seed per row; `distributions.row_draws` documents them."""
            dimension, samples = self._dimension(), 1 if num_samples is None else num_samples
            uniform = row_random.uniform(seeds, [], samples)
            normal = row_random.normal(row_random.fold_in(seeds, 0), [dimension], samples)
            if self.batch_shape.rank == 0:
                uniform, normal = tf.reshape(uniform, [-1]), tf.reshape(normal, [-1, dimension])
            shape = row_random.full_shape(seeds, [dimension], num_samples)
            return tf.reshape(self._transform(uniform, normal), shape)

        def _transform(self, uniform, normal):
            """Returns samples of uniform noise [n, *batch] and normal noise [n, *batch, d]."""
            rank = uniform.shape.rank
            angle = sample_angles(
                tf.transpose(uniform, [*range(1, rank), 0]),
                self._broadcast_concentration(),
                self._dimension(),
            )
            angle = tf.transpose(angle, [rank - 1, *range(rank - 1)])[..., None]
            direction = tf.stop_gradient(self.mean_direction)
            tangent = _uniform_tangents(direction, normal)
            # The value of the last term is 0. Its gradient turns the tangent along with the mean
            # direction, in the plane of the two and in no other.
            along = tf.reduce_sum(self.mean_direction * tangent, axis=-1, keepdims=True)
            tangent -= direction * along
            return tf.cos(angle) * self.mean_direction + tf.sin(angle) * tangent

        def _log_prob(self, x):
            # k (m . x - 1) without the loss of digits near the mean direction.
            squared = tf.reduce_sum(tf.math.squared_difference(x, self.mean_direction), axis=-1)
            return -0.5 * self.concentration * squared - self._log_normalizer()

        def _entropy(self):
            concentration = self._broadcast_concentration()
            drop, _, _ = cosine_moments(concentration, self._dimension())
            return concentration * drop + log_normalizer(concentration, self._dimension())

        def _mean(self):
            drop, _, _ = cosine_moments(self.concentration, self._dimension())
            return (1.0 - drop)[..., None] * self.mean_direction

        def _variance(self):
            along, across = self._variances()
            squared = tf.square(self.mean_direction)
            return along * squared + across * (1.0 - squared)

        def _covariance(self):
            along, across = (value[..., None] for value in self._variances())
            m = self.mean_direction
            outer = m[..., :, None] * m[..., None, :]
            return along * outer + across * (tf.eye(self._dimension()) - outer)

        def _variances(self):
            """Returns the variances along the mean direction and in each one across, [..., 1]."""
            dimension = self._dimension()
            _, variance, squared_sine = cosine_moments(self.concentration, dimension)
            return variance[..., None], squared_sine[..., None] / (dimension - 1.0)

        def _broadcast_concentration(self):
            # An addition rather than `broadcast_to`, whose gradient XLA cannot compile where the
            # size of the batch is unknown.
            return self.concentration + tf.zeros_like(self.mean_direction[..., 0])

        def _log_normalizer(self):
            return log_normalizer(self.concentration, self._dimension())

        def _dimension(self):
            return int(self.event_shape[0])

    @tfd.RegisterKL(VonMisesFisher, VonMisesFisher)
    def _kl_divergence(q, p, name=None):
        """Returns KL(q || p) = E_q log q - E_q log p, in closed form."""
        drop, _, _ = cosine_moments(q.concentration, q._dimension())
        apart = tf.math.squared_difference(q.mean_direction, p.mean_direction)
        # E_q (1 - m_p . z)
        p_drop = drop + 0.5 * (1.0 - drop) * tf.reduce_sum(apart, axis=-1)
        return p.concentration * p_drop + p._log_normalizer() - q.entropy()

    return VonMisesFisher
