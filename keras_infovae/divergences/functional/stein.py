"""The kernelized Stein discrepancy, and the direction of Stein variational gradient descent."""

import tensorflow as tf

from keras_infovae.divergences.functional.blockwise import pairwise_sum
from keras_infovae.divergences.functional.pairs import as_groups, count, mean_over_groups
from keras_infovae.divergences.functional.surrogate import with_gradient_of
from keras_infovae.kernels import Kernel
from keras_infovae.typing import Tensor
from keras_infovae.utils.checks import check_choice

GRADIENTS = ("stein_variational", "discrepancy")


def kernelized_stein_discrepancy(
    z: Tensor,
    score: Tensor,
    kernel: Kernel,
    squared_bandwidths: Tensor,
    unbiased: bool = True,
    gradient: str = "stein_variational",
) -> Tensor:
    """Returns an estimate of KSD(q, p) from samples of q and the score of p, a float32 scalar:

        KSD(q, p) = E u(z, z'),                               z, z' ~ q independent,  d = z - z'
        u(z, z') = k s(z).s(z') + s(z).grad_z' k + s(z').grad_z k + trace grad_z grad_z' k
                 = k s(z).s(z') + 2 k' d.(s(z') - s(z)) - 2 k' latent_dim - 4 k'' |d|^2

    where s = grad log p, and k', k'' are derivatives of k in |d|^2. The normalizer of p is not
    needed.

    Args:
        z: [n, latent_dim], independent samples of q; or [n, s, latent_dim], s from each of n
            groups.
        score: of the shape of z, grad log p(z).
        kernel: a `Kernel` with `radial_derivatives`.
        squared_bandwidths: as `kernel.squared_bandwidths` gives them.
        unbiased: True (default) leaves out the pairs of a sample (a group) with itself: the
            U-statistic, which can be negative. False: the V-statistic, never negative, too large by
            O(1/n). A single sample (group) keeps its only pair.
        gradient: what a gradient of the result with respect to z is. `"stein_variational"`
            (default): that of -E phi(z).z with phi held fixed, the direction in which the KL
            divergence from p falls fastest,

                phi(z) = E_z'[k(z', z) s(z') + grad_z' k(z', z)]

            `"discrepancy"`: that of the KSD itself.

    Raises:
        ValueError: for another gradient.

    Example:

    >>> import tensorflow as tf
    >>> import keras_infovae as ki
    >>> kernel = ki.kernels.get("gaussian")
    >>> z = tf.random.stateless_normal([300, 2], seed=[0, 0])
    >>> same, moved = (
    ...     ki.divergences.kernelized_stein_discrepancy(x, -x, kernel, kernel.squared_bandwidths(2))
    ...     for x in (z, z + 1.0))
    >>> bool(abs(same) < 0.05 < moved)
    True

    References:
        Liu, Lee, Jordan, A Kernelized Stein Discrepancy, arXiv:1602.03253, theorem 3.6.
        Liu and Wang, Stein Variational Gradient Descent, arXiv:1608.04471, section 3.
    """
    check_choice("gradient", gradient, GRADIENTS)
    z, score = as_groups(z), as_groups(score)
    latent_dim = z.shape[-1]
    squared_bandwidths = tf.convert_to_tensor(squared_bandwidths, tf.float32)

    def matrix(a, b):
        return stein_kernel(*a, *b, kernel, squared_bandwidths, gradient)

    flat = [tf.reshape(tensor, [-1, latent_dim]) for tensor in (z, score)]
    elements = 3 * squared_bandwidths.shape[0]
    mean_of_all = pairwise_sum(matrix, flat, flat, elements) / count(flat[0]) ** 2
    within = tf.reduce_mean(matrix([z, score], [z, score]), axis=[1, 2])
    return mean_over_groups(mean_of_all, within, unbiased)


