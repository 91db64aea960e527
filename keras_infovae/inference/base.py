"""The base of the ways to find z for x."""

from typing import Any, NamedTuple

import keras
import tensorflow as tf

from keras_infovae.typing import Config, Distribution, Joint, Likelihood, Shape, Tensor
from keras_infovae.utils import probability as tfp
from keras_infovae.utils import reductions
from keras_infovae.utils.serialization import constructor_config


class Codes(NamedTuple):
    """The codes of one batch of a training.

    Args:
        z: this replica's draws, [draws, local_batch, latent_dim].
        gathered: those of the global batch, [draws, global_batch, latent_dim]: q(z) is of them.
        posterior: q(z|x) of the global batch, a TFP distribution; None where there is none.
    """

    z: Any
    gathered: Any
    posterior: Any = None


class Inference(keras.layers.Layer):
    """How z is found for x: what a model needs of q(z|x), whatever it is.

    A member defines `draw_rows`; one that knows q(z|x), `distribution` too. A batch of x comes as a
    `Joint`: what may be seen of x (`features`), p(z) (`prior`), and log p(x, z) as a function of z.
    Weights are made in `build` and trained with the model's.

    Attributes:
        has_density: whether q(z|x) has a density, without which the ELBO is not defined.
        is_reparameterized: whether gradients flow through draws of z to inference's weights.
        is_amortized: whether q(z|x) follows from what is seen of x (`posterior_of`), so that a
            prior can be made of posteriors.
        is_random: whether draws differ: False for a code that follows from x.
        support: where z lies, "euclidean" or "sphere".
        is_diagonal: whether q(z|x) is the product of a density for each dimension.
        needs_prior_density: whether it goes by log p(z).
        settable: the names of settings that may be set after a call; functions are traced anew.
    """

    has_density = False
    is_amortized = False
    posterior_draws = 16  # that `distribution` is made of, where q(z|x) is not known
    is_reparameterized = False
    is_random = True
    support = "euclidean"
    is_diagonal = False
    needs_prior_density = False
    settable: tuple[str, ...] = ()

    def build(self, event_shape: Shape, condition_size: int, latent_dim: int) -> None:
        """Makes what it is made of.

        Args:
            event_shape: the shape of one x.
            condition_size: how many numbers the condition adds to the last axis of x; 0 for none.
            latent_dim: the number of dimensions of z.
        """
        self.built = True

    def suit(self, likelihood: Likelihood) -> None:
        """Chooses, before `build`, what goes by the likelihood of x. Default nothing."""

    def scheduled(self) -> dict[str, Any]:
        """Returns {name: a number or a `Schedule`} of the settings that may follow a schedule."""
        return {}

    def point(self, joint: Joint) -> Tensor:
        """Returns the one code that stands for each x, [n, latent_dim], the same at each call."""
        return tf.cast(joint.posterior(self).mean(), tf.float32)

    def draw_rows(self, joint: Joint, seeds: Tensor, num_samples: int = 1) -> Tensor:
        """Returns draws of z, [num_samples, n, latent_dim], that follow row by row from `seeds`.

        Args:
            joint: the `Joint` of a batch of n examples.
            seeds: int32 [n, 2]. Row i depends on seeds[i] and x[i] alone.
            num_samples: how many draws for each x. Default 1.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `draw_rows`")

    def draw_codes(self, joint: Joint, seed: Tensor, num_samples: int = 1) -> Codes:
        """Returns the `Codes` of a batch of a training; here of draws whose gradient is stopped.

        Args:
            joint: the `Joint` of this replica's examples.
            seed: int32 [2]. The draws of the global batch are the same on any number of replicas.
            num_samples: how many draws for each x. Default 1.
        """
        seeds = reductions.seeds_of_rows(seed, joint.size)
        z = tf.stop_gradient(self.draw_rows(joint, seeds, num_samples))
        return Codes(z, reductions.gather_draws(z))

    def distribution(self, joint: Joint) -> Distribution:
        """Returns q(z|x), a TFP distribution with batch shape [n]; here that of a few draws.

        The draws have the same seed for each x. It has moments and can be sampled, and where
        `has_density` is False its `log_prob` means nothing.
        """
        z = self._repeated(joint, self.posterior_draws)
        return tfp.distributions.Empirical(tf.transpose(z, [1, 0, 2]), event_ndims=1)

    def _repeated(self, joint, draws):
        """Returns draws of z, [draws, n, latent_dim], the same at each call."""
        return self.draw_rows(joint, tf.zeros([joint.size, 2], tf.int32), draws)

    def posterior_of(self, features: Tensor) -> Distribution:
        """Returns q(z|x) for what is seen of x, for priors that are made of posteriors."""
        raise NotImplementedError(f"{type(self).__name__} has no `posterior_of`")

    def get_config(self) -> Config:
        """Returns the constructor's arguments as a JSON-compatible dictionary."""
        return constructor_config(self)
