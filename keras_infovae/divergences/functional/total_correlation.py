"""Total correlation by the densities of a minibatch."""

import math

import tensorflow as tf

from keras_infovae.divergences.functional.blockwise import pairwise_sum
from keras_infovae.divergences.functional.pairs import count


def stratified_total_correlation(z, mean, variance, dataset_size=None):
    """Returns an estimate of KL(q(z) || prod_d q(z_d)) in nats, a float32 scalar:

        (1/n) sum_i [log q(z_i) - sum_d log q(z_id)]

    where q is the aggregated posterior of a dataset of N examples, of which the n of the batch are
    known. z_i was drawn from q(z|x_i), which makes x_i an example that is in the sum for certain
    and the others a sample of N - 1:

        q(z_i) = (1/N) q(z_i|x_i) + ((N - 1) / N) (1 / (n - 1)) sum_{j != i} q(z_i|x_j)

    This is unbiased for q(z_i) (it is the mean, over the example that gets the odd weight, of the
    minibatch-stratified sampling of the reference, so that all examples are alike); the logarithms
    make the estimate biased, less so for larger batches.

    Args:
        z: [n, latent_dim], one draw from each q(z|x_i); or [n, s, latent_dim].
        mean, variance: [n, latent_dim], of the diagonal normal q(z|x_i).
        dataset_size: N, a number or scalar tensor of at least n. Default None: n.

    Example:

    >>> import tensorflow as tf
    >>> import keras_infovae as ki
    >>> z, zeros = tf.random.stateless_normal([8, 2], seed=[0, 0]), tf.zeros([8, 2])
    >>> value = ki.divergences.stratified_total_correlation(z, zeros, zeros + 1.0)
    >>> bool(abs(value) < 1e-6)  # every q(z|x) has independent dimensions, and all are the same
    True

    References:
        Chen et al., Isolating Sources of Disentanglement, arXiv:1802.04942, section 4 and appendix
        C.2.
    """
    z, mean, variance = (tf.cast(tensor, tf.float32) for tensor in (z, mean, variance))
    n = count(mean)
    size = n if dataset_size is None else tf.maximum(tf.cast(dataset_size, tf.float32), n)
    log_own = -tf.math.log(size)
    # log of ((N - 1) / N) / (n - 1); a batch of one has no others
    log_other = tf.math.log(tf.maximum(size - 1.0, 1.0) / (size * tf.maximum(n - 1.0, 1.0)))
    log_own = tf.where(n > 1.0, log_own, 0.0)
    index = tf.range(n)

    def log_ratio(rows, columns):
        z, own = rows
        mean, log_variance, other = columns
        log_weight = tf.where(own[:, None] == other[None], log_own, log_other)[..., None]
        squares = tf.square(z[:, None] - mean[None]) * tf.exp(-log_variance)
        log_density = -0.5 * (squares + log_variance + math.log(2.0 * math.pi))
        log_joint = log_weight[..., 0] + tf.reduce_sum(log_density, axis=-1)
        log_marginals = tf.reduce_logsumexp(log_weight + log_density, axis=1)
        log_joint = tf.reduce_logsumexp(log_joint, axis=1)
        return (log_joint - tf.reduce_sum(log_marginals, axis=-1))[:, None]

    latent_dim = mean.shape[-1]
    draws = 1 if z.shape.rank == 2 else tf.shape(z)[1]
    rows = [tf.reshape(z, [-1, latent_dim]), tf.repeat(index, draws)]
    total = pairwise_sum(log_ratio, rows, [mean, tf.math.log(variance), index], latent_dim)
    return total / count(rows[0])
