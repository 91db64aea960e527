"""DIP-VAE."""

from typing import Any

from keras_infovae import divergences, schedules
from keras_infovae.models.info_vae import InfoVAE
from keras_infovae.models.registry import register_model
from keras_infovae.parameters.kinds import SEVERAL_LATENTS, Choice, Number, Weight
from keras_infovae.typing import Tensor


@register_model("dip_vae")
class DIPVAE(InfoVAE):
    """DIP-VAE, `InfoVAE(alpha=0, lambda_=1 + lambda_off_diagonal, divergence=CovariancePenalty)`:

        loss = E_data E_q(z|x) [-log p(x|z)] + E_data KL(q(z|x) || p(z))
             + lambda_off_diagonal sum_{i != j} C_ij^2 + lambda_diagonal sum_i (C_ii - 1)^2

    with C the covariance over data of the posterior means (kind "i") or of z (kind "ii"). Choose it
    for uncorrelated dimensions at almost no cost; it compares second moments only, not q(z) and
    p(z) as wholes.

    Args:
        latent_dim: the number of dimensions of z, at least 2.
        kind: "i" or "ii" (default).
        lambda_off_diagonal: greater than 0, a number or a `Schedule`. Default 10.
        lambda_diagonal: at least 0; beside a `Schedule`, its value where that is largest, and in
            proportion elsewhere. Default None: 10 lambda_off_diagonal for kind "i",
            lambda_off_diagonal for kind "ii", the paper's ratios.
        **settings: `prior`, `posterior`, `likelihood`, `encoder`, `decoder`, `condition`,
            `num_samples`, `seed`, `scaling`, as for `InfoVAE`.

    Example:

    >>> import keras_infovae as ki
    >>> model = ki.DIPVAE(latent_dim=2)
    >>> model.kl_weight, model.divergence_weight
    (1.0, 10.0)

    References:
        Kumar, Sattigeri, Balakrishnan, Variational Inference of Disentangled Latent Concepts from
        Unlabeled Observations, arXiv:1711.00848, equations 6 and 7.
    """

    fixed_arguments = ("alpha", "lambda_", "divergence")

    def __init__(
        self,
        latent_dim: SEVERAL_LATENTS,
        kind: Choice(
            "Whose covariance is taken: i, of the posterior means; ii, of draws of z.", ("i", "ii")
        ) = "ii",
        *,
        lambda_off_diagonal: Weight(
            "The weight of the squared covariances of codes.",
            exclusive_minimum=0,
            search=(1.0, 100.0),
            logarithmic=True,
        ) = 10.0,
        lambda_diagonal: Number(
            "The weight of the squared distances of variances from 1.",
            minimum=0,
            shown="lambda_off_diagonal; 10 times that of kind i",
        ) = None,
        **settings: Any,
    ) -> None:
        weight = lambda_off_diagonal
        ratio = None  # the penalty's own
        if lambda_diagonal is not None:
            ratio = lambda_diagonal / schedules.bounds(weight)[1]
        self.kind = kind
        self.lambda_off_diagonal = weight
        self.lambda_diagonal = lambda_diagonal
        divergence = divergences.CovariancePenalty(kind, diagonal_weight=ratio)
        super().__init__(
            latent_dim,
            alpha=0.0,
            lambda_=1.0 + schedules.bounds(weight)[1],  # `weights_at` follows a schedule
            divergence=divergence,
            **settings,
        )

    def weights_at(self, step: Tensor) -> dict[str, Any]:
        """Returns 1 for the KL term and lambda_off_diagonal for the divergence."""
        weight = self.progress.value_of(self.lambda_off_diagonal, step)
        return {"kl_weight": 1.0, "divergence_weight": weight}
