"""The adversarial autoencoder."""

from typing import Any

from keras_infovae import divergences
from keras_infovae.models.info_vae import InfoVAE
from keras_infovae.models.registry import register_model
from keras_infovae.parameters.kinds import Weight


@register_model("adversarial_autoencoder")
class AdversarialAutoencoder(InfoVAE):
    """The adversarial autoencoder, `InfoVAE(alpha=1, lambda_, divergence="adversarial")`:

        loss = E_data E_q(z|x) [-log p(x|z)] + lambda_ JS(q(z), p(z))

    where a discriminator, trained beside the model, stands for the Jensen-Shannon divergence.
    Choose it to reproduce the paper, or for a prior that has samples and nothing else; the maximum
    mean discrepancy (`MMDVAE`) does the same job without an adversary and trains more steadily.

    Args:
        latent_dim: the number of dimensions of z, at least 1.
        lambda_: the weight of the divergence, greater than 0, or "auto". Default 1, as in the
            reference, in nats on both sides.
        posterior: default "deterministic", as in the paper's experiments.
        divergence: default "adversarial"; an `Adversarial` with other settings.
        **settings: as for `VAE`.

    Example:

    >>> import keras_infovae as ki
    >>> model = ki.AdversarialAutoencoder(latent_dim=2)
    >>> model.kl_weight, model.divergence_weight
    (0.0, 1.0)

    References:
        Makhzani et al., Adversarial Autoencoders, arXiv:1511.05644, section 2.
        Zhao, Song, Ermon, InfoVAE, arXiv:1706.02262, section 3.3.
    """

    fixed_arguments = ("alpha",)
    divergence_class = divergences.Adversarial

    def __init__(
        self,
        latent_dim,
        lambda_: Weight(
            "The weight of the divergence.",
            exclusive_minimum=0,
            words=("auto",),
            search=(0.1, 10.0),
            logarithmic=True,
        ) = 1.0,
        *,
        posterior="deterministic",
        divergence="adversarial",
        **settings: Any,
    ) -> None:
        super().__init__(
            latent_dim,
            alpha=1.0,
            lambda_=lambda_,
            posterior=posterior,
            divergence=divergence,
            **settings,
        )
