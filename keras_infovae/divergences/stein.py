"""The kernelized Stein discrepancy."""

import tensorflow as tf

from keras_infovae import kernels
from keras_infovae.distributions import diagonal_normal_moments
from keras_infovae.divergences.base import Divergence
from keras_infovae.divergences.draws import DRAWS, as_points, draws_per_example, squared_bandwidths
from keras_infovae.divergences.functional import (
    expected_kernelized_stein_discrepancy,
    kernelized_stein_discrepancy,
)
from keras_infovae.divergences.functional.stein import GRADIENTS
from keras_infovae.utils.checks import argument_error, check_choice, check_integer
from keras_infovae.utils.randomness import split_seed
from keras_infovae.utils.serialization import register

ESTIMATORS = ("auto", "closed_form", "sampled")


@register
class KernelizedSteinDiscrepancy(Divergence):
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
            `"sampled"`: over all pairs of `num_samples` draws of z per example.
            `"auto"` (default): in closed form where there is one, else by 8 draws.
        num_samples: draws of z per example where sampling is used; None (default) is 8 for "auto"
            and 1 for "sampled".

    Both estimators cost O(batch^2 latent_dim).

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

    def __init__(
        self,
        kernel="gaussian",
        unbiased=True,
        gradient="stein_variational",
        estimator="auto",
        num_samples=None,
    ):
        self.kernel = kernels.get(kernel)
        self.unbiased = bool(unbiased)
        self.gradient = check_choice("gradient", gradient, GRADIENTS)
        self.estimator = check_choice("estimator", estimator, ESTIMATORS)
        if estimator == "closed_form" and not self.kernel.has_normal_expectation:
            raise argument_error("estimator", "'auto' or 'sampled' with this kernel", estimator)
        self.num_samples = (
            None if num_samples is None else check_integer("num_samples", num_samples)
        )

    def auto_lambda(self, alpha):
        """Returns 70 + 160 * max(alpha, 0), tried on digits (docs/estimators.md).

        At latent 16 a shift or a spread that is a little wrong costs then what it costs at the
        weights of the maximum mean discrepancy, to within a factor of a few.
        """
        return 70.0 + 160.0 * max(alpha, 0.0)

    def __call__(self, z, prior, posterior=None, seed=0):
        z = tf.cast(z, tf.float32)
        z_seed, prior_seed = split_seed(seed, 2)
        bandwidths = squared_bandwidths(self.kernel, z, prior, prior_seed)
        options = (bandwidths, self.unbiased, self.gradient)
        moments = self._closed_form_moments(z, prior, posterior)
        if moments is not None:
            return expected_kernelized_stein_discrepancy(*moments, *options)
        if self.estimator == "closed_form":
            raise argument_error(
                "estimator",
                "'auto' or 'sampled' unless prior and posterior are diagonal normals",
                self.estimator,
            )
        draws = self.num_samples or (DRAWS if self.estimator == "auto" else 1)
        z = draws_per_example(z, posterior, draws, z_seed)
        return kernelized_stein_discrepancy(z, _score(prior, z), self.kernel, *options)

    def _closed_form_moments(self, z, prior, posterior):
        """Returns (mean, variance, prior mean, prior variance), or None without a closed form."""
        if self.estimator == "sampled" or not self.kernel.has_normal_expectation:
            return None
        q = diagonal_normal_moments(as_points(z) if posterior is None else posterior)
        p = diagonal_normal_moments(prior)
        return None if q is None or p is None else (*q, *p)


def _score(prior, z):
    """Returns grad log p(z), of the shape of z."""
    with tf.GradientTape() as tape:
        tape.watch(z)
        log_density = prior.log_prob(z)
    return tape.gradient(log_density, z)
