"""FactorVAE."""

from typing import Any

from keras_infovae import divergences, schedules
from keras_infovae.models.info_vae import InfoVAE
from keras_infovae.models.registry import register_model
from keras_infovae.parameters.kinds import SEVERAL_LATENTS, Weight
from keras_infovae.typing import Tensor


@register_model("factor_vae")
class FactorVAE(InfoVAE):
    """FactorVAE, `InfoVAE(alpha=0, lambda_=1 + gamma, divergence="total_correlation_critic")`:

        loss = E_data E_q(z|x) [-log p(x|z)] + E_data KL(q(z|x) || p(z))
             + gamma KL(q(z) || prod_j q(z_j))

    where a critic estimates the total correlation. Choose it for dimensions of z that vary
    independently, without the blurring of a large beta; `BetaTCVAE` needs no critic.

    Args:
        latent_dim: the number of dimensions of z, at least 2.
        gamma: the weight of the total correlation, greater than 0, a number or a `Schedule`.
            Default 10 (the paper's grid for dSprites is 10 to 100).
        divergence: default "total_correlation_critic"; one with other settings.
        **settings: as for `VAE`.

    Example:

    >>> import keras_infovae as ki
    >>> model = ki.FactorVAE(latent_dim=2)
    >>> model.kl_weight, model.divergence_weight
    (1.0, 10.0)

    References:
        Kim and Mnih, Disentangling by Factorising, arXiv:1802.05983, equation 2.
    """

    fixed_arguments = ("alpha", "lambda_")
    divergence_class = divergences.TotalCorrelationCritic

    def __init__(
        self,
        latent_dim: SEVERAL_LATENTS,
        gamma: Weight(
            "The weight of the total correlation.",
            exclusive_minimum=0,
            search=(1.0, 100.0),
            logarithmic=True,
        ) = 10.0,
        *,
        divergence="total_correlation_critic",
        **settings: Any,
    ) -> None:
        self.gamma = gamma
        super().__init__(
            latent_dim,
            alpha=0.0,
            lambda_=1.0 + schedules.bounds(self.gamma)[1],  # `weights_at` follows a schedule
            divergence=divergence,
            **settings,
        )

    def weights_at(self, step: Tensor) -> dict[str, Any]:
        """Returns 1 for the KL term and gamma for the divergence."""
        return {"kl_weight": 1.0, "divergence_weight": self.progress.value_of(self.gamma, step)}
