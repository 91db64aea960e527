"""Denoising diffusion."""

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_infovae import networks
from keras_infovae.distributions import denoisers
from keras_infovae.distributions.diffusion import (
    FIRST_TIME,
    coefficients,
    denoised,
    draw,
    noised,
    variational_bound,
)
from keras_infovae.distributions.likelihoods.data_units import DataUnits
from keras_infovae.models.generative_model import GenerativeModel
from keras_infovae.models.registry import register_model
from keras_infovae.models.step_model import BatchLoss
from keras_infovae.parameters.kinds import Integer, Member, Number
from keras_infovae.typing import Seed, Shape, Tensor
from keras_infovae.utils import reductions
from keras_infovae.utils.checks import argument_error, check_boolean
from keras_infovae.utils.randomness import stateless_seed
from keras_infovae.utils.row_random import fold_in, normal, row_seeds, uniform

STEPS = Integer("How many times a draw calls the network, and the bound too.", minimum=2)
NOISE_SHARE = Number("1: ancestral sampling; 0: DDIM, for few steps.", minimum=0, maximum=1)
GUIDANCE = Number(
    "How much further a draw goes the way that its condition makes a difference.", minimum=0
)
UNCONDITIONAL_SHARE = Number(
    "Share of examples that are not told their condition.", minimum=0, maximum=1
)
# What may change after a training, and how it is checked.
_SETTINGS = {
    "steps": STEPS.check,
    "noise_share": NOISE_SHARE.check,
    "guidance": GUIDANCE.check,
    "unconditional_share": UNCONDITIONAL_SHARE.check,
    "clip": check_boolean,
}


