"""The two scores that an ELBO is made of."""

import tensorflow as tf

from keras_infovae.anomaly_scores.base import AnomalyScore
from keras_infovae.distributions import check_densities
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
        check_densities("The negative ELBO", posterior=model.posterior, prior=model.prior)

    def rows(self, model, x, condition=None):
        """Returns the scores, float32 [n]."""
        log_likelihood, kl_divergence = model.elbo_terms(x, seeds(x), condition)
        return kl_divergence - log_likelihood


@register
class ReconstructionLoss(AnomalyScore):
    """The negative log-likelihood of x given its own code, in nats; for any model:

    score(x) = -log p(x|z),        z ~ q(z|x), one draw of seed 0
    """

    output = "reconstruction_loss"

    def rows(self, model, x, condition=None):
        """Returns the scores, float32 [n]."""
        return -model.elbo_terms(x, seeds(x), condition)[0]


def has_elbo(model):
    """Returns whether the ELBO of `model` is defined: its posterior and prior have densities."""
    return model.posterior.has_density and model.prior.has_density


def seeds(x):
    """Returns the seed of each row of `x`, int64 [n]: 0, so that scores repeat."""
    return tf.zeros([tf.shape(x)[0]], tf.int64)
