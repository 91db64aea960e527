"""The prior of a multi-layer generator."""

import functools
import itertools
import math
from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from keras_infovae.distributions.base import bounded_log
from keras_infovae.distributions.moments import diagonal_normal_moments
from keras_infovae.distributions.priors.base import Prior
from keras_infovae.typing import Distribution, Shape, Tensor
from keras_infovae.utils import probability as tfp
from keras_infovae.utils import row_random
from keras_infovae.utils.checks import (
    argument_error,
    check_activation,
    check_integer,
    check_integers,
)
from keras_infovae.utils.serialization import register

_LOG_SCALE_LIMIT = 3.0  # standard deviations lie between 0.05 and 20


@register
class Hierarchical(Prior):
    """The prior of a generator of several layers, as one distribution over the joined z:

        p(z) = p(z_L) prod_l p(z_l | z_(l+1)),        z = [z_1, ..., z_L]
        z_L ~ N(0, I),    z_l | z_(l+1) ~ N(m_l(z_(l+1)), diag(s_l(z_(l+1))^2))

    with a small network for m_l and log s_l of each layer below the top. The decoder sees all of z;
    a diagonal posterior factorizes over the layers. It starts as N(0, I). As a function of noise u,
    z_L = u_L and z_l = m_l(z_(l+1)) + s_l(z_(l+1)) u_l, which is how it is drawn, and how chains of
    an `EnergyBased` prior on it run.

    KL(q(z|x) || p(z)) for a diagonal normal q is exact but for the draw of what the layers below
    are given.

    Args:
        sizes: how many dimensions z_1, z_2, ..., z_L have, at least two numbers that add up to
            latent_dim. Default None: two layers, with a third of the dimensions at the top.
        hidden_units: sizes of the hidden layers of each network. Default (64,).
        activation: name of a Keras activation of them. Default "tanh".

    Raises:
        ValueError, TypeError: naming the argument; at build, for a latent_dim below 2 and for sizes
            that do not add up to it.

    Example:

    >>> import keras_infovae as ki
    >>> prior = ki.priors.Hierarchical(sizes=[3, 1])
    >>> prior.build(latent_dim=4)
    >>> p = prior.distribution(4)
    >>> p.sample(5, seed=[0, 0]).shape, round(float(p.log_prob([0.0] * 4)), 4)  # that of N(0, I)
    (TensorShape([5, 4]), -3.6758)

    References:
        Cui, Wu, Han, Learning Joint Latent Space EBM Prior Model for Multi-layer Generator,
        arXiv:2306.06323, equation 1.
        Sonderby et al., Ladder Variational Autoencoders, arXiv:1602.02282, equations 1 to 3.
    """

    has_noise_form = True

    def __init__(
        self,
        sizes: Sequence[int] | None = None,
        hidden_units: Sequence[int] = (64,),
        activation: str = "tanh",
    ) -> None:
        super().__init__()
        self.sizes = None if sizes is None else check_integers("sizes", sizes)
        if self.sizes is not None and len(self.sizes) < 2:
            raise argument_error("sizes", "those of at least two layers", sizes)
        self.hidden_units = check_integers("hidden_units", hidden_units)
        self.activation = check_activation("activation", activation)
        self.networks = []

    def layer_sizes(self, latent_dim: int) -> list[int]:
        check_integer("latent_dim", latent_dim, minimum=2)
        sizes = self.sizes
        if sizes is None:
            top = max(latent_dim // 3, 1)
            sizes = [latent_dim - top, top]
        if sum(sizes) != latent_dim or min(sizes) < 1:
            expected = f"sizes that add up to latent_dim, {latent_dim}"
            raise argument_error("sizes", expected, self.sizes)
        return sizes

    def build(self, latent_dim: int, event_shape: Shape | None = None) -> None:
        sizes = self.layer_sizes(latent_dim)
        for i, (size, above) in enumerate(itertools.pairwise(sizes)):
            hidden = [
                keras.layers.Dense(units, self.activation, dtype="float32")
                for units in self.hidden_units
            ]
            last = keras.layers.Dense(2 * size, kernel_initializer="zeros", dtype="float32")
            layers = [keras.Input((above,)), *hidden, last]
            self.networks.append(keras.Sequential(layers, name=f"layer_{i}"))
        self.built = True

    def conditional(self, layer: int, above: Tensor) -> tuple[Tensor, Tensor]:
        """Returns (mean, log standard deviation) of z_l given z_(l+1) [..., size of l + 1]."""
        rows = self.networks[layer](tf.reshape(above, [-1, above.shape[-1]]))
        shape = tf.concat([tf.shape(above)[:-1], [rows.shape[-1]]], axis=0)
        mean, log_scale = tf.split(tf.reshape(rows, shape), 2, axis=-1)
        return mean, bounded_log(log_scale, _LOG_SCALE_LIMIT)

    def of_noise(self, u: Tensor) -> Tensor:
        sizes = self.layer_sizes(u.shape[-1])
        parts = tf.split(tf.cast(u, tf.float32), sizes, axis=-1)
        z = [parts[-1]]
        for layer in reversed(range(len(sizes) - 1)):
            mean, log_scale = self.conditional(layer, z[0])
            z.insert(0, mean + tf.exp(log_scale) * parts[layer])
        return tf.concat(z, axis=-1)

    def distribution(self, latent_dim: int, posterior_of: Callable | None = None) -> Distribution:
        return _distribution_class()(self, latent_dim)


def _log_normal(offset, log_scale):
    """Returns log N(offset; 0, exp(log_scale)^2), summed over the last axis."""
    terms = tf.square(offset * tf.exp(-log_scale)) + 2.0 * log_scale + math.log(2.0 * math.pi)
    return -0.5 * tf.reduce_sum(terms, axis=-1)


@functools.cache
def _distribution_class():
    """Returns the class, made at first use: its base comes from TensorFlow Probability."""

    class HierarchicalDistribution(tfp.distributions.Distribution):
        """p(z) of a `Hierarchical` prior: no batch shape, event shape [latent_dim]."""

        def __init__(self, prior, latent_dim):
            self._prior = prior
            self._sizes = prior.layer_sizes(latent_dim)
            super().__init__(
                dtype=tf.float32,
                reparameterization_type=tfp.distributions.FULLY_REPARAMETERIZED,
                validate_args=False,
                allow_nan_stats=True,
                name="HierarchicalDistribution",
            )

        def _log_prob(self, z):
            parts = tf.split(tf.cast(z, tf.float32), self._sizes, axis=-1)
            total = _log_normal(parts[-1], tf.zeros_like(parts[-1]))
            for layer, (part, above) in enumerate(itertools.pairwise(parts)):
                mean, log_scale = self._prior.conditional(layer, above)
                total += _log_normal(part - mean, log_scale)
            return total

        def kl_rows(self, posterior, z):
            """Returns KL(q || p), [n]: of each layer exact, given the draws z of the one above."""
            moments = diagonal_normal_moments(posterior)
            if moments is None:
                return tf.reduce_mean(posterior.log_prob(z) - self.log_prob(z), axis=0)
            means, variances = (tf.split(m, self._sizes, axis=-1) for m in moments)
            parts = tf.split(z, self._sizes, axis=-1)
            total = _normal_kl(means[-1], variances[-1], 0.0, tf.zeros_like(means[-1]))
            for layer, above in enumerate(parts[1:]):
                mean, log_scale = self._prior.conditional(layer, above)
                of_layer = _normal_kl(means[layer], variances[layer], mean, log_scale)
                total += tf.reduce_mean(of_layer, axis=0)
            return total

        def _sample_n(self, n, seed=None):
            seed = tfp.random.sanitize_seed(seed)
            return self._prior.of_noise(tf.random.stateless_normal([n, sum(self._sizes)], seed))

        def sample_rows(self, seeds, num_samples=None):
            """Returns draws with a seed per row; `distributions.row_draws` documents them."""
            u = row_random.normal(seeds, [sum(self._sizes)], num_samples)
            return self._prior.of_noise(u)

        def _batch_shape(self):
            return tf.TensorShape([])

        def _batch_shape_tensor(self):
            return tf.constant([], tf.int32)

        def _event_shape(self):
            return tf.TensorShape([sum(self._sizes)])

        def _event_shape_tensor(self):
            return tf.constant([sum(self._sizes)], tf.int32)

    return HierarchicalDistribution


def _normal_kl(mean, variance, prior_mean, prior_log_scale):
    """Returns KL(N(mean, variance) || N(prior_mean, prior_scale^2)), summed over the last axis."""
    ratio = variance * tf.exp(-2.0 * prior_log_scale)
    offset = tf.square((mean - prior_mean) * tf.exp(-prior_log_scale))
    return 0.5 * tf.reduce_sum(ratio + offset - 1.0 - tf.math.log(ratio), axis=-1)
