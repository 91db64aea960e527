"""KL(q || p) of any two distributions."""

import tensorflow as tf

from keras_infovae.utils import probability as tfp


def exact_or_drawn_kl(q, p, z):
    """Returns KL(q || p) in nats, [n]: exact if TFP has it, else the mean over draws of q.

    A distribution p with a method `kl_rows(q, z)` knows better.

    Args:
        q: a TFP distribution with batch shape [n].
        p: a TFP distribution with batch shape [] or [n].
        z: draws of q, [draws, n, latent_dim].
    """
    if hasattr(p, "kl_rows"):
        return p.kl_rows(q, z)
    try:
        return tfp.distributions.kl_divergence(q, p)
    except NotImplementedError:
        return tf.reduce_mean(q.log_prob(z) - p.log_prob(z), axis=0)
