"""Maximum mean discrepancy: of samples, and of normals with z integrated out."""

import tensorflow as tf

from keras_infovae.divergences.functional.blockwise import pairwise_sum, weighted_pairwise_sum
from keras_infovae.divergences.functional.pairs import (
    as_groups,
    component_weights,
    count,
    mean_over_groups,
)
from keras_infovae.kernels import Kernel
from keras_infovae.typing import Tensor


def maximum_mean_discrepancy(
    x: Tensor,
    y: Tensor,
    kernel: Kernel,
    squared_bandwidths: Tensor | None = None,
    unbiased: bool = True,
) -> Tensor:
    """Returns an estimate of MMD^2(q, p) from samples of both, a float32 scalar:

        MMD^2(q, p) = E k(z, z') + E k(y, y') - 2 E k(z, y),      z, z' ~ q;  y, y' ~ p

    Args:
        x: [n, latent_dim], independent samples of q; or [n, s, latent_dim], s samples from each of
            n groups (each from one q(z|x_i), say), the groups independent of each other.
        y: [m, latent_dim], independent samples of p.
        kernel: a `Kernel`.
        squared_bandwidths: as `kernel.squared_bandwidths` gives them. Default None: by the kernel's
            own rule, from latent_dim and the pooled samples.
        unbiased: True (default) leaves out the pairs of a sample (a group) with itself: the
            U-statistic, whose expectation is MMD^2 and which can be negative. False keeps them: the
            V-statistic, never negative, too large by O(1/n). A single sample (group) has no
            other, so there the pair with itself is kept.

    Example:

    >>> import tensorflow as tf
    >>> import keras_infovae as ki
    >>> x = tf.random.stateless_normal([500, 2], seed=[0, 0])
    >>> y = tf.random.stateless_normal([500, 2], seed=[0, 1])
    >>> same = ki.divergences.maximum_mean_discrepancy(x, y, ki.kernels.get("gaussian"))
    >>> moved = ki.divergences.maximum_mean_discrepancy(x + 1, y, ki.kernels.get("gaussian"))
    >>> bool(abs(same) < 0.01 < moved)
    True

    References:
        Gretton et al., A Kernel Two-Sample Test, JMLR 2012, lemma 6 and equation 5.
    """
    groups, y = as_groups(x), tf.cast(y, tf.float32)
    x = tf.reshape(groups, [-1, groups.shape[-1]])
    if squared_bandwidths is None:
        squared_bandwidths = kernel.squared_bandwidths(x.shape[-1], tf.concat([x, y], axis=0))
    squared_bandwidths = tf.convert_to_tensor(squared_bandwidths, tf.float32)

    def mean_over_pairs(a, b):
        elements = squared_bandwidths.shape[0]
        return pairwise_sum(matrix, [a], [b], elements) / count(a) / count(b)

    def matrix(a, b):
        return kernel.matrix(a[0], b[0], squared_bandwidths)

    within_x = tf.reduce_mean(kernel.matrix(groups, groups, squared_bandwidths), axis=[1, 2])
    within_y = tf.ones_like(y[:, 0])  # k(y, y) = 1
    return (
        mean_over_groups(mean_over_pairs(x, x), within_x, unbiased)
        + mean_over_groups(mean_over_pairs(y, y), within_y, unbiased)
        - 2.0 * mean_over_pairs(x, y)
    )


