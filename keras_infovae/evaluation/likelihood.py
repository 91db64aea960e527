"""Bounds on the marginal likelihood log p(x)."""

import numpy as np
import tensorflow as tf

from keras_infovae.utils.checks import check_integer
from keras_infovae.utils.randomness import check_seed, stateless_seed

_DECODES_PER_CALL = 4096


def importance_weighted_bound(model, x, num_samples=128, seed=0):
    """Returns the importance-weighted lower bound on log p(x) of each example, in nats:

        log (1/K) sum_k p(x|z_k) p(z_k) / q(z_k|x),        z_k ~ q(z|x)

    In expectation a lower bound for every K, the ELBO at K = 1, and tighter with every K. It uses
    the densities of the z drawn, not the analytic KL, without which it would not be a bound.

    Args:
        model: a trained model with `posterior_distribution`, `prior_distribution` and
            `likelihood_distribution`.
        x: array [n, ...].
        num_samples: K, at least 1. Default 128.
        seed: integer. Default 0.

    Returns:
        NumPy float32 [n], in nats.

    Raises:
        ValueError: for a posterior without a density.

    References:
        Burda, Grosse, Salakhutdinov, Importance Weighted Autoencoders, arXiv:1509.00519,
        equation 8 and theorem 1.
    """
    num_samples = check_integer("num_samples", num_samples)
    seed = stateless_seed(check_seed(seed))
    if not model.posterior.has_density:
        raise ValueError(
            "The importance-weighted bound is not defined for a posterior without a density. "
            f"Received: posterior={type(model.posterior).__name__}"
        )
    # num_samples draws per example, in rounds of a bounded number of decoded examples.
    examples = max(1, _DECODES_PER_CALL // num_samples)
    draws = min(num_samples, _DECODES_PER_CALL)

    @tf.function(reduce_retracing=True)
    def log_weights(x, draws, seed):
        q = model.posterior_distribution(x)
        z = q.sample(draws, seed=seed)  # [draws, n, latent_dim]
        flat_z = tf.reshape(z, [-1, z.shape[-1]])
        repeated_x = tf.repeat(x[None], draws, axis=0)
        repeated_x = tf.reshape(repeated_x, tf.concat([[-1], tf.shape(x)[1:]], axis=0))
        log_likelihood = model.likelihood_distribution(flat_z).log_prob(repeated_x)
        log_prior = model.prior_distribution().log_prob(z)
        return tf.reshape(log_likelihood, [draws, -1]) + log_prior - q.log_prob(z)

    bounds = []
    for start in range(0, len(x), examples):
        batch = tf.constant(x[start : start + examples], tf.float32)
        rounds = [
            log_weights(
                batch,
                tf.constant(min(draws, num_samples - drawn)),
                stateless_seed(seed, start, drawn),
            )
            for drawn in range(0, num_samples, draws)
        ]
        log_mean = tf.reduce_logsumexp(tf.concat(rounds, axis=0), axis=0) - np.log(num_samples)
        bounds.append(log_mean.numpy())
    return np.concatenate(bounds)
