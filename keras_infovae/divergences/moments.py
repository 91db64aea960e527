"""The mean and the covariance of the aggregated posterior, from a minibatch."""

import tensorflow as tf

from keras_infovae.distributions import posterior_moments
from keras_infovae.distributions.mean_and_covariance import second_moment
from keras_infovae.typing import Distribution, Tensor


def aggregated_moments(
    z: Tensor, posterior: Distribution | None, num_samples: int, seed: Tensor, full: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Returns the mean of q(z) and its covariance in two parts, by the law of total covariance:

        Cov[q(z)] = E Cov[q(z|x)] + Cov[E q(z|x)]

    In closed form where q(z|x) knows its moments, else from draws. Both parts are unbiased.

    Args:
        z: [n, latent_dim], samples of q(z).
        posterior: the batch of q(z|x), or None for points.
        num_samples: draws of z per example where q(z|x) does not know its moments.
        seed: int32 tensor [2].
        full: whether covariances are matrices [latent_dim, latent_dim], or variances [latent_dim].

    Returns:
        (mean [latent_dim], the first part, the second part), float32.
    """
    means = tf.cast(z, tf.float32)
    within = error = tf.zeros([means.shape[-1]] * (2 if full else 1))
    if posterior is not None:
        means, within, error = posterior_moments(posterior, num_samples, seed, full)
    n = tf.cast(tf.shape(means)[0], tf.float32)
    center = tf.reduce_mean(means, axis=0)
    between = second_moment(means - center, full) * n / tf.maximum(n - 1.0, 1.0)
    return center, within, between - error
