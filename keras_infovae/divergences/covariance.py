"""The covariance penalty of DIP-VAE."""

import tensorflow as tf

from keras_infovae.distributions import prior_moments
from keras_infovae.divergences.base import Divergence
from keras_infovae.divergences.draws import DRAWS
from keras_infovae.divergences.functional import covariance_penalty
from keras_infovae.divergences.moments import aggregated_moments
from keras_infovae.typing import Distribution, Tensor
from keras_infovae.utils.checks import check_choice, check_integer, check_number
from keras_infovae.utils.randomness import split_seed
from keras_infovae.utils.serialization import register

KINDS = ("i", "ii")
_DIAGONAL_WEIGHTS = {"i": 10.0, "ii": 1.0}


@register
class CovariancePenalty(Divergence):
    """The squared distance of a covariance of the codes from the prior's, as in DIP-VAE I and II:

        D = off_diagonal_weight sum_{i != j} (C_ij - P_ij)^2 + diagonal_weight sum_i (C_ii - P_ii)^2
        kind "i":   C = Cov[E q(z|x)], of the posterior means
        kind "ii":  C = Cov[q(z)] = E Cov[q(z|x)] + Cov[E q(z|x)]

    with P = Cov[p(z)], in the unit of z^4. It sees no shift, and of the shape of q(z) nothing but
    its covariance: no strict divergence, to be used beside a KL term of full weight (alpha = 0).
    Kind "i" is zero where the means alone have the prior's covariance, which leaves no room for the
    spread of q(z|x). Choose it for codes whose dimensions are uncorrelated.

    Biased up by O(1/batch), the scatter of the minibatch's covariance. With lambda_ = 1 + w and
    alpha = 0 it is DIP-VAE of lambda_od = w off_diagonal_weight, lambda_d = w diagonal_weight.

    Args:
        kind: `"ii"` (default) or `"i"`.
        off_diagonal_weight: at least 0. Default 1.
        diagonal_weight: at least 0. Default None: 10 for kind "i", 1 for kind "ii", which is
            lambda_d = 10 lambda_od and lambda_d = lambda_od.
        num_samples: draws of z per example for a posterior that does not know its moments.
            Default 8.

    Example:

    >>> import keras_infovae as ki
    >>> divergence = ki.divergences.CovariancePenalty("ii")
    >>> prior = ki.priors.get("standard_normal").distribution(2)
    >>> posterior = ki.posteriors.get("diagonal_normal").distribution([[5.0, 5.0, 0.0, 0.0]] * 8)
    >>> float(divergence(posterior.mean(), prior, posterior))  # shifted; the covariance is right
    0.0

    References:
        Kumar et al., Variational Inference of Disentangled Latent Concepts from Unlabeled
        Observations, arXiv:1711.00848, equations 6 and 7.
    """

    is_strict = False

    def __init__(
        self,
        kind: str = "ii",
        off_diagonal_weight: float = 1.0,
        diagonal_weight: float | None = None,
        num_samples: int = DRAWS,
    ) -> None:
        self.kind = check_choice("kind", kind, KINDS)
        self.off_diagonal_weight = check_number(
            "off_diagonal_weight", off_diagonal_weight, minimum=0
        )
        if diagonal_weight is not None:
            diagonal_weight = check_number("diagonal_weight", diagonal_weight, minimum=0)
        self.diagonal_weight = diagonal_weight
        self.num_samples = check_integer("num_samples", num_samples)

    def auto_lambda(self, alpha: float) -> float:
        """Returns 11: a weight of 10 at alpha = 0. Tried on digits (docs/estimators.md)."""
        return 11.0

    def __call__(
        self,
        z: Tensor,
        prior: Distribution,
        posterior: Distribution | None = None,
        seed: Tensor | int | None = 0,
    ) -> Tensor:
        z = tf.cast(z, tf.float32)
        z_seed, prior_seed = split_seed(seed, 2)
        _, within, between = aggregated_moments(z, posterior, self.num_samples, z_seed, full=True)
        _, target = prior_moments(prior, prior_seed, full=True)
        diagonal_weight = self.diagonal_weight
        if diagonal_weight is None:
            diagonal_weight = _DIAGONAL_WEIGHTS[self.kind]
        covariance = between if self.kind == "i" else within + between
        return covariance_penalty(covariance, target, self.off_diagonal_weight, diagonal_weight)
