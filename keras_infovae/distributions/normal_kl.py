"""KL(q || p) between normals: of each dimension, and from a full covariance to a diagonal one."""

import functools

import tensorflow as tf

from keras_infovae.distributions.moments import diagonal_normal_moments, is_deterministic
from keras_infovae.utils import probability as tfp


def kl_per_dimension(q, p):
    """Returns KL(q(z_d) || p(z_d)) in nats for diagonal normals, [..., latent_dim], or None:

        KL = (v / s - 1 - log(v / s) + (m - a)^2 / s) / 2,        q = N(m, diag v), p = N(a, diag s)

    Args:
        q, p: TFP distributions. None is returned unless both are diagonal normals: other dimensions
            share their KL, and that of a point is infinite.

    Example:

    >>> import keras_infovae as ki
    >>> from keras_infovae.distributions import kl_per_dimension
    >>> q = ki.posteriors.DiagonalNormal().distribution([3.0, 0.0, 0.0, 0.0])
    >>> kl_per_dimension(q, ki.priors.StandardNormal().distribution(2)).numpy()
    array([4.5, 0. ], dtype=float32)
    """
    moments = diagonal_normal_moments(q), diagonal_normal_moments(p)
    if None in moments or is_deterministic(q) or is_deterministic(p):
        return None
    (mean, variance), (prior_mean, prior_variance) = moments
    ratio = variance / prior_variance
    offset = tf.square(mean - prior_mean) / prior_variance
    return 0.5 * (ratio - 1.0 - tf.math.log(ratio) + offset)


@functools.cache
def register_normal_kl():
    """Makes `tfp.distributions.kl_divergence` exact for q(z|x) = N(z; m, S S') and a diagonal p(z):

        KL(q || p) = 0.5 sum_i [(S S')_ii / v_i + (m_i - n_i)^2 / v_i - 1 + log v_i] - log |det S|

    with p(z) = N(z; n, diag v) as `Independent(Normal)`. A posterior with full covariance calls it
    before it returns a distribution; repeated calls do nothing.
    """
    tfd = tfp.distributions

    @tfd.RegisterKL(tfd.MultivariateNormalLinearOperator, tfd.Independent)
    def _kl_divergence(q, p, name=None):
        moments = diagonal_normal_moments(p)
        if moments is None:
            raise NotImplementedError(f"KL from {type(q).__name__} to {p}")
        mean, variance = moments
        spread = tf.reduce_sum(tf.square(q.scale.to_dense()), axis=-1)  # the diagonal of S S'
        squared = tf.math.squared_difference(q.mean(), mean)
        terms = (spread + squared) / variance - 1.0 + tf.math.log(variance)
        return 0.5 * tf.reduce_sum(terms, axis=-1) - q.scale.log_abs_determinant()
