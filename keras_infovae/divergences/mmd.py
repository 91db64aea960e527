"""Maximum mean discrepancy."""

import tensorflow as tf

from keras_infovae import kernels
from keras_infovae.distributions import diagonal_normal_moments
from keras_infovae.divergences.base import Divergence
from keras_infovae.divergences.functional import (
    expected_maximum_mean_discrepancy,
    maximum_mean_discrepancy,
)
from keras_infovae.utils.checks import argument_error, check_choice, check_integer
from keras_infovae.utils.serialization import register

ESTIMATORS = ("auto", "closed_form", "sampled")


@register
class MaximumMeanDiscrepancy(Divergence):
    """The maximum mean discrepancy between the aggregated posterior and the prior:

        D(q(z), p(z)) = MMD^2(q, p) = E_qq k(z, z') + E_pp k(z, z') - 2 E_qp k(z, z')

    zero if and only if q = p for the (characteristic) kernels of this package. It has no unit, and
    is at most 2.

    Args:
        kernel: a `Kernel`, or its name: `"gaussian"` (default), `"inverse_multiquadratic"` or
            `"rational_quadratic"`.
        unbiased: True (default) for the U-statistic, which can be slightly negative; False for the
            V-statistic, biased up by O(1/batch).
        estimator: how the expectation over z is taken.
            `"closed_form"`: exactly (`expected_maximum_mean_discrepancy`). For a Gaussian
            kernel, a diagonal normal or deterministic posterior and a diagonal normal prior.
            `"sampled"`: with `num_samples` draws of z per example.
            `"auto"` (default): in closed form where there is one, else by 8 draws.
        num_samples: draws of z per example where sampling is used; None (default) is 8 for "auto"
            and 1 for "sampled". One draw, the common practice, makes a strong divergence
            collapse the latents.

    Both estimators cost O(batch^2 latent_dim). In closed form a step takes 6 ms at batch 128 and
    latent 16 on two processor cores, 0.2 s at batch 1,024: for batches far above that, choose
    `estimator="sampled"` (benchmarks/README.md), with a weight of about 100 (docs/auto_lambda.md).

    Raises:
        ValueError, TypeError: for an unknown kernel or estimator; when called, if "closed_form" is
            asked for where there is none.

    Example:

    >>> import keras_infovae as ki
    >>> mmd = ki.divergences.get("mmd")
    >>> prior = ki.priors.get("standard_normal").distribution(2)
    >>> posterior = ki.posteriors.get("diagonal_normal").distribution([[0.0] * 4] * 8)
    >>> z = posterior.sample(seed=[0, 0])
    >>> bool(abs(mmd(z, prior, posterior)) < 1e-6)  # every q(z|x) is the prior
    True

    References:
        Zhao, Song, Ermon, InfoVAE, arXiv:1706.02262, section 3.2.
        Gretton et al., A Kernel Two-Sample Test, JMLR 2012.
    """

    def __init__(self, kernel="gaussian", unbiased=True, estimator="auto", num_samples=None):
        self.kernel = kernels.get(kernel)
        self.unbiased = bool(unbiased)
        self.estimator = check_choice("estimator", estimator, ESTIMATORS)
        if estimator == "closed_form" and not self.kernel.has_normal_expectation:
            raise argument_error("estimator", "'auto' or 'sampled' with this kernel", estimator)
        self.num_samples = (
            None if num_samples is None else check_integer("num_samples", num_samples)
        )

    def auto_lambda(self, alpha):
        """Returns 300 + 700 * max(alpha, 0), found in closed form over z (docs/auto_lambda.md).

        300 where the whole KL term stays in the loss; 1,000 where alpha = 1 drops it and nothing
        but the divergence holds the codes to the prior. With one sampled z per example 1,000
        collapsed the codes of digits where 100 did not.
        """
        return 300.0 + 700.0 * max(alpha, 0.0)

    def __call__(self, z, prior, posterior=None, seed=None):
        moments = self._closed_form_moments(z, prior, posterior)
        if moments is not None:
            samples = None
            if self.kernel.needs_samples:  # of both distributions: those of q alone may collapse
                samples = tf.concat([z, prior.sample(tf.shape(z)[0], seed=seed)], axis=0)
            bandwidths = self.kernel.squared_bandwidths(z.shape[-1], samples)
            return expected_maximum_mean_discrepancy(
                *moments, self.kernel, bandwidths, self.unbiased
            )
        if self.estimator == "closed_form":
            raise argument_error(
                "estimator",
                "'auto' or 'sampled' unless prior and posterior are diagonal normals",
                self.estimator,
            )
        z_seed, prior_seed = (
            tf.unstack(tf.random.experimental.stateless_split(seed))
            if seed is not None
            else (None, None)
        )
        draws = self.num_samples or (8 if self.estimator == "auto" else 1)
        if draws > 1 and posterior is not None:
            z = tf.transpose(posterior.sample(draws, seed=z_seed), [1, 0, 2])
        prior_samples = prior.sample(tf.size(z) // z.shape[-1], seed=prior_seed)
        return maximum_mean_discrepancy(z, prior_samples, self.kernel, unbiased=self.unbiased)

    def _closed_form_moments(self, z, prior, posterior):
        """Returns (mean, variance, prior mean, prior variance), or None without a closed form."""
        if self.estimator == "sampled" or not self.kernel.has_normal_expectation:
            return None
        z = tf.cast(z, tf.float32)
        # Without q(z|x), the samples at hand are points, and only the prior can be integrated out.
        q = (z, tf.zeros_like(z)) if posterior is None else diagonal_normal_moments(posterior)
        p = diagonal_normal_moments(prior)
        return None if q is None or p is None else (*q, *p)
