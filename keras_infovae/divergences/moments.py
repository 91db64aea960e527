"""The mean and covariance of the aggregated posterior and of the prior."""

import tensorflow as tf

from keras_infovae.distributions import diagonal_normal_moments
from keras_infovae.divergences.draws import draws_per_example

_PRIOR_SAMPLES = 4096  # for the moments of a prior that does not know them


def posterior_moments(z, posterior, num_samples, seed, full):
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
    mean, within = _moments_given_x(z, posterior, full)
    noise = 0.0  # what the covariance of the means has from the draws alone
    if mean is None:
        draws = draws_per_example(z, posterior, num_samples, seed)
        mean = tf.reduce_mean(draws, axis=1)
        within = tf.zeros_like(_second_moment(draws[:1, 0], full))
        if draws.shape[1] != 1:
            count = tf.cast(tf.shape(draws)[1], tf.float32)
            deviations = tf.reshape(draws - mean[:, None], [-1, z.shape[-1]])
            within = _second_moment(deviations, full) * count / tf.maximum(count - 1.0, 1.0)
            noise = within / count
    n = tf.cast(tf.shape(mean)[0], tf.float32)
    center = tf.reduce_mean(mean, axis=0)
    between = _second_moment(mean - center, full) * n / tf.maximum(n - 1.0, 1.0)
    return center, within, between - noise


def prior_moments(prior, latent_dim, seed, full):
    """Returns the mean [latent_dim] of p(z), and its covariance, or variance where not `full`.

    A prior that does not know them (a flow) is sampled 4,096 times.
    """
    known = diagonal_normal_moments(prior)
    if known is not None:
        mean, variance = known
        return mean, tf.linalg.diag(variance) if full else variance
    try:
        mean = tf.cast(prior.mean(), tf.float32)
        return mean, tf.cast(prior.covariance() if full else prior.variance(), tf.float32)
    except NotImplementedError:
        samples = tf.cast(prior.sample(_PRIOR_SAMPLES, seed=seed), tf.float32)
        samples = tf.reshape(samples, [_PRIOR_SAMPLES, latent_dim])
        mean = tf.reduce_mean(samples, axis=0)
        return mean, _second_moment(samples - mean, full)


def _moments_given_x(z, posterior, full):
    """Returns the means [n, latent_dim] of q(z|x) and the mean of its covariances, or None."""
    if posterior is None:
        return None, None
    known = diagonal_normal_moments(posterior)
    if known is not None:
        variance = tf.reduce_mean(known[1], axis=0)
        return known[0], tf.linalg.diag(variance) if full else variance
    try:
        covariance = posterior.covariance() if full else posterior.variance()
        mean = tf.cast(posterior.mean(), tf.float32)
        return mean, tf.reduce_mean(tf.cast(covariance, tf.float32), axis=0)
    except NotImplementedError:
        return None, None


def _second_moment(deviations, full):
    """Returns the mean over rows of x x', or of x^2 where not `full`."""
    if not full:
        return tf.reduce_mean(tf.square(deviations), axis=0)
    count = tf.cast(tf.shape(deviations)[0], tf.float32)
    return tf.matmul(deviations, deviations, transpose_a=True) / count
