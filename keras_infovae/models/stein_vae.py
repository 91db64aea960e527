"""The Stein variational InfoVAE."""

from typing import Any

from keras_infovae import divergences
from keras_infovae.models.info_vae import InfoVAE
from keras_infovae.models.registry import register_model


@register_model("stein_vae")
class SteinVAE(InfoVAE):
    """InfoVAE with the Stein variational gradient, `InfoVAE(alpha, lambda_, divergence="stein")`:

        loss = E_data E_q(z|x) [-log p(x|z)] + (1 - alpha) E_data KL(q(z|x) || p(z))
             + (alpha + lambda_ - 1) D(q(z), p(z))

    where D is followed along the Stein variational gradient direction and reported as the
    kernelized Stein discrepancy. Choose it when the prior is known by its log density only; with a
    standard normal prior `MMDVAE` is cheaper and as good.

    Args:
        latent_dim: the number of dimensions of z, at least 1.
        lambda_: default "auto", what suits the divergence.
        alpha: at most 1. Default 0.
        divergence: default "stein"; a `KernelizedSteinDiscrepancy` with other settings.
        **settings: as for `VAE`.

    Example:

    >>> import keras_infovae as ki
    >>> ki.SteinVAE(latent_dim=2, lambda_=10).divergence_weight
    9.0

    References:
        Zhao, Song, Ermon, InfoVAE, arXiv:1706.02262, section 3.2.
        Liu and Wang, Stein Variational Gradient Descent, arXiv:1608.04471, equation 8.
    """

    divergence_class = divergences.KernelizedSteinDiscrepancy

    def __init__(
        self, latent_dim, lambda_="auto", *, alpha=0.0, divergence="stein", **settings: Any
    ) -> None:
        super().__init__(
            latent_dim, alpha=alpha, lambda_=lambda_, divergence=divergence, **settings
        )
