"""A model as the estimators see it, whose posterior is known: z is x with noise."""

import types

import numpy as np
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.utils import probability as tfp


def normal_model(deviation, covariance=None):
    """A model of z and x in R^2 with q(z|x) = N(x, deviation^2 I), or N(x, covariance).

    log p(x|z) is 0.
    """
    prior = ki.priors.get("standard_normal")

    def posterior_distribution(x, condition=None):
        x = tf.cast(x, tf.float32)
        if covariance is None:
            return tfp.distributions.Independent(tfp.distributions.Normal(x, deviation), 1)
        factor = np.linalg.cholesky(covariance).astype("float32")
        return tfp.distributions.MultivariateNormalTriL(x, factor)

    def elbo(x, seed=None, batch_size=None, condition=None):
        q, p = posterior_distribution(x), prior.distribution(x.shape[1])
        return -tfp.distributions.kl_divergence(q, p).numpy()

    return types.SimpleNamespace(
        capabilities=ki.VAE(2).capabilities,
        example_spec=types.SimpleNamespace(arrays=lambda x, condition=None: (x, condition)),
        posterior=ki.posteriors.DiagonalNormal(),
        posterior_distribution=posterior_distribution,
        prior=prior,
        prior_distribution=lambda: prior.distribution(2),
        elbo=elbo,
    )
