"""Divergences between first and second moments."""

import tensorflow as tf

from keras_infovae.typing import Tensor

# Of the prior's variance, added to that of q: a batch that fills no more than some dimensions has a
# logarithm then.
_DIAGONAL_RIDGE = 1e-6
_FULL_RIDGE = 1e-4


def diagonal_normal_kl(
    mean: Tensor, variance: Tensor, prior_mean: Tensor, prior_variance: Tensor
) -> Tensor:
    """Returns KL(N(m, diag v) || N(m_p, diag v_p)) in nats, a float32 scalar:

        (1/2) sum_d [r_d + (m_d - m_pd)^2 / v_pd - 1 - log r_d],      r = v / v_p

    where r is (r + 1e-6) / (1 + 1e-6), which is finite for v = 0.

    Args:
        mean, variance, prior_mean, prior_variance: [latent_dim].

    Example:

    >>> import keras_infovae as ki
    >>> round(float(ki.divergences.diagonal_normal_kl([1.0], [1.0], [0.0], [1.0])), 4)
    0.5
    """
    mean, variance, prior_mean, prior_variance = (
        tf.cast(tensor, tf.float32) for tensor in (mean, variance, prior_mean, prior_variance)
    )
    ratio = (variance / prior_variance + _DIAGONAL_RIDGE) / (1.0 + _DIAGONAL_RIDGE)
    shift = tf.square(mean - prior_mean) / prior_variance
    return 0.5 * tf.reduce_sum(ratio + shift - 1.0 - tf.math.log(ratio))


def normal_kl(
    mean: Tensor, covariance: Tensor, prior_mean: Tensor, prior_covariance: Tensor
) -> Tensor:
    """Returns KL(N(m, C) || N(m_p, C_p)) in nats, a float32 scalar:

        (1/2) [tr S + |L^-1 (m - m_p)|^2 - latent_dim - log det S],   C_p = L L',  S = L^-1 C L'^-1

    with (S + e (1 + tr S / latent_dim) I) / (1 + 2 e), e = 1e-4, in place of S: a covariance of
    less than full rank has a finite value then, and S = I still gives 0.

    Args:
        mean, prior_mean: [latent_dim].
        covariance, prior_covariance: [latent_dim, latent_dim].

    Example:

    >>> import keras_infovae as ki
    >>> eye = [[1.0, 0.0], [0.0, 1.0]]
    >>> round(float(ki.divergences.normal_kl([1.0, 1.0], eye, [0.0, 0.0], eye)), 4)
    1.0
    """
    mean, covariance, prior_mean, prior_covariance = (
        tf.cast(tensor, tf.float32) for tensor in (mean, covariance, prior_mean, prior_covariance)
    )
    eye = tf.eye(mean.shape[-1])
    factor = tf.linalg.cholesky(prior_covariance)
    half = tf.linalg.triangular_solve(factor, covariance)
    whitened = tf.linalg.triangular_solve(factor, tf.transpose(half))
    trace = tf.linalg.trace(whitened)
    ridge = _FULL_RIDGE * (1.0 + trace / mean.shape[-1])
    whitened = (whitened + ridge * eye) / (1.0 + 2.0 * _FULL_RIDGE)
    shift = tf.linalg.triangular_solve(factor, (mean - prior_mean)[:, None])
    return 0.5 * (
        tf.linalg.trace(whitened)
        + tf.reduce_sum(tf.square(shift))
        - mean.shape[-1]
        - tf.linalg.logdet(whitened)
    )


def covariance_penalty(
    covariance: Tensor,
    target: Tensor,
    off_diagonal_weight: float = 1.0,
    diagonal_weight: float = 1.0,
) -> Tensor:
    """Returns a weighted squared distance between two covariances, a float32 scalar:

        off_diagonal_weight sum_{i != j} (C_ij - T_ij)^2 + diagonal_weight sum_i (C_ii - T_ii)^2

    Args:
        covariance, target: [latent_dim, latent_dim].
        off_diagonal_weight, diagonal_weight: numbers. Default 1.

    Example:

    >>> import keras_infovae as ki
    >>> eye, value = [[1.0, 0.0], [0.0, 1.0]], [[3.0, 1.0], [1.0, 1.0]]
    >>> float(ki.divergences.covariance_penalty(value, eye, diagonal_weight=10.0))
    42.0

    References:
        Kumar et al., DIP-VAE, arXiv:1711.00848, equations 6 and 7.
    """
    squares = tf.square(tf.cast(covariance, tf.float32) - tf.cast(target, tf.float32))
    diagonal = tf.reduce_sum(tf.linalg.diag_part(squares))
    off_diagonal = tf.reduce_sum(tf.linalg.set_diag(squares, tf.zeros_like(squares[0])))
    return off_diagonal_weight * off_diagonal + diagonal_weight * diagonal
