"""Maximum mean discrepancy."""

import tensorflow as tf

from keras_infovae import kernels
from keras_infovae.distributions import (
    diagonal_normal_moments,
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
    split_seed,
)
from keras_infovae.divergences.functional import (
    expected_maximum_mean_discrepancy,
    maximum_mean_discrepancy,
    squared_feature_distances,
)
from keras_infovae.utils.checks import argument_error, check_choice, check_integer
from keras_infovae.utils.serialization import register

ESTIMATORS = ("auto", "closed_form", "random_features", "sampled")


@register
class MaximumMeanDiscrepancy(Divergence):
    """The maximum mean discrepancy between the aggregated posterior and the prior:

        D(q(z), p(z)) = MMD^2(q, p) = E_qq k(z, z') + E_pp k(z, z') - 2 E_qp k(z, z')

    zero if and only if q = p for the (characteristic) kernels of this package. It has no unit, and
    is at most 2. Choose it first: it needs no adversary, has a closed form, and sees the whole
    distribution.

    Args:
        kernel: a `Kernel`, or its name: `"gaussian"` (default), `"inverse_multiquadratic"` or
            `"rational_quadratic"`.
        unbiased: True (default) for the U-statistic, which can be slightly negative; False for the
            V-statistic, biased up by O(1/batch).
        estimator: how the expectation over z is taken.
            `"closed_form"`: exactly (`expected_maximum_mean_discrepancy`). For a Gaussian kernel, a
            diagonal normal or deterministic posterior, and a diagonal normal prior or a mixture of
            such.
            `"random_features"`: exactly over z, in `num_features` random frequencies that are drawn
            afresh from `seed` (`squared_feature_distances`). Unbiased for any kernel, normal
            posterior and prior (integrated out if a normal or a mixture of normals, else sampled);
            for other posteriors over draws of z. Linear in the batch, and shared by replicas.
            `"sampled"`: over all pairs of `num_samples` draws of z per example.
            `"auto"` (default): in closed form up to 64 examples where there is one, by random
            features otherwise.
        num_samples: draws of z per example where sampling is used; None (default) is 8, but for
            "sampled" 1. One draw, the common practice, makes a strong divergence collapse the
            latents. A point posterior takes no more than one.
        num_features: frequencies of "random_features", rounded up to a multiple of the number of
            the kernel's scales. Default 336. In batches of 128, where q(z) is shifted and spread a
            little, they make the variance of the gradient between minibatches 1.2 times that of
            the closed form at latent 16, and 1.8 times at latent 64.

    The closed form and "sampled" cost O(batch^2 latent_dim), random features
    O(batch num_features latent_dim); benchmarks/README.md has times.

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
        Rahimi and Recht, Random Features for Large-Scale Kernel Machines, NIPS 2007.
    """

    def __init__(
        self,
        kernel="gaussian",
        unbiased=True,
        estimator="auto",
        num_samples=None,
        num_features=336,
    ):
        self.kernel = kernels.get(kernel)
        self.unbiased = bool(unbiased)
        self.estimator = check_choice("estimator", estimator, ESTIMATORS)
        if estimator == "closed_form" and not self.kernel.has_normal_expectation:
            raise argument_error(
                "estimator", "'auto', 'random_features' or 'sampled' with this kernel", estimator
            )
        self.num_samples = (
            None if num_samples is None else check_integer("num_samples", num_samples)
        )
        self.num_features = check_integer("num_features", num_features)

    def auto_lambda(self, alpha):
        """Returns 300 + 700 * max(alpha, 0), found in closed form over z (docs/auto_lambda.md).

        300 where the whole KL term stays in the loss; 1,000 where alpha = 1 drops it and nothing
        but the divergence holds the codes to the prior. With one sampled z per example 1,000
        collapsed the codes of digits where 100 did not.
        """
        return 300.0 + 700.0 * max(alpha, 0.0)

    def __call__(self, z, prior, posterior=None, seed=None):
        z = tf.cast(z, tf.float32)
        # Without q(z|x), the samples at hand are points, and only the prior can be integrated out.
        q = as_points(z) if posterior is None else posterior
        moments = self._closed_form_moments(q, prior)
        if self.estimator == "closed_form" and moments is None:
            raise argument_error(
                "estimator",
                "'auto', 'random_features' or 'sampled' unless the posterior is a diagonal normal "
                "and the prior one or a mixture of them",
                self.estimator,
            )

        if self.estimator == "sampled":
            return self._sampled(z, prior, posterior, seed)
        if self.estimator == "closed_form":
            return self._closed_form(z, prior, moments, seed)
        if self.estimator == "auto" and moments is not None:
            return self._by_size(z, prior, moments, seed)
        return self._random_features(z, prior, posterior, seed)

    def _by_size(self, z, prior, moments, seed):
        """Returns the closed form for few rows of z, else that in random features."""

        def closed_form(*moments):
            return self._closed_form(z, prior, moments, seed)

        def random_features(*moments):
            return self._random_features(z, prior, None, seed, moments)

        if z.shape[0] is not None:
            return (closed_form if z.shape[0] <= PAIRED_ROWS else random_features)(*moments)
        return branch(tf.shape(z)[0] <= PAIRED_ROWS, closed_form, random_features, moments)

    def _closed_form_moments(self, q, prior):
        """Returns (mean, variance, log-weights, means, variances), or None without closed form."""
        if not self.kernel.has_normal_expectation:
            return None
        q, p = diagonal_normal_moments(q), normal_components(prior)
        return None if q is None or p is None else (*q, *p)

    def _closed_form(self, z, prior, moments, seed):
        mean, variance, log_weights, prior_mean, prior_variance = moments
        return expected_maximum_mean_discrepancy(
            mean,
            variance,
            prior_mean,
            prior_variance,
            self.kernel,
            self._squared_bandwidths(z, prior, seed),
            self.unbiased,
            log_weights,
        )

    def _random_features(self, z, prior, posterior, seed, moments=None):
        w_seed, z_seed, prior_seed, width_seed = split_seed(seed, 4)
        frequencies = self.kernel.frequencies(
            self.num_features,
            z.shape[-1],
            self._squared_bandwidths(z, prior, width_seed),
            w_seed,
        )
        if moments is not None:  # within a branch, where replicas cannot wait for each other
            q, p, across_replicas = moments[:2], moments[2:], False
        else:
            q, p, across_replicas = posterior, prior, True
            if posterior is None or not is_normal(posterior):
                q = draws_per_example(z, posterior, self.num_samples or DRAWS, z_seed)
            if projected_normal_components(prior, frequencies) is None:
                p = prior.sample(PRIOR_SAMPLES, seed=prior_seed)
        distances = squared_feature_distances(q, p, frequencies, self.unbiased, across_replicas)
        return tf.reduce_mean(distances)

    def _sampled(self, z, prior, posterior, seed):
        z_seed, prior_seed = split_seed(seed, 2)
        draws = self.num_samples or (DRAWS if self.estimator == "auto" else 1)
        z = draws_per_example(z, posterior, draws, z_seed)
        prior_samples = prior.sample(tf.size(z) // z.shape[-1], seed=prior_seed)
        return maximum_mean_discrepancy(z, prior_samples, self.kernel, unbiased=self.unbiased)

    def _squared_bandwidths(self, z, prior, seed):
        samples = None
        if self.kernel.needs_samples:  # of both distributions: those of q alone may collapse
            samples = tf.concat([z, prior.sample(tf.shape(z)[0], seed=seed)], axis=0)
        return self.kernel.squared_bandwidths(z.shape[-1], samples)
