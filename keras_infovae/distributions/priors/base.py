"""The base of priors p(z)."""

from collections.abc import Callable

import keras
import tensorflow as tf

from keras_infovae.distributions.base import DistributionLayer
from keras_infovae.typing import Distribution, Optimizer, Shape, Tensor

SUPPORTS = ("euclidean", "sphere")


class Prior(DistributionLayer):
    """A prior p(z) on the latent space.

    A member defines `distribution`; one with weights makes them in `build`, which the model calls
    once. `has_density` says whether p(z) has a log density, without which KL(q(z|x) || p(z)) and
    divergences that use it are not defined. `made_of_posteriors` says that p(z) is a mixture of
    q(z|x), and has a density only where these have one. `support` is where z lies: "euclidean" for
    all of space, "sphere" for the unit sphere.

    `has_noise_form` says that z is a function of N(0, I), `of_noise`, so that chains can run in
    that noise. `draws_by_chain` says that a draw takes long, and is one only nearly.
    `is_normalized` is False while the density is known up to a factor only.
    `learned_on_codes_alone` says that no model can be trained with it. `settable` names the
    settings that may be set after a call; functions are traced anew.

    A prior with weights can be learned on the codes of a trained model (`model.fit_prior`): by
    `code_loss`, -E log p(z) unless a member says otherwise, which one without a density has to.
    """

    has_density = True
    made_of_posteriors = False
    has_noise_form = False
    draws_by_chain = False
    is_normalized = True
    learned_on_codes_alone = False
    settable: tuple[str, ...] = ()
    support = "euclidean"
    code_loss_text = "-E log p(z)"  # `code_loss` as a line of text

    def build(self, latent_dim: int, event_shape: Shape | None = None) -> None:
        """Makes the weights, if there are any.

        Args:
            latent_dim: the number of dimensions of z.
            event_shape: tuple, the shape of one x, for a prior that is made of examples.
        """
        self.built = True

    def distribution(self, latent_dim: int, posterior_of: Callable | None = None) -> Distribution:
        """Returns p(z) as a TFP distribution with batch shape [] and event shape [latent_dim].

        Args:
            latent_dim: the number of dimensions of z.
            posterior_of: a function from x [k, *event_shape] to the batch of q(z|x), for a prior
                that is made of posteriors. Default None.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `distribution`")

    def of_noise(self, u: Tensor) -> Tensor:
        """Returns z for noise u ~ N(0, I), [..., latent_dim], where `has_noise_form`."""
        raise NotImplementedError(f"{type(self).__name__} does not define `of_noise`")

    def layer_sizes(self, latent_dim: int) -> list[int]:
        """Returns the sizes of the layers that z is made of, a list; one, unless a member says."""
        return [latent_dim]

    def code_loss(
        self, z: Tensor, distribution: Distribution, seed: Tensor, training: bool = False
    ) -> Tensor:
        """Returns the loss that the prior is learned by from codes, a float32 scalar.

        Args:
            z: [n, latent_dim], codes of the global batch, with which no gradient goes on.
            distribution: what `distribution` returned.
            seed: int32 [2].
            training: whether this is a step of the training, rather than a validation. Default
                False.
        """
        return -tf.reduce_mean(distribution.log_prob(z))

    def code_optimizer(self) -> Optimizer:
        """Returns a new Keras optimizer, one that suits `code_loss`."""
        return keras.optimizers.Adam(1e-3)

    def check_loss(self, loss: float) -> None:
        """Warns where the mean loss of an epoch says that something is wrong. Default nothing."""

    def settle(self, latent_dim: int) -> None:
        """Computes what follows from the weights once they have been learned from codes."""
