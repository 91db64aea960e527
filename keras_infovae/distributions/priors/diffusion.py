"""The diffusion prior, learned on codes."""

import functools
from collections.abc import Callable

import keras
import tensorflow as tf

from keras_infovae.distributions import denoisers
from keras_infovae.distributions.denoisers.base import Denoiser
from keras_infovae.distributions.diffusion import FIRST_TIME, coefficients, denoised, draw, noised
from keras_infovae.distributions.priors.base import Prior
from keras_infovae.typing import Distribution, Optimizer, Shape, Tensor
from keras_infovae.utils import probability as tfp
from keras_infovae.utils import row_random
from keras_infovae.utils.checks import check_integer, check_number
from keras_infovae.utils.randomness import stateless_seed
from keras_infovae.utils.serialization import register

_CONSTANT = 1e-6  # of the mean: what float32 makes of a deviation of 0
_FIXED = {"trainable": False, "aggregation": "only_first_replica"}
# What may change after a training, and how it is checked.
_SETTINGS = {
    "steps": functools.partial(check_integer, minimum=2),
    "noise_share": functools.partial(check_number, minimum=0, maximum=1),
}


@register
class Diffusion(Prior):
    """A denoising diffusion on the codes of a trained model: latent diffusion.

        loss = E |noise - denoiser(sqrt(a) z + sqrt(1 - a) noise, u)|^2

    over codes, normal noise and times u, as in `DenoisingDiffusion`; each dimension of z is
    standardized by the mean and the standard deviation of all codes that it has learned from (by 1
    where these are all the same). It draws codes of any shape, with holes too, and knows no
    density. It cannot be trained together with a model: `model.fit_prior(x, ki.priors.Diffusion())`
    learns it on the codes after `fit`. Samples are no better than the decoder: look at the
    reconstructions first.

    Args:
        denoiser: a `denoisers` setting or its name. Default None: `ResidualMLP(96, 2)`.
        steps: calls of the network in a draw, at least 2. Default 200.
        noise_share: 1 (default) for ancestral sampling, 0 for DDIM, which takes 20 to 50 steps.

    `steps` and `noise_share` may be set after a training: `model.learned_prior.steps = 50`.

    Raises:
        ValueError, TypeError: naming the argument, what is allowed and what was received.

    Example:

    >>> import keras_infovae as ki
    >>> data = ki.datasets.load("circle", limit=100)
    >>> model = ki.InfoVAE(3, likelihood="normal", seed=0)
    >>> history = model.fit(data.train, epochs=1, verbose=0)
    >>> prior = ki.priors.Diffusion(ki.denoisers.ResidualMLP(8, 1), steps=5)
    >>> history = model.fit_prior(data.train, prior, epochs=1, verbose=0)
    >>> model.generate(4, seed=0).shape, "elbo" in model.capabilities
    ((4, 3), False)

    References:
        Rombach et al., High-Resolution Image Synthesis with Latent Diffusion Models,
        arXiv:2112.10752, section 3.
    """

    has_density = False
    learned_on_codes_alone = True
    code_loss_text = "E |noise - denoiser|^2"

    def __init__(
        self, denoiser: str | Denoiser | None = None, steps: int = 200, noise_share: float = 1.0
    ) -> None:
        super().__init__()
        self.denoiser = None if denoiser is None else denoisers.get(denoiser)
        self.steps = steps
        self.noise_share = noise_share
        self.network = None  # a Keras model once it is built

    def __setattr__(self, name, value):
        value = _SETTINGS[name](name, value) if name in _SETTINGS else value
        super().__setattr__(name, value)
        if name in _SETTINGS and self.built:
            self._table.assign(coefficients(self.steps, self.noise_share))

    def build(self, latent_dim: int, event_shape: Shape | None = None) -> None:
        """Makes the network and the moments of the codes."""
        setting = self.denoiser or denoisers.ResidualMLP(96, 2)
        self.network = setting.network((latent_dim,))
        self.network.autocast = False  # half precision would round times
        shape = (latent_dim,)
        self.count = self.add_weight(name="count", shape=(), initializer="zeros", **_FIXED)
        self.mean = self.add_weight(name="mean", shape=shape, initializer="zeros", **_FIXED)
        self.variance = self.add_weight(name="variance", shape=shape, initializer="ones", **_FIXED)
        # Of all codes so far; the mean of any of them given z_u lies between.
        self.lowest = self.add_weight(name="lowest", shape=shape, initializer="zeros", **_FIXED)
        self.highest = self.add_weight(name="highest", shape=shape, initializer="zeros", **_FIXED)
        # No weight of the model: it follows from the settings. A variable, so that what was
        # compiled with it, which a prior does not know of, goes by settings that change later.
        self._table = tf.Variable(
            tf.constant(coefficients(self.steps, self.noise_share), tf.float32),
            trainable=False,
            shape=[None, 6],
            synchronization=tf.VariableSynchronization.ON_WRITE,
            aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
        )
        self.built = True

    def distribution(self, latent_dim: int, posterior_of: Callable | None = None) -> Distribution:
        """Returns p(z), of which draws are known and no density."""
        return _distribution_class()(self, latent_dim)

    def draw_rows(self, seeds: Tensor) -> Tensor:
        """Returns a code for each seed int32 [n, 2], float32 [n, latent_dim]."""

        limits = self._standardized(self.lowest), self._standardized(self.highest)

        def denoise(z, time):
            return tf.clip_by_value(denoised(z, time, self._noise(z, time)), *limits)

        z = draw(denoise, seeds, self.mean.shape, self._table)
        return z * self._unit() + self.mean

    def _standardized(self, z):
        return (z - self.mean) / self._unit()

    def _unit(self):
        """Returns the standard deviation of each dimension, 1 where it is constant to rounding."""
        deviation = tf.sqrt(self.variance)
        return tf.where(deviation <= _CONSTANT * tf.abs(self.mean), 1.0, deviation)

    def _noise(self, z, time, training=False):
        return tf.cast(self.network([z, time[:, None]], training=training), tf.float32)

    def code_loss(
        self, z: Tensor, distribution: Distribution, seed: Tensor, training: bool = False
    ) -> Tensor:
        """Returns the mean squared error of the noise that the network finds, a scalar."""
        if training:
            self._learn_moments(z)
        z = self._standardized(z)
        count = tf.cast(tf.shape(z)[0], tf.float32)
        places = tf.random.stateless_uniform([], stateless_seed(seed, 1)) + tf.range(count) / count
        time = FIRST_TIME + (1.0 - FIRST_TIME) * (places % 1.0)
        noise = tf.random.stateless_normal(tf.shape(z), stateless_seed(seed, 2))
        found = self._noise(noised(z, time, noise), time, training)
        return tf.reduce_mean(tf.square(noise - found))

    def _learn_moments(self, z):
        """Makes mean, variance and range those of all codes so far, these included.

        They are known to 1 % after 10,000 codes, while the network has learned little, and change
        ever less.
        """
        size = tf.cast(tf.shape(z)[0], tf.float32)
        total = self.count + size
        mean, variance = tf.nn.moments(z, [0])
        offset = mean - self.mean
        share = size / total
        self.variance.assign(
            (1.0 - share) * self.variance
            + share * variance
            + share * (1.0 - share) * tf.square(offset)
        )
        self.mean.assign_add(share * offset)
        first = self.count == 0.0
        low, high = tf.reduce_min(z, axis=0), tf.reduce_max(z, axis=0)
        self.lowest.assign(tf.where(first, low, tf.minimum(low, self.lowest)))
        self.highest.assign(tf.where(first, high, tf.maximum(high, self.highest)))
        self.count.assign(total)

    def code_optimizer(self) -> Optimizer:
        """Returns Adam with averages of the weights, which the draws go by."""
        return keras.optimizers.Adam(2e-3, use_ema=True, ema_momentum=0.99)


