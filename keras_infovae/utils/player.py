"""Auxiliary players: parts of a model that train beside it, by a loss of their own."""

import tensorflow as tf

from keras_infovae.typing import Distribution, Logs, Tensor
from keras_infovae.utils import reductions
from keras_infovae.utils.gradients import apply_gradients
from keras_infovae.utils.randomness import stateless_seed


class Player:
    """A part of a model that owns weights, an optimizer and a loss: a discriminator, a critic.

    The model's `train_step` takes its own step first and then lets each player take `steps` steps
    on the same draws of z. A player's weights are saved with the model and its optimizer too; the
    model's optimizer does not touch them. Players mix this class into a Keras layer, make
    `player_optimizer` in `build` and define `player_loss`.
    """

    steps = 1
    player_optimizer = None

    @property
    def player_variables(self) -> list:
        """The weights that the player trains."""
        return self.trainable_variables

    def player_loss(self, z: Tensor, prior: Distribution, seed: Tensor) -> Tensor:
        """Returns the loss that the player minimizes, a float32 scalar for the global batch.

        Args:
            z: [n, latent_dim], draws of q(z) for the global batch; no gradient flows into them.
            prior: p(z), a TFP distribution.
            seed: int32 [2].
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `player_loss`")

    def end_epoch(self, logs: Logs) -> None:
        """Is called at the end of each epoch of `fit`, with what it recorded, {name: float}."""

    def play(self, z: Tensor, prior: Distribution, seed: Tensor) -> Tensor:
        """Takes the player's steps and returns its loss before the first of them."""
        z = tf.stop_gradient(z)
        first = None
        for step in range(self.steps):
            with tf.GradientTape() as tape:
                loss = self.player_loss(z, prior, stateless_seed(seed, step))
                share = reductions.share_of_global_value(loss)
            variables = self.player_variables
            apply_gradients(self.player_optimizer, tape.gradient(share, variables), variables)
            first = loss if first is None else first
        return first
