"""The point posterior."""

import tensorflow as tf

from keras_infovae.distributions.posteriors.base import Posterior
from keras_infovae.typing import Distribution, Tensor
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.serialization import register


@register
class Deterministic(Posterior):
    """The point posterior q(z|x) = delta(z - encoder(x)), as in the Wasserstein autoencoder.

    It has no density: KL(q(z|x) || p(z)) is infinite for every x. A model with this posterior must
    therefore give the KL term the weight 0 (alpha = 1), and reports it as 0.

    Example:

    >>> import keras_infovae as ki
    >>> ki.posteriors.Deterministic().distribution([[3.0, 1.0]]).mean().numpy()
    array([[3., 1.]], dtype=float32)

    References:
        Tolstikhin et al., Wasserstein Auto-Encoders, arXiv:1711.01558, algorithm 2.
    """

    has_density = False

    def parameter_size(self, latent_dim: int) -> int:
        return latent_dim

    def distribution(self, parameters: Tensor) -> Distribution:
        return tfp.distributions.VectorDeterministic(tf.cast(parameters, tf.float32))
