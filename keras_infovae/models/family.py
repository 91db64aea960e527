"""Models that are settings of InfoVAE, under the names that the field knows them by."""

from typing import Any

from keras_infovae import divergences, schedules
from keras_infovae.models.info_vae import InfoVAE
from keras_infovae.models.registry import register_model
from keras_infovae.parameters.kinds import Weight
from keras_infovae.typing import Tensor


@register_model("vae")
class VAE(InfoVAE):
    """The variational autoencoder, `InfoVAE(alpha=0, lambda_=1)`:

        loss = E_data E_q(z|x) [-log p(x|z)] + E_data KL(q(z|x) || p(z)) = -ELBO

    The divergence has the weight 0 and is reported all the same. Choose it as the baseline, or when
    the likelihood bound is all that counts; with little data its codes drift far from the prior,
    and with a powerful decoder they may carry nothing.

    Args:
        latent_dim: the number of dimensions of z, at least 1.
        **settings: `prior`, `posterior`, `likelihood`, `encoder`, `decoder`, `condition`,
            `num_samples`, `seed`, `divergence`, `scaling`, as for `InfoVAE`.

    Example:

    >>> import keras_infovae as ki
    >>> model = ki.VAE(latent_dim=2)
    >>> model.kl_weight, model.divergence_weight
    (1.0, 0.0)

    References:
        Kingma and Welling, Auto-Encoding Variational Bayes, arXiv:1312.6114, equation 3.
    """

    fixed_arguments = ("alpha", "lambda_")

    def __init__(self, latent_dim, **settings: Any) -> None:
        super().__init__(latent_dim, alpha=0.0, lambda_=1.0, **settings)


@register_model("beta_vae")
class BetaVAE(InfoVAE):
    """The beta-VAE, `InfoVAE(alpha=1 - beta, lambda_=beta)`:

        loss = E_data E_q(z|x) [-log p(x|z)] + beta E_data KL(q(z|x) || p(z))

    Choose it for codes whose dimensions vary separately (beta > 1), at the price of blurred
    reconstructions, or for sharp reconstructions (beta < 1).

    Args:
        latent_dim: the number of dimensions of z, at least 1.
        beta: the weight of the KL term, greater than 0, a number or a `Schedule`. Default 4, in
            nats summed over the axes of x and z (not divided by their number, as some
            implementations do).
        **settings: as for `VAE`.

    Example:

    >>> import keras_infovae as ki
    >>> model = ki.BetaVAE(latent_dim=2, beta=4.0)
    >>> model.kl_weight, model.divergence_weight
    (4.0, 0.0)

    References:
        Higgins et al., beta-VAE, ICLR 2017, equation 4.
    """

    fixed_arguments = ("alpha", "lambda_")

    def __init__(
        self,
        latent_dim,
        beta: Weight(
            "The weight of KL(q(z|x) || p(z)).",
            exclusive_minimum=0,
            search=(0.25, 8.0),
            logarithmic=True,
        ) = 4.0,
        **settings: Any,
    ) -> None:
        self.beta = beta
        largest = schedules.bounds(self.beta)[1]  # of a schedule; `weights_at` follows it
        super().__init__(latent_dim, alpha=1.0 - largest, lambda_=largest, **settings)

    def weights_at(self, step: Tensor) -> dict[str, Any]:
        """Returns beta for the KL term and 0 for the divergence."""
        return {"kl_weight": self.progress.value_of(self.beta, step), "divergence_weight": 0.0}


@register_model("mmd_vae")
class MMDVAE(InfoVAE):
    """The MMD-VAE, `InfoVAE(alpha=1)` with the maximum mean discrepancy:

        loss = E_data E_q(z|x) [-log p(x|z)] + lambda_ MMD^2(q(z), p(z))

    Choose it when the code has to tell as much as it can about x (retrieval, features for another
    model); its likelihood is worse than that of alpha below 1.

    Args:
        latent_dim: the number of dimensions of z, at least 1.
        lambda_: the weight of the divergence, greater than 0. Default "auto".
        **settings: as for `VAE`.

    Example:

    >>> import keras_infovae as ki
    >>> model = ki.MMDVAE(latent_dim=2, lambda_=500)
    >>> model.kl_weight, model.divergence_weight
    (0.0, 500.0)

    References:
        Zhao, Song, Ermon, InfoVAE, arXiv:1706.02262, section 3.3.
    """

    fixed_arguments = ("alpha",)
    divergence_class = divergences.MaximumMeanDiscrepancy

    def __init__(self, latent_dim, lambda_="auto", **settings: Any) -> None:
        super().__init__(latent_dim, alpha=1.0, lambda_=lambda_, **settings)
