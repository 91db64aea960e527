"""The means and variances of normals, and of mixtures of them: what closed forms over z need.

Each function returns None for a distribution that it does not know, so that the caller can fall
back to samples.
"""

import tensorflow as tf

from keras_infovae.utils import probability as tfp


def diagonal_normal_moments(distribution):
    """Returns (mean, variance) if `distribution` is a diagonal normal or a point mass, else None.

    A closed form over z needs these two and nothing else. Recognized are
    `Independent(Normal)`, `MultivariateNormalDiag` and `VectorDeterministic` (variance 0).

    Args:
        distribution: a TFP distribution with event shape [latent_dim] and batch shape [] or [n].

    Returns:
        Two float32 tensors of shape [latent_dim] or [n, latent_dim], or None.
    """
    if not (is_diagonal_normal(distribution) or is_deterministic(distribution)):
        return None
    mean = tf.cast(distribution.mean(), tf.float32)
    variance = tf.broadcast_to(tf.cast(distribution.variance(), tf.float32), tf.shape(mean))
    return mean, variance


def is_diagonal_normal(distribution):
    """Returns whether `distribution`, or each of a batch, is a normal of independent dimensions."""
    tfd = tfp.distributions
    if isinstance(distribution, tfd.Independent):
        return isinstance(distribution.distribution, tfd.Normal)
    return isinstance(distribution, tfd.MultivariateNormalDiag)


def is_deterministic(distribution):
    """Returns whether `distribution`, or each of a batch, is a point."""
    return isinstance(distribution, tfp.distributions.VectorDeterministic)


def normal_components(distribution):
    """Returns p(z) as a mixture of diagonal normals, (log_weights, means, variances), or None:

        p(z) = sum_k exp(log_weights_k) N(z; means_k, diag(variances_k))

    Args:
        distribution: a TFP distribution with batch shape []: a diagonal normal or a point (one
            component), or a `MixtureSameFamily` of them.

    Returns:
        float32 tensors of shape [K], [K, latent_dim] and [K, latent_dim], or None.

    Example:

    >>> import keras_infovae as ki
    >>> from keras_infovae.distributions import normal_components
    >>> prior = ki.priors.StandardNormal().distribution(2)
    >>> [tensor.numpy().tolist() for tensor in normal_components(prior)]
    [[0.0], [[0.0, 0.0]], [[1.0, 1.0]]]
    """
    log_weights, components = _as_mixture(distribution)
    moments = diagonal_normal_moments(components)
    if moments is None:
        return None
    return (log_weights, *_with_component_axis(*moments))


def projected_normal_moments(distribution, directions):
    """Returns the means and variances of w . z for each z and each direction w, or None:

        E w . z = w . m,        Var w . z = |S' w|^2        for z ~ N(m, S S')

    A normal is normal in every direction, so that these describe w . z completely.

    Args:
        distribution: a TFP distribution with batch shape [n] (or []): normals with diagonal or full
            covariance, or points (variance 0).
        directions: [R, latent_dim], one w a row; of any length.

    Returns:
        Two float32 tensors of shape [n, R] (or [R]), or None.

    Example:

    >>> import keras_infovae as ki
    >>> from keras_infovae.distributions import projected_normal_moments
    >>> prior = ki.priors.StandardNormal().distribution(2)
    >>> [tensor.numpy().tolist() for tensor in projected_normal_moments(prior, [[3.0, 4.0]])]
    [[0.0], [25.0]]
    """
    directions = tf.cast(directions, tf.float32)
    moments = diagonal_normal_moments(distribution)
    if moments is not None:
        mean, variance = moments
        return _along(mean, directions), _along(variance, tf.square(directions))
    if isinstance(distribution, tfp.distributions.MultivariateNormalLinearOperator):
        mean = tf.cast(distribution.mean(), tf.float32)
        # |S' w|^2 rather than w' C w: never negative, and a reflection costs no matrix product.
        scaled = distribution.scale.matmul(tf.transpose(directions), adjoint=True)
        return (
            _along(mean, directions),
            tf.reduce_sum(tf.square(tf.cast(scaled, tf.float32)), axis=-2),
        )
    return None


def projected_normal_components(distribution, directions):
    """Returns w . z for each direction w as a mixture of normals on the line, or None.

    Args:
        distribution: p(z), a TFP distribution with batch shape []: a normal with diagonal or full
            covariance or a point (one component), or a `MixtureSameFamily` of such.
        directions: [R, latent_dim], one w a row; of any length.

    Returns:
        log_weights [K], and the components' means [K, R] and variances [K, R], or None.
    """
    log_weights, components = _as_mixture(distribution)
    moments = projected_normal_moments(components, directions)
    if moments is None:
        return None
    return (log_weights, *_with_component_axis(*moments))


def _along(vectors, directions):
    """Returns the inner products, [..., R], of `vectors` [..., d] with `directions` [R, d]."""
    return tf.einsum("...d,rd->...r", vectors, directions)


def _as_mixture(distribution):
    """Returns (log_weights [K], the batch [K] of components); anything else is one component."""
    if not isinstance(distribution, tfp.distributions.MixtureSameFamily):
        return tf.zeros([1]), distribution
    logits = distribution.mixture_distribution.logits_parameter()
    return tf.nn.log_softmax(tf.cast(logits, tf.float32)), distribution.components_distribution


def _with_component_axis(*tensors):
    """Returns `tensors` [K, m]; what a single distribution (batch shape []) gave is K = 1."""
    return [tensor if tensor.shape.rank == 2 else tensor[None] for tensor in tensors]
