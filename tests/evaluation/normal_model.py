"""A model whose posterior is known: z is x with noise."""

import numpy as np
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.distributions import draw_rows
from keras_infovae.models.capabilities import Capabilities
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.row_random import row_seeds

LACKING = ("reconstruct", "decode", "generate", "log_prob", "score", "likelihood")


class NormalModel(ki.GenerativeModel):
    """q(z|x) = N(x + shift, deviation^2 I), a point for 0, or N(x, covariance); log p(x|z) is 0."""

    def __init__(self, deviation, covariance=None, latent_dim=2, shift=0.0, prior=None):
        super().__init__()
        self.deviation, self.covariance, self.shift = deviation, covariance, shift
        self.latent_dim = latent_dim
        self.prior = prior or ki.priors.StandardNormal()
        self.posterior = ki.posteriors.DiagonalNormal()
        self.latent_support = self.prior.support
        self.build((None, latent_dim))

    @property
    def capabilities(self):
        return Capabilities(dict.fromkeys(LACKING, "is not defined for this model"))

    def prior_distribution(self):
        return self.prior.distribution(self.latent_dim)

    def posterior_distribution(self, x, condition=None):
        x = tf.cast(x, tf.float32) + self.shift
        if self.covariance is not None:
            factor = np.linalg.cholesky(self.covariance).astype("float32")
            return tfp.distributions.MultivariateNormalTriL(x, factor)
        if self.deviation == 0:
            return tfp.distributions.VectorDeterministic(x)
        return tfp.distributions.Independent(tfp.distributions.Normal(x, self.deviation), 1)

    def encode_rows(self, x, seed=None, condition=None):
        q = self.posterior_distribution(x)
        return q.mean() if seed is None else draw_rows(q, row_seeds(seed))

    def elbo_rows(self, x, seed, condition=None):
        q = self.posterior_distribution(x)
        return -tfp.distributions.kl_divergence(q, self.prior_distribution())