@functools.cache
def _distribution_class():
    """Returns the class, made at first use: its base comes from TensorFlow Probability."""

    class DiffusionDistribution(tfp.distributions.Distribution):
        """p(z) of a `Diffusion`: draws, and no density."""

        def __init__(self, prior, latent_dim):
            self._prior, self._latent_dim = prior, latent_dim
            super().__init__(
                dtype=tf.float32,
                reparameterization_type=tfp.distributions.NOT_REPARAMETERIZED,
                validate_args=False,
                allow_nan_stats=True,
                name="DiffusionDistribution",
            )

        def _sample_n(self, n, seed=None):
            return self._prior.draw_rows(
                row_random.seeds_of_rows(tfp.random.sanitize_seed(seed), 0, n)
            )

        def sample_rows(self, seeds, num_samples=None):
            """Returns draws with a seed per row; `distributions.row_draws` documents them."""
            samples = 1 if num_samples is None else num_samples
            rows = tf.reshape(row_random.fold_in(seeds, tf.range(samples)), [-1, 2])
            shape = row_random.full_shape(seeds, (self._latent_dim,), num_samples)
            return tf.reshape(self._prior.draw_rows(rows), shape)

        def _batch_shape(self):
            return tf.TensorShape([])

        def _batch_shape_tensor(self):
            return tf.constant([], tf.int32)

        def _event_shape(self):
            return tf.TensorShape([self._latent_dim])

        def _event_shape_tensor(self):
            return tf.constant([self._latent_dim], tf.int32)

    return DiffusionDistribution
