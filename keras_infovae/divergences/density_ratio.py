"""The Kullback-Leibler divergence, by a density ratio."""

import tensorflow as tf

from keras_infovae.divergences.critic import CriticDivergence
from keras_infovae.typing import Tensor
from keras_infovae.utils.serialization import register


@register
class DensityRatioKL(CriticDivergence):
    """The Kullback-Leibler divergence of the aggregated posterior from the prior, by a critic T:

        D(q(z), p(z)) = KL(q || p) = E_q [log q(z) - log p(z)],  estimated as  E_q T(z)

    in nats. It is neither an upper nor a lower bound: as good as the critic, which sees it too
    small where q and p hardly overlap, and it can be negative.

    With lambda_ = 1 - alpha + w it adds w KL(q(z) || p(z)) to the model's own KL term, in the same
    unit, which is the decomposition that InfoVAE starts from.

    Args:
        hidden_units, activation, optimizer, steps, gradient_penalty, num_samples: as for
            `CriticDivergence`: a network of (256, 256), Adam(1e-3, beta_1=0.5), one step, no
            penalty, 8 draws per example.

    Example:

    >>> import keras_infovae as ki
    >>> kl = ki.divergences.get("kl")
    >>> kl.steps
    1

    References:
        Sugiyama, Suzuki, Kanamori, Density Ratio Estimation in Machine Learning, 2012, chapter 4.
        Zhao, Song, Ermon, InfoVAE, arXiv:1706.02262, equation 4.
    """

    def auto_lambda(self, alpha: float) -> float:
        """Returns 4 + 9 max(alpha, 0): for moments of q(z) near the prior's, MMD's weights.

        Tried on digits (docs/estimators.md), where 10 was too much at alpha = 0.
        """
        return 4.0 + 9.0 * max(alpha, 0.0)

    def estimate(self, logits: Tensor, reference_logits: Tensor) -> Tensor:
        return tf.reduce_mean(logits)
