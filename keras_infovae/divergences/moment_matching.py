"""The KL divergence between normals of the same moments."""

import tensorflow as tf

from keras_infovae.distributions import prior_moments
from keras_infovae.divergences.base import Divergence
from keras_infovae.divergences.draws import DRAWS
from keras_infovae.divergences.functional import diagonal_normal_kl, normal_kl
from keras_infovae.divergences.moments import aggregated_moments
from keras_infovae.typing import Distribution, Tensor
from keras_infovae.utils.checks import check_choice, check_integer
from keras_infovae.utils.randomness import split_seed
from keras_infovae.utils.serialization import register

COVARIANCES = ("diagonal", "full")


@register
class MomentMatching(Divergence):
    """The KL divergence between the normals that have the moments of q(z) and of p(z), in nats:

        D(q(z), p(z)) = KL(N(E_q z, Cov_q z) || N(E_p z, Cov_p z))
        Cov_q z = E Cov[q(z|x)] + Cov[E q(z|x)]

    in closed form over z for every posterior that knows its mean and covariance. It compares means
    and (co)variances and nothing else: zero wherever they agree, so that it is no strict
    divergence. For a normal prior it is at most KL(q(z) || p(z)). Choose it where the means and
    spreads of the codes are what goes wrong, as the cheapest of all, linear in the batch.

    Biased: the moments of the minibatch scatter, and the logarithm makes that count, by about
    latent_dim / (2 batch) for points (full: latent_dim^2 / (4 batch)); by less, the more of the
    covariance is that of q(z|x).

    Args:
        covariance: `"diagonal"` (default) for variances alone; `"full"` for the whole covariance,
            in O(latent_dim^3), which needs batches well above latent_dim.
        num_samples: draws of z per example for a posterior that does not know its moments.
            Default 8.

    Example:

    >>> import keras_infovae as ki
    >>> divergence = ki.divergences.get("moment_matching")
    >>> prior = ki.priors.get("standard_normal").distribution(2)
    >>> posterior = ki.posteriors.get("diagonal_normal").distribution([[1.0, 1.0, 0.0, 0.0]] * 8)
    >>> round(float(divergence(posterior.mean(), prior, posterior)), 4)  # (1^2 + 1^2) / 2
    1.0
    """

    is_strict = False

    def __init__(self, covariance: str = "diagonal", num_samples: int = DRAWS) -> None:
        self.covariance = check_choice("covariance", covariance, COVARIANCES)
        self.num_samples = check_integer("num_samples", num_samples)

    def auto_lambda(self, alpha: float) -> float:
        """Returns 4 + 9 * max(alpha, 0), tried on digits (docs/estimators.md).

        At latent 16 a shift or a spread that is a little wrong costs then what it costs at the
        weights of the maximum mean discrepancy, and at latent 4 a third of it.
        """
        return 4.0 + 9.0 * max(alpha, 0.0)

    def __call__(
        self,
        z: Tensor,
        prior: Distribution,
        posterior: Distribution | None = None,
        seed: Tensor | int | None = 0,
    ) -> Tensor:
        z = tf.cast(z, tf.float32)
        full = self.covariance == "full"
        z_seed, prior_seed = split_seed(seed, 2)
        mean, within, between = aggregated_moments(z, posterior, self.num_samples, z_seed, full)
        moments = prior_moments(prior, prior_seed, full)
        function = normal_kl if full else diagonal_normal_kl
        return function(mean, within + between, *moments)
