"""The beta-TCVAE."""

from typing import Any

from keras_infovae import divergences
from keras_infovae.models.info_vae import InfoVAE
from keras_infovae.models.registry import register_model
from keras_infovae.parameters.kinds import SEVERAL_LATENTS, Weight


@register_model("beta_tcvae")
class BetaTCVAE(InfoVAE):
    """The beta-TCVAE, `InfoVAE(alpha=0, lambda_=self.beta, divergence="total_correlation")`:

        loss = E_data E_q(z|x) [-log p(x|z)] + E_data KL(q(z|x) || p(z))
             + (beta - 1) KL(q(z) || prod_j q(z_j))

    that is beta on the total correlation and 1 on the other two parts of the KL term, the paper's
    choice of weights. Choose it for dimensions of z that vary independently, with no critic to
    train.

    Args:
        latent_dim: the number of dimensions of z, at least 2.
        beta: the weight of the total correlation, at least 1, a number or a `Schedule`. Default 6,
            the paper's for dSprites.
        divergence: default "total_correlation"; a `TotalCorrelation` with other settings.
        **settings: as for `VAE`.

    Example:

    >>> import keras_infovae as ki
    >>> model = ki.BetaTCVAE(latent_dim=2)
    >>> model.kl_weight, model.divergence_weight
    (1.0, 5.0)

    References:
        Chen et al., Isolating Sources of Disentanglement in VAEs, arXiv:1802.04942, equation 4.
    """

    fixed_arguments = ("alpha", "lambda_")
    divergence_class = divergences.TotalCorrelation

    def __init__(
        self,
        latent_dim: SEVERAL_LATENTS,
        beta: Weight(
            "The weight of the total correlation.", minimum=1, search=(2.0, 18.0), logarithmic=True
        ) = 6.0,
        *,
        divergence="total_correlation",
        **settings: Any,
    ) -> None:
        self.beta = beta
        super().__init__(
            latent_dim,
            alpha=0.0,
            lambda_=self.beta,
            divergence=divergence,
            **settings,
        )
