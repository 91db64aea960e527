"""The Wasserstein autoencoder."""

from typing import Any

from keras_infovae import divergences, kernels
from keras_infovae.distributions import likelihoods
from keras_infovae.models.info_vae import InfoVAE
from keras_infovae.models.registry import register_model
from keras_infovae.parameters.kinds import Weight


@register_model("wasserstein_autoencoder")
class WassersteinAutoencoder(InfoVAE):
    """The Wasserstein autoencoder, `InfoVAE(alpha=1, lambda_, posterior="deterministic")`:

        loss = E_data [-log p(x|z)] + lambda_ MMD^2(q(z), p(z)),        z = encoder(x)

    With `likelihood=ki.likelihoods.Normal(scale)` the first term is the squared distance over
    2 scale^2, plus a constant: the paper's cost c(x, y) = ||x - y||^2 is scale = sqrt(1/2), the
    default here. Choose it for a deterministic code that fills the prior; it has no likelihood
    bound, and `elbo` is refused.

    Args:
        latent_dim: the number of dimensions of z, at least 1.
        lambda_: the weight of the divergence, greater than 0, or "auto". Default 10, the paper's
            for MNIST (100 for CelebA).
        divergence: default None: MMD with the paper's inverse multiquadratic kernel,
            C = 2 latent_dim, of one scale. `"adversarial"` gives WAE-GAN.
        likelihood: default None: `Normal(scale=sqrt(1/2))`, the paper's squared distance.
        **settings: `prior`, `encoder`, `decoder`, `seed`, `scaling`, as for `InfoVAE`.

    Example:

    >>> import keras_infovae as ki
    >>> model = ki.WassersteinAutoencoder(latent_dim=2)
    >>> model.kl_weight, model.divergence_weight
    (0.0, 10.0)

    References:
        Tolstikhin et al., Wasserstein Auto-Encoders, arXiv:1711.01558, equation 4, algorithm 2 and
        section 4.
    """

    fixed_arguments = ("alpha", "posterior")

    def __init__(
        self,
        latent_dim,
        lambda_: Weight(
            "The weight of the divergence.",
            exclusive_minimum=0,
            words=("auto",),
            search=(1.0, 100.0),
            logarithmic=True,
        ) = 10.0,
        *,
        divergence=None,
        likelihood=None,
        **settings: Any,
    ) -> None:
        if divergence is None:
            kernel = kernels.InverseMultiquadratic(scales=(1.0,))
            divergence = divergences.MaximumMeanDiscrepancy(kernel, estimator="sampled")
        if likelihood is None:
            likelihood = likelihoods.Normal(scale=0.5**0.5)
        super().__init__(
            latent_dim,
            alpha=1.0,
            lambda_=lambda_,
            posterior="deterministic",
            divergence=divergence,
            likelihood=likelihood,
            **settings,
        )
