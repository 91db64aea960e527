"""A distribution whose moments TFP does not know."""

import tensorflow as tf

from keras_infovae.utils import probability as tfp


def softplus_normal(location):
    """Returns log(1 + exp(y)) + location for y ~ N(0, I), with the batch shape of `location`."""
    tfd, tfb = tfp.distributions, tfp.bijectors
    base = tfd.MultivariateNormalDiag(tf.zeros_like(location), tf.ones_like(location))
    return tfd.TransformedDistribution(base, tfb.Chain([tfb.Shift(location), tfb.Softplus()]))
