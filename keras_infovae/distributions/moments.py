"""The means and variances of distributions that are diagonal normals."""

import tensorflow as tf

from keras_infovae.utils import probability as tfp


def diagonal_normal_moments(distribution):
    """Returns (mean, variance) if `distribution` is a diagonal normal or a point mass, else None.

    A closed form over z needs these two and nothing else. Recognised are
    `Independent(Normal)`, `MultivariateNormalDiag` and `VectorDeterministic` (variance 0).

    Args:
        distribution: a TFP distribution with event shape [latent_dim] and batch shape [] or [n].

    Returns:
        Two float32 tensors of shape [latent_dim] or [n, latent_dim], or None.
    """
    tfd = tfp.distributions
    if isinstance(distribution, tfd.Independent):
        if not isinstance(distribution.distribution, tfd.Normal):
            return None
    elif not isinstance(distribution, (tfd.MultivariateNormalDiag, tfd.VectorDeterministic)):
        return None
    mean = tf.cast(distribution.mean(), tf.float32)
    variance = tf.broadcast_to(tf.cast(distribution.variance(), tf.float32), tf.shape(mean))
    return mean, variance
