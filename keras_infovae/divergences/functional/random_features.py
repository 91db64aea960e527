"""Squared distances between mean random features: estimators that are linear in the batch."""

import tensorflow as tf

from keras_infovae.distributions import (
    diagonal_normal_moments,
    projected_normal_components,
    projected_normal_moments,
)
from keras_infovae.divergences.functional.pairs import count
from keras_infovae.divergences.functional.phases import cosine_and_sine
from keras_infovae.typing import Distribution, Tensor
from keras_infovae.utils import reductions


def squared_feature_distances(
    q: Distribution | Tensor | tuple[Tensor, Tensor],
    p: Distribution | Tensor | tuple[Tensor, Tensor, Tensor],
    frequencies: Tensor,
    unbiased: bool = True,
    across_replicas: bool = True,
) -> Tensor:
    """Returns an estimate of |E_q exp(i w.z) - E_p exp(i w.z)|^2 for each frequency w.

    The mean over w of these is MMD^2(q, p) for w from `Kernel.frequencies`. The expectation over
    z ~ N(m, V) is known, exp(i w.m - w'Vw / 2), and the square of a mean over the batch needs no
    pairs: with a_i = E_q(z|x_i) exp(i w.z) - E_p exp(i w.z),

        (1 / n(n-1)) sum_{i != j} Re(a_i conj(a_j)) = (|sum_i a_i|^2 - sum_i |a_i|^2) / (n(n-1))

    so that the time is O(n F latent_dim). Subtracting E_p before squaring keeps small differences
    from drowning in rounding.

    Args:
        q: the batch of q(z|x), a TFP distribution with batch shape [n]; integrated out where each
            is a normal or a point. Else samples, [n, latent_dim] or [n, s, latent_dim], s from each
            q(z|x_i); or the moments (mean, variance) of diagonal normals, [n, latent_dim] each.
        p: the prior, a TFP distribution that is a normal or a mixture of them; else samples
            [m, latent_dim]; or (log_weights, means, variances) as `normal_components` gives them.
        frequencies: [F, latent_dim].
        unbiased: True (default) leaves out the pairs of an example (a sample of p) with itself, so
            that the value can be negative. False keeps them. A batch of one keeps its only pair.
        across_replicas: True (default) lets each replica of a distributed step sum over a part of
            the rows of q, and adds the sums up. False lets each sum over all of them, as has to be
            within control flow. The value is the same.

    Returns:
        float32 [F].

    Raises:
        ValueError: for a distribution that has no such closed form.

    Example:

    >>> import tensorflow as tf
    >>> import keras_infovae as ki
    >>> kernel, seed = ki.kernels.get("gaussian"), tf.constant([0, 0])
    >>> w = kernel.frequencies(700, 2, kernel.squared_bandwidths(2), seed)
    >>> prior = ki.priors.get("standard_normal").distribution(2)
    >>> z = prior.sample(500, seed=seed)
    >>> distances = ki.divergences.squared_feature_distances(z + 1.0, prior, w)
    >>> exact = ki.divergences.expected_maximum_mean_discrepancy(
    ...     z + 1.0, 0.0 * z, [0.0] * 2, [1.0] * 2, kernel)
    >>> bool(abs(tf.reduce_mean(distances) / exact - 1) < 0.1)
    True

    References:
        Rahimi and Recht, Random Features for Large-Scale Kernel Machines, NIPS 2007.
        Zhao and Meng, FastMMD, Neural Computation 2015, arXiv:1405.2664.
    """
    p_real, p_imaginary, p_error = _mean_features_of_prior(p, frequencies, unbiased)
    rows, features, n = _rows(q, frequencies)

    def sums(*rows):
        real, imaginary = features(*rows)
        real, imaginary = real - p_real, imaginary - p_imaginary
        return tf.stack(
            [
                tf.reduce_sum(real, axis=0),
                tf.reduce_sum(imaginary, axis=0),
                tf.reduce_sum(real**2 + imaginary**2, axis=0),
            ]
        )

    sums = reductions.sum_over_rows(sums, rows) if across_replicas else sums(*rows)
    real, imaginary, within = tf.unstack(sums)
    all_pairs = (real**2 + imaginary**2) / n**2
    if not unbiased:
        return all_pairs
    others = (n**2 * all_pairs - within) / (n * tf.maximum(n - 1.0, 1.0))
    return tf.where(n > 1.0, others, all_pairs) - p_error


def _rows(q, frequencies):
    """Returns (tensors with one row per example, a function of rows to their features, n)."""
    if tf.is_tensor(q):
        return [q], lambda z: _features_of_samples(z, frequencies), count(q)
    moments = q if isinstance(q, tuple) else diagonal_normal_moments(q)
    if moments is not None:  # projected for this replica's rows alone
        return (
            list(moments),
            lambda mean, variance: _features_of_normals(
                tf.matmul(mean, frequencies, transpose_b=True),
                tf.matmul(variance, frequencies**2, transpose_b=True),
            ),
            count(moments[0]),
        )
    moments = projected_normal_moments(q, frequencies)
    if moments is None:
        raise ValueError(
            "Argument `q` must be samples, or a batch of normals or points. "
            f"Received: q={type(q).__name__}"
        )
    mean, variance = moments
    variance = tf.broadcast_to(variance, tf.shape(mean))  # of one covariance for all
    return [mean, variance], _features_of_normals, count(mean)


def _mean_features_of_prior(p, frequencies, unbiased):
    """Returns E_p exp(i w.z), real and imaginary [F], and the bias [F] of its squared modulus."""
    if tf.is_tensor(p):
        real, imaginary = _features_of_samples(p, frequencies)
        real, imaginary = tf.reduce_mean(real, axis=0), tf.reduce_mean(imaginary, axis=0)
        if not unbiased:
            return real, imaginary, 0.0
        error = (1.0 - real**2 - imaginary**2) / tf.maximum(count(p) - 1.0, 1.0)
        return real, imaginary, tf.where(count(p) > 1.0, error, 0.0)
    if isinstance(p, tuple):
        log_weights, mean, variance = p
        mean = tf.matmul(mean, frequencies, transpose_b=True)
        components = log_weights, mean, tf.matmul(variance, frequencies**2, transpose_b=True)
    else:
        components = projected_normal_components(p, frequencies)
    if components is None:
        raise ValueError(
            "Argument `p` must be samples, or a normal or a mixture of normals. "
            f"Received: p={type(p).__name__}"
        )
    log_weights, mean, variance = components
    weights = tf.exp(log_weights)[:, None]
    real, imaginary = _features_of_normals(mean, variance)
    return tf.reduce_sum(weights * real, axis=0), tf.reduce_sum(weights * imaginary, axis=0), 0.0


def _features_of_normals(mean, variance):
    """Returns E exp(it), real and imaginary, for t ~ N(mean, variance)."""
    modulus = tf.exp(-0.5 * variance)
    cosine, sine = cosine_and_sine(mean)
    return modulus * cosine, modulus * sine


def _features_of_samples(z, frequencies):
    """Returns exp(i w.z), real and imaginary [n, F], averaged over the draws of [n, s, d]."""
    phase = tf.einsum("...d,fd->...f", tf.cast(z, tf.float32), frequencies)
    real, imaginary = cosine_and_sine(phase)
    if z.shape.rank == 3:
        real, imaginary = tf.reduce_mean(real, axis=1), tf.reduce_mean(imaginary, axis=1)
    return real, imaginary
