"""The base of divergences that a kernel makes, by four ways to take the expectation over z."""

import tensorflow as tf

from keras_infovae.distributions import (
    diagonal_normal_moments,
    draw,
    normal_components,
    projected_normal_components,
)
from keras_infovae.divergences.base import Divergence
from keras_infovae.divergences.branches import branch
from keras_infovae.divergences.draws import (
    DRAWS,
    PAIRED_ROWS,
    PRIOR_SAMPLES,
    as_points,
    draws_per_example,
    is_normal,
)
from keras_infovae.divergences.functional import squared_feature_distances
from keras_infovae.typing import Distribution, Tensor
from keras_infovae.utils.batch_limit import most_in_batch, rows_are_examples
from keras_infovae.utils.checks import argument_error, check_choice, check_integer
from keras_infovae.utils.randomness import split_seed

ESTIMATORS = ("auto", "closed_form", "random_features", "sampled")


class IntegratedDivergence(Divergence):
    """A divergence between kernel mean embeddings, whose expectation over z is known for normals.

    A member says what its closed form, its frequencies and its estimate from samples are; which of
    them is taken, and from what, is settled here. `scale` stands for whatever the member needs to
    know of the width of its kernel, from `_scale`.

    Args:
        unbiased: whether the pairs of an example with itself are left out.
        estimator: one of `ESTIMATORS`.
        num_samples: draws of z per example where sampling is used, or None.
        num_features: the number of random frequencies.
    """

    closed_form_needs = None  # what `_has_closed_form` asks for, for the message

    def __init__(
        self, unbiased: bool, estimator: str, num_samples: int | None, num_features: int
    ) -> None:
        self.unbiased = bool(unbiased)
        self.estimator = check_choice("estimator", estimator, ESTIMATORS)
        self.num_samples = (
            None if num_samples is None else check_integer("num_samples", num_samples)
        )
        self.num_features = check_integer("num_features", num_features)

    # === What a member defines ===

    def _has_closed_form(self, q, prior):
        """Returns whether `_closed_form` can take these distributions."""
        raise NotImplementedError(f"{type(self).__name__} does not define `_has_closed_form`")

    def _scale(self, z, prior, seed):
        """Returns what there is to know of the kernel's width, without gradients."""
        raise NotImplementedError(f"{type(self).__name__} does not define `_scale`")

    def _closed_form(self, q, p, latent_dim, scale, seed):
        """Returns the value with z integrated out.

        Args:
            q, p: distributions; or, where posterior and prior are diagonal, the moments
                (mean, variance) of q(z|x) and (log_weights, means, variances) of the prior.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `_closed_form`")

    def _frequencies(self, latent_dim, scale, seed):
        """Returns (frequencies [F, latent_dim], their weights [F] or 1)."""
        raise NotImplementedError(f"{type(self).__name__} does not define `_frequencies`")

    def _from_samples(self, z, prior_samples):
        """Returns the value from draws of z [n, s, latent_dim] and of p(z) [m, latent_dim]."""
        raise NotImplementedError(f"{type(self).__name__} does not define `_from_samples`")

    # === Which estimator, and from what ===

    def __call__(
        self,
        z: Tensor,
        prior: Distribution,
        posterior: Distribution | None = None,
        seed: Tensor | int | None = 0,
    ) -> Tensor:
        z = tf.cast(z, tf.float32)
        # Without q(z|x), the samples at hand are points, and only the prior can be integrated out.
        q = as_points(z) if posterior is None else posterior
        closed = self._has_closed_form(q, prior)
        if self.estimator == "closed_form" and not closed:
            raise argument_error(
                "estimator",
                f"'auto', 'random_features' or 'sampled' unless {self.closed_form_needs}",
                self.estimator,
            )
        seeds = split_seed(seed, 4)
        if self.estimator == "sampled":
            return self._sampled(z, prior, posterior, seeds)

        latent_dim, scale = z.shape[-1], self._scale(z, prior, seeds[3])
        moments = (diagonal_normal_moments(q), normal_components(prior))
        diagonal = None not in moments
        if self.estimator == "closed_form":
            q, p = moments if diagonal else (q, prior)
            return self._closed_form(q, p, latent_dim, scale, seeds[0])
        if self.estimator == "auto" and closed and diagonal:
            return self._by_size(z, moments, scale, seeds)
        draws = self.num_samples or DRAWS
        if posterior is None or not is_normal(posterior):
            posterior = draws_per_example(z, posterior, draws, seeds[1])
        return self._random_features(posterior, prior, latent_dim, scale, seeds)

    def _by_size(self, z, moments, scale, seeds):
        """Returns the closed form for few rows of z, else that in random features.

        Where the size of a batch is open, but not that of the largest one, this decides, so that
        all batches of a training are measured alike.
        """
        latent_dim = z.shape[-1]

        def closed_form(*moments):
            return self._closed_form(moments[:2], moments[2:], latent_dim, scale, seeds[0])

        def random_features(*moments):  # within a branch replicas cannot wait for each other
            return self._random_features(moments[:2], moments[2:], latent_dim, scale, seeds, False)

        tensors = (*moments[0], *moments[1])
        rows = most_in_batch() if z.shape[0] is None else z.shape[0]
        if rows is not None:
            with rows_are_examples():
                return (closed_form if rows <= PAIRED_ROWS else random_features)(*tensors)
        return branch(tf.shape(z)[0] <= PAIRED_ROWS, closed_form, random_features, tensors)

    def _random_features(self, q, p, latent_dim, scale, seeds, across_replicas=True):
        frequencies, weights = self._frequencies(latent_dim, scale, seeds[0])
        known = isinstance(p, tuple) or projected_normal_components(p, frequencies) is not None
        if not known:
            p = draw(p, PRIOR_SAMPLES, seeds[2])
        distances = squared_feature_distances(q, p, frequencies, self.unbiased, across_replicas)
        return tf.reduce_mean(weights * distances)

    def _sampled(self, z, prior, posterior, seeds):
        z = draws_per_example(z, posterior, self.num_samples or 1, seeds[1])
        return self._from_samples(z, draw(prior, tf.size(z) // z.shape[-1], seeds[2]))
