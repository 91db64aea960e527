"""The importance-weighted score."""

import math

import tensorflow as tf

from keras_infovae.anomaly_scores.draws import DrawnScore
from keras_infovae.typing import Model, Tensor
from keras_infovae.utils.serialization import register


@register
class ImportanceWeighted(DrawnScore):
    """The importance-weighted bound with its sign turned, in nats:

        score(x) = -log (1/K) sum_k p(x|z_k) p(z_k) / q(z_k|x),        z_k ~ q(z|x)

    Closer to -log p(x) than the negative ELBO.

    Args:
        num_samples: K, at least 1. Default 64. The decoder runs K times, the encoder once.
        seed: integer of at least 0. Default 0.

    References:
        Burda, Grosse, Salakhutdinov, arXiv:1509.00519, equation 8.
    """

    output = "importance_weighted"

    def check(self, model: Model) -> None:
        """Raises ValueError for a posterior or prior without a density."""
        model.capabilities.require("elbo", "The importance-weighted bound")
        model.capabilities.require("posterior", "The importance-weighted bound")

    def rows(self, model: Model, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Returns the scores, float32 [n]."""
        log_weights = model.log_weights(x, self.seeds(x), self.num_samples, condition)
        return math.log(self.num_samples) - tf.reduce_logsumexp(log_weights, axis=0)
