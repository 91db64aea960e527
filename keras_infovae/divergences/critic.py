"""The base of divergences that a trained classifier estimates."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from keras_infovae.distributions import draw
from keras_infovae.divergences.base import Divergence
from keras_infovae.typing import Config, Distribution, KerasModel, Optimizer, Tensor
from keras_infovae.utils.checks import check_activation, check_integer, check_integers, check_number
from keras_infovae.utils.player import Player
from keras_infovae.utils.randomness import split_seed, stateless_seed
from keras_infovae.utils.serialization import deserialize_values, new_optimizer, optimizer_config


class CriticDivergence(Divergence, Player, keras.layers.Layer):
    """A divergence read off a critic T(z) that tells q(z) from a reference r(z) by its samples.

    The critic is a fully connected network that minimizes the cross-entropy, in nats,

        adversary_loss = E_q softplus(-T(z)) / 2 + E_r softplus(T(z)) / 2

    which is log 2 = 0.693 where it cannot tell the two apart. At the optimum T = log q - log r
    (Sugiyama et al. 2012). It takes its steps after the model's, with an optimizer of its own.

    A member defines `estimate`, and `reference_samples` where r is not the prior.

    Args:
        hidden_units: sizes of the critic's hidden layers. Default (256, 256).
        activation: name of a Keras activation of the hidden layers. Default "leaky_relu".
        optimizer: a Keras optimizer, its config or name. Default: Adam with learning rate 1e-3 and
            beta_1 = 0.5.
        steps: steps of the critic per step of the model, at least 1. Default 1.
        gradient_penalty: the weight g of (g / 2) E_r ||grad T(z)||^2, added to the critic's loss
            (Mescheder et al. 2018, R1), at least 0. Default 0.
        num_samples: draws of z per example that the divergence is taken over. Default 8; with a
            strong weight, one draw rewards large posterior variances.
    """

    supports = ("euclidean", "sphere")

    # A critic owns weights: two with the same settings are not the same.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __init__(
        self,
        hidden_units: Sequence[int] = (256, 256),
        activation: str = "leaky_relu",
        optimizer: Optimizer = None,
        steps: int = 1,
        gradient_penalty: float = 0.0,
        num_samples: int = 8,
    ) -> None:
        keras.layers.Layer.__init__(self, dtype="float32")
        self.hidden_units = check_integers("hidden_units", hidden_units)
        self.activation = check_activation("activation", activation)
        if optimizer is None:
            optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)
        # Kept as a config: the optimizer is made in `build`, within the scope of the strategy.
        self.optimizer = optimizer_config(optimizer)
        self.steps = check_integer("steps", steps)
        self.gradient_penalty = check_number("gradient_penalty", gradient_penalty, minimum=0)
        self.num_samples = check_integer("num_samples", num_samples)
        self.critic: KerasModel = None

    def build(self, latent_dim: int) -> None:
        """Makes the critic for z of `latent_dim` dimensions, and its optimizer."""
        layers = [
            keras.layers.Dense(units, activation=self.activation, dtype="float32")
            for units in self.hidden_units
        ]
        self.critic = keras.Sequential(
            [keras.Input((latent_dim,)), *layers, keras.layers.Dense(1, dtype="float32")],
            name="critic",
        )
        self.player_optimizer = new_optimizer(self.optimizer)
        self.player_optimizer.build(self.critic.trainable_variables)
        self.built = True

    def logits(self, z: Tensor) -> Tensor:
        """Returns T(z), float32 [n], about log q(z) - log r(z), for z [n, latent_dim]."""
        if not self.built:
            self.build(z.shape[-1])
        if z.shape[-1] != self.critic.input_shape[-1]:
            raise ValueError(
                f"The critic of {type(self).__name__} was made for z of "
                f"{self.critic.input_shape[-1]} dimensions. Received: {z.shape[-1]}. A critic "
                "belongs to one model: give each its own."
            )
        return self.critic(tf.cast(z, tf.float32))[:, 0]

    def reference_samples(self, z: Tensor, prior: Distribution, seed: Tensor) -> Tensor:
        """Returns as many samples of r(z), the prior, as z [n, latent_dim] has rows."""
        return draw(prior, tf.shape(z)[0], seed)

    def estimate(self, logits: Tensor, reference_logits: Tensor) -> Tensor:
        """Returns the divergence, a scalar, from T at samples of q and of r."""
        raise NotImplementedError(f"{type(self).__name__} does not define `estimate`")

    def __call__(
        self,
        z: Tensor,
        prior: Distribution,
        posterior: Distribution | None = None,
        seed: Tensor | int | None = 0,
    ) -> Tensor:
        seed = split_seed(seed, 1)[0] if seed is None else seed
        if posterior is not None and self.num_samples > 1:
            z = draw(posterior, self.num_samples, stateless_seed(seed, 1))
            z = tf.reshape(z, [-1, z.shape[-1]])
        reference = self.reference_samples(z, prior, stateless_seed(seed, 2))
        return self.estimate(self.logits(z), self.logits(reference))

    def player_loss(self, z: Tensor, prior: Distribution, seed: Tensor) -> Tensor:
        reference = tf.stop_gradient(self.reference_samples(z, prior, seed))
        loss = cross_entropy(self.logits(z), self.logits(reference))
        if self.gradient_penalty > 0:
            with tf.GradientTape() as tape:
                tape.watch(reference)
                total = tf.reduce_sum(self.logits(reference))
            slopes = tape.gradient(total, reference)
            squares = tf.reduce_mean(tf.reduce_sum(slopes**2, axis=-1))
            loss += 0.5 * self.gradient_penalty * squares
        return loss

    @classmethod
    def from_config(cls, config: Config) -> "CriticDivergence":
        """Returns the divergence that `get_config` described, with a critic of its own."""
        return cls(**deserialize_values(config))


def cross_entropy(logits: Tensor, reference_logits: Tensor) -> Tensor:
    """Returns E_q softplus(-T) / 2 + E_r softplus(T) / 2 in nats: log 2 where T = 0."""
    return 0.5 * (
        tf.reduce_mean(tf.nn.softplus(-logits)) + tf.reduce_mean(tf.nn.softplus(reference_logits))
    )
