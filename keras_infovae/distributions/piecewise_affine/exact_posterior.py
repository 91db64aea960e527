"""p(z|x) and p(x) of examples under a generator, on arrays."""

import numpy as np
import tensorflow as tf

from keras_infovae.distributions.piecewise_affine import hit_and_run, mixture
from keras_infovae.distributions.piecewise_affine.generator import not_exact, rows_at_once
from keras_infovae.distributions.piecewise_affine.posterior import piecewise_affine_posterior
from keras_infovae.utils.checks import check_integer
from keras_infovae.utils.row_random import seeds_of_rows

_WARM_UP = 50  # sweeps before the first draw: a chain starts at a draw from the prior


class PiecewiseAffinePosterior:
    """p(z|x) of each of n examples: what of it is exact, computed in float64.

    With one or two latents p(z|x) is a mixture of normals that are cut off at the borders of the
    decoder's regions, and all of it is known. With more, the mass of a region has no closed form:
    `sample` gives exact draws by moves along random lines, and all else is refused.

    Args:
        generator: a `Generator`.
        x: array [n, ...] in the unit of the model's x.
        pieces: `generator.pieces()`, where they have been found before. Default None: they are
            found here.

    Raises:
        ValueError: as `not_exact` says it, for too many regions.

    Example:

    >>> import numpy as np
    >>> import keras_infovae as ki
    >>> decoder = ki.networks.MLP([6])
    >>> model = ki.VAE(latent_dim=2, likelihood="normal", decoder=decoder)
    >>> model.build((None, 3))
    >>> posterior = ki.evaluation.exact_posterior(model, np.zeros([4, 3]))
    >>> posterior.mean().shape, posterior.sample(5, seed=0).shape
    ((4, 2), (5, 4, 2))

    References:
        Balestriero, Paris, Baraniuk, Analytical Probability Distributions and EM-Learning for Deep
        Generative Networks, NeurIPS 2020, arXiv:2006.10023, theorem 2.
    """

    def __init__(self, generator, x, pieces=None):
        self._generator = generator
        self._x = generator.in_noise_units(x)
        if pieces is None and generator.latent_dim <= 2:
            pieces = generator.pieces()
        self._pieces = pieces

    def log_marginal(self):
        """Returns log p(x), float64 [n] in nats."""
        self._require_exact("log p(x)")
        found = [mixture.log_prob(self._pieces, x) for x in self._blocks()]
        return np.concatenate(found) - self._generator.log_volume

    def log_prob(self, z):
        """Returns log p(z|x), float64 [n] or [k, n] in nats.

        Args:
            z: array [n, S], a code of each x; or [k, n, S], k of each.

        Raises:
            ValueError: for z of another shape.
        """
        self._require_exact("log p(z|x)")
        z = np.asarray(z, "float64")
        rows = len(self._x), self._generator.latent_dim
        if z.ndim not in (2, 3) or z.shape[-2:] != rows:
            raise ValueError(
                "Argument `z` must have shape [{0}, {1}] or [draws, {0}, {1}], for {0} examples of "
                "{1} latents. Received: shape={2}".format(*rows, z.shape)
            )
        joint = self._generator.log_joint(np.reshape(z, (-1, *z.shape[-2:])), self._x)
        marginal = self.log_marginal() + self._generator.log_volume
        return np.reshape(joint - marginal, z.shape[:-1])

    def mean(self):
        """Returns E[z|x], float64 [n, S]."""
        return self._of_each("mean", "E[z|x]")

    def covariance(self):
        """Returns Cov[z|x], float64 [n, S, S]."""
        return self._of_each("covariance", "Cov[z|x]")

    def mode(self):
        """Returns the z of the largest p(z|x), float64 [n, S]."""
        return self._of_each("mode", "The mode of p(z|x)")

    def sample(self, num_samples, seed=0, sweeps=5):
        """Returns draws of z, float64 [num_samples, n, S].

        Args:
            num_samples: draws for each x, at least 1.
            seed: integer of at least 0. Default 0.
            sweeps: with more than two latents, how many moves along random lines lie between two
                draws of an x, at least 1. Draws of the same x are then not independent, and less so
                with more sweeps. Default 5.
        """
        check_integer("num_samples", num_samples)
        check_integer("seed", seed, minimum=0)
        check_integer("sweeps", sweeps)
        if self._pieces is None:
            return self._chain(num_samples, seed, sweeps)
        start, found = 0, []
        for x in self._blocks():
            seeds = seeds_of_rows(seed, start, len(x))
            found.append(self._distribution(x).sample_rows(seeds, num_samples).numpy())
            start += len(x)
        return np.concatenate(found, axis=1)

    def _chain(self, num_samples, seed, sweeps):
        rng = np.random.default_rng(seed)
        layers, draws = self._generator.whitened(), []
        z = rng.normal(size=(len(self._x), self._generator.latent_dim))
        for index in range(_WARM_UP + num_samples * sweeps):
            z = hit_and_run.sweep(layers, self._x, z, rng)
            if index >= _WARM_UP and (index - _WARM_UP + 1) % sweeps == 0:
                draws.append(z)
        return np.stack(draws)

    def _require_exact(self, what):
        if self._pieces is None:
            raise not_exact(
                f"latent_dim={self._generator.latent_dim}, of which there are exact draws of z "
                f"(`sample`) but no closed form. {what} is not known"
            )

    def _of_each(self, method, what):
        self._require_exact(what)
        return np.concatenate([getattr(self._distribution(x), method)() for x in self._blocks()])

    def _distribution(self, x):
        return piecewise_affine_posterior(
            self._pieces, tf.constant(x), lambda z: self._generator.log_joint(z.numpy(), x)
        )

    def _blocks(self):
        size = rows_at_once(self._pieces)
        return (self._x[start : start + size] for start in range(0, len(self._x), size))
