"""Total correlation by the densities of a minibatch."""

import math

import tensorflow as tf

from keras_infovae.divergences.functional.blockwise import (
    is_single_block,
    pairwise_sum,
    sum_of_blocks,
)
from keras_infovae.divergences.functional.pairs import count
from keras_infovae.typing import Tensor
from keras_infovae.utils.values_only import gradients_left_out

_TENSORS = 8  # of all pairs of a block at a time: they stay in the cache together
_TINY = 1e-37  # what float32 still holds as a normal number


def stratified_total_correlation(
    z: Tensor, mean: Tensor, variance: Tensor, dataset_size: int | Tensor | None = None
) -> Tensor:
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

    def log_weights(own, others):
        return tf.where(own[:, None] == others[None], log_own, log_other)

    def log_ratio(rows, columns):
        z, own = rows
        mean, log_variance, others = columns
        log_weight = log_weights(own, others)[..., None]
        squares = tf.square(z[:, None] - mean[None]) * tf.exp(-log_variance)
        log_density = -0.5 * (squares + log_variance + math.log(2.0 * math.pi))
        log_joint = log_weight[..., 0] + tf.reduce_sum(log_density, axis=-1)
        log_marginals = tf.reduce_logsumexp(log_weight + log_density, axis=1)
        log_joint = tf.reduce_logsumexp(log_joint, axis=1)
        return (log_joint - tf.reduce_sum(log_marginals, axis=-1))[:, None]

    def part(rows, columns, weights):
        z, own = rows
        *moments, others = columns
        log_weight = log_weights(own, others)
        value, *gradients = _log_ratio_with_gradients(z, *moments, log_weight, weights[:, 0])
        zeros = tf.zeros_like(own), tf.zeros_like(others)
        return value, [gradients[0], zeros[0], *gradients[1:], zeros[1]]

    latent_dim = mean.shape[-1]
    draws = 1 if z.shape.rank == 2 else tf.shape(z)[1]
    rows = [tf.reshape(z, [-1, latent_dim]), tf.repeat(index, draws)]
    columns = [mean, tf.math.log(variance), index]
    if gradients_left_out() or is_single_block(rows, columns, latent_dim):
        total = pairwise_sum(log_ratio, rows, columns, latent_dim)
    else:
        total = sum_of_blocks(part, rows, columns, _TENSORS)
    return total / count(rows[0])


def _log_ratio_with_gradients(z, mean, log_variance, log_weight, weights):
    """Returns sum_i weights_i [log q(z_i) - sum_d log q(z_id)] and its gradients.

    One dimension at a time, so that no tensor has more than [rows, n] elements, and with one
    exponential for each pair and dimension: of the shares that the examples have in q(z_i) and
    q(z_id) the gradients are made, too.

    Args:
        z: [rows, latent_dim].
        mean, log_variance: [n, latent_dim].
        log_weight: [rows, n], log of the weight of each example in the density at z_i.
        weights: [rows].

    Returns:
        A scalar, and gradients of the shapes of z, mean and log_variance.
    """
    latent_dim = z.shape[-1]
    by_dimension = [tf.transpose(x) for x in (z, mean, tf.exp(-log_variance), log_variance)]

    def at(d):
        """Returns z - m, 1 / v and log q(z_d|x), each for all pairs or all examples."""
        z, mean, precision, log_variance = (x[d] for x in by_dimension)
        offset = z[:, None] - mean[None]
        normalizer = -0.5 * (log_variance + math.log(2.0 * math.pi))
        return offset, precision, normalizer - 0.5 * offset**2 * precision

    def over_dimensions(body, *start):
        return tf.while_loop(
            lambda d, *_: d < latent_dim,
            lambda d, *state: (d + 1, *body(d, *state)),
            (0, *start),
            maximum_iterations=latent_dim,
        )[1:]

    (log_joint,) = over_dimensions(lambda d, total: [total + at(d)[2]], log_weight)
    log_q = tf.reduce_logsumexp(log_joint, axis=1, keepdims=True)
    shares = tf.exp(log_joint - log_q) * weights[:, None]

    def body(d, value, by_z, by_mean, by_log_variance):
        offset, precision, log_density = at(d)
        # z_i was drawn from one of the examples, so that its density is within some 50 nats of the
        # highest that there is: less than float32 spans, and no maximum over pairs is needed.
        highest = tf.reduce_max(-0.5 * by_dimension[3][d])
        terms = tf.exp(log_weight + log_density - highest)
        density = tf.maximum(tf.reduce_sum(terms, axis=1), _TINY)
        value -= tf.reduce_sum(weights * (tf.math.log(density) + highest))
        less = terms * (weights / density)[:, None] - shares  # of the marginal less of the joint
        slope = less * offset * precision
        by_z = by_z.write(d, tf.reduce_sum(slope, axis=1))
        by_mean = by_mean.write(d, -tf.reduce_sum(slope, axis=0))
        by_log_variance = by_log_variance.write(
            d, 0.5 * (tf.reduce_sum(less, axis=0) - tf.reduce_sum(slope * offset, axis=0))
        )
        return value, by_z, by_mean, by_log_variance

    arrays = [tf.TensorArray(tf.float32, latent_dim) for _ in range(3)]
    value, *gradients = over_dimensions(body, tf.reduce_sum(weights * log_q[:, 0]), *arrays)
    return value, *[tf.transpose(array.stack()) for array in gradients]