def expected_kernelized_stein_discrepancy(
    mean: Tensor,
    variance: Tensor,
    prior_mean: Tensor,
    prior_variance: Tensor,
    squared_bandwidths: Tensor,
    unbiased: bool = True,
    gradient: str = "stein_variational",
) -> Tensor:
    """Returns KSD(q, p), and its gradient, with every z integrated out in closed form.

    For q(z) = (1/n) sum_i N(z; m_i, diag v_i), p(z) a diagonal normal and a Gaussian kernel of
    squared bandwidth h. For two of the normals let D = m - m', r = 1 / (h + v + v') in each
    dimension and K = E k(z, z') (`Gaussian.normal_expectation`). Weighted by the kernel, z and z'
    are normal again, by the rule of conditioning z - z' + e = 0 for e ~ N(0, h):

        means a = m - v r D and a' = m' + v' r D,
        Cov(z, z') = v v' r,    Var(z - z') = (v + v') h r

    so that with the prior's mean taken off a and a', and w its variance,

        E u = K sum_d [(a a' + v v' r) / w^2 - ((v + v') h r + (D h r)^2) (1 / (w h) + 1 / h^2)
                       + 1 / h]

    The Stein variational direction moves m by E phi and v by E dphi/dz, half of it each (Stein's
    lemma turns the gradient in the deviation of z into one of phi):

        E phi = K (r D - a' / w),    E dphi/dz = K (r (a' D - v') / w + r - (r D)^2)

    Only the choice of the minibatch is random then: the value is the expectation of
    `kernelized_stein_discrepancy` given the minibatch, and so is the gradient.

    Args:
        mean, variance: [n, latent_dim], of q(z|x_i); variance 0 is a point.
        prior_mean, prior_variance: [latent_dim].
        squared_bandwidths: as `Gaussian.squared_bandwidths` gives them.
        unbiased, gradient: as for `kernelized_stein_discrepancy`.

    Example:

    >>> import tensorflow as tf
    >>> import keras_infovae as ki
    >>> kernel = ki.kernels.get("gaussian")
    >>> zeros, ones = tf.zeros([8, 2]), tf.ones([8, 2])
    >>> value = ki.divergences.expected_kernelized_stein_discrepancy(
    ...     zeros, ones, zeros[0], ones[0], kernel.squared_bandwidths(2))
    >>> bool(abs(value) < 1e-6)
    True
    """
    check_choice("gradient", gradient, GRADIENTS)
    mean, variance, prior_mean, prior_variance = (
        tf.cast(tensor, tf.float32) for tensor in (mean, variance, prior_mean, prior_variance)
    )
    h = tf.reshape(tf.cast(squared_bandwidths, tf.float32), [-1, 1, 1, 1])
    w = prior_variance

    def of_pairs(m, v, m_, v_):
        difference, total = m - m_, v + v_
        r = 1.0 / (h + total)
        log_k = -0.5 * tf.reduce_sum(
            tf.math.log1p(total / h) + difference**2 * r, axis=-1, keepdims=True
        )
        k = tf.exp(log_k)  # [scales, n, m, 1]
        a_, a__ = m - v * r * difference, m_ + v_ * r * difference
        second = total * h * r + (difference * h * r) ** 2
        u = (a_ * a__ + v * v_ * r) / w**2 - second * (1.0 / (w * h) + 1.0 / h**2) + 1.0 / h
        u = tf.reduce_mean(tf.reduce_sum(k * u, axis=-1), axis=0)
        if gradient == "discrepancy":
            return u
        phi = k * (r * difference - a__ / w)
        slope = k * (r * (a__ * difference - v_) / w + r - (r * difference) ** 2)
        phi, slope = (tf.stop_gradient(tf.reduce_mean(x, axis=0)) for x in (phi, slope))
        return with_gradient_of(u, -tf.reduce_sum(phi * m + 0.5 * slope * v, axis=-1))

    def matrix(a, b):
        return of_pairs(*[tensor[:, None] for tensor in a], *[tensor[None] for tensor in b])

    q = [mean - prior_mean, variance]
    elements = mean.shape[-1] * h.shape[0]
    mean_of_all = pairwise_sum(matrix, q, q, elements) / count(mean) ** 2
    itself = [tensor[:, None] for tensor in q]
    within = of_pairs(*itself, *itself)[:, 0]
    return mean_over_groups(mean_of_all, within, unbiased)


def stein_kernel(
    z: Tensor,
    score: Tensor,
    z_: Tensor,
    score_: Tensor,
    kernel: Kernel,
    squared_bandwidths: Tensor,
    gradient: str,
) -> Tensor:
    """Returns u(z_i, z'_j), [..., n, m], with the gradient that `gradient` names."""

    def products(a, b):
        return tf.matmul(a, b, transpose_b=True)

    def along(a, b):
        return tf.reduce_sum(a * b, axis=-1)

    def row(values):
        return values[..., None, :]

    t = along(z, z)[..., None] + row(along(z_, z_)) - 2.0 * products(z, z_)
    k, first, second = kernel.radial_derivatives(tf.maximum(t, 0.0), squared_bandwidths)
    # d.(s(z') - s(z)), written out so that no [n, m, latent_dim] tensor is made
    turn = products(z, score_) + products(score, z_)
    turn -= along(z, score)[..., None] + row(along(z_, score_))
    u = k * products(score, score_) + 2.0 * first * (turn - z.shape[-1]) - 4.0 * second * t
    if gradient == "discrepancy":
        return u
    k, first, z_, score_, fixed = (tf.stop_gradient(tensor) for tensor in (k, first, z_, score_, z))
    drift = k * products(z, score_)
    repulsion = 2.0 * first * (products(z, z_) - along(fixed, z)[..., None])
    return with_gradient_of(u, -(drift + repulsion))
