"""log p(x) itself, where the decoder is affine on regions and the noise is normal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from keras_infovae.distributions.piecewise_affine import PiecewiseAffinePosterior, read_generator
from keras_infovae.evaluation.likelihood.methods import LikelihoodMethod
from keras_infovae.evaluation.likelihood.weights import LogLikelihood, Weights
from keras_infovae.typing import Condition, Model, Rows
from keras_infovae.utils.batches import in_batches, progress_bar
from keras_infovae.utils.checks import check_integer


class Exact(LikelihoodMethod):
    """log p(x) in closed form: a decoder of Dense and (leaky) ReLU layers is affine on regions of
    z, and p(x) is a sum over them.

    For a standard normal prior, a normal likelihood with a fixed, global or per_column scale, no
    condition, one or two latents and at most 10,000 regions; any other model is refused by name. It
    needs no encoder, no draws and no seed, takes 0.01 to 2 seconds for 1,000 examples, and is exact
    to 1e-9 nats with one latent and 1e-7 with two, of which it sees those up to 10,000.

    Example:

    >>> import numpy as np
    >>> import keras_infovae as ki
    >>> model = ki.VAE(latent_dim=1, likelihood="normal", decoder=ki.networks.MLP([8]))
    >>> model.build((None, 3))
    >>> method = ki.evaluation.Exact()
    >>> found = ki.evaluation.marginal_log_likelihood(model, np.zeros([2, 3]), method)
    >>> found.log_likelihood.shape, found.standard_error.tolist()
    ((2,), [0.0, 0.0])

    References:
        Balestriero, Paris, Baraniuk, Analytical Probability Distributions and EM-Learning for Deep
        Generative Networks, NeurIPS 2020, arXiv:2006.10023, theorem 1.
    """

    def log_weights(
        self,
        model: Model,
        x: Rows,
        condition: Condition,
        seeds: np.ndarray,
        batch_size: int,
        verbose: bool,
    ) -> Iterator:
        check_integer("batch_size", batch_size)
        generator = read_generator(model)
        pieces = generator.pieces()  # they follow from the weights alone
        count = progress_bar(-(-len(x) // batch_size), verbose)
        for [batch] in in_batches([x], batch_size):
            posterior = PiecewiseAffinePosterior(generator, batch, pieces)
            yield Weights(posterior.log_marginal()[None])
            count()

    def estimate(self, weights: Any) -> Any:
        """Returns the one weight of each example, which has no error."""
        values = np.asarray(weights.log_weights, "float64")[0]
        zeros = np.zeros_like(values)
        unknown = zeros + np.nan
        return LogLikelihood(values, zeros, zeros + np.inf, unknown, unknown)


def exact_posterior(model: Model, x: Rows) -> PiecewiseAffinePosterior:
    """Returns p(z|x) of each example under a model's decoder, whatever its encoder says.

    Args:
        model: a trained model, as `Exact` asks for; with more than two latents there are draws
            alone.
        x: array [n, ...], as the model was trained on.

    Returns:
        A `PiecewiseAffinePosterior`: `log_prob(z)`, `mean()`, `covariance()`, `mode()`,
        `sample(num_samples, seed)` and `log_marginal()`, log p(x); NumPy float64.

    Raises:
        ValueError, TypeError: for data that is not as the model was trained on, and for another
            decoder, prior or likelihood.

    Example:

    >>> import numpy as np
    >>> import keras_infovae as ki
    >>> model = ki.VAE(latent_dim=1, likelihood="normal", decoder=ki.networks.MLP([8]))
    >>> model.build((None, 3))
    >>> posterior = ki.evaluation.exact_posterior(model, np.zeros([2, 3], "float32"))
    >>> posterior.mean().shape, posterior.log_prob(posterior.mode()).shape
    ((2, 1), (2,))
    """
    generator = read_generator(model)
    x, _ = model.example_spec.arrays(x, None)
    return PiecewiseAffinePosterior(generator, x)
