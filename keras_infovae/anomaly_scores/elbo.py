"""The scores that a likelihood, or a bound of it, is made of."""

import tensorflow as tf

from keras_infovae.anomaly_scores.base import AnomalyScore
from keras_infovae.utils.serialization import register


@register
class NegativeElbo(AnomalyScore):
    """The negative evidence lower bound, in nats:

        score(x) = -log p(x|z) + KL(q(z|x) || p(z)),        z ~ q(z|x), one draw of seed 0

    It is `-model.elbo(x[i:i+1], seed=0)` of each example.

    References:
        An and Cho, Variational Autoencoder based Anomaly Detection using Reconstruction
        Probability, 2015; Kingma and Welling, arXiv:1312.6114, equation 3.
    """

    output = "negative_elbo"

    def check(self, model):
        """Raises ValueError for a posterior or prior without a density, which have no ELBO."""
        model.capabilities.require("elbo", "The negative ELBO")

    def rows(self, model, x, condition=None):
        """Returns the scores, float32 [n]."""
        return -model.elbo_rows(x, seeds(x), condition)


@register
class NegativeLogProb(AnomalyScore):
    """The negative log-likelihood, in nats, of a model that knows it:

    score(x) = -log p(x)
    """

    output = "negative_log_prob"

    def check(self, model):
        """Raises ValueError for a model whose log p(x) is not known."""
        model.capabilities.require("log_prob", "The negative log-likelihood")

    def rows(self, model, x, condition=None):
        """Returns the scores, float32 [n]."""
        return -model.log_prob_rows(x, condition)


@register
class ReconstructionLoss(AnomalyScore):
    """The negative log-likelihood of x given its own code, in nats; for any model with p(x|z):

    score(x) = -log p(x|z),        z ~ q(z|x), one draw of seed 0
    """

    output = "reconstruction_loss"

    def check(self, model):
        """Raises ValueError for a model without codes, or without p(x|z)."""
        for capability in ("encode", "likelihood"):
            model.capabilities.require(capability, "The reconstruction loss")

    def rows(self, model, x, condition=None):
        """Returns the scores, float32 [n]."""
        z = model.encode_rows(x, seeds(x), condition)
        return -model.joint(x, condition).log_likelihood(z[None])[0]


def seeds(x):
    """Returns the seed of each row of `x`, int64 [n]: 0, so that scores repeat."""
    return tf.zeros([tf.shape(x)[0]], tf.int64)
