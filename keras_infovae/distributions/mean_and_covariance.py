"""The mean and the covariance of any distribution: exact where they are known, else from draws."""

import tensorflow as tf

from keras_infovae.utils import probability as tfp

_PRIOR_DRAWS = 4096  # for the moments of a prior that does not know them


def prior_moments(prior, seed, full):
    """Returns the mean [latent_dim] of p(z), and its covariance, or variance where not `full`.

    Exact, with gradients to all parameters of p(z), for a normal, a distribution with independent
    dimensions and a mixture of such; a prior that does not know them (a flow) is sampled 4,096
    times.

    Args:
        prior: a TFP distribution with batch shape [] and event shape [latent_dim].
        seed: int32 tensor [2], for the samples.
        full: whether the covariance is a matrix [latent_dim, latent_dim], or variances
            [latent_dim].

    Example:

    >>> import keras_infovae as ki
    >>> from keras_infovae.distributions import prior_moments
    >>> prior = ki.priors.StandardNormal().distribution(2)
    >>> prior_moments(prior, [0, 0], full=True)[1].numpy().tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    try:
        return _exact_moments(prior, full)
    except NotImplementedError:
        samples = tf.cast(prior.sample(_PRIOR_DRAWS, seed=seed), tf.float32)
        mean = tf.reduce_mean(samples, axis=0)
        return mean, second_moment(samples - mean, full)


def posterior_moments(posterior, num_samples, seed, full):
    """Returns what the moments of all q(z|x) say: (means, within, error), float32.

        means [n, latent_dim]   E[z|x]
        within                  the mean over x of Cov[z|x]
        error                   the mean over x of the covariance of `means` about E[z|x]

    Exact, with an error of 0, where q(z|x) knows them; else from draws, and then unbiased.

    Args:
        posterior: the batch of q(z|x), a TFP distribution with batch shape [n].
        num_samples: draws of z per example where q(z|x) does not know its moments. A single one
            has no spread: it is taken for a point.
        seed: int32 tensor [2], for the draws.
        full: as for `prior_moments`.
    """
    try:
        means = tf.cast(posterior.mean(), tf.float32)
        within = average_covariance(posterior, full)
        return means, within, tf.zeros_like(within)
    except NotImplementedError:
        draws = tf.cast(posterior.sample(num_samples, seed=seed), tf.float32)
        means = tf.reduce_mean(draws, axis=0)
        deviations = tf.reshape(draws - means, [-1, draws.shape[-1]])
        within = second_moment(deviations, full) * (num_samples / max(num_samples - 1, 1))
        return means, within, within / num_samples


def average_covariance(distribution, full, weights=None):
    """Returns sum_i w_i Cov_i [d, d], or of the variances [d] where not `full`, float32.

    Args:
        distribution: a TFP distribution with event shape [d] and batch shape [n]; or [], which is
            its own average.
        full: whether the covariance is a matrix.
        weights: w, [n]. Default None: 1 / n each.

    Raises:
        NotImplementedError: where TFP does not know the covariance.
    """
    tfd = tfp.distributions
    # TFP does not know these covariances, and n diagonal matrices would be much to average.
    independent = isinstance(distribution, (tfd.MultivariateNormalDiag, tfd.VectorDeterministic))
    if isinstance(distribution, tfd.Independent):
        independent = distribution.distribution.event_shape.rank == 0
    spread = distribution.covariance() if full and not independent else distribution.variance()
    spread = tf.cast(spread, tf.float32)
    if distribution.batch_shape.rank:
        spread = _average(spread, weights)
    return tf.linalg.diag(spread) if full and independent else spread


def second_moment(deviations, full, weights=None):
    """Returns sum_i w_i x_i x_i', or of x_i^2 where not `full`, for the rows x_i of [n, d]."""
    if not full:
        return _average(tf.square(deviations), weights)
    if weights is None:
        weights = tf.ones_like(deviations[:, 0]) / tf.cast(tf.shape(deviations)[0], tf.float32)
    return tf.matmul(weights[:, None] * deviations, deviations, transpose_a=True)


def _average(tensor, weights):
    """Returns the average over the first axis; `weights` None are equal ones."""
    if weights is None:
        return tf.reduce_mean(tensor, axis=0)
    return tf.tensordot(weights, tensor, axes=1)


def _exact_moments(distribution, full):
    """Returns the mean and the covariance of a distribution with batch shape []."""
    tfd = tfp.distributions
    if isinstance(distribution, tfd.MixtureSameFamily):
        weights = distribution.mixture_distribution.probs_parameter()
        components = distribution.components_distribution
        means = tf.cast(components.mean(), tf.float32)
        within = average_covariance(components, full, weights)
    elif isinstance(distribution, tfd.Mixture):
        weights = distribution.cat.probs_parameter()
        moments = [_exact_moments(component, full) for component in distribution.components]
        means, spreads = (tf.stack(parts) for parts in zip(*moments))
        within = _average(spreads, weights)
    else:
        return tf.cast(distribution.mean(), tf.float32), average_covariance(distribution, full)
    mean = _average(means, weights)
    return mean, within + second_moment(means - mean, full, weights)
