"""Total correlation, by a density ratio."""

from collections.abc import Sequence

import tensorflow as tf

from keras_infovae.divergences.critic import CriticDivergence
from keras_infovae.typing import Distribution, Optimizer, Tensor
from keras_infovae.utils.serialization import register


@register
class TotalCorrelationCritic(CriticDivergence):
    """The total correlation of the aggregated posterior, by a critic T, as in FactorVAE:

        TC(q) = KL(q(z) || prod_j q(z_j)),  estimated as  E_q T(z),  T = log q(z) - sum_j log q(z_j)

    in nats: how far the dimensions of z are from independent. Samples of prod_j q(z_j) are those of
    q(z) with each dimension permuted over the batch on its own. The prior plays no part: the value
    is zero for every q with independent dimensions, so that it is no strict divergence, and the KL
    term has to hold q(z) to the prior. It is as good as the critic, and no bound.

    The paper draws a second batch for the permuted samples; here they come from the same one.

    Args:
        hidden_units: default (1000, 1000, 1000, 1000, 1000, 1000), as in the paper's FactorVAE.
        activation, optimizer, steps, gradient_penalty, num_samples: as for `CriticDivergence`;
            the optimizer's default is the paper's Adam(1e-4, beta_1=0.5, beta_2=0.9).

    Example:

    >>> import keras_infovae as ki
    >>> critic = ki.divergences.TotalCorrelationCritic(hidden_units=(64,))
    >>> critic.is_strict
    False

    References:
        Kim and Mnih, Disentangling by Factorising, arXiv:1802.05983, equations 2 and 3 and
        algorithm 2.
    """

    is_strict = False
    supports = ("euclidean",)

    def __init__(
        self,
        hidden_units: Sequence[int] = (1000,) * 6,
        activation: str = "leaky_relu",
        optimizer: Optimizer = None,
        steps: int = 1,
        gradient_penalty: float = 0.0,
        num_samples: int = 1,
    ) -> None:
        if optimizer is None:
            optimizer = {
                "class_name": "Adam",
                "config": {"learning_rate": 1e-4, "beta_1": 0.5, "beta_2": 0.9},
            }
        super().__init__(hidden_units, activation, optimizer, steps, gradient_penalty, num_samples)

    def auto_lambda(self, alpha: float) -> float:
        """Returns 11: a weight of 10 at alpha = 0, that of `FactorVAE`. No study yet."""
        return 11.0

    def reference_samples(self, z: Tensor, prior: Distribution, seed: Tensor) -> Tensor:
        return permute_dimensions(z, seed)

    def estimate(self, logits: Tensor, reference_logits: Tensor) -> Tensor:
        return tf.reduce_mean(logits)


def permute_dimensions(z: Tensor, seed: Tensor) -> Tensor:
    """Returns z [n, latent_dim] with every column in a random order of its own."""
    # By the order of random numbers: XLA has no shuffle.
    order = tf.argsort(tf.random.stateless_uniform(tf.shape(z), seed, alg="philox"), axis=0)
    columns = tf.gather(tf.transpose(z), tf.transpose(order), batch_dims=1)
    return tf.transpose(columns)  # XLA has no take_along_axis for batches of unknown size
