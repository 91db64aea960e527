"""The Jensen-Shannon divergence, by an adversary."""

import math
from collections.abc import Sequence

import tensorflow as tf

from keras_infovae.divergences.critic import CriticDivergence, cross_entropy
from keras_infovae.divergences.functional.surrogate import with_gradient_of
from keras_infovae.typing import Optimizer, Tensor
from keras_infovae.utils.serialization import register


@register
class Adversarial(CriticDivergence):
    """The Jensen-Shannon divergence between the aggregated posterior and the prior, by a critic T:

        JS(q, p) >= log 2 - E_q softplus(-T(z)) / 2 - E_p softplus(T(z)) / 2

    in nats, between 0 and log 2; equal at the optimal T = log q - log p. A critic in training is
    not optimal, so that the value is a lower bound in expectation, and can be negative.

    The encoder does not descend the bound itself, whose slope vanishes where the critic is sure,
    but the non-saturating E_q softplus(T(z)) / 2 (Goodfellow et al. 2014), which has the same
    slope at T = 0; the value that is reported stays the bound.

    Adversaries are the least stable of the divergences (so found the reference); choose it when
    samples are all there is of the prior, or to reproduce the adversarial autoencoder.

    Args:
        hidden_units, activation, optimizer, steps, gradient_penalty, num_samples: as for
            `CriticDivergence`: a network of (256, 256), Adam(1e-3, beta_1=0.5), one step, no
            penalty, 8 draws per example.
        non_saturating: False descends the bound itself. Default True.

    Example:

    >>> import tensorflow as tf
    >>> import keras_infovae as ki
    >>> adversarial = ki.divergences.get("adversarial")
    >>> prior = ki.priors.get("standard_normal").distribution(2)
    >>> value = adversarial(tf.zeros([8, 2]), prior, seed=tf.constant([0, 0]))
    >>> bool(value < 0.7)
    True

    References:
        Goodfellow et al., Generative Adversarial Networks, arXiv:1406.2661, equation 1.
        Zhao, Song, Ermon, InfoVAE, arXiv:1706.02262, section 3.2.
    """

    def __init__(
        self,
        hidden_units: Sequence[int] = (256, 256),
        activation: str = "leaky_relu",
        optimizer: Optimizer = None,
        steps: int = 1,
        gradient_penalty: float = 0.0,
        num_samples: int = 8,
        non_saturating: bool = True,
    ) -> None:
        super().__init__(hidden_units, activation, optimizer, steps, gradient_penalty, num_samples)
        self.non_saturating = bool(non_saturating)

    def auto_lambda(self, alpha: float) -> float:
        """Returns 13 + 39 max(alpha, 0), four times the weight of `DensityRatioKL`.

        Near q = p, JS(q, p) = KL(q || p) / 4. Tried on digits (docs/estimators.md); the papers
        take 1 to 10.
        """
        return 13.0 + 39.0 * max(alpha, 0.0)

    def estimate(self, logits: Tensor, reference_logits: Tensor) -> Tensor:
        bound = math.log(2.0) - cross_entropy(logits, reference_logits)
        if not self.non_saturating:
            return bound
        surrogate = 0.5 * tf.reduce_mean(tf.nn.softplus(logits))
        return with_gradient_of(bound, surrogate)