def expected_maximum_mean_discrepancy(
    mean: Tensor,
    variance: Tensor | None,
    prior_mean: Tensor,
    prior_variance: Tensor,
    kernel: Kernel,
    squared_bandwidths: Tensor | None = None,
    unbiased: bool = True,
    prior_log_weights: Tensor | None = None,
) -> Tensor:
    """Returns MMD^2(q, p) with every z integrated out in closed form, a float32 scalar.

    q(z) = (1/n) sum_i N(z; m_i, diag v_i) is the aggregated posterior of diagonal normals, p(z) a
    diagonal normal or a mixture of them with weights w_k. For a Gaussian kernel all three
    expectations are known (the formula and its derivation stand at `Gaussian.normal_expectation`);
    with K for a pair of normals,

        MMD^2 = (1 / n(n-1)) sum_{i != j} K(m_i, v_i; m_j, v_j)
              + sum_kl w_k w_l K(m_k, v_k; m_l, v_l) - (2/n) sum_ik w_k K(m_i, v_i; m_k, v_k)

    Only the choice of the minibatch is random then. It is the expectation, given the minibatch, of
    `maximum_mean_discrepancy` over all draws of z and of prior samples (the law of total
    expectation), so it has the same mean and a smaller variance. What matters for training: the
    noise of sampled z rewards a large posterior variance, and with a strong weight collapses the
    latents; this estimator has no such noise.

    Args:
        mean, variance: [n, latent_dim], of q(z|x_i). A variance of None says that all are points,
            which is as a variance of 0 and computed several times as fast.
        prior_mean, prior_variance: [latent_dim], or [K, latent_dim] of a mixture.
        kernel: a `Kernel` with `has_normal_expectation`.
        squared_bandwidths: as `kernel.squared_bandwidths` gives them. Default None: by the kernel's
            own rule from latent_dim and `mean`.
        unbiased: True (default) leaves out the pairs i = j; False keeps them. A batch of one keeps
            its only pair.
        prior_log_weights: [K], the logarithms of w_k, which add up to 1. Default None: equal ones.

    Example:

    >>> import tensorflow as tf
    >>> import keras_infovae as ki
    >>> zeros, ones = tf.zeros([8, 2]), tf.ones([8, 2])
    >>> value = ki.divergences.expected_maximum_mean_discrepancy(
    ...     zeros, ones, zeros[0], ones[0], ki.kernels.get("gaussian"))
    >>> bool(abs(value) < 1e-6)
    True
    """
    mean, prior_mean, prior_variance = (
        tf.cast(tensor, tf.float32) for tensor in (mean, prior_mean, prior_variance)
    )
    are_points = variance is None
    variance = tf.zeros_like(mean) if are_points else tf.cast(variance, tf.float32)
    if squared_bandwidths is None:
        squared_bandwidths = kernel.squared_bandwidths(mean.shape[-1], mean)
    squared_bandwidths = tf.convert_to_tensor(squared_bandwidths, tf.float32)
    latent_dim = mean.shape[-1]
    prior_mean = tf.reshape(prior_mean, [-1, latent_dim])
    prior_variance = tf.reshape(prior_variance, [-1, latent_dim])

    def expectation(a, b):
        return kernel.normal_expectation(*a, *b, squared_bandwidths)

    def mean_expectation(a, b):
        elements = latent_dim * squared_bandwidths.shape[0]
        return weighted_pairwise_sum(expectation, a, b, elements_per_pair=elements)

    def self_expectation(v):  # of z and z' from one and the same normal with variance v
        zeros = tf.zeros_like(v)
        return kernel.normal_expectation(zeros[:1], zeros[:1], zeros, 2.0 * v, squared_bandwidths)[
            0
        ]

    def mean_of_points():  # a matrix product instead of a difference for each dimension
        elements = squared_bandwidths.shape[0]
        total = pairwise_sum(
            lambda a, b: kernel.matrix(a[0], b[0], squared_bandwidths), [mean], [mean], elements
        )
        return total / count(mean) ** 2

    q = [mean, variance, component_weights(mean)]
    p = [prior_mean, prior_variance, component_weights(prior_mean, prior_log_weights)]
    mean_qq = mean_of_points() if are_points else mean_expectation(q, q)
    mean_qq = mean_over_groups(mean_qq, self_expectation(variance), unbiased)
    return mean_qq + mean_expectation(p, p) - 2.0 * mean_expectation(q, p)
