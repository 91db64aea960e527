"""The importance-weighted score."""

import math

import tensorflow as tf

from keras_infovae.anomaly_scores.base import AnomalyScore
from keras_infovae.anomaly_scores.elbo import seeds
from keras_infovae.utils.checks import check_integer
from keras_infovae.utils.serialization import register


@register
class ImportanceWeighted(AnomalyScore):
    """The importance-weighted bound with its sign turned, in nats:

        score(x) = -log (1/K) sum_k p(x|z_k) p(z_k) / q(z_k|x),        z_k ~ q(z|x), seed 0

    Closer to -log p(x) than the negative ELBO, at K times the decoder's work.

    Args:
        num_samples: K, at least 1. Default 64.

    References:
        Burda, Grosse, Salakhutdinov, arXiv:1509.00519, equation 8.
    """

    output = "importance_weighted"

    def __init__(self, num_samples=64):
        self.num_samples = check_integer("num_samples", num_samples)

    def check(self, model):
        """Raises ValueError for a posterior or prior without a density."""
        model.capabilities.require("elbo", "The importance-weighted bound")
        model.capabilities.require("posterior", "The importance-weighted bound")

    def rows(self, model, x, condition=None):
        """Returns the scores, float32 [n]."""
        log_weights = model.log_weights(x, seeds(x), self.num_samples, condition)
        return math.log(self.num_samples) - tf.reduce_logsumexp(log_weights, axis=0)
