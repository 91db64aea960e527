"""KL(q || p) from a normal with full covariance to a diagonal one, which TFP does not know."""

import functools

import tensorflow as tf

from keras_infovae.distributions.moments import diagonal_normal_moments
from keras_infovae.utils import probability as tfp


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
