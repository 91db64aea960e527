"""The energy distance."""

import tensorflow as tf

from keras_infovae.distributions import (
    diagonal_normal_moments,
    normal_components,
    projected_normal_components,
    projected_normal_moments,
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
    split_seed,
)
from keras_infovae.divergences.functional import (
    energy_distance,
    energy_frequencies,
    expected_energy_distance,
    random_directions,
    squared_feature_distances,
)
from keras_infovae.divergences.moments import prior_moments
from keras_infovae.utils.checks import argument_error, check_choice, check_integer
from keras_infovae.utils.serialization import register

ESTIMATORS = ("auto", "closed_form", "random_features", "sampled")


@register
class EnergyDistance(Divergence):
    """The energy distance between the aggregated posterior and the prior:

        D(q(z), p(z)) = 2 E|z - y| - E|z - z'| - E|y - y'|,    z, z' ~ q(z),  y, y' ~ p(z)

    in the unit of z; zero if and only if q = p. It is an MMD^2 whose kernel, -|z - z'|, has no
    width to choose and never goes flat. Choose it where the scale of the codes is not known.

    Args:
        unbiased: True (default) for the U-statistic, which can be negative; False for the
            V-statistic, biased up by O(1/batch).
        estimator: how the expectation over z is taken.
            `"closed_form"`: exactly, in random directions (`expected_energy_distance`). For a
            normal or deterministic posterior and a prior that is a normal or a mixture of them.
            `"random_features"`: exactly over z, in random frequencies (`energy_frequencies`), in
            time linear in the batch; for other posteriors over draws of z, for other priors over
            samples.
            `"sampled"`: over all pairs of `num_samples` draws of z per example.
            `"auto"` (default): in closed form up to 64 examples where posterior and prior are
            diagonal (mixtures of) normals, by random features otherwise.
        num_samples: draws of z per example where sampling is used; None (default) is 8, but for
            "sampled" 1. A point posterior takes no more than one.
        num_projections: directions of the closed form, drawn afresh from `seed`. Default 64.
        num_features: frequencies of "random_features". Default 336.

    Raises:
        ValueError, TypeError: for an unknown estimator; when called, if "closed_form" is asked for
            where there is none.

    Example:

    >>> import keras_infovae as ki
    >>> divergence = ki.divergences.get("energy_distance")
    >>> prior = ki.priors.get("standard_normal").distribution(2)
    >>> posterior = ki.posteriors.get("diagonal_normal").distribution([[0.0] * 4] * 8)
    >>> z = posterior.sample(seed=[0, 0])
    >>> bool(abs(divergence(z, prior, posterior)) < 1e-5)  # every q(z|x) is the prior
    True

    References:
        Szekely and Rizzo, Energy Statistics, Journal of Statistical Planning and Inference 2013.
        Sejdinovic et al., Equivalence of Distance-Based and RKHS-Based Statistics, arXiv:1207.6076.
    """

    supports = ("euclidean", "sphere")

    def __init__(
        self,
        unbiased=True,
        estimator="auto",
        num_samples=None,
        num_projections=64,
        num_features=336,
    ):
        self.unbiased = bool(unbiased)
        self.estimator = check_choice("estimator", estimator, ESTIMATORS)
        self.num_samples = (
            None if num_samples is None else check_integer("num_samples", num_samples)
        )
        self.num_projections = check_integer("num_projections", num_projections)
        self.num_features = check_integer("num_features", num_features)

    def auto_lambda(self, alpha):
        """Returns 40 + 90 * max(alpha, 0): no study yet.

        At latent 16 a shift or a spread that is a little wrong costs then what it costs at the
        weights of the maximum mean discrepancy, and at latent 4 half of it.
        """
        return 40.0 + 90.0 * max(alpha, 0.0)

    def __call__(self, z, prior, posterior=None, seed=None):
        z = tf.cast(z, tf.float32)
        q = as_points(z) if posterior is None else posterior
        direction = tf.ones([1, z.shape[-1]])
        known_prior = projected_normal_components(prior, direction) is not None
        if self.estimator == "closed_form" and not (is_normal(q) and known_prior):
            raise argument_error(
                "estimator",
                "'auto', 'random_features' or 'sampled' unless the posterior is a normal and the "
                "prior one or a mixture of them",
                self.estimator,
            )

        if self.estimator == "sampled":
            return self._sampled(z, prior, posterior, seed)
        if self.estimator == "closed_form":
            return self._closed_form(z, q, prior, seed)
        moments, components = diagonal_normal_moments(q), normal_components(prior)
        if self.estimator == "auto" and moments is not None and components is not None:
            return self._by_size(z, prior, (*moments, *components), seed)
        return self._random_features(z, prior, posterior, seed)

    def _by_size(self, z, prior, moments, seed):
        """Returns the closed form for few rows of z, else that in random features."""

        def closed_form(*moments):
            return self._closed_form(z, moments[:2], moments[2:], seed)

        scale = self._frequency_scale(z, prior, seed)

        def random_features(*moments):
            return self._random_features(z, prior, None, seed, moments, scale)

        if z.shape[0] is not None:
            return (closed_form if z.shape[0] <= PAIRED_ROWS else random_features)(*moments)
        return branch(tf.shape(z)[0] <= PAIRED_ROWS, closed_form, random_features, moments)

    def _closed_form(self, z, q, p, seed):
        directions = random_directions(self.num_projections, z.shape[-1], split_seed(seed, 1)[0])

        def project(mean, variance):
            along = tf.matmul(mean, directions, transpose_b=True)
            return along, tf.matmul(variance, directions**2, transpose_b=True)

        if isinstance(q, tuple):  # moments of diagonal normals
            q, p = project(*q), (p[0], *project(*p[1:]))
        else:
            mean, variance = projected_normal_moments(q, directions)
            q = mean, tf.broadcast_to(variance, tf.shape(mean))  # of one covariance for all
            p = projected_normal_components(p, directions)
        log_weights, *prior_moments = p
        return expected_energy_distance(*q, *prior_moments, z.shape[-1], self.unbiased, log_weights)

    def _frequency_scale(self, z, prior, seed):
        """Returns one over the prior's standard deviation."""
        _, variance = prior_moments(prior, z.shape[-1], split_seed(seed, 4)[3], full=False)
        return tf.stop_gradient(tf.math.rsqrt(tf.reduce_mean(variance)))

    def _random_features(self, z, prior, posterior, seed, moments=None, scale=None):
        w_seed, z_seed, prior_seed, _ = split_seed(seed, 4)
        if scale is None:
            scale = self._frequency_scale(z, prior, seed)
        frequencies, weights = energy_frequencies(self.num_features, z.shape[-1], w_seed, scale)
        if moments is not None:  # within a branch, where replicas cannot wait for each other
            q, p, across_replicas = moments[:2], moments[2:], False
        else:
            q, p, across_replicas = posterior, prior, True
            if posterior is None or not is_normal(posterior):
                q = draws_per_example(z, posterior, self.num_samples or DRAWS, z_seed)
            if projected_normal_components(prior, frequencies) is None:
                p = prior.sample(PRIOR_SAMPLES, seed=prior_seed)
        distances = squared_feature_distances(q, p, frequencies, self.unbiased, across_replicas)
        return tf.reduce_mean(weights * distances)

    def _sampled(self, z, prior, posterior, seed):
        z_seed, prior_seed = split_seed(seed, 2)
        draws = self.num_samples or (DRAWS if self.estimator == "auto" else 1)
        z = draws_per_example(z, posterior, draws, z_seed)
        prior_samples = prior.sample(tf.size(z) // z.shape[-1], seed=prior_seed)
        return energy_distance(z, prior_samples, self.unbiased)
