"""What the latents of a set of examples say, from the moments of their posteriors."""

import numpy as np
import tensorflow as tf

from keras_infovae.distributions.moments import diagonal_normal_moments
from keras_infovae.utils import probability as tfp

_DRAWS = 32  # of z per example, where a posterior does not know its moments


def posterior_moments(posterior, prior, seed):
    """Returns {name: tensor [n, latent_dim]}, what is known of q(z|x) in each dimension:

        mean, variance      the moments; from 32 draws where the posterior does not know them
        error               the variance of `mean` about the true one: 0 where that is known
        kl                  KL(q(z_d|x) || p(z_d)) in nats, for diagonal normals alone

    The KL of diagonal normals q = N(m, diag v) and p = N(a, diag s) is the sum over dimensions of

        kl = (v / s - 1 - log(v / s) + (m - a)^2 / s) / 2

    Args:
        posterior: the batch of q(z|x), a TFP distribution with batch shape [n].
        prior: p(z), a TFP distribution.
        seed: int32 tensor [2].
    """
    moments = diagonal_normal_moments(posterior)
    if moments is not None:
        mean, variance = moments
        known = {"mean": mean, "variance": variance, "error": tf.zeros_like(mean)}
        prior_moments = diagonal_normal_moments(prior)
        if prior_moments is not None and not _is_point(posterior):
            prior_mean, prior_variance = prior_moments
            ratio = variance / prior_variance
            offset = tf.square(mean - prior_mean) / prior_variance
            known["kl"] = 0.5 * (ratio - 1.0 - tf.math.log(ratio) + offset)
        return known
    try:
        mean, variance = posterior.mean(), posterior.variance()
        error = tf.zeros_like(mean)
    except NotImplementedError:
        z = tf.cast(posterior.sample(_DRAWS, seed=seed), tf.float32)
        mean = tf.reduce_mean(z, axis=0)
        variance = tf.math.reduce_variance(z, axis=0) * (_DRAWS / (_DRAWS - 1.0))
        error = variance / _DRAWS
    known = {"mean": mean, "variance": variance, "error": error}
    return {name: tf.cast(moment, tf.float32) for name, moment in known.items()}


def _is_point(distribution):
    return isinstance(distribution, tfp.distributions.VectorDeterministic)


def latent_statistics(moments, threshold):
    """Returns {name: float}, the summary of `CollapseMonitor` over examples.

    Args:
        moments: what `posterior_moments` gave, as NumPy arrays [n, latent_dim].
        threshold: the variance over x above which a dimension is active.
    """
    moments = {name: np.asarray(value, "float64") for name, value in moments.items()}
    # The law of total variance: Var[q(z)] = Var_x(E[z|x]) + E_x(Var[z|x]). What the means of a few
    # draws vary by themselves does not come from x.
    between = moments["mean"].var(axis=0) - moments["error"].mean(axis=0)
    spread = between + moments["variance"].mean(axis=0)
    statistics = {
        "active_units": float(np.sum(between > threshold)),
        "aggregated_mean_max": float(np.max(np.abs(moments["mean"].mean(axis=0)))),
        "aggregated_variance_min": float(spread.min()),
        "aggregated_variance_max": float(spread.max()),
    }
    if "kl" in moments:
        kl = moments["kl"].mean(axis=0)
        statistics["kl_per_dimension_min"] = float(kl.min())
        statistics["kl_per_dimension_max"] = float(kl.max())
    return statistics
