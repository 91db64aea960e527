"""Maximum mean discrepancy."""

from keras_infovae import kernels
from keras_infovae.distributions import diagonal_normal_moments, normal_components
from keras_infovae.divergences.draws import squared_bandwidths
from keras_infovae.divergences.functional import (
    expected_maximum_mean_discrepancy,
    maximum_mean_discrepancy,
)
from keras_infovae.divergences.integrated import IntegratedDivergence
from keras_infovae.kernels import Kernel
from keras_infovae.utils.checks import argument_error
from keras_infovae.utils.serialization import register


@register
class MaximumMeanDiscrepancy(IntegratedDivergence):
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

    closed_form_needs = "the posterior is a diagonal normal and the prior one or a mixture of them"

    def __init__(
        self,
        kernel: str | Kernel = "gaussian",
        unbiased: bool = True,
        estimator: str = "auto",
        num_samples: int | None = None,
        num_features: int = 336,
    ) -> None:
        super().__init__(unbiased, estimator, num_samples, num_features)
        self.kernel = kernels.get(kernel)
        if estimator == "closed_form" and not self.kernel.has_normal_expectation:
            raise argument_error(
                "estimator", "'auto', 'random_features' or 'sampled' with this kernel", estimator
            )

    def auto_lambda(self, alpha: float) -> float:
        """Returns 300 + 700 * max(alpha, 0), found in closed form over z (docs/auto_lambda.md).

        300 where the whole KL term stays in the loss; 1,000 where alpha = 1 drops it and nothing
        but the divergence holds the codes to the prior. With one sampled z per example 1,000
        collapsed the codes of digits where 100 did not.
        """
        return 300.0 + 700.0 * max(alpha, 0.0)

    def _has_closed_form(self, q, prior):
        return (
            self.kernel.has_normal_expectation
            and diagonal_normal_moments(q) is not None
            and normal_components(prior) is not None
        )

    def _scale(self, z, prior, seed):
        return squared_bandwidths(self.kernel, z, prior, seed)

    def _closed_form(self, q, p, latent_dim, scale, seed):
        log_weights, *components = p
        return expected_maximum_mean_discrepancy(
            *q, *components, self.kernel, scale, self.unbiased, log_weights
        )

    def _frequencies(self, latent_dim, scale, seed):
        return self.kernel.frequencies(self.num_features, latent_dim, scale, seed), 1.0

    def _from_samples(self, z, prior_samples):
        return maximum_mean_discrepancy(z, prior_samples, self.kernel, unbiased=self.unbiased)
