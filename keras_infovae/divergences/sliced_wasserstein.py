"""The sliced Wasserstein distance."""

import tensorflow as tf

from keras_infovae.distributions import draw, projected_normal_moments
from keras_infovae.divergences.base import Divergence
from keras_infovae.divergences.draws import DRAWS, draws_per_example
from keras_infovae.divergences.functional import (
    random_directions,
    sliced_wasserstein_distance,
    sliced_wasserstein_to_normal,
)
from keras_infovae.typing import Distribution, Tensor
from keras_infovae.utils.checks import check_integer
from keras_infovae.utils.randomness import split_seed
from keras_infovae.utils.serialization import register


@register
class SlicedWasserstein(Divergence):
    """The squared 2-Wasserstein distance, averaged over random directions:

        D(q(z), p(z)) = E_w W^2(w.z, w.y),    |w| = 1,  z ~ q(z),  y ~ p(z)

    in the unit of z^2: |shift|^2 / latent_dim for a q that is p shifted. On the line W^2 takes
    sorted draws of z from sorted draws of y, or from the parts of a normal, exactly, where the
    prior is normal. Biased up: a sample of N is O(log log N / N) away from its own normal (twice as
    far from another sample). Choose it for a distance that grows as the codes get further off,
    where a kernel goes flat, and no kernel to choose.

    There is no closed form over z: draws of several z per example keep the noise of one from
    rewarding a large posterior variance.

    Args:
        num_projections: directions, drawn afresh from `seed`. Default 64.
        num_samples: draws of z per example. Default 8. A point posterior takes no more than one.

    The time is O(num_projections N log N) for N = batch * num_samples.

    Example:

    >>> import keras_infovae as ki
    >>> divergence = ki.divergences.get("sliced_wasserstein")
    >>> prior = ki.priors.get("standard_normal").distribution(2)
    >>> posterior = ki.posteriors.get("deterministic").distribution([[0.0, 0.0]] * 8)
    >>> round(float(divergence(posterior.mean(), prior, posterior, seed=[0, 0])), 4)
    1.0

    References:
        Kolouri et al., Sliced-Wasserstein Autoencoder, arXiv:1804.01947.
    """

    supports = ("euclidean", "sphere")

    def __init__(self, num_projections: int = 64, num_samples: int = DRAWS) -> None:
        self.num_projections = check_integer("num_projections", num_projections)
        self.num_samples = check_integer("num_samples", num_samples)

    def auto_lambda(self, alpha: float) -> float:
        """Returns 50 + 120 * max(alpha, 0), tried on digits (docs/estimators.md).

        At latent 16 a shift or a spread that is a little wrong costs then what it costs at the
        weights of the maximum mean discrepancy, and at any latent size.
        """
        return 50.0 + 120.0 * max(alpha, 0.0)

    def __call__(
        self,
        z: Tensor,
        prior: Distribution,
        posterior: Distribution | None = None,
        seed: Tensor | int | None = 0,
    ) -> Tensor:
        z = tf.cast(z, tf.float32)
        w_seed, z_seed, prior_seed = split_seed(seed, 3)
        directions = random_directions(self.num_projections, z.shape[-1], w_seed)
        draws = draws_per_example(z, posterior, self.num_samples, z_seed)
        draws = tf.reshape(draws, [-1, z.shape[-1]])
        projected = tf.matmul(directions, draws, transpose_b=True)
        moments = projected_normal_moments(prior, directions)
        if moments is not None:
            return tf.reduce_mean(sliced_wasserstein_to_normal(projected, *moments))
        samples = tf.cast(draw(prior, tf.shape(draws)[0], prior_seed), tf.float32)
        samples = tf.matmul(directions, samples, transpose_b=True)
        return tf.reduce_mean(sliced_wasserstein_distance(projected, samples))
