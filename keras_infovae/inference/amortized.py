"""Amortized inference: an encoder gives the parameters of q(z|x)."""

from typing import Any

import tensorflow as tf

from keras_infovae import networks
from keras_infovae.distributions import draw, draw_rows, posteriors
from keras_infovae.inference.base import Codes, Inference
from keras_infovae.typing import Config, Distribution, Joint, Likelihood, Shape, Tensor
from keras_infovae.utils import reductions
from keras_infovae.utils.serialization import deserialize_values, register


@register
class Amortized(Inference):
    """q(z|x) whose parameters an encoder computes from x, trained by gradients through its draws.

    Args:
        encoder: a Keras model from x to [n, posterior.parameter_size(latent_dim)], the numbers that
            the posterior documents; a network setting or its name ("mlp", "conv"); or None
            (default) for one that suits the shape of x.
        posterior: a `Posterior` or its name. Default "diagonal_normal".

    Example:

    >>> import keras_infovae as ki
    >>> inference = ki.inference.Amortized("mlp", "diagonal_normal")
    >>> model = ki.LatentVariableModel(latent_dim=2, inference=inference)

    References:
        Kingma and Welling, Auto-Encoding Variational Bayes, arXiv:1312.6114, section 2.4.
    """

    is_amortized = True
    is_reparameterized = True

    def __init__(self, encoder: Any = None, posterior: Any = "diagonal_normal") -> None:
        super().__init__(dtype="float32")
        self.encoder = networks.check_network("encoder", encoder)
        self.posterior = posteriors.get(posterior)

    @property
    def has_density(self) -> bool:
        """Whether the posterior has a density."""
        return self.posterior.has_density

    @property
    def is_random(self) -> bool:
        """Whether the posterior is more than a point."""
        return self.posterior.has_density

    @property
    def support(self) -> str:
        """Where the posterior's z lies."""
        return self.posterior.support

    @property
    def is_diagonal(self) -> bool:
        """Whether the posterior is the product of a density for each dimension."""
        return self.posterior.is_diagonal

    def suit(self, likelihood: Likelihood) -> None:
        """Chooses the encoder that suits the likelihood's x, where that is left open."""
        self.encoder = networks.suited(self.encoder, likelihood)

    def build(self, event_shape: Shape, condition_size: int, latent_dim: int) -> None:
        """Makes the encoder for x of `event_shape`, or checks that the given one fits."""
        shape = networks.conditioned_shape(event_shape, condition_size)
        output_shape = (self.posterior.parameter_size(latent_dim),)
        encoder = networks.default_for(event_shape) if self.encoder is None else self.encoder
        if isinstance(encoder, networks.Network):
            encoder = encoder.encoder(shape, *output_shape)
        networks.check_output("encoder", encoder, [shape], output_shape)
        # The order in which parts are kept decides that of the weights, by which a saved optimizer
        # is restored: first the encoder, whoever made it.
        posterior = self.posterior
        for part in (self.encoder, posterior):
            self._tracker.untrack(part)
        self.encoder, self.posterior = encoder, posterior
        if not posterior.built:
            posterior.build(latent_dim)
        self.built = True

    def parameters(self, features: Tensor, training: bool = False) -> Tensor:
        """Returns what the encoder says of x, float32 [n, posterior.parameter_size(latent_dim)]."""
        return tf.cast(self.encoder(features, training=training), tf.float32)

    def distribution(self, joint: Joint) -> Distribution:
        return self.posterior_of(joint.features)

    def posterior_of(self, features: Tensor) -> Distribution:
        return self.posterior.distribution(self.parameters(features))

    def point(self, joint: Joint) -> Tensor:
        return tf.cast(joint.posterior(self).mode(), tf.float32)

    def draw_rows(self, joint: Joint, seeds: Tensor, num_samples: int = 1) -> Tensor:
        z = draw_rows(joint.posterior(self), seeds, num_samples)
        return tf.cast(z, tf.float32)

    def draw_codes(self, joint: Joint, seed: Tensor, num_samples: int = 1) -> Codes:
        # z is drawn for the global batch and this replica takes its rows, so that every example
        # gets the same noise on any number of replicas.
        parameters = self.parameters(joint.features, joint.training)
        posterior = self.posterior.distribution(reductions.gather(parameters))
        gathered = draw(posterior, num_samples, seed)
        return Codes(reductions.local_draws(gathered, joint.size), gathered, posterior)

    @classmethod
    def from_config(cls, config: Config) -> "Amortized":
        """Returns the inference that `get_config` described."""
        return cls(**deserialize_values(config))
