"""What the latents of a set of examples say, from the moments of their posteriors."""

import numpy as np
import tensorflow as tf

from keras_infovae.distributions import kl_per_dimension, posterior_moments

_DRAWS = 32  # of z per example, where a posterior does not know its moments


def batch_moments(posterior, prior, seed):
    """Returns {name: tensor}, what is known of q(z|x) in each dimension of z:

        means [n, latent_dim]       E[z_d|x], or the mean of 32 draws
        within, error [latent_dim]  the mean of Var[z_d|x], and of the variance of `means` about
                                    E[z_d|x]: 0 where that is known
        kl [latent_dim]             the mean of KL(q(z_d|x) || p(z_d)) in nats, for diagonal normals
                                    alone

    Args:
        posterior: the batch of q(z|x), a TFP distribution with batch shape [n].
        prior: p(z), a TFP distribution.
        seed: int32 tensor [2].
    """
    moments = posterior_moments(posterior, _DRAWS, seed, full=False)
    moments = dict(zip(("means", "within", "error"), moments, strict=True))
    kl = kl_per_dimension(posterior, prior)
    if kl is not None:
        moments["kl"] = tf.reduce_mean(kl, axis=0)
    return moments


def latent_statistics(batches, threshold):
    """Returns {name: float}, the summary of `CollapseMonitor` over examples.

    Args:
        batches: a list of what `batch_moments` gave.
        threshold: the variance over x above which a dimension is active.
    """
    sizes = [len(batch["means"]) for batch in batches]
    means = np.concatenate([batch["means"] for batch in batches]).astype("float64")
    average = {
        name: np.average([batch[name] for batch in batches], axis=0, weights=sizes)
        for name in batches[0].keys() - {"means"}
    }
    # The law of total variance: Var[q(z)] = Var_x(E[z|x]) + E_x(Var[z|x]). What the means of a few
    # draws vary by themselves does not come from x.
    between = means.var(axis=0) - average["error"]
    spread = between + average["within"]
    statistics = {
        "active_units": float(np.sum(between > threshold)),
        "aggregated_mean_max": float(np.max(np.abs(means.mean(axis=0)))),
        "aggregated_variance_min": float(spread.min()),
        "aggregated_variance_max": float(spread.max()),
    }
    if "kl" in average:
        statistics["kl_per_dimension_min"] = float(average["kl"].min())
        statistics["kl_per_dimension_max"] = float(average["kl"].max())
    return statistics
