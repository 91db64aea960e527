"""The kernelized Stein discrepancy in random features: linear in the batch.

With k(z, z') = E_w cos(w.(z - z')), w from `Kernel.frequencies`, it is a mean of squares

    KSD(q, p) = E_w sum_d |A_d(w)|^2,    A_d(w) = E_q [(s_d(z) + i w_d) exp(i w.z)],  s = grad log p

and the direction of Stein variational gradient descent is

    phi_d(z) = E_w Re[exp(-i w.z) A_d(w)],    dphi_d / dz_d = E_w w_d Im[exp(-i w.z) A_d(w)]

A sum over the batch for each of F frequencies and latent_dim dimensions is a matrix product of
O(n F latent_dim), and no tensor is larger than the n F numbers exp(i w.z). Over w, the means of the
value and of its gradient are those of `kernelized_stein_discrepancy`.
"""

import tensorflow as tf

from keras_infovae.divergences.functional.pairs import as_groups, count, mean_over_groups
from keras_infovae.divergences.functional.phases import cosine_and_sine
from keras_infovae.divergences.functional.stein import GRADIENTS, stein_kernel
from keras_infovae.divergences.functional.surrogate import with_gradient_of
from keras_infovae.kernels import Kernel
from keras_infovae.typing import Tensor
from keras_infovae.utils.checks import check_choice


def stein_features_of_normals(
    mean: Tensor,
    variance: Tensor,
    prior_mean: Tensor,
    prior_variance: Tensor,
    frequencies: Tensor,
    unbiased: bool = True,
    gradient: str = "stein_variational",
) -> Tensor:
    """Returns KSD(q, p) and its gradient with every z integrated out, a float32 scalar.

    For q(z) = (1/n) sum_i N(z; m_i, diag v_i) and a diagonal normal p of mean m_p, variance w_p,

        E_q(z|x_i) [(s(z) + i w) exp(i w.z)] = f_i (-a_i + i w b_i)

        f_i = exp(i w.m_i - w'V_i w / 2),    a_i = (m_i - m_p) / w_p,    b_i = 1 - v_i / w_p

    Without the pairs of an example with itself (`unbiased`), |sum_i|^2 - sum_i | |^2 for each w.

    Args:
        mean, variance, prior_mean, prior_variance, unbiased, gradient: as for
            `expected_kernelized_stein_discrepancy`.
        frequencies: [F, latent_dim], as `Kernel.frequencies` gives them.
    """
    check_choice("gradient", gradient, GRADIENTS)
    mean, variance, prior_mean, prior_variance, w = (
        tf.cast(tensor, tf.float32)
        for tensor in (mean, variance, prior_mean, prior_variance, frequencies)
    )
    n = count(mean)
    without_own = tf.cast(n > 1.0, tf.float32) if unbiased else 0.0
    pairs = n * (n - without_own)
    offset = mean - prior_mean
    a, b = offset / prior_variance, 1.0 - variance / prior_variance

    modulus = tf.exp(-0.5 * tf.matmul(variance, w**2, transpose_b=True))  # [n, F]
    cosine, sine = cosine_and_sine(tf.matmul(mean, w, transpose_b=True))
    real, imaginary = modulus * cosine, modulus * sine
    squares = modulus**2
    own = tf.reduce_sum(a**2, axis=-1, keepdims=True) + tf.matmul(b**2, w**2, transpose_b=True)

    sum_real = -_over_rows(real, a) - w * _over_rows(imaginary, b)  # [F, latent_dim]
    sum_imaginary = -_over_rows(imaginary, a) + w * _over_rows(real, b)
    of_all = tf.reduce_sum(sum_real**2 + sum_imaginary**2, axis=-1)
    value = tf.reduce_mean(of_all - without_own * tf.reduce_sum(squares * own, axis=0)) / pairs
    if gradient == "discrepancy":
        return value

    features = [tf.stop_gradient(x) for x in (real, imaginary, sum_real, sum_imaginary)]
    phi, slope = _direction(w, *features), _slope(w, *features)
    own_phi = -a * tf.reduce_mean(squares, axis=-1, keepdims=True)
    own_slope = b * tf.matmul(squares, w**2) / count(w)
    phi, slope = phi - without_own * own_phi, slope - without_own * own_slope
    phi, slope = tf.stop_gradient(phi), tf.stop_gradient(slope)
    return with_gradient_of(value, -tf.reduce_sum(phi * offset + 0.5 * slope * variance) / pairs)


def stein_features_of_samples(
    z: Tensor,
    score: Tensor,
    frequencies: Tensor,
    kernel: Kernel,
    squared_bandwidths: Tensor,
    unbiased: bool = True,
    gradient: str = "stein_variational",
) -> Tensor:
    """Returns an estimate of KSD(q, p), and its gradient, from samples of q: a float32 scalar.

    The pairs of a sample (a group) with itself are few: they are taken out by the kernel, exactly.

    Args:
        z, score, kernel, squared_bandwidths, unbiased, gradient: as for
            `kernelized_stein_discrepancy`.
        frequencies: [F, latent_dim], as `Kernel.frequencies` gives them.
    """
    check_choice("gradient", gradient, GRADIENTS)
    groups, scores = as_groups(z), as_groups(score)
    w = tf.cast(frequencies, tf.float32)
    z, score = (tf.reshape(tensor, [-1, tensor.shape[-1]]) for tensor in (groups, scores))
    real, imaginary = cosine_and_sine(tf.matmul(z, w, transpose_b=True))  # [n s, F]
    mean_real = (_over_rows(real, score) - w * tf.reduce_sum(imaginary, axis=0)[:, None]) / count(z)
    mean_imaginary = _over_rows(imaginary, score) + w * tf.reduce_sum(real, axis=0)[:, None]
    mean_imaginary /= count(z)
    value = tf.reduce_mean(tf.reduce_sum(mean_real**2 + mean_imaginary**2, axis=-1))
    if gradient == "stein_variational":
        features = [tf.stop_gradient(x) for x in (real, imaginary, mean_real, mean_imaginary)]
        phi = _direction(w, *features)
        value = with_gradient_of(value, -tf.reduce_sum(phi * z) / count(z))
    if not unbiased:
        return value
    own = stein_kernel(groups, scores, groups, scores, kernel, squared_bandwidths, gradient)
    within = tf.reduce_mean(own, axis=[1, 2])
    return mean_over_groups(value, within, unbiased)


def _over_rows(features, values):
    """Returns sum_i features_i values_i, [F, latent_dim]."""
    return tf.matmul(features, values, transpose_a=True)


def _direction(w, real, imaginary, sum_real, sum_imaginary):
    """Returns the mean over w of Re[conj(f_i) A_d], [n, latent_dim]."""
    total = tf.matmul(real, sum_real) + tf.matmul(imaginary, sum_imaginary)
    return total / count(w)


def _slope(w, real, imaginary, sum_real, sum_imaginary):
    """Returns the mean over w of w_d Im[conj(f_i) A_d], [n, latent_dim]."""
    total = tf.matmul(real, w * sum_imaginary) - tf.matmul(imaginary, w * sum_real)
    return total / count(w)
