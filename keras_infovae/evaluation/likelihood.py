"""Bounds on the marginal likelihood log p(x)."""

import math

import numpy as np
import tensorflow as tf

from keras_infovae.evaluation.batches import in_batches
from keras_infovae.utils.checks import check_integer
from keras_infovae.utils.randomness import stateless_seed

# Bounds on what is decoded at once: examples, and values of x in them.
_MOST_DECODES = 4096
_MOST_VALUES = 2**22


def importance_weighted_bound(model, x, num_samples=128, seed=0, condition=None):
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
        condition: one row per example, where the model takes a condition, and the bound is one on
            log p(x|condition). Default None.

    Returns:
        NumPy float32 [n], in nats.

    Raises:
        ValueError: for a posterior or prior without a density.

    References:
        Burda, Grosse, Salakhutdinov, Importance Weighted Autoencoders, arXiv:1509.00519,
        equation 8 and theorem 1.
    """
    num_samples = check_integer("num_samples", num_samples)
    seed = stateless_seed(check_integer("seed", seed, minimum=0))
    for name, part in (("posterior", model.posterior), ("prior", model.prior)):
        if not part.has_density:
            raise ValueError(
                f"The importance-weighted bound is not defined for a {name} without a density. "
                f"Received: {name}={type(part).__name__}"
            )
    # num_samples draws per example, in rounds of a bounded number of decoded examples. They are not
    # compiled: a round is large enough for its calls not to count, and a new trace would.
    x = np.asarray(x)
    decodes = max(1, min(_MOST_DECODES, _MOST_VALUES // math.prod(x.shape[1:])))
    examples = max(1, decodes // num_samples)
    draws = min(num_samples, decodes)
    bounds = []
    for index, (batch, given) in enumerate(in_batches(x, condition, examples)):
        batch = tf.constant(batch, tf.float32)
        posterior = model.posterior_distribution(batch, given)
        rounds = [
            _log_weights(
                model,
                batch,
                given,
                posterior,
                min(draws, num_samples - drawn),
                stateless_seed(seed, index * examples, drawn),
            )
            for drawn in range(0, num_samples, draws)
        ]
        log_mean = tf.reduce_logsumexp(tf.concat(rounds, axis=0), axis=0) - math.log(num_samples)
        bounds.append(log_mean.numpy())
    return np.concatenate(bounds)


def _log_weights(model, x, condition, posterior, draws, seed):
    """Returns log p(x|z) + log p(z) - log q(z|x) [draws, n] of `draws` z of each example."""
    z = posterior.sample(draws, seed=seed)  # [draws, n, latent_dim]
    repeated_x = tf.tile(x, [draws] + [1] * (x.shape.rank - 1))
    context = model.likelihood.context(repeated_x)
    if condition is not None:
        condition = np.concatenate([condition] * draws)
    z_rows = tf.reshape(z, [-1, z.shape[-1]])
    likelihood = model.likelihood_distribution(z_rows, condition, context)
    log_likelihood = tf.reshape(likelihood.log_prob(repeated_x), [draws, -1])
    return log_likelihood + model.prior_distribution().log_prob(z) - posterior.log_prob(z)
