"""Draws of z, as the estimators that sample need them."""

import tensorflow as tf

from keras_infovae.distributions import draw, is_deterministic, projected_normal_moments
from keras_infovae.kernels import Kernel
from keras_infovae.typing import Distribution, Tensor
from keras_infovae.utils import probability as tfp

DRAWS = 8  # of z per example where z cannot be integrated out; one makes the latents collapse
PAIRED_ROWS = 64  # examples above which "auto" leaves sums over pairs for random features
PRIOR_SAMPLES = 1024  # of a prior that random features cannot integrate out


def draws_per_example(
    z: Tensor, posterior: Distribution | None, num_samples: int, seed: Tensor
) -> Tensor:
    """Returns draws of z from each q(z|x), float32 [n, s, latent_dim].

    One draw, the z at hand, has to do where `posterior` is None, and does where each q(z|x) is a
    point; else s = num_samples are drawn.
    """
    if posterior is None or num_samples == 1 or is_deterministic(posterior):
        return tf.cast(z, tf.float32)[:, None]
    return tf.transpose(tf.cast(draw(posterior, num_samples, seed), tf.float32), [1, 0, 2])


def as_points(z: Tensor) -> Distribution:
    """Returns samples of q(z) as the batch of q(z|x) that are these points, without any spread."""
    return tfp.distributions.VectorDeterministic(tf.cast(z, tf.float32))


def squared_bandwidths(kernel: Kernel, z: Tensor, prior: Distribution, seed: Tensor) -> Tensor:
    """Returns those of `kernel` by its own rule, from samples of q(z) and p(z) if it asks for any.

    Of both, because those of q alone may collapse.
    """
    samples = None
    if kernel.needs_samples:
        samples = tf.concat([z, draw(prior, tf.shape(z)[0], seed)], axis=0)
    return kernel.squared_bandwidths(z.shape[-1], samples)


def is_normal(posterior: Distribution) -> bool:
    """Returns whether each q(z|x) is a normal or a point."""
    any_direction = tf.ones([1, posterior.event_shape[-1]])
    return projected_normal_moments(posterior, any_direction) is not None
