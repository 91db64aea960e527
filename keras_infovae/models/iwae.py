"""The importance weighted autoencoder."""

import math
from typing import Any

import tensorflow as tf

from keras_infovae.models.info_vae import InfoVAE
from keras_infovae.models.latent_variable_model import Pass
from keras_infovae.models.registry import register_model
from keras_infovae.parameters.kinds import Integer, Weight
from keras_infovae.typing import Distribution, Tensor
from keras_infovae.utils import reductions
from keras_infovae.utils.checks import argument_error


@register_model("iwae")
class IWAE(InfoVAE):
    """The importance weighted autoencoder: a VAE trained on a tighter bound of log p(x).

        loss = -E_data log (1/K) sum_k w_k + (lambda_ - 1) D(q(z), p(z))
        w_k  = p(x|z_k) p(z_k) / q(z_k|x),        z_1 ... z_K ~ q(z|x)

    The terms that are reported are those of the VAE, means over the K draws, so that without a
    divergence loss <= reconstruction_loss + kl_divergence: by what the bound is tighter. Choose it
    for the likelihood; the encoder's signal gets weaker as K grows (Rainforth et al. 2018), and the
    cost is that of K draws.

    Args:
        latent_dim: the number of dimensions of z, at least 1.
        num_samples: K, at least 2. Default 5, the smaller of the paper's (50 is the larger).
        lambda_: 1 (default) for the paper's objective; above it, InfoVAE's divergence is added.
        **settings: as for `VAE`; the posterior needs a density.

    Example:

    >>> import keras_infovae as ki
    >>> ki.IWAE(latent_dim=2).num_samples
    5

    References:
        Burda, Grosse, Salakhutdinov, Importance Weighted Autoencoders, arXiv:1509.00519,
        equation 8.
    """

    fixed_arguments = ("alpha", "free_bits")

    def __init__(
        self,
        latent_dim,
        num_samples: Integer(
            "Draws of z per example that the bound is made of, K.",
            minimum=2,
            search=[5, 10, 20],
            unit="DRAWS",
        ) = 5,
        *,
        lambda_: Weight(
            "1 for the paper's objective; above it, the weight of the divergence is lambda_ - 1.",
            exclusive_minimum=0,
            words=("auto",),
        ) = 1.0,
        **settings: Any,
    ) -> None:
        super().__init__(
            latent_dim,
            alpha=0.0,
            lambda_=lambda_,
            free_bits=0.0,
            num_samples=num_samples,
            **settings,
        )
        if not self.inference.has_density:
            raise argument_error("posterior", "one with a density", self.posterior)

    def _log_ratio(self, posterior, prior, z):
        return posterior.log_prob(z) - prior.log_prob(z)

    def kl_rows(self, posterior: Distribution, prior: Distribution, z: Tensor) -> Tensor:
        """Returns log q(z|x) - log p(z) [n], the mean over draws of z.

        By the draws, as in the weights: with the exact KL the loss would not be the bound.
        """
        return tf.reduce_mean(self._log_ratio(posterior, prior, z), axis=0)

    def weighed(self, terms: dict[str, Tensor], one: Pass) -> Tensor:
        """Returns the loss that `terms` of a `Pass` come to, less what the bound is tighter by."""
        log_ratio = self._log_ratio(one.codes.posterior, one.prior, one.codes.gathered)
        log_ratio = reductions.local_draws(log_ratio, one.joint.size)
        log_weights = one.log_likelihood - log_ratio  # [K, n]
        bound = tf.reduce_logsumexp(log_weights, axis=0) - math.log(self.num_samples)
        tighter = reductions.share_of_global_mean(bound - tf.reduce_mean(log_weights, axis=0))
        return super().weighed(terms, one) - tighter
