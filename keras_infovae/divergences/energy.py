"""The energy distance."""

import tensorflow as tf

from keras_infovae.distributions import (
    prior_moments,
    projected_normal_components,
    projected_normal_moments,
)
from keras_infovae.divergences.draws import is_normal
from keras_infovae.divergences.functional import (
    energy_distance,
    energy_frequencies,
    expected_energy_distance,
    random_directions,
)
from keras_infovae.divergences.integrated import IntegratedDivergence
from keras_infovae.utils.checks import check_integer
from keras_infovae.utils.serialization import register


@register
class EnergyDistance(IntegratedDivergence):
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
            samples. Of distances above about 1,000 standard deviations of the prior it sees less
            than there is.
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
    closed_form_needs = "the posterior is a normal and the prior one or a mixture of them"

    def __init__(
        self,
        unbiased: bool = True,
        estimator: str = "auto",
        num_samples: int | None = None,
        num_projections: int = 64,
        num_features: int = 336,
    ) -> None:
        super().__init__(unbiased, estimator, num_samples, num_features)
        self.num_projections = check_integer("num_projections", num_projections)

    def auto_lambda(self, alpha: float) -> float:
        """Returns 40 + 90 * max(alpha, 0), tried on digits (docs/estimators.md).

        At latent 16 a shift or a spread that is a little wrong costs then what it costs at the
        weights of the maximum mean discrepancy, and at latent 4 half of it.
        """
        return 40.0 + 90.0 * max(alpha, 0.0)

    def _has_closed_form(self, q, prior):
        any_direction = tf.ones([1, prior.event_shape[-1]])
        return is_normal(q) and projected_normal_components(prior, any_direction) is not None

    def _scale(self, z, prior, seed):
        """Returns one over the prior's standard deviation."""
        _, variance = prior_moments(prior, seed, full=False)
        return tf.stop_gradient(tf.math.rsqrt(tf.reduce_mean(variance)))

    def _closed_form(self, q, p, latent_dim, scale, seed):
        directions = random_directions(self.num_projections, latent_dim, seed)

        def project(mean, variance):
            along = tf.matmul(mean, directions, transpose_b=True)
            return along, tf.matmul(variance, directions**2, transpose_b=True)

        if isinstance(q, tuple):
            q, p = project(*q), (p[0], *project(*p[1:]))
        else:
            mean, variance = projected_normal_moments(q, directions)
            q = mean, tf.broadcast_to(variance, tf.shape(mean))  # of one covariance for all
            p = projected_normal_components(p, directions)
        log_weights, *components = p
        return expected_energy_distance(*q, *components, latent_dim, self.unbiased, log_weights)

    def _frequencies(self, latent_dim, scale, seed):
        return energy_frequencies(self.num_features, latent_dim, seed, scale)

    def _from_samples(self, z, prior_samples):
        return energy_distance(z, prior_samples, self.unbiased)
