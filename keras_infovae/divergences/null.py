"""What a divergence scores where q(z) is the prior: the null that its values are held against."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from keras_infovae.distributions import prior_moments
from keras_infovae.divergences.base import Divergence
from keras_infovae.typing import Distribution, Tensor
from keras_infovae.utils.randomness import split_seed, stateless_seed


def compiled_null(
    divergence: Divergence, make_prior: Callable[[], Distribution], rows: int
) -> Callable:
    """Returns the compiled function (seed, scale=None) -> D(z; p) of z from the prior itself:

        z_i = m + scale (y_i - m),        y_i ~ p independent, m the mean of p

    Without a scale (z = y) this is what a perfect match of q(z) and p(z) scores at this size of
    batch. The z are points (no q(z|x) is given), so that an estimator which integrates z out scores
    at most this widely where q(z|x) has a spread of its own.

    Args:
        divergence: a `Divergence`.
        make_prior: a function without arguments that returns p(z), a TFP distribution with event
            shape [latent_dim]; it is traced, so that the values follow its weights.
        rows: how many z each value is of.
    """

    @tf.function(autograph=False)  # which would take longer than the rest of tracing
    def null(seed, scale=None):
        z_seed, mean_seed, divergence_seed = split_seed(seed, 3)
        prior = make_prior()
        z = tf.cast(prior.sample(rows, seed=z_seed), tf.float32)
        if scale is not None:
            mean, _ = prior_moments(prior, mean_seed, full=False)
            z = mean + scale * (z - mean)
        return divergence(z, prior, None, seed=divergence_seed)

    return null


def null_values(
    function: Callable, draws: int, seed: Tensor | int, scale: Tensor | None = None
) -> np.ndarray:
    """Returns the values of `compiled_null`'s function in `draws` batches, NumPy float32 [draws].

    Args:
        function: what `compiled_null` returned.
        draws: how many.
        seed: an integer, or an int32 tensor [2].
        scale: a tensor, or None.

    Example:

    >>> import keras_infovae as ki
    >>> from keras_infovae.divergences.null import compiled_null, null_values
    >>> prior = ki.priors.get("standard_normal").distribution(4)
    >>> function = compiled_null(ki.divergences.get("mmd"), lambda: prior, rows=32)
    >>> bool(abs(null_values(function, draws=16, seed=0).mean()) < 0.02)
    True
    """
    values = [function(stateless_seed(seed, draw), scale) for draw in range(draws)]
    return np.array(values, "float32")


def null_band(values: np.ndarray) -> tuple[float, float]:
    """Returns the 5 % and the 95 % quantile of `values`, two floats."""
    low, high = np.quantile(values, [0.05, 0.95])
    return float(low), float(high)
