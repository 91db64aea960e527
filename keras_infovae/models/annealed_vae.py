"""The annealed VAE, with a capacity."""

from typing import Any

import tensorflow as tf

from keras_infovae import schedules
from keras_infovae.models.info_vae import InfoVAE
from keras_infovae.models.registry import register_model
from keras_infovae.parameters.kinds import Weight
from keras_infovae.typing import Tensor
from keras_infovae.utils import reductions


@register_model("annealed_vae")
class AnnealedVAE(InfoVAE):
    """The VAE whose KL term is held at a capacity C that grows in the course of training:

        loss = E_data E_q(z|x) [-log p(x|z)] + gamma |E_data KL(q(z|x) || p(z)) - C|

    C in nats. Where C grows from 0, dimensions of z come into use one after another; C fixed holds
    the information in z at a level of your choice. `kl_weight` is gamma; the divergence has the
    weight 0 and is reported. Choose it when you want to say how much z may tell about x.

    Args:
        latent_dim: the number of dimensions of z, at least 1.
        capacity: C in nats, at least 0, a number or a `Schedule`. Default None: linear from 0 to 25
            over 100,000 steps, the paper's for dSprites.
        gamma: the weight of the distance from C, greater than 0, a number or a `Schedule`. Default
            1000, the paper's.
        **settings: as for `VAE`.

    Example:

    >>> import keras_infovae as ki
    >>> model = ki.AnnealedVAE(latent_dim=2, capacity=5.0)
    >>> model.kl_weight, model.divergence_weight
    (1000.0, 0.0)

    References:
        Burgess et al., Understanding disentangling in beta-VAE, arXiv:1804.03599, equation 8.
    """

    fixed_arguments = ("alpha", "lambda_", "free_bits")

    def __init__(
        self,
        latent_dim,
        capacity: Weight(
            "How much the code may tell about x, C.",
            minimum=0,
            search=(1.0, 25.0),
            shown="0 to 25 over 100,000 steps",
            unit="NATS",
        ) = None,
        *,
        gamma: Weight(
            "The weight of the distance of the KL term from the capacity.", exclusive_minimum=0
        ) = 1000.0,
        **settings: Any,
    ) -> None:
        if capacity is None:
            capacity = schedules.Linear(0.0, 25.0, duration=100_000)
        self.capacity = capacity
        self.gamma = gamma
        super().__init__(latent_dim, alpha=0.0, lambda_=1.0, free_bits=0.0, **settings)

    def weights_at(self, step: Tensor) -> dict[str, Any]:
        """Returns gamma for the KL term, whose distance from C it weighs; 0 for the divergence."""
        return {"kl_weight": self.progress.value_of(self.gamma, step), "divergence_weight": 0.0}

    def _objective_terms(self):
        capacity = getattr(self.capacity, "final", self.capacity)
        to = "" if capacity is self.capacity else "up to "
        distance = f"{self._weight_text('kl_weight')} * |kl_divergence - capacity|"
        return ["reconstruction_loss", f"{distance}, capacity {to}{capacity:g} nats"]

    def kl_penalty(self, weight: Tensor, kl_divergence: Tensor) -> Tensor:
        """Returns what the KL term adds to the loss, a share."""
        replicas = reductions.num_replicas()
        capacity = self.progress.value_of(self.capacity)
        return weight * tf.abs(kl_divergence * replicas - capacity) / replicas
