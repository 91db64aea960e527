"""Models whose posterior is known, and nothing else of them."""

import numpy as np
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.distributions import draw_rows
from keras_infovae.models.capabilities import Capabilities
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.row_random import row_seeds

LACKING = ("reconstruct", "decode", "generate", "log_prob", "score", "likelihood")


class KnownPosterior(ki.GenerativeModel):
    """q(z|x) is `posterior(x)`, p(z) is `prior()`; x has `size` values; log p(x|z) is 0."""

    latent_support = "euclidean"

    def __init__(self, posterior, prior, size, latent_dim):
        super().__init__()
        self._posterior, self._prior, self.latent_dim = posterior, prior, latent_dim
        self.example_spec.event_shape = (size,)  # what `build` tells it

    @property
    def capabilities(self):
        return Capabilities(dict.fromkeys(LACKING, "is not defined for this model"))

    def prior_distribution(self):
        return self._prior()

    def posterior_distribution(self, x, condition=None):
        return self._posterior(tf.cast(x, tf.float32))

    def encode_rows(self, x, seed=None, condition=None):
        q = self.posterior_distribution(x)
        return q.mean() if seed is None else draw_rows(q, row_seeds(seed))

    def elbo_rows(self, x, seed, condition=None):
        q = self.posterior_distribution(x)
        return -tfp.distributions.kl_divergence(q, self.prior_distribution())


class NormalModel(KnownPosterior):
    """q(z|x) = N(x + shift, deviation^2 I), a point for 0, or N(x, covariance)."""

    def __init__(self, deviation, covariance=None, latent_dim=2, shift=0.0, prior=None):
        the_prior = prior or ki.priors.StandardNormal()

        def posterior(x):
            if covariance is not None:
                factor = np.linalg.cholesky(covariance).astype("float32")
                return tfp.distributions.MultivariateNormalTriL(x, factor)
            if deviation == 0:
                return tfp.distributions.VectorDeterministic(x + shift)
            return tfp.distributions.Independent(tfp.distributions.Normal(x, deviation), 1)

        super().__init__(
            posterior, lambda: the_prior.distribution(latent_dim), latent_dim, latent_dim
        )
        self.prior, self.latent_support = the_prior, the_prior.support
        self.posterior = ki.posteriors.DiagonalNormal()
