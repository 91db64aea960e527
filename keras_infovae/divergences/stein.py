"""The kernelized Stein discrepancy."""

import tensorflow as tf

from keras_infovae import kernels
from keras_infovae.distributions import diagonal_normal_moments, draw, is_deterministic
from keras_infovae.divergences.draws import DRAWS, draws_per_example, squared_bandwidths
from keras_infovae.divergences.functional import (
    expected_kernelized_stein_discrepancy,
    kernelized_stein_discrepancy,
)
from keras_infovae.divergences.functional.stein import GRADIENTS
from keras_infovae.divergences.functional.stein_features import (
    stein_features_of_normals,
    stein_features_of_samples,
)
from keras_infovae.divergences.integrated import IntegratedDivergence
from keras_infovae.kernels import Kernel
from keras_infovae.utils.checks import argument_error, check_choice
from keras_infovae.utils.serialization import register


@register
class KernelizedSteinDiscrepancy(IntegratedDivergence):
    """The kernelized Stein discrepancy, with the gradient of Stein variational gradient descent.

        D(q(z), p(z)) = E_qq u(z, z'),    u from k and the score grad log p(z)
                                          (`kernelized_stein_discrepancy`)

    zero if and only if q = p, for densities; in the unit of 1 / z^2. It needs no sample of the
    prior and no normalizer, but its gradient: every prior with a log density will do.

    The value is the discrepancy. The gradient that training follows is another, by default: z moves
    along

        phi(z) = E_z'[k(z', z) grad log p(z') + grad_z' k(z', z)]

    the direction in which KL(q(z) || p(z)) falls fastest among those of the kernel's function
    space, at a rate that is the value (Liu and Wang). Choose it for a prior that is
    known by its density rather than by samples.

    Args:
        kernel: a `Kernel` or its name. Default "gaussian".
        unbiased: True (default) for the U-statistic, which can be negative; False for the
            V-statistic, biased up by O(1/batch).
        gradient: `"stein_variational"` (default), or `"discrepancy"`, which descends the value.
        estimator: how the expectation over z is taken.
            `"closed_form"`: exactly (`expected_kernelized_stein_discrepancy`). For a Gaussian
            kernel, a diagonal normal or deterministic posterior and a diagonal normal prior.
            `"random_features"`: in `num_features` random frequencies that are drawn afresh from
            `seed` (functional/stein_features.py), exactly over z for normals and by draws of z
            otherwise. Unbiased for any kernel, posterior and prior; linear in the batch.
            `"sampled"`: over all pairs of `num_samples` draws of z per example.
            `"auto"` (default): in closed form up to 64 examples where there is one, by random
            features otherwise.
        num_samples: draws of z per example where sampling is used; None (default) is 8, but for
            "sampled" 1. A point posterior takes no more than one.
        num_features: frequencies of "random_features", rounded up to a multiple of the number of
            the kernel's scales. Default 336. In batches of 128, where q(z) is shifted
            and spread a little, their noise is 0.1 % of the squared gradient in the means of q(z|x)
            and 5 % (latent 16) and 13 % (latent 64) in the log-variances.

    The closed form and "sampled" cost O(batch^2 latent_dim), random features
    O(batch num_features latent_dim); benchmarks/README.md has times.

    Raises:
        ValueError, TypeError: for an unknown kernel, gradient or estimator; when called, if
            "closed_form" is asked for where there is none.

    Example:

    >>> import keras_infovae as ki
    >>> stein = ki.divergences.get("stein")
    >>> prior = ki.priors.get("standard_normal").distribution(2)
    >>> posterior = ki.posteriors.get("diagonal_normal").distribution([[0.0] * 4] * 8)
    >>> z = posterior.sample(seed=[0, 0])
    >>> bool(abs(stein(z, prior, posterior)) < 1e-6)  # every q(z|x) is the prior
    True

    References:
        Liu, Lee, Jordan, A Kernelized Stein Discrepancy, arXiv:1602.03253, theorem 3.6.
        Liu and Wang, Stein Variational Gradient Descent, arXiv:1608.04471, section 3.
    """

    needs_prior_density = True
    closed_form_needs = "prior and posterior are diagonal normals"

    def __init__(
        self,
        kernel: str | Kernel = "gaussian",
        unbiased: bool = True,
        gradient: str = "stein_variational",
        estimator: str = "auto",
        num_samples: int | None = None,
        num_features: int = 336,
    ) -> None:
        super().__init__(unbiased, estimator, num_samples, num_features)
        self.kernel = kernels.get(kernel)
        self.gradient = check_choice("gradient", gradient, GRADIENTS)
        if estimator == "closed_form" and not self.kernel.has_normal_expectation:
            raise argument_error(
                "estimator", "'auto', 'random_features' or 'sampled' with this kernel", estimator
            )

    def auto_lambda(self, alpha: float) -> float:
        """Returns 70 + 160 * max(alpha, 0), tried on digits (docs/estimators.md).

        At latent 16 a shift or a spread that is a little wrong costs then what it costs at the
        weights of the maximum mean discrepancy, to within a factor of a few.
        """
        return 70.0 + 160.0 * max(alpha, 0.0)

    def _has_closed_form(self, q, prior):
        return (
            self.kernel.has_normal_expectation
            and diagonal_normal_moments(q) is not None
            and diagonal_normal_moments(prior) is not None
        )

    def _scale(self, z, prior, seed):
        return squared_bandwidths(self.kernel, z, prior, seed)

    def _closed_form(self, q, p, latent_dim, scale, seed):
        _, prior_mean, prior_variance = p  # of a mixture of one
        return expected_kernelized_stein_discrepancy(
            *q, prior_mean[0], prior_variance[0], scale, self.unbiased, self.gradient
        )

    def _random_features(self, q, p, latent_dim, scale, seeds, across_replicas=True):
        frequencies = self.kernel.frequencies(self.num_features, latent_dim, scale, seeds[0])
        options = (self.unbiased, self.gradient)
        if isinstance(q, tuple):  # moments, of a mixture of one
            return stein_features_of_normals(*q, p[1][0], p[2][0], frequencies, *options)
        if not tf.is_tensor(q):
            moments = diagonal_normal_moments(q), diagonal_normal_moments(p)
            if None not in moments:
                return stein_features_of_normals(*moments[0], *moments[1], frequencies, *options)
            draws = 1 if is_deterministic(q) else self.num_samples or DRAWS
            q = tf.transpose(draw(q, draws, seeds[1]), [1, 0, 2])
        return stein_features_of_samples(q, _score(p, q), frequencies, self.kernel, scale, *options)

    def _sampled(self, z, prior, posterior, seeds):
        scale = self._scale(z, prior, seeds[3])
        z = draws_per_example(z, posterior, self.num_samples or 1, seeds[1])
        options = (self.unbiased, self.gradient)
        return kernelized_stein_discrepancy(z, _score(prior, z), self.kernel, scale, *options)


def _score(prior, z):
    """Returns grad log p(z), of the shape of z."""
    with tf.GradientTape() as tape:
        tape.watch(z)
        log_density = prior.log_prob(z)
    return tape.gradient(log_density, z)
