"""The KL term with a part of each dimension that costs nothing."""

import tensorflow as tf

from keras_infovae.distributions import kl_per_dimension
from keras_infovae.utils import reductions


def free_bits_kl(posterior, prior, free_bits):
    """Returns this replica's share of sum_d max(E KL(q(z_d|x) || p(z_d)), free_bits), in nats.

    Args:
        posterior: q(z|x) of the global batch, a diagonal normal.
        prior: p(z), a diagonal normal.
        free_bits: nats of each dimension.
    """
    means = tf.reduce_mean(kl_per_dimension(posterior, prior), axis=0)
    return reductions.share_of_global_value(tf.reduce_sum(tf.maximum(means, free_bits)))
