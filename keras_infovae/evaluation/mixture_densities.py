"""Draws of z with their densities under q(z|x), q(z), the product of its marginals, and p(z)."""

import dataclasses
import math

import numpy as np
import tensorflow as tf

from keras_infovae.distributions import projected_normal_moments
from keras_infovae.evaluation.batches import check_examples, in_batches, posteriors
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.checks import check_integer
from keras_infovae.utils.randomness import stateless_seed


@dataclasses.dataclass(frozen=True)
class LogDensities:
    """Logarithms of densities at z_is ~ q(z|x_i), NumPy float64 [n, num_samples].

    Args:
        posterior: log q(z_is|x_i).
        others: log sum_{j != i} q(z_is|x_j).
        prior: log p(z_is), or None where the prior has no density.
        marginals: sum_d log q(z_isd), or None where it was not asked for.
        kl: KL(q(z|x_i) || p(z)), float64 [n], or None where it has no closed form.
    """

    posterior: np.ndarray
    others: np.ndarray
    prior: np.ndarray | None
    marginals: np.ndarray | None
    kl: np.ndarray | None

    @property
    def aggregated(self):
        """log q(z_is), q(z) being the mixture of all q(z|x_j)."""
        return np.logaddexp(self.posterior, self.others) - math.log(len(self.posterior))

    @property
    def leave_one_out(self):
        """The logarithm of the mixture of all q(z|x_j) but that which z_is was drawn from."""
        return self.others - math.log(len(self.posterior) - 1)


def log_densities(model, x, num_samples, seed, batch_size, condition, marginals=False):
    """Returns the `LogDensities` of `num_samples` z of each example.

    The mixtures are over all the examples given, block by block: the time is O(n^2 num_samples
    latent_dim), the memory O(n num_samples latent_dim).

    Raises:
        ValueError: for fewer than two examples, fewer than two draws (whose spread is used) and a
            posterior without a density; with `marginals`, for one that is not normal.
    """
    check_integer("num_samples", num_samples, minimum=2)
    seed = stateless_seed(check_integer("seed", seed, minimum=0))
    model.capabilities.require("posterior", "The information in z")
    x, condition = check_examples(model, x, condition)
    prior = model.prior_distribution()
    parts = []
    for index, q in enumerate(posteriors(model, x, condition, batch_size)):
        if marginals and not index and normal_marginals(q) is None:
            raise ValueError(
                "The marginals q(z_d) are known for normal posteriors only. "
                f"Received: posterior={type(model.posterior).__name__}"
            )
        z = q.sample(num_samples, seed=stateless_seed(seed, index))
        log_prior = prior.log_prob(z) if model.prior.has_density else None
        parts.append((z, q.log_prob(z), log_prior, _kl(q, prior)))
    z, posterior, log_prior, kl = zip(*parts)
    z = tf.transpose(tf.concat(z, axis=1), [1, 0, 2])  # [n, num_samples, latent_dim]
    others, marginals = _mixtures(model, x, condition, batch_size, z, marginals)
    return LogDensities(
        posterior=_joined(posterior).T,
        others=others,
        prior=None if log_prior[0] is None else _joined(log_prior).T,
        marginals=marginals,
        kl=None if kl[0] is None else _joined(kl),
    )


def _mixtures(model, x, condition, batch_size, z, marginals):
    """Returns log sum_{j != i} q(z_is|x_j) and, if asked for, sum_d log q(z_isd); [n, s] each."""

    @tf.function
    def of_block(z, first, examples, condition=None):
        q = model.posterior_distribution(examples, condition)
        columns = first + tf.range(tf.shape(examples)[0])
        moments = normal_marginals(q) if marginals else None

        def of_example(row):
            own, z = row
            log_density = tf.cast(q.log_prob(z[:, None]), tf.float32)  # [s, block]
            log_density = tf.where(columns == own, -math.inf, log_density)
            results = [tf.reduce_logsumexp(log_density, axis=1)]
            if marginals:
                mean, variance = moments
                log_density = -0.5 * (
                    tf.square(z[:, None] - mean) / variance + tf.math.log(2.0 * math.pi * variance)
                )
                results.append(tf.reduce_logsumexp(log_density, axis=1))  # [s, latent_dim]
            return tuple(results)

        signature = (tf.float32, tf.float32) if marginals else (tf.float32,)
        return tf.map_fn(of_example, (tf.range(tf.shape(z)[0]), z), fn_output_signature=signature)

    compiled, totals, first = None, None, 0
    for examples, given in in_batches(x, condition, batch_size):
        arrays = [tf.constant(examples, tf.float32)]
        if given is not None:
            arrays.append(tf.constant(given))
        if compiled is None:  # once, for blocks of any length
            signature = [tf.TensorSpec([None, *a.shape[1:]], a.dtype) for a in arrays]
            compiled = of_block.get_concrete_function(z, tf.TensorSpec([], tf.int32), *signature)
        found = [np.asarray(part, "float64") for part in compiled(z, tf.constant(first), *arrays)]
        totals = found if totals is None else list(map(np.logaddexp, totals, found))
        first += len(examples)
    if not marginals:
        return totals[0], None
    return totals[0], np.sum(totals[1] - math.log(len(x)), axis=-1)


def normal_marginals(q):
    """Returns the means and variances [n, latent_dim] of normal q(z|x), or None for others."""
    return projected_normal_moments(q, tf.eye(q.event_shape[-1]))


def _kl(q, prior):
    """Returns KL(q || p) [n], or None where TensorFlow Probability does not know it."""
    try:
        return tfp.distributions.kl_divergence(q, prior)
    except NotImplementedError:
        return None


def _joined(batches):
    return np.concatenate([np.asarray(batch, "float64") for batch in batches], axis=-1)
