"""Draws of z with their densities under q(z|x), q(z), the product of its marginals, and p(z)."""

import dataclasses
import math

import numpy as np
import tensorflow as tf

from keras_infovae.distributions import draw_rows, projected_normal_moments
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.batches import in_batches
from keras_infovae.utils.checks import check_integer
from keras_infovae.utils.graphs import one_graph
from keras_infovae.utils.row_random import row_seeds
from keras_infovae.utils.row_seeds import packed


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


def log_densities(measured, num_samples, marginals=False):
    """Returns the `LogDensities` of `num_samples` z of each example of a `Measured`.

    The mixtures are over all the examples given, block by block: the time is O(n^2 num_samples
    latent_dim), the memory O(n num_samples latent_dim).

    Raises:
        ValueError: for fewer than two draws (whose spread is used) and a posterior without a
            density; with `marginals`, for one that is not normal.
    """
    check_integer("num_samples", num_samples, minimum=2)
    model = measured.model
    model.capabilities.require("posterior", "The information in z")
    prior = model.prior_distribution() if "joint" in model.capabilities else None
    examples = [measured.x, measured.condition]
    seeds, parts = packed(measured.seed, 0, len(measured)), []
    for x, condition, some in in_batches([*examples, seeds], measured.batch_size):
        q = model.posterior_distribution(x, condition)
        if marginals and normal_marginals(q) is None:
            raise ValueError(
                "The marginals q(z_d) are known for normal posteriors only. "
                f"Received: posterior={part_name(model, 'posterior', q)}"
            )
        z = tf.cast(draw_rows(q, row_seeds(some), num_samples), tf.float32)
        known = (None, None) if prior is None else (prior.log_prob(z), _kl(q, prior))
        parts.append((z, q.log_prob(z), *known))
    z, posterior, log_prior, kl = zip(*parts)
    z = tf.transpose(tf.concat(z, axis=1), [1, 0, 2])  # [n, num_samples, latent_dim]
    others, marginals = _mixtures(model, examples, measured.batch_size, z, marginals)
    return LogDensities(
        posterior=_joined(posterior).T,
        others=others,
        prior=None if log_prior[0] is None else _joined(log_prior).T,
        marginals=marginals,
        kl=None if kl[0] is None else _joined(kl),
    )


def part_name(model, part, distribution):
    """Returns the name of the class of a model's `part`, or of what it gives where it has none."""
    return type(getattr(model, part, distribution)).__name__


def _mixtures(model, arrays, batch_size, z, marginals):
    """Returns log sum_{j != i} q(z_is|x_j) and, if asked for, sum_d log q(z_isd); [n, s] each."""

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

    arrays = [array for array in arrays if array is not None]
    blocks = [tf.TensorSpec([None, *a.shape[1:]], a.dtype) for a in arrays]  # of any length
    of_block = one_graph(of_block, [z, tf.TensorSpec([], tf.int32), *blocks])
    totals, first = None, 0
    for block in in_batches(arrays, batch_size):
        found = of_block(z, tf.constant(first), *map(tf.constant, block))
        found = [np.asarray(part, "float64") for part in found]
        totals = found if totals is None else list(map(np.logaddexp, totals, found))
        first += len(block[0])
    if not marginals:
        return totals[0], None
    return totals[0], np.sum(totals[1] - math.log(first), axis=-1)


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