@register_model("denoising_diffusion")
class DenoisingDiffusion(GenerativeModel):
    """Denoising diffusion: a network that finds the noise in x, whatever its share.

        loss = E |noise - network(sqrt(a) x + sqrt(1 - a) noise, u)|^2
        a    = exp(-0.1 u - 9.95 u^2)

    over examples, noise ~ N(0, I) and times u from 0.001 to 1; a mean over the values of x, so that
    a network that finds nothing has the loss 1. x is standardized by one mean and one standard
    deviation of all of its values, those of the first training. New examples come from noise, step
    by step. There are no latents: choose it for samples, of data too whose shape no single map from
    a normal distribution can have (docs/topology.md), and a model with latents for codes.

    `elbo`, and with it `score`, is the variational bound on log p(x), in nats of the data's unit.
    docs/diffusion.md has settings that ran.

    Args:
        denoiser: a `denoisers` setting or its name, "residual_mlp" or "u_net"; None (default) for
            "u_net" where x looks like an image, else "residual_mlp"; or a Keras model of your own
            from [x_u, time [n, 1]] to noise of the shape of x_u, with a third input [n, c + 1] for
            a condition of c numbers.
        steps: how many times a draw calls the network, and the bound too, at least 2. Default 200.
        noise_share: 1 (default) for ancestral sampling, 0 for DDIM, whose draws follow from their
            start alone and take fewer steps (20 to 50); or between.
        guidance: w, at least 0, for a model with a condition: draws go by
            (1 + w) noise(x_u, c) - w noise(x_u), for examples that are more typical of c and vary
            less. It needs an `unconditional_share` above 0. Default 0: by c alone, with one call of
            the network instead of two.
        unconditional_share: of the examples of a step the share that is not told its condition,
            which `guidance` needs. Default 0.1.
        clip: whether the x that is expected at each step is held to the range of all values of the
            first training, where the mean of any data given x_u lies; without it draws of images
            leave it early in a training. Default True. Of a dataset only the first batch is looked
            at, and its range is taken where there are no others, and of images.
        condition: `conditions.Classes(n)` or `conditions.Features(n)`, what the network is told of
            each example besides. Default None.
        seed: an integer for repeatable draws. Default None.
        scaling: the `preprocessors.Scaling` that made x from raw data, kept with the model.

    What comes after `denoiser`, up to `clip`, may be set after a training: `model.steps = 20`.
    Since `clip` changes the bound, another one takes `anomaly_threshold` away.

    Raises:
        ValueError, TypeError: naming the argument, what is allowed and what was received.

    Example:

    >>> import numpy as np
    >>> import keras_infovae as ki
    >>> angles = np.linspace(0, 6.28, 64)
    >>> x = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype("float32")
    >>> model = ki.DenoisingDiffusion(ki.denoisers.ResidualMLP(16, 1), steps=8, seed=0)
    >>> history = model.fit(x, epochs=1, verbose=0)
    >>> model.generate(5, seed=0).shape, model.elbo(x).shape
    ((5, 2), (64,))
    >>> "encode" in model.capabilities
    False

    References:
        Ho, Jain, Abbeel, Denoising Diffusion Probabilistic Models, arXiv:2006.11239, equation 14.
        Ho, Salimans, Classifier-Free Diffusion Guidance, arXiv:2207.12598, equation 6.
    """

    term_names = ("denoising_loss",)

    def __init__(
        self,
        denoiser: Member(
            "The network.", denoisers, shown="u_net for what looks like an image, else residual_mlp"
        ) = None,
        *,
        steps: STEPS = 200,
        noise_share: NOISE_SHARE = 1.0,
        guidance: GUIDANCE = 0.0,
        unconditional_share: UNCONDITIONAL_SHARE = 0.1,
        clip: bool = True,
        condition: Any = None,
        seed: Seed = None,
        scaling: Any = None,
    ) -> None:
        super().__init__(condition=condition, seed=seed, scaling=scaling)
        self.denoiser = _checked_denoiser(denoiser)
        self.steps = steps
        self.unconditional_share = unconditional_share
        self.clip = clip
        self.noise_share = noise_share
        self.guidance = guidance
        self.units = DataUnits()
        self.value_range = None  # weights once the model is built

    def __setattr__(self, name, value):
        if name in _SETTINGS:
            self._check_setting(name, value)
            if name == "clip" and value != getattr(self, name, value):
                self.anomaly_threshold = None  # the bound changes, and scores with it
        super().__setattr__(name, value)

    def traced_settings(self) -> tuple:
        """Returns the settings that may change after a training."""
        return tuple(getattr(self, name) for name in _SETTINGS)

    def _check_setting(self, name, value):
        """Raises ValueError or TypeError for what draws or steps cannot go by."""
        _SETTINGS[name](name, value)
        if name == "guidance" and value > 0:
            if not self.condition.size:
                raise argument_error(name, "0 for a model without a condition", value)
            if not self.unconditional_share:
                reason = "the network never learned to do without a condition"
                raise argument_error(name, f"0 where `unconditional_share` is 0: {reason}", value)
        if name == "unconditional_share" and not value and getattr(self, "guidance", 0.0):
            raise argument_error(name, "greater than 0 where `guidance` is", value)

    # === Parts ===

    def parts(self) -> list:
        """Returns the layers that the model is made of, in the order that its weights have."""
        network = [self.denoiser] if isinstance(self.denoiser, keras.Model) else []
        return [*network, self.units]

    def build_parts(self, event_shape: Shape) -> None:
        """Makes the network for x of `event_shape` and checks that it fits."""
        told = self.condition.size + 1 if self.condition.size else 0  # whether it is told, too
        if not isinstance(self.denoiser, keras.Model):
            setting = self.denoiser or _default_denoiser(event_shape)
            self.denoiser = setting.network(event_shape, told)
        self.denoiser.autocast = False  # half precision would round times
        shapes = [event_shape, (1,), *([(told,)] if told else [])]
        networks.check_output("denoiser", self.denoiser, shapes, event_shape)
        self.units.build(event_shape)
        fixed = {"trainable": False, "aggregation": "only_first_replica"}
        everything = keras.initializers.Constant([-np.inf, np.inf])
        self.value_range = self.add_weight(
            name="value_range", shape=(2,), initializer=everything, **fixed
        )

    def adapt(self, x: np.ndarray | None, count: int) -> None:
        """Takes the unit and the range of the data of the first training."""
        if x is None or float(self.units.is_known.numpy()):
            return
        whole = count is not None and 2 * len(x) > count  # not the first batch of several
        if whole or networks.is_image(x.shape[1:]):
            self.value_range.assign([x.min(), x.max()])
        self.units.learn(x)

    # === The loss ===

    def batch_loss(
        self, x: Tensor, condition: Tensor, seed: Tensor, training: bool = False
    ) -> BatchLoss:
        """Returns the `BatchLoss` of one batch."""
        count = tf.shape(x)[0]
        seeds = reductions.seeds_of_rows(seed, count)
        # Evenly over the global batch, from a random start: times vary less than independent ones.
        start = tf.random.stateless_uniform([], stateless_seed(seed, 1))
        places = (start + reductions.places_of_rows(count)) % 1.0
        time = FIRST_TIME + (1.0 - FIRST_TIME) * places
        shape: Shape = self.event_shape
        noise = normal(fold_in(seeds, 0), shape)
        x_u = noised(self.units.standardized(x), time, noise)
        told = self._told(condition, uniform(fold_in(seeds, 1), [1]) if training else 1.0)
        found = self._noise(x_u, time, told, training)
        errors = tf.reduce_mean(tf.square(noise - found), axis=list(range(1, x.shape.rank)))
        share = reductions.share_of_global_mean(errors)
        return BatchLoss(share, {"denoising_loss": share})

    def _told(self, condition, chance):
        """Returns what the network is told: nothing, or a list of [n, c + 1].

        Args:
            condition: [n, c] or None.
            chance: [n, 1] or a number; below `unconditional_share` a row is told nothing, zeros.
        """
        if condition is None:
            return []
        told = tf.cast(chance >= self.unconditional_share, tf.float32)
        ones = tf.ones_like(condition[:, :1])
        return [told * tf.concat([tf.cast(condition, tf.float32), ones], axis=-1)]

    def _noise(self, x_u, time, told, training=False):
        """Returns the noise that the network finds in x_u [n, ...] at times [n]."""
        given = [tf.ensure_shape(x_u, [None, *self.event_shape]), time[:, None]]
        return tf.cast(self.denoiser([*given, *told], training=training), tf.float32)

    def _denoise(self, condition, guidance=0.0):
        """Returns a function of (x_u, u) to the x that is expected, in units of the data."""
        told = self._told(self.condition.tensor(condition), 1.0)

        def denoise(x_u, time):
            noise = self._noise(x_u, time, told)
            if guidance:
                without = self._noise(x_u, time, [tf.zeros_like(told[0])])
                noise += guidance * (noise - without)
            x = denoised(x_u, time, noise)
            if self.clip:
                x = tf.clip_by_value(x, *tf.unstack(self.units.standardized(self.value_range)))
            return x

        return denoise

    # === Functions of rows ===

    draws_in_steps = True  # for the progress bar

    def generate_rows(
        self, seed: Tensor, condition: Tensor | None = None, sample: bool | None = None
    ) -> Tensor:
        """Returns a new example for each seed, [n, *event_shape].

        Args:
            seed: int64 [n], at least 0.
            condition: [n, condition.size] where the model takes one. Default None.
            sample: True adds the noise of the least noisy time, 0.01 in the unit of the network.
                Default False: the mean given that time.
        """
        seeds = row_seeds(seed)
        denoise = self._denoise(condition, self.guidance)
        shape: Shape = self.event_shape
        table = coefficients(self.steps, self.noise_share)
        x = draw(denoise, seeds, shape, table, noisy=self.noise_share > 0)
        if sample:
            x = noised(x, tf.fill(tf.shape(seed), FIRST_TIME), normal(seeds, shape))
        return x * self.units.unit + self.units.offset

    def elbo_rows(self, x: Tensor, seed: Tensor, condition: Tensor | None = None) -> Tensor:
        """Returns the variational bound on log p(x) of each row, float32 [n], in nats.

        It is an unbiased estimate by `steps` draws of noise, at times that follow from the seed.
        """
        return self.mean_elbo_rows(x, seed, 1, condition)

    def mean_elbo_rows(
        self, x: Tensor, seed: Tensor, num_samples: int, condition: Tensor | None = None
    ) -> Tensor:
        """Returns the bound by `num_samples` draws of noise, or `steps` of them if that is more.

        Up to `steps` draws, it is what `elbo_rows` gives.
        """
        shape: Shape = self.event_shape
        x = self.units.standardized(tf.ensure_shape(x, [None, *shape]))
        draws = max(num_samples, self.steps)
        bound = variational_bound(self._denoise(condition), x, row_seeds(seed), draws)
        return bound - math.prod(shape) * tf.math.log(self.units.unit)


def _checked_denoiser(denoiser):
    if denoiser is None or isinstance(denoiser, keras.Model):
        return denoiser
    return denoisers.get(denoiser)


def _default_denoiser(event_shape):
    return denoisers.UNet() if networks.is_image(event_shape) else denoisers.ResidualMLP()
